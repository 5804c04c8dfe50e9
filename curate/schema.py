"""Schemas: the one place where a field is declared, and the Arrow types derived from it.

Every table and every file that people write has a JSON Schema (2020-12) under ``schemas/``.
Arrow and SQL types are derived here, so that code and schema cannot disagree. Extension
keywords: ``x-store`` (``delta`` or ``ledger``), ``x-key`` (the key's columns), ``x-arrow`` (a
narrower Arrow type), ``x-unit``; ``x-columns-of`` (a file whose columns are declared with a
table) and ``x-row`` (what such a column is called there).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import InvariantError

TIMESTAMP = pa.timestamp("us", tz="UTC")

_PLAIN = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
_NARROW = {
    "binary": pa.binary(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "float32": pa.float32(),
}
_FORMATS = {"date-time": TIMESTAMP, "date": pa.date32()}


@cache
def resource_folder(name: str) -> Path:
    """Return the folder of shipped files called `name` (``schemas`` or ``reports``).

    Works from a wheel, where they lie inside the package, and from a checkout, where they
    stand beside it.

    Raises:
        InvariantError: Neither place has it: the installation is broken.
    """
    package = Path(str(files("curate")))
    for folder in (package / "_resources" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise InvariantError(f"the folder {name!r} is missing from this installation")


@cache
def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema called `name`, for example ``media``.

    Raises:
        InvariantError: There is no such schema.
    """
    path = resource_folder("schemas") / f"{name}.schema.json"
    if not path.is_file():
        raise InvariantError(f"no schema is called {name!r}")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "x-columns-of" in loaded:
        own = loaded["properties"]
        shared = _columns_of(loaded["x-columns-of"])
        loaded["properties"] = own | {n: spec for n, spec in shared.items() if n not in own}
    return loaded


def _columns_of(table: str) -> dict[str, Any]:
    """Return the columns of a spreadsheet that are declared with the table that they end in."""
    declared = json_schema(table)["properties"]
    return {
        spec["x-row"]: {"$ref": f"curate:{table}#/properties/{name}"}
        for name, spec in declared.items()
        if "x-row" in spec
    }


@cache
def schema_names() -> tuple[str, ...]:
    """Return the names of all schemas, in alphabetical order."""
    suffix = ".schema.json"
    return tuple(
        sorted(p.name.removesuffix(suffix) for p in resource_folder("schemas").glob(f"*{suffix}"))
    )


@cache
def table_names(store: str) -> tuple[str, ...]:
    """Return the tables kept in `store`: ``delta`` (observations) or ``ledger`` (statements)."""
    return tuple(n for n in schema_names() if json_schema(n).get("x-store") == store)


@cache
def arrow_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of table `name`: columns in declared order, keys not nullable."""
    declared = json_schema(name)
    required = set(declared.get("required", ()))
    return pa.schema(
        [
            pa.field(column, arrow_type(spec), nullable=column not in required)
            for column, spec in declared["properties"].items()
        ]
    )


def arrow_type(spec: dict[str, Any]) -> pa.DataType:
    """Return the Arrow type of one declared property.

    >>> str(arrow_type({"type": "array", "items": {"type": "number", "x-arrow": "float32"}}))
    'list<element: float>'
    """
    if "x-arrow" in spec:
        return _NARROW[spec["x-arrow"]]
    if spec.get("format") in _FORMATS:
        return _FORMATS[spec["format"]]
    if spec["type"] == "array":
        # Parquet and Delta call a list's values "element": the same name avoids a cast.
        return pa.list_(pa.field("element", arrow_type(spec["items"])))
    return _PLAIN[spec["type"]]


def resolved(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what a property is declared as, where its declaration refers to another schema's."""
    if "$ref" not in spec:
        return spec
    place, _, path = spec["$ref"].removeprefix("curate:").partition("#/")
    found: Any = json_schema(place)
    for part in path.split("/"):
        found = found[part]
    return {**resolved(found), **{name: value for name, value in spec.items() if name != "$ref"}}


def key_of(name: str) -> tuple[str, ...]:
    """Return the key columns of table `name`."""
    return tuple(json_schema(name)["x-key"])


def conform(rows: pa.Table | list[dict[str, Any]], name: str) -> pa.Table:
    """Return `rows` as table `name` is declared: its columns, order and types.

    Columns that `rows` lacks become null; a column the schema does not declare is an error,
    because dropping it would lose something quietly.

    Raises:
        InvariantError: A column is not declared, or a required one holds null.
    """
    target = arrow_schema(name)
    if isinstance(rows, list):
        unknown = sorted({key for row in rows for key in row} - set(target.names))
        if unknown:
            raise InvariantError(f"columns not in schema {name!r}: {', '.join(unknown)}")
        table = pa.Table.from_pylist(rows, schema=target)
    else:
        table = _select(rows, target, name)
    for field in target:
        if not field.nullable and table.column(field.name).null_count:
            raise InvariantError(f"{name}.{field.name} holds null, and is required")
    return table


def _select(rows: pa.Table, target: pa.Schema, name: str) -> pa.Table:
    unknown = sorted(set(rows.column_names) - set(target.names))
    if unknown:
        raise InvariantError(f"columns not in schema {name!r}: {', '.join(unknown)}")
    columns = [
        rows.column(field.name).cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in target
    ]
    return pa.table(columns, schema=target)


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry, Resource

    registry: Any = Registry().with_resources(
        (f"curate:{other}", Resource.from_contents(json_schema(other))) for other in schema_names()
    )
    return Draft202012Validator(
        json_schema(name), registry=registry, format_checker=FormatChecker()
    )


def problems(instance: object, name: str) -> list[str]:
    """Return what is wrong with `instance` by schema `name`, each with its path, in order.

    >>> problems({"dedup": {"radius": 99}}, "config")
    ['dedup.radius: 99 is greater than the maximum of 64']
    """
    errors = sorted(_validator(name).iter_errors(instance), key=lambda e: e.json_path)
    return [f"{_dotted(e.absolute_path)}{e.message}" for e in errors]


def _dotted(path: Any) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"{text.lstrip('.')}: " if text else ""


def purpose_tree() -> dict[str, str | None]:
    """Return each purpose with the broader purpose it stands below."""
    path = resource_folder("schemas") / "purposes.json"
    terms: dict[str, str | None] = json.loads(path.read_text(encoding="utf-8"))["terms"]
    return terms
