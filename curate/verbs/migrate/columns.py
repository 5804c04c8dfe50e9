"""The step that every migration ends with: tables get the columns that are declared now.

A column that a table lacks is added without values; one that is declared no more is taken out,
and is in the backup. Rows stay as they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from curate.catalog.damage import reading, writing
from curate.catalog.tables import Catalog
from curate.schema import arrow_schema, conform, table_names
from curate.verbs.migrate.step import Step
from curate.workspace import Workspace


def stored_table(place: Workspace, name: str) -> Any:
    """Return a Delta table as it lies in the catalogue, whatever its columns; None without one.

    Raises:
        CatalogError: It cannot be opened, or a file of it is missing or damaged.
    """
    return Catalog(place.catalog).stored(name)


def read_stored(place: Workspace, name: str) -> pa.Table | None:
    """Return the rows of a Delta table, whatever its columns; None without one.

    Raises:
        CatalogError: It cannot be read.
    """
    delta = stored_table(place, name)
    with reading(name):
        return None if delta is None else delta.to_pyarrow_table()


def _changes(place: Workspace, name: str) -> tuple[list[str], list[str], list[str]]:
    """Return columns to add, to take out, and to give another type."""
    delta = stored_table(place, name)
    if delta is None:
        return [], [], []
    found = delta.to_pyarrow_dataset().schema
    wanted = arrow_schema(name)
    types = [f.name for f in wanted if f.name in found.names and found.field(f.name).type != f.type]
    return (
        [column for column in wanted.names if column not in found.names],
        [column for column in found.names if column not in wanted.names],
        types,
    )


def _preview(place: Workspace) -> list[str]:
    lines = []
    for name in table_names("delta"):
        added, gone, types = _changes(place, name)
        for what, columns in (("gets", added), ("loses", gone), ("has another type of", types)):
            if columns:
                lines.append(f"the table {name} {what} {', '.join(columns)}")
    return lines


def _run(place: Workspace, now: datetime) -> None:  # noqa: ARG001 - as every step
    from deltalake import write_deltalake

    for name in table_names("delta"):
        added, gone, types = _changes(place, name)
        delta = stored_table(place, name)
        if delta is None or not (added or gone or types):
            ordered = delta is None or (
                delta.to_pyarrow_dataset().schema.names == arrow_schema(name).names
            )
            if ordered:
                continue
        with writing(name):
            rows = delta.to_pyarrow_table().drop_columns(gone)
            write_deltalake(
                str(place.catalog / name), conform(rows, name), mode="overwrite",
                schema_mode="overwrite",
            )  # fmt: skip


COLUMNS = Step("columns", _preview, _run)
