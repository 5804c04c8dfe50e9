"""Rows of a recipe: what the lists of a dataset say, joined, each row with its place."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from curate.errors import InvalidFileError, PathNotFoundError
from curate.ingest.layouts.documents import read_lines
from curate.ingest.listing import Listing
from curate.ingest.recipe import Recipe, RowList
from curate.rows import SUFFIXES, Row, read_rows


def recipe_rows(recipe: Recipe, folder: Path, into: Listing) -> Iterator[Row]:
    """Yield the rows of all lists of entries, with the columns of lists that are joined to them.

    A row of a joined list that fits none, or that says otherwise than another of its value, is
    a rejection.

    Args:
        recipe: What the lists are.
        folder: Where they lie.
        into: Keeps rejections.

    Raises:
        PathNotFoundError: A list is not there.
        InvalidFileError: A list cannot be read, or has no column to join it by.
    """
    joined = [(one.join, _by_value(one, folder, into)) for one in recipe.lists if one.join]
    used: list[set[str]] = [set() for _ in joined]
    for one in recipe.lists:
        if one.join:
            continue
        for row in _rows(one, folder):
            values = dict(row.values)
            for (column, rows), met in zip(joined, used, strict=True):
                key = values.get(column)
                if key is None or str(key) not in rows:
                    continue
                met.add(str(key))
                values = {**rows[str(key)].values, **values}
            yield replace(row, values=values)
    for (column, rows), met in zip(joined, used, strict=True):
        for key, row in rows.items():
            if key not in met:
                into.reject(row.place, "not-joined", f"no entry has {column} {key!r}")


def _by_value(one: RowList, folder: Path, into: Listing) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in _rows(one, folder):
        key = row.values.get(one.join)
        if row.problem or key is None:
            into.reject(row.place, "bad-row", row.problem or f"there is no {one.join}")
            continue
        first = found.setdefault(str(key), row)
        if first.values != row.values:
            detail = f"{one.join} {key!r} stands at {first.place} already, and differs"
            into.reject(row.place, "duplicate-row", detail)
    return found


def _rows(one: RowList, folder: Path) -> Iterator[Row]:
    files = sorted(path for path in folder.glob(one.file) if path.is_file())
    if not files:
        raise PathNotFoundError("the recipe names a list that is not there",
                                where=str(folder / one.file))  # fmt: skip
    for file in files:
        within = file.relative_to(folder).as_posix()
        for row in _lines(one, file) if one.columns else _table(file):
            place = f"{within}{row.place.removeprefix(file.name)}"
            yield replace(row, place=place, values={**one.fixed, **row.values})


def _table(file: Path) -> Iterator[Row]:
    if file.suffix.lower() not in SUFFIXES:
        raise InvalidFileError(
            "a text has no header that says what its columns are", where=str(file),
            hint='name them in the recipe: columns = ["path", "label"]',
        )  # fmt: skip
    return read_rows(file)


def _lines(one: RowList, file: Path) -> Iterator[Row]:
    """Yield the rows of a list without a header, whose columns the recipe names."""
    separator = one.separator or ("," if file.suffix.lower() == ".csv" else None)
    count = len(one.columns)
    for number, (place, line) in enumerate(read_lines(file)):
        if number < one.skip:
            continue
        quoted = separator == ","
        cells = next(csv.reader([line])) if quoted else line.split(separator, count - 1)
        values: dict[str, Any] = {
            name: cell.strip() for name, cell in zip(one.columns, cells, strict=False)
            if name and cell.strip()
        }  # fmt: skip
        problem = ""
        if len(cells) != count:
            problem = f"{len(cells)} cells; the recipe names {count} columns"
        yield Row(place, values, problem)
