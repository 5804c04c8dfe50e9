"""Scores that a user's own classifier gave, read from a file.

One row per entry: which one, by `media_id` or by `locator`, and how likely it is to be `fake`,
out of fold. A column `real` may stand beside and must then be the rest. Every wrong row is told
with its place, and none is left out quietly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import (
    CurateError,
    EmptyInputError,
    InvalidFileError,
    InvalidRowError,
    ManyErrors,
)
from curate.rows import Row, read_rows

_COLUMNS = "media_id or locator, fake, and real if you like"
# Probabilities are often written with two or three digits.
_ROUNDING = 0.01
_SHOWN_IDS = 5


def read_scores(path: Path, entries: pa.Table) -> pa.Table:
    """Return the scores in a file (CSV, TSV, JSON, JSON Lines, Parquet).

    Args:
        path: The file.
        entries: ``media_id, locator, dataset`` of all entries.

    Returns:
        ``media_id, score``, sorted by id: the probability of fake, 0 to 1.

    Raises:
        PathNotFoundError: There is no such file.
        InvalidFileError: It is no table, or lacks a column.
        EmptyInputError: It has no rows.
        ManyErrors: Rows are wrong: an entry that is not known or stands twice, no probability.
    """
    known = _Entries(entries)
    found: dict[str, float] = {}
    places: dict[str, str] = {}
    wrong: list[CurateError] = []
    columns: set[str] = set()
    for row in read_rows(path):
        columns.update(row.values)
        try:
            media_id, score = known.named(row), _fake(row)
            if media_id in places:
                raise _wrong(row, f"the entry was scored before, at {places[media_id]}")
        except InvalidRowError as error:
            wrong.append(error)
            continue
        found[media_id], places[media_id] = score, row.place
    _check_columns(columns, path)
    if wrong:
        raise ManyErrors(wrong)
    if not found:
        raise EmptyInputError("no scores", where=str(path), hint=f"columns are {_COLUMNS}")
    ids = sorted(found)
    return pa.table({
        "media_id": pa.array(ids, pa.string()),
        "score": pa.array([found[one] for one in ids], pa.float64()),
    })  # fmt: skip


class _Entries:
    """Entries by id and by locator."""

    def __init__(self, entries: pa.Table) -> None:
        self._ids: set[str] = set()
        self._at: dict[str, list[str]] = {}
        for row in entries.select(["media_id", "locator"]).to_pylist():
            self._ids.add(row["media_id"])
            self._at.setdefault(row["locator"], []).append(row["media_id"])

    def named(self, row: Row) -> str:
        """Return the entry that a row is about.

        Raises:
            InvalidRowError: It names none, or one that is not known, or several.
        """
        if row.problem:
            raise _wrong(row, row.problem)
        if (media_id := row.values.get("media_id")) is not None:
            if media_id not in self._ids:
                raise _wrong(row, f"media_id {media_id!r} is no entry of this workspace")
            return str(media_id)
        if (locator := row.values.get("locator")) is None:
            raise _wrong(row, "names no entry: neither media_id nor locator")
        found = self._at.get(str(locator), [])
        if not found:
            raise _wrong(row, f"locator {locator!r} is no entry of this workspace")
        if len(found) > 1:
            ids = ", ".join(found[:_SHOWN_IDS])
            raise _wrong(row, f"{len(found)} entries are at {locator!r}; use media_id: {ids}")
        return found[0]


def _fake(row: Row) -> float:
    """Return a row's probability of fake.

    Raises:
        InvalidRowError: It has none, or its two do not add up to 1.
    """
    given = dict(_probabilities(row))
    if "fake" not in given:
        raise _wrong(row, "has no score in the column fake")
    if "real" in given and abs(given["fake"] + given["real"] - 1) > _ROUNDING:
        raise _wrong(row, f"fake {given['fake']:g} and real {given['real']:g} do not add up to 1")
    return given["fake"]


def _probabilities(row: Row) -> Iterator[tuple[str, float]]:
    for name in ("fake", "real"):
        if (value := row.values.get(name)) is not None:
            yield name, _number(row, name, value)


def _number(row: Row, name: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= 1:
        raise _wrong(row, f"{name}: {value!r} is no probability from 0 to 1")
    return number


def _wrong(row: Row, problem: str) -> InvalidRowError:
    return InvalidRowError(problem, where=row.place, hint=f"columns are {_COLUMNS}")


def _check_columns(columns: set[str], path: Path) -> None:
    if columns and ("fake" not in columns or not columns & {"media_id", "locator"}):
        raise InvalidFileError(
            f"columns are {', '.join(sorted(columns))}; expected {_COLUMNS}", where=str(path)
        )
