"""Rows of the files that people write, each with the place it stands at.

CSV, TSV, JSON, JSON Lines and Parquet all come out as the same thing: a mapping from column to
value with a place such as ``consents.csv:812``. What a column means is not known here. A row
that cannot be read is given out with its problem, so that its reader decides what becomes of it.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import isnan
from pathlib import Path
from typing import Any, TextIO

from curate.errors import InvalidFileError, PathNotFoundError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")

# So much of a file is looked at to tell its encoding.
_BEGINNING = 1 << 12
# Spreadsheets understand a first line that says what stands between the columns.
_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)

# JSON can escape half of a surrogate pair, which no UTF-8 text holds.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Row:
    """One row: its place, its values by column, and what is wrong with it when it cannot be read.

    Empty cells are left out of `values`: a spreadsheet cannot say null in another way. Columns in
    which an empty list stands are in `empty`, and those in which nothing stands, an empty cell or
    null, in `blank`, for readers to whom none is an answer and nothing is none. `unnamed` is the
    first column, counted from 1, that has no name and holds something; 0 where none does.
    """

    place: str
    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    empty: frozenset[str] = frozenset()
    blank: frozenset[str] = frozenset()
    unnamed: int = 0


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, streaming where its form allows.

    Raises:
        PathNotFoundError: There is no such file.
        InvalidFileError: The file as a whole cannot be read as what its suffix says.
    """
    if not path.exists():
        raise PathNotFoundError("no such file", where=str(path))
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no regular file"
        raise InvalidFileError(f"this is {found}; a file was expected", where=str(path))
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    if suffix not in SUFFIXES:
        raise InvalidFileError(
            f"files ending in {suffix or 'nothing'} are not read; expected {', '.join(SUFFIXES)}",
            where=str(path),
        )
    return _text(path, suffix)


def cells(text: str | None) -> list[str]:
    """Return the parts of a cell that holds a list, which spreadsheets join by semicolons.

    >>> cells("p01; p02;")
    ['p01', 'p02']
    """
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def kept(values: dict[str, Any]) -> str | None:
    """Return what a reader does not know of a row, to keep it: JSON text, or None for nothing."""
    return json.dumps(values, sort_keys=True, default=str) if values else None


