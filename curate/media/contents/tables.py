"""Tables: Parquet, Arrow and Feather, SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyarrow import feather, parquet

from curate.media.contents.piece import ROW, VALUE, Event, Source, Unsearched, Walk, joined
from curate.media.contents.texts import small_numbers, written_in

_ROWS = 64
_LEAST = 64


def read_parquet(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the cells of a Parquet file."""
    file = parquet.ParquetFile(source.opened())
    yield from _schema_events(walk, file.schema_arrow, part, depth)
    yield from _rows(walk, file.iter_batches(_ROWS), part, depth)
    expected = file.metadata.num_rows
    if not file.metadata.num_columns and expected:
        yield Unsearched(part, "rows without columns", broken=True)


def read_arrow_file(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the cells of an Arrow file, which Feather is too."""
    reader = pa.ipc.open_file(source.opened())
    yield from _schema_events(walk, reader.schema, part, depth)
    batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
    yield from _rows(walk, batches, part, depth)


def read_feather(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the cells of a Feather file of version 1."""
    yield from _rows(walk, feather.read_table(source.opened()).to_batches(_ROWS), part, depth)


def read_arrow_stream(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the cells of Arrow streams, one behind another: what `save_to_disk` writes."""
    file = pa.PythonFile(source.opened(), mode="r")
    number = 0
    while file.tell() < source.size:
        begin = file.tell()
        reader = pa.ipc.open_stream(file)
        yield from _schema_events(walk, reader.schema, part, depth)
        for batch in reader:
            yield from _rows(walk, [batch], part, depth, first=number)
            number += batch.num_rows
        if file.tell() == begin:
            raise ValueError("nothing can be read here")


def _schema_events(walk: Walk, schema: pa.Schema, part: str, depth: int) -> Iterator[Event]:
    """Yield what names of columns mention, and what is kept beside them."""
    place = joined(part, "schema")
    kept = [schema.metadata or {}, *(field.metadata or {} for field in schema)]
    for name in schema.names:
        yield from written_in(walk, name.encode("utf-8", "surrogatepass"), place, depth)
    for told in kept:
        for key, value in told.items():
            yield from written_in(walk, key, place, depth)
            yield from walk.look(Source.of(value), place, VALUE, depth + 1)


def is_arrow_stream(head: bytes) -> bool:
    """Return whether a file that begins so is an Arrow stream."""
    length = int.from_bytes(head[4:8], "little")
    return head[:4] == b"\xff\xff\xff\xff" and 8 <= length < 1 << 28 and length % 8 == 0


def _rows(
    walk: Walk, batches: Iterable[pa.RecordBatch], part: str, depth: int, *, first: int = 0
) -> Iterator[Event]:
    """Yield what the cells of some batches hold, row by row."""
    number = first
    for batch in batches:
        kept = [column for column in batch.columns if _may_hold(column.type)]
        for start in range(0, batch.num_rows, _ROWS):
            rows = [_plain(column.slice(start, _ROWS)) for column in kept]
            for cells in zip(*rows, strict=True):
                place = joined(part, str(number))
                for cell in cells:
                    yield from cell_events(walk, cell, place, depth)
                number += 1
            if not rows:
                number += min(_ROWS, batch.num_rows - start)


def _plain(column: pa.Array) -> list[Any]:
    """Return a column as values, whatever a type of its own would make of them."""
    while isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column.to_pylist()


def _may_hold(kind: pa.DataType) -> bool:
    """Return whether values of a type may be bytes, text, or lists of small numbers."""
    is_ = pa.types
    if is_.is_boolean(kind) or is_.is_null(kind) or is_.is_temporal(kind):
        return False
    return not (is_.is_integer(kind) or is_.is_floating(kind) or is_.is_decimal(kind))


def cell_events(walk: Walk, cell: Any, place: str, depth: int) -> Iterator[Event]:
    """Yield what a cell holds, however deep in lists and records."""
    if cell is None or isinstance(cell, (bool, int, float)):
        return
    if isinstance(cell, (bytes, bytearray, memoryview)):
        yield from walk.look(Source.of(bytes(cell)), place, ROW, depth + 1)
    elif isinstance(cell, str):
        told = cell.encode("utf-8", "surrogatepass")
        yield from written_in(walk, told, place, depth, kind=ROW)
    elif isinstance(cell, dict):
        for name, value in cell.items():
            yield from cell_events(walk, name, place, depth)
            yield from cell_events(walk, value, place, depth)
    elif isinstance(cell, (list, tuple)):
        yield from _list_events(walk, cell, place, depth)


def _list_events(walk: Walk, cell: Any, place: str, depth: int) -> Iterator[Event]:
    if len(cell) >= _LEAST and isinstance(cell[0], int) and not isinstance(cell[0], bool):
        if (data := small_numbers(cell)) is not None:
            yield from walk.look(Source.of(data), place, ROW, depth + 1)
        return
    if _is_pixels(cell):
        yield Unsearched(place, PIXELS, NEAR)
        return
    for value in cell:
        yield from cell_events(walk, value, place, depth)


PIXELS = "pixels, which are no file any more"
NEAR = "write them as picture files, and search these with --near"


def _is_pixels(cell: Any) -> bool:
    """Return whether a list of lists is as large as a picture."""
    count, inner = 1, cell
    levels = 0
    while isinstance(inner, (list, tuple)) and inner:
        count, inner, levels = count * len(inner), inner[0], levels + 1
    numeric = isinstance(inner, (int, float)) and not isinstance(inner, bool)
    return numeric and levels >= 2 and count >= 1024 and len(cell[0]) > 4


def read_sqlite(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the cells of every table of a SQLite database, which is opened for reading alone."""
    page, pages = int.from_bytes(source.head[16:18], "big"), source.head[28:32]
    told = (1 << 16 if page == 1 else page) * int.from_bytes(pages, "big")
    if told and source.size != told:
        yield Unsearched(part, f"a database of {source.size:,} bytes, which says {told:,}",
                         broken=True)  # fmt: skip
    with source.on_disk() as path:
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            base.text_factory = bytes
            base.execute("PRAGMA trusted_schema = OFF")
            names = [name.decode() for (name,) in base.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'")]  # fmt: skip
            for name in names:
                yield from _sqlite_table(walk, base, name, joined(part, name), depth)
            (free,) = base.execute("PRAGMA freelist_count").fetchone()
        finally:
            base.close()
    if free:
        yield Unsearched(part, "pages that hold what was deleted from the database", "run VACUUM")


def _sqlite_table(
    walk: Walk, base: sqlite3.Connection, name: str, place: str, depth: int
) -> Iterator[Event]:
    quoted = name.replace('"', '""')
    try:
        for number, row in enumerate(base.execute(f'SELECT * FROM "{quoted}"')):
            for cell in row:
                if isinstance(cell, bytes):
                    source = Source.of(cell)
                    yield from walk.look(source, f"{place}/{number}", ROW, depth + 1)
    except sqlite3.Error as error:
        yield Unsearched(place, f"the table cannot be read: {error}", broken=True)
