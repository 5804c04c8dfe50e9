"""Parquet beside files: one table per split under ``data/``, media under ``media/``."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

# Everything that decides the bytes is named, so that the same items give the same file.
_OPTIONS = {"compression": "zstd", "version": "2.6", "write_statistics": True}
ROW_GROUP = 8192


def write_split(items: pa.Table, folder: Path, split: str) -> Path:
    """Write the items of one split, in the order given, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{split}.parquet"
    parquet.write_table(
        items.replace_schema_metadata(None), path, row_group_size=ROW_GROUP, **_OPTIONS
    )
    return path
