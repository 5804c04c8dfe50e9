"""Shards of Hugging Face: Parquet or Arrow tables whose cells hold pictures and videos."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from curate.ingest.layouts.clips import put_in_splits
from curate.ingest.layouts.hub_card import Card
from curate.ingest.layouts.manifest import add_row, renamed
from curate.ingest.listing import Listing, Member, Target
from curate.ingest.locators import SPLITS, Rejected, split_of
from curate.media.rows import bytes_of
from curate.rows import Row

# As `save_to_disk` and the hub write them, as the hub converts (`default/train/0000.parquet`),
# and one file for each split.
_SHARD = re.compile(
    r"(?:.*/)?(?:[\w.-]*?-\d{5}-of-\d{5}(?:-\w+)?|\d{4,5}|"
    + "|".join(SPLITS)
    + r")\.(?:parquet|arrow)"
)
_KINDS = {"Image": "image", "Video": "video"}
_BATCH = 64


def is_shard(locator: str) -> bool:
    """Return whether a file is called as shards are.

    >>> is_shard("data/train-00000-of-00002.parquet"), is_shard("default/train/0000.parquet")
    (True, True)
    """
    return _SHARD.fullmatch(locator) is not None


def add_file(
    place: str, path: str, values: dict[str, Any], target: Target, into: Listing,
    *, problem: str = "", **about_file: Any,
) -> str:  # fmt: skip
    """List a file with what is said of it under a dataset's own columns; return the entry.

    Raises:
        Rejected: It cannot be an entry.
    """
    names = {v: k for k, v in target.config.columns.items()}
    said = renamed(values, names) | {"path": path}
    return add_row(Row(place, said, problem), target, into, **about_file)


@dataclass(frozen=True)
class _Features:
    """What a shard says of its columns.

    Attributes:
        files: Columns that hold pictures or videos, with the kind.
        names: The names of each class label's values.
    """

    files: dict[str, str] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


def _features(schema: pa.Schema, names: Mapping[str, list[str]]) -> _Features:
    about = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    declared = about.get("info", {}).get("features", {})
    found = _Features()
    for column in schema:
        said = declared.get(column.name, {})
        word = said.get("_type") if isinstance(said, dict) else None
        if word in _KINDS:
            found.files[column.name] = _KINDS[word]
        elif word == "ClassLabel" and "names" in said:
            found.names[column.name] = list(said["names"])
        elif _is_file(column.type):
            found.files[column.name] = "image"
        elif column.name in names and column.name not in declared:
            found.names[column.name] = names[column.name]
    return found


def _is_file(kind: pa.DataType) -> bool:
    """Return whether a column is a struct of bytes and path, as pictures are kept."""
    return pa.types.is_struct(kind) and {f.name for f in kind} == {"bytes", "path"}


def read_shard(locator: str, target: Target, into: Listing, card: Card) -> None:
    """List the rows of one shard.

    Args:
        locator: Where it lies.
        target: What is being ingested.
        into: The listing.
        card: What the dataset's card says; where it tells no split, the shard's name may.

    Raises:
        Rejected: It cannot be read, or no column holds files.
    """
    path = target.root / locator
    written = path.stat().st_mtime_ns
    splits = card.splits(locator) or [one for one in [split_of(locator)] if one is not None]
    try:
        schema, batches = _open(path)
        features = _features(schema, card.names)
        if not features.files:
            raise Rejected("no-media", "no column holds pictures or videos")
        row = 0
        for batch in batches:
            for place, cells in _rows(batch, features, row):
                values = {k: v for k, v in cells.items() if k not in features.files}
                own = "split" not in values
                if splits and own:
                    values["split"] = splits[0]
                for column, kind in features.files.items():
                    where = f"{locator}:{place}"
                    with into.attempt(where):
                        entry = _cell(
                            where, f"{locator}/{column}/{place}", cells[column], kind, written,
                            dict(values), target, into,
                        )  # fmt: skip
                        if own:
                            put_in_splits(entry, splits, into, basis="data_files of the card")
            row += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Rejected("bad-archive", f"the shard cannot be read to its end: {error}") from None


def _open(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    if path.suffix == ".parquet":
        file = parquet.ParquetFile(path)
        return file.schema_arrow, file.iter_batches(batch_size=_BATCH)
    stream = pa.ipc.open_stream(pa.memory_map(str(path)))
    return stream.schema, iter(stream)


def _rows(
    batch: pa.RecordBatch, features: _Features, first: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a batch with their numbers; a cell of a file is its length and path."""
    columns: dict[str, list[Any]] = {}
    for column in batch.schema.names:
        cells = batch.column(column)
        if column not in features.files:
            columns[column] = _named(cells.to_pylist(), features.names.get(column))
            continue
        sizes = pc.binary_length(bytes_of(cells)).to_pylist()
        struct = pa.types.is_struct(cells.type)
        paths = pc.struct_field(cells, "path").to_pylist() if struct else [None] * len(sizes)
        columns[column] = list(zip(sizes, paths, strict=True))
    for number in range(batch.num_rows):
        row = {k: v[number] for k, v in columns.items()}
        yield first + number, {k: v for k, v in row.items() if v is not None}


def _named(values: list[Any], names: list[str] | None) -> list[Any]:
    """Return class labels by name: -1 stands for none."""
    if names is None:
        return values
    return [names[v] if isinstance(v, int) and 0 <= v < len(names) else None for v in values]


def _cell(
    where: str,
    locator: str,
    cell: tuple[int | None, str | None],
    kind: str,
    written: int,
    values: dict[str, Any],
    target: Target,
    into: Listing,
) -> str:
    size, path = cell
    if size is None and path is None:
        raise Rejected("no-media", "the cell holds neither bytes nor a path")
    if size is None:
        return add_file(where, str(path), values, target, into)
    ending = Path(path or "").suffix.lower()
    return add_file(where, locator + ending, values, target, into, member=Member(size, written),
                    problem="", kind=kind)  # fmt: skip
