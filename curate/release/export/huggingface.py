"""Hugging Face: Parquet with the pictures in it, read by ``datasets.load_dataset``.

The features stand in the files' own metadata, so that pictures are decoded and labels have names.
Videos are in tables of their own: a column has one type.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from curate.model.files import FileDigest
from curate.release.body import Body
from curate.release.export.format import Item
from curate.release.export.sink import HashedFile
from curate.release.export.webdataset import CLASSES

FOLDER = "huggingface"
_TYPES = {"image": "Image", "video": "Video"}
_COLUMNS = ("media_id", "sha256", "dataset", "method", "manipulation_type", "source_id", "licence")
_ROWS, _BYTES = 1_000, 16 << 20


class HuggingFace:
    """Media in Parquet."""

    name = "huggingface"

    def writer(self, folder: Path, stem: str, split: str) -> TableWriter:  # noqa: ARG002
        """Return a writer of ``huggingface/<kind>/<stem>.parquet``."""
        return TableWriter(folder, stem)


class TableWriter:
    """Writes one Parquet file for each kind of media in a shard.

    Args:
        folder: The release's.
        stem: Of the shard.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self._tables: dict[str, _Table] = {}

    def add(self, item: Item, body: Body) -> str:
        """Write one row."""
        kind = item["kind"]
        if kind not in self._tables:
            self._tables[kind] = _Table(self._folder, f"{FOLDER}/{kind}/{self._stem}.parquet", kind)
        return self._tables[kind].add(item, body)

    def close(self) -> list[FileDigest]:
        """Finish, and return the files."""
        return [self._tables[kind].close() for kind in sorted(self._tables)]

    def abandon(self) -> None:
        """Close what is open."""
        for table in self._tables.values():
            table.abandon()


class _Table:
    def __init__(self, folder: Path, path: str, kind: str) -> None:
        self._path, self._kind = path, kind
        self._file = HashedFile(folder / path)
        self._schema = _schema(kind)
        # Media are compressed already; hashing them for statistics or a dictionary is in vain.
        plain = [f"{kind}.bytes", f"{kind}.path"]
        words = [name for name in self._schema.names if name != kind]
        self._writer = parquet.ParquetWriter(
            self._file, self._schema, version="2.6", write_statistics=words, use_dictionary=words,
            compression={**dict.fromkeys(plain, "none"), **dict.fromkeys(words, "zstd")},
        )  # fmt: skip
        # Media lie one after another as Arrow has them, in memory that is used again and again.
        self._media = bytearray(_BYTES)
        self._ends = [0]
        self._rows: list[tuple[str, Item]] = []
        self._written = 0

    def add(self, item: Item, body: Body) -> str:
        at = self._ends[-1]
        for chunk in body.chunks():
            self._media[at : at + len(chunk)] = chunk
            at += len(chunk)
        self._ends.append(at)
        self._rows.append((f"{item['sha256']}{item['ending']}", item))
        self._written += 1
        if len(self._rows) == _ROWS or at >= _BYTES:
            self._flush()
        return f"{self._path}/{self._kind}/{self._written - 1}{item['ending']}"

    def close(self) -> FileDigest:
        self._flush()
        self._writer.close()
        self._file.close()
        return self._file.digest(self._path)

    def abandon(self) -> None:
        self._writer.close()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            names, items = zip(*self._rows, strict=True)
            ends = pa.py_buffer(np.array(self._ends, np.int32))
            data = pa.Array.from_buffers(
                pa.binary(), len(names), [None, ends, pa.py_buffer(self._media)]
            )
            media = pa.StructArray.from_arrays(
                [data, pa.array(names, pa.string())], ["bytes", "path"]
            )
            labels = pa.array([CLASSES.get(item["label"]) for item in items], pa.int64())
            words = [pa.array([item[c] for item in items], pa.string()) for c in _COLUMNS]
            batch = pa.record_batch([media, labels, *words], schema=self._schema)
            self._writer.write_batch(batch)
            self._rows, self._ends = [], [0]


def _schema(kind: str) -> pa.Schema:
    media = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [(kind, media), ("label", pa.int64()), *((name, pa.string()) for name in _COLUMNS)]
    return pa.schema(fields).with_metadata({"huggingface": json.dumps(features(kind))})


def features(kind: str) -> dict[str, Any]:
    """Return what ``datasets`` is told of the columns."""
    words = {name: {"dtype": "string", "_type": "Value"} for name in _COLUMNS}
    label = {"names": sorted(CLASSES, key=lambda name: CLASSES[name]), "_type": "ClassLabel"}
    return {"info": {"features": {kind: {"_type": _TYPES[kind]}, "label": label, **words}}}
