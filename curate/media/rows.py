"""Files inside tables: the bytes that a cell of a Parquet or Arrow file holds.

Datasets of Hugging Face keep pictures so. A path such as ``train.parquet/image/12.jpg`` names row
12 of column ``image``; a cell is bytes, or a struct with a field of that name.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import PurePosixPath
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from curate.media.unreadable import Reason, UnreadableError

SUFFIXES = (".parquet", ".arrow")
Key = tuple[int, ...]


def copy_cell(table: IO[bytes], kind: str, name: str, copy: IO[bytes]) -> None:
    """Write the bytes of a cell.

    Args:
        table: The file.
        kind: Its ending.
        name: Column and row, such as ``image/12.jpg``.
        copy: Where they go.

    Raises:
        UnreadableError: The file is broken, or has no such cell.
    """
    column, _, row = name.partition("/")
    number = PurePosixPath(row).stem
    if not number.isdecimal():
        raise UnreadableError(Reason.VANISHED, "the table holds no such row")
    try:
        cell = _cell(table, kind, column, int(number))
    except (pa.ArrowException, KeyError, IndexError) as error:
        raise UnreadableError(Reason.CORRUPT, f"the table cannot be read: {error}") from error
    if cell is None:
        raise UnreadableError(Reason.EMPTY, "the cell holds no bytes")
    copy.write(cell)


def bytes_of(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return the bytes of a column that holds files: the column, or its field ``bytes``."""
    return pc.struct_field(column, "bytes") if pa.types.is_struct(column.type) else column


def _cell(table: IO[bytes], kind: str, column: str, row: int) -> bytes | None:
    found = os.fstat(table.fileno())
    key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    read = _parquet_part if kind == ".parquet" else _arrow_part
    ends = _ends(key, table.fileno(), kind)
    part = next((n for n, end in enumerate(ends) if row < end), None)
    if part is None:
        raise UnreadableError(Reason.VANISHED, "the table holds no such row")
    begin = ends[part - 1] if part else 0
    cell: bytes | None = read(key, table.fileno(), column, part)[row - begin].as_py()
    return cell


@lru_cache(maxsize=64)
def _ends(key: Key, descriptor: int, kind: str) -> list[int]:  # noqa: ARG001
    """Return the number of rows up to the end of each part."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        if kind == ".parquet":
            about = parquet.ParquetFile(file).metadata
            counts = [about.row_group(n).num_rows for n in range(about.num_row_groups)]
        else:
            counts = [batch.num_rows for batch in _batches(file)]
    ends, total = [], 0
    for count in counts:
        ends.append(total := total + count)
    return ends


@lru_cache(maxsize=2)
def _parquet_part(key: Key, descriptor: int, column: str, part: int) -> pa.ChunkedArray:  # noqa: ARG001
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        found = parquet.ParquetFile(file).read_row_group(part, columns=[column])
        return bytes_of(found.column(column))


@lru_cache(maxsize=2)
def _arrow_part(key: Key, descriptor: int, column: str, part: int) -> pa.Array:  # noqa: ARG001
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        for number, batch in enumerate(_batches(file)):
            if number == part:
                return bytes_of(batch.column(column))
    raise IndexError(part)


def _batches(file: IO[bytes]) -> pa.RecordBatchReader:
    """Return the batches of an Arrow stream, which is what `save_to_disk` writes."""
    return pa.ipc.open_stream(file)
