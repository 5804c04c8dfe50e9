"""Recipes: how a dataset that no layout knows is read, as data.

The fields are those of ``schemas/recipe.schema.json``; docs/recipes.md shows them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from curate.errors import ConfigError, PathNotFoundError
from curate.ingest.patterns import fields_of, with_fields
from curate.schema import json_schema, problems

_HINT = "docs/recipes.md shows what a recipe holds; `curate ingest DIR --write-recipe` writes one"


@dataclass(frozen=True)
class RowList:
    """One list of a dataset.

    Attributes:
        file: The list below the folder, with stars where it is several.
        columns: The names of its columns, where it has no header.
        separator: What parts them; white space or a comma when empty.
        skip: How many lines stand before its first row.
        join: The column by which it is joined to lists before it; empty for lists of entries.
        fixed: What holds for all of its rows, by column.
    """

    file: str
    columns: tuple[str, ...] = ()
    separator: str = ""
    skip: int = 0
    join: str = ""
    fixed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How a dataset is read.

    Attributes:
        name: The dataset's name; empty where it is the folder's.
        lists: Its lists.
        columns: Columns of a manifest with where they come from.
        patterns: What paths say; the first that fits counts.
        values: For a column of a manifest, what each word means.
        fixed: What holds for every entry of which nothing else is said.
        strip: What paths begin with that is not below the folder.
        skip: Files that are no entries, with stars.
    """

    name: str = ""
    lists: tuple[RowList, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    strip: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


def read_recipe(path: str | Path) -> Recipe:
    """Return the recipe in a file.

    Raises:
        PathNotFoundError: There is no such file.
        ConfigError: It is no TOML, or no recipe.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PathNotFoundError("no such recipe", where=str(path)) from None
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"the recipe cannot be read: {error}", where=str(path)) from None
    return parse_recipe(text, where=str(path))


def parse_recipe(text: str, *, where: str) -> Recipe:
    """Return the recipe that a TOML text holds.

    Args:
        text: The text.
        where: Where it stands, for errors.

    Raises:
        ConfigError: It is no TOML, or no recipe.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}", where=where, hint=_HINT) from None
    wrong = [*problems(raw, "recipe"), *_misfits(raw)]
    if wrong:
        raise ConfigError("; ".join(wrong), where=where, hint=_HINT)
    return Recipe(
        name=raw.get("name", ""),
        lists=tuple(_list(one) for one in raw.get("lists", ())),
        columns=raw.get("columns", {}),
        patterns=tuple(raw.get("pattern", ())),
        values=raw.get("values", {}),
        fixed=raw.get("set", {}),
        strip=tuple(raw.get("strip", ())),
        skip=tuple(raw.get("skip", ())),
    )


def _list(raw: dict[str, Any]) -> RowList:
    return RowList(
        file=raw["file"],
        columns=tuple(raw.get("columns", ())),
        separator=raw.get("separator", ""),
        skip=raw.get("skip", 0),
        join=raw.get("join", ""),
        fixed=raw.get("set", {}),
    )


def _misfits(raw: dict[str, Any]) -> list[str]:
    """Return what no schema can say: names of no column, and patterns that are none."""
    known = json_schema("manifest")["properties"]
    found = []
    lists = [one for one in _of(raw.get("lists"), list) if isinstance(one, dict)]
    for where, names in (
        ("columns", _of(raw.get("columns"), dict)),
        ("values", _of(raw.get("values"), dict)),
        ("set", _of(raw.get("set"), dict)),
        *((f"lists[{n}].set", _of(one.get("set"), dict)) for n, one in enumerate(lists)),
    ):
        found += [
            f"{where}: {name!r} is no column of a manifest; they are {', '.join(known)}"
            for name in names
            if name not in known
        ]
    for pattern in _of(raw.get("pattern"), list):
        try:
            with_fields(str(pattern))
        except ValueError as error:
            found.append(f"pattern: {pattern!r}: {error}")
    for name, template in _of(raw.get("columns"), dict).items():
        try:
            list(Formatter().parse(str(template)))
        except ValueError as error:
            found.append(f"columns.{name}: {template!r}: {error}")
    found += [
        f"lists[{n}].file: {file!r} leads out of the folder that is ingested"
        for n, one in enumerate(lists)
        if (file := str(one.get("file", ""))).startswith("/") or ".." in file.split("/")
    ]
    if lists and all(one.get("join") for one in lists):
        found.append("lists: every list has join, and none names entries")
    return found


def _of(value: Any, kind: type) -> Any:
    return value if isinstance(value, kind) else kind()


def said_by_path(recipe: Recipe, path: str) -> dict[str, str] | None:
    """Return what a path says by the first pattern that fits, None where none does."""
    for pattern in recipe.patterns:
        found = fields_of(pattern, path)
        if found is not None:
            return found
    return None


def filled(template: str, values: dict[str, Any]) -> str | None:
    """Return a column's source filled with a row's values, None where a value is missing.

    >>> filled("file", {"file": "a.jpg"}), filled("{n}/{n}_{i:04d}.jpg", {"n": "x", "i": "7"})
    ('a.jpg', 'x/x_0007.jpg')
    """
    if "{" not in template:
        value = values.get(template)
        return None if value is None else str(value)
    text = ""
    for literal, name, form, _ in Formatter().parse(template):
        text += literal
        if name is None:
            continue
        value = values.get(name)
        if value is None:
            return None
        if form:
            try:
                value = format(int(str(value)), form)
            except ValueError:
                return None
        text += str(value)
    return text
