"""The table of items: Parquet under ``data/``, which every release has."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from curate.model.files import FileDigest
from curate.release.export.sink import HashedFile

FOLDER = "data"
# Where a file lay may tell who is in it.
WITHHELD = frozenset(("root", "locator"))
# Everything that decides the bytes is named, so that the same items give the same file.
_OPTIONS = {"compression": "zstd", "version": "2.6", "write_statistics": True}
_ROW_GROUP = 8192


def schema_of(selected: pa.Schema) -> pa.Schema:
    """Return the columns of a table of items, from those of a selection."""
    kept = [field for field in selected if field.name not in WITHHELD]
    return pa.schema([*kept, pa.field("path", pa.string())])


def write_items(items: pa.Table, folder: Path, stem: str) -> FileDigest:
    """Write the items of one shard, in the order given."""
    path = f"{FOLDER}/{stem}.parquet"
    file = HashedFile(folder / path)
    try:
        parquet.write_table(
            items.replace_schema_metadata(None), file, row_group_size=_ROW_GROUP, **_OPTIONS
        )
    finally:
        file.close()
    return file.digest(path)


def read_items(path: Path) -> pa.Table:
    """Return the items in a file that `write_items` wrote."""
    return parquet.ParquetFile(path).read()
