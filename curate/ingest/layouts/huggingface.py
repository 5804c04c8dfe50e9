"""Datasets of Hugging Face on disk: Parquet, Arrow as `save_to_disk` writes it, and folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from curate.errors import InputError
from curate.ingest.layout import About
from curate.ingest.layouts.documents import nearby
from curate.ingest.layouts.folder import place_of
from curate.ingest.layouts.manifest import add_row, renamed
from curate.ingest.listing import Listing, Member, Target, walk_files
from curate.ingest.locators import SPLITS, Rejected, kind_of, not_media
from curate.media.rows import bytes_of
from curate.rows import Row, read_rows

_SHARD = re.compile(r"(?:.*/)?[\w.-]*?-\d{5}-of-\d{5}(?:-\w+)?\.(?:parquet|arrow)")
_SPLIT = re.compile(r"(?<![a-z])(train|training|val|valid|validation|dev|test)(?![a-z])")
_METADATA = re.compile(r"(?:(?P<folder>.*)/)?metadata\.(?:csv|jsonl|parquet)")
_KINDS = {"Image": "image", "Video": "video"}
_SETTINGS = frozenset({
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "README.md",
    ".gitattributes",
})  # fmt: skip
_BATCH = 64


class HuggingFaceLayout:
    """A folder that a hub or `save_to_disk` wrote."""

    name = "huggingface"
    about = About(
        title="Hugging Face datasets on disk",
        shape="shards called `...-00000-of-00001.parquet` or `.arrow`, or `metadata.csv`, "
        "`.jsonl` or `.parquet` with a column `file_name`, here or up to two folders down",
        reads=(
            (
                "each picture or video in a cell of a shard: an entry at "
                "`<shard>/<column>/<row>.<ending>`; later stages read it there"
            ),
            (
                "other columns, as those of a manifest; class labels by the names that the dataset "
                "gives them"
            ),
            (
                "each row of a `metadata` file: the file it names, beside it; files that none "
                "names, with what their folders say"
            ),
            "the split: from the shard's or folder's name",
        ),
        traps=(
            "a class label is a number in the shard: without its names it is no label",
            (
                "the licence of the card is the packager's word on somebody else's faces, and is "
                "not taken over"
            ),
            "a cell may hold a path in the place of bytes: it is looked for below the root",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` holds shards or metadata of this form."""
        return any(_SHARD.fullmatch(item.name) or _names_files(item) for item in nearby(path))

    def read(self, target: Target, into: Listing) -> None:
        """List shards, rows of metadata, and files that none of them names.

        Raises:
            InvalidFileError: A metadata file cannot be read.
        """
        others = []
        named: set[str] = set()
        for locator in walk_files(target.root, into):
            if _SHARD.fullmatch(locator):
                with into.attempt(locator, locator=locator):
                    _shard(locator, target, into)
            elif _names_files(target.root / locator):
                named |= _metadata(locator, target, into)
            elif locator.rpartition("/")[2] not in _SETTINGS:
                others.append(locator)
        for locator in others:
            if not into.lists(locator) and locator not in named:
                with into.attempt(locator, locator=locator):
                    _unnamed(locator, target, into)


def _names_files(path: Path) -> bool:
    """Return whether this is metadata with a column ``file_name``."""
    if not _METADATA.fullmatch(path.name) or not path.is_file():
        return False
    try:
        row = next(iter(read_rows(path)), None)
    except InputError:
        return False
    return row is not None and "file_name" in row.values


def _metadata(locator: str, target: Target, into: Listing) -> set[str]:
    """List the files that a metadata file names; return them, those that were rejected too."""
    found = _METADATA.fullmatch(locator)
    folder = f"{found['folder']}/" if found and found["folder"] else ""
    named = set()
    for row in read_rows(target.root / locator):
        values = dict(row.values)
        file = folder + str(values.pop("file_name", ""))
        place = f"{folder}{row.place}"
        named.add(file)
        with into.attempt(place, locator=file):
            said = place_of(file, target.config)
            for column, word in (("label", said.label), ("split", said.split)):
                if word is not None:
                    values.setdefault(column, word)
            _add(place, file, values, target, into, problem=row.problem)
    return named


def _unnamed(locator: str, target: Target, into: Listing) -> None:
    if kind_of(locator) == "unknown":
        raise not_media(locator)
    said = place_of(locator, target.config)
    values = {"label": said.label, "split": said.split, "method": said.method}
    _add(locator, locator, {k: v for k, v in values.items() if v is not None}, target, into)


def _add(
    place: str, path: str, values: dict[str, Any], target: Target, into: Listing,
    *, problem: str = "", **about_file: Any,
) -> None:  # fmt: skip
    names = {v: k for k, v in target.config.columns.items()}
    said = renamed(values, names) | {"path": path}
    add_row(Row(place, said, problem), target, into, **about_file)


@dataclass(frozen=True)
class _Features:
    """What a shard says of its columns.

    Attributes:
        files: Columns that hold pictures or videos, with the kind.
        names: The names of each class label's values.
    """

    files: dict[str, str] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


def _features(schema: pa.Schema) -> _Features:
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
    return found


def _is_file(kind: pa.DataType) -> bool:
    """Return whether a column is a struct of bytes and path, as pictures are kept."""
    return pa.types.is_struct(kind) and {f.name for f in kind} == {"bytes", "path"}


def _shard(locator: str, target: Target, into: Listing) -> None:
    """List the rows of one shard.

    Raises:
        Rejected: It cannot be read, or no column holds files.
    """
    path = target.root / locator
    written = path.stat().st_mtime_ns
    split = _SPLIT.search(locator.casefold())
    try:
        schema, batches = _open(path)
        features = _features(schema)
        if not features.files:
            raise Rejected("no-media", "no column holds pictures or videos")
        row = 0
        for batch in batches:
            for place, cells in _rows(batch, features, row):
                values = {k: v for k, v in cells.items() if k not in features.files}
                if split:
                    values.setdefault("split", SPLITS[split[1]])
                for column, kind in features.files.items():
                    where = f"{locator}:{place}"
                    with into.attempt(where):
                        _cell(where, f"{locator}/{column}/{place}", cells[column], kind, written,
                              dict(values), target, into)  # fmt: skip
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
) -> None:
    size, path = cell
    if size is None and path is None:
        raise Rejected("no-media", "the cell holds neither bytes nor a path")
    if size is None:
        _add(where, str(path), values, target, into)
        return
    ending = Path(path or "").suffix.lower()
    _add(where, locator + ending, values, target, into, member=Member(size, written),
         problem="", kind=kind)  # fmt: skip