def _text(path: Path, suffix: str) -> Iterator[Row]:
    try:
        with path.open(encoding=_encoding(path), newline="") as lines:
            if suffix == ".json":
                yield from _json(lines, path)
            elif suffix in (".jsonl", ".ndjson"):
                yield from _json_lines(lines, path)
            else:
                yield from _csv(lines, path, "\t" if suffix == ".tsv" else "")
    except UnicodeError:
        raise InvalidFileError(
            f"line {_line_that_is_no_text(path)} is not UTF-8 text",
            where=str(path),
            hint="save the file as UTF-8",
        ) from None
    except OSError as error:
        raise InvalidFileError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _encoding(path: Path) -> str:
    """Return the encoding that a byte-order mark names, as spreadsheets write it; or UTF-8.

    Raises:
        InvalidFileError: It is UTF-16 text without such a mark.
    """
    with path.open("rb") as file:
        begins = file.read(_BEGINNING)
    if begins[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if begins[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if b"\0" in begins:
        raise InvalidFileError(
            "this is UTF-16 or UTF-32 text without a byte-order mark, or no text",
            where=str(path),
            hint="save the file as UTF-8, or as UTF-16 with a byte-order mark",
        )
    return "utf-8-sig"


def _delimiter(line: str) -> str:
    """Return what stands between the columns of a header: spreadsheets of many places write ;.

    >>> _delimiter("subject;state"), _delimiter("subject,state"), _delimiter("subject")
    (';', ',', ',')
    >>> _delimiter("path;label;notes, if any")
    ';'
    """
    # Of equally many the first stands for the whole.
    return max((",", ";", "\t"), key=line.count)


def _line_that_is_no_text(path: Path) -> int:
    # The decoder counts from the start of a block, and people count lines.
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0


def _csv(lines: TextIO, path: Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize if sys.maxsize < 1 << 31 else (1 << 31) - 1)
    first, skipped, stated = next(lines, ""), 0, ""
    while first and (not first.strip() or (not skipped and _SEPARATOR.fullmatch(first))):
        named = _SEPARATOR.fullmatch(first)
        stated = named[1] if named else stated
        first, skipped = next(lines, ""), skipped + 1
    if stated and stated not in first:
        stated = ""
    reader = csv.reader(
        chain([first], lines), delimiter=delimiter or stated or _delimiter(first), strict=True
    )
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, path)
        # A cell may hold line breaks: a row stands where it begins, not where it was read up to.
        begins = reader.line_num + skipped + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _csv_row(header, cells, f"{path.name}:{begins}")
            begins = reader.line_num + skipped + 1
    except csv.Error as error:
        raise InvalidFileError(
            f"line {reader.line_num + skipped}: {error}", where=str(path), hint="check the quotes"
        ) from None


def _check_header(header: list[str], path: Path) -> None:
    if not any(header):
        raise InvalidFileError("the first line names no columns", where=str(path))
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise InvalidFileError(f"columns stand twice: {', '.join(doubled)}", where=str(path))


def _csv_row(header: list[str], cells: list[str], place: str) -> Row:
    values = {k: v.strip() for k, v in zip(header, cells, strict=False) if k and v.strip()}
    blank = frozenset(k for k in header if k and k not in values)
    if len(cells) > len(header):
        found = f"{len(cells)} cells where the header names {len(header)} columns"
        return Row(place, values, problem=found, blank=blank)
    unnamed = (n for n, (k, v) in enumerate(zip(header, cells, strict=False), 1)
               if not k and v.strip())  # fmt: skip
    return Row(place, values, blank=blank, unnamed=next(unnamed, 0))


def _json(lines: TextIO, path: Path) -> Iterator[Row]:
    text = lines.read()
    try:
        document = _parsed(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of 5000 digits
        raise InvalidFileError(f"this is not JSON: {error}", where=str(path)) from None
    if not isinstance(document, list):
        raise InvalidFileError("expected a JSON array of objects", where=str(path))
    escapes = _SURROGATE.search(text) is not None
    for index, item in enumerate(document):
        yield _object(item, f"{path.name}[{index}]", escapes=escapes)


def _json_lines(lines: TextIO, path: Path) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path.name}:{number}"
        try:
            item = _parsed(line)
        except (ValueError, RecursionError) as error:
            yield Row(place, problem=f"this is not JSON: {error}")
        else:
            yield _object(item, place, escapes=_SURROGATE.search(line) is not None)


def _parsed(text: str) -> Any:
    """Return the value of JSON text (RFC 8259) whose objects name each key once.

    Raises:
        ValueError: It is no JSON, or a key stands twice.
    """
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"the key {doubled[0]!r} stands twice in one object")
    return made


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no value of JSON")


def _object(item: object, place: str, *, escapes: bool = False) -> Row:
    if not isinstance(item, dict):
        return Row(place, problem=f"expected an object, found {type(item).__name__}")
    if escapes and not _is_text(item):
        return Row(place, problem="text that is no Unicode: half a surrogate pair")
    # Parquet has a number that is none.
    item = {k: None if isinstance(v, float) and isnan(v) else v for k, v in item.items()}
    values = {k: v for k, v in item.items() if v not in (None, "", [])}
    return Row(
        place,
        values,
        empty=frozenset(k for k, v in item.items() if v == []),
        blank=frozenset(k for k, v in item.items() if v in (None, "")),
    )


def _is_text(item: object) -> bool:
    try:
        json.dumps(item, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


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
    # Arrow tells of damage inside a page as an OSError.
    except (pa.ArrowException, OSError) as error:
        raise InvalidFileError(f"this is not Parquet: {error}", where=str(path)) from None
