"""Rows of the files that people write, each with the place it stands at.

CSV, TSV, JSON, JSON Lines and Parquet all come out as the same thing: a mapping from column to
value with a place such as ``consents.csv:812``. What a column means is not known here. A row
that cannot be read is given out with its problem, so that its reader decides what becomes of it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from curate.errors import InvalidFileError, PathNotFoundError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True)
class Row:
    """One row: its place, its values by column, and what is wrong with it when it cannot be read.

    Empty cells are left out of `values`: a spreadsheet cannot say null in another way.
    """

    place: str
    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, streaming where its form allows.

    Raises:
        PathNotFoundError: There is no such file.
        InvalidFileError: The file as a whole cannot be read as what its suffix says.
    """
    if not path.exists():
        raise PathNotFoundError("no such file", where=str(path))
    if path.is_dir():
        raise InvalidFileError("this is a folder; a file was expected", where=str(path))
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    if suffix not in SUFFIXES:
        raise InvalidFileError(
            f"files ending in {suffix or 'nothing'} are not read; expected {', '.join(SUFFIXES)}",
            where=str(path),
        )
    return _text(path, suffix)


def _text(path: Path, suffix: str) -> Iterator[Row]:
    try:
        # utf-8-sig: spreadsheets begin their CSV with a byte-order mark.
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if suffix == ".json":
                yield from _json(lines, path)
            elif suffix in (".jsonl", ".ndjson"):
                yield from _json_lines(lines, path)
            else:
                yield from _csv(lines, path, "\t" if suffix == ".tsv" else ",")
    except UnicodeDecodeError as error:
        raise InvalidFileError(
            f"byte {error.start} is not UTF-8 text", where=str(path), hint="save the file as UTF-8"
        ) from None


def _csv(lines: TextIO, path: Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize if sys.maxsize < 1 << 31 else (1 << 31) - 1)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, path)
        for cells in reader:
            if any(cells):
                yield _csv_row(header, cells, f"{path.name}:{reader.line_num}")
    except csv.Error as error:
        raise InvalidFileError(
            f"line {reader.line_num}: {error}", where=str(path), hint="check the quotes"
        ) from None


def _check_header(header: list[str], path: Path) -> None:
    if not any(header):
        raise InvalidFileError("the first line names no columns", where=str(path))
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise InvalidFileError(f"columns stand twice: {', '.join(doubled)}", where=str(path))


def _csv_row(header: list[str], cells: list[str], place: str) -> Row:
    values = {k: v.strip() for k, v in zip(header, cells, strict=False) if k and v.strip()}
    if len(cells) > len(header):
        found = f"{len(cells)} cells where the header names {len(header)} columns"
        return Row(place, values, problem=found)
    return Row(place, values)


def _json(lines: TextIO, path: Path) -> Iterator[Row]:
    try:
        document = json.load(lines)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidFileError(f"this is not JSON: {error}", where=str(path)) from None
    if not isinstance(document, list):
        raise InvalidFileError("expected a JSON array of objects", where=str(path))
    for index, item in enumerate(document):
        yield _object(item, f"{path.name}[{index}]")


def _json_lines(lines: TextIO, path: Path) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path.name}:{number}"
        try:
            yield _object(json.loads(line), place)
        except (json.JSONDecodeError, RecursionError) as error:
            yield Row(place, problem=f"this is not JSON: {error}")


def _object(item: object, place: str) -> Row:
    if not isinstance(item, dict):
        return Row(place, problem=f"expected an object, found {type(item).__name__}")
    return Row(place, {k: v for k, v in item.items() if v not in (None, "", [])})


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        number = 0
        for batch in file.iter_batches():
            for item in batch.to_pylist():
                number += 1
                yield _object(item, f"{path.name}:{number}")
    except pa.ArrowException as error:
        raise InvalidFileError(f"this is not Parquet: {error}", where=str(path)) from None
