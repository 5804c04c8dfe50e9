"""Datasets of Hugging Face on disk: Parquet, Arrow as `save_to_disk` writes it, and folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curate.errors import InputError
from curate.ingest.layout import About
from curate.ingest.layouts.clips import put_in_splits
from curate.ingest.layouts.documents import nearby
from curate.ingest.layouts.folder import place_of
from curate.ingest.layouts.hub_card import Card, read_card
from curate.ingest.layouts.shards import add_file, is_shard, read_shard
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import kind_of, not_media
from curate.rows import read_rows

_FILE_COLUMN = re.compile(r"(?:\w+_)?file_names?")
_METADATA = re.compile(r"(?:(?P<folder>.*)/)?metadata\.(?:csv|jsonl|parquet)")
_SETTINGS = frozenset({
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "README.md",
    ".gitattributes",
})  # fmt: skip


class HuggingFaceLayout:
    """A folder that a hub or `save_to_disk` wrote."""

    name = "huggingface"
    about = About(
        title="Hugging Face datasets on disk",
        shape="shards called `...-00000-of-00001.parquet` or `.arrow`, `0000.parquet` or "
        "`train.parquet`, or `metadata.csv`, `.jsonl` or `.parquet` with a column `file_name`, "
        "`..._file_name` or `file_names`, here or up to two folders down",
        reads=(
            (
                "each picture or video in a cell of a shard: an entry at "
                "`<shard>/<column>/<row>.<ending>`; later stages read it there"
            ),
            (
                "other columns, as those of a manifest; class labels by the names that the shard "
                "or the card gives them"
            ),
            (
                "each row of a `metadata` file: the files that it names, beside it; files that "
                "none names, with what their folders say"
            ),
            (
                "the split: from `data_files` of the card (`README.md`); else from the file's own "
                "name, then from a folder called train, val, test or the like, then from the last "
                "word of a folder's name. A word within a folder's name, as in `test-bench`, is "
                "none"
            ),
        ),
        traps=(
            "a class label is a number in the shard: without its names it is no label",
            (
                "the licence of the card is the packager's word on somebody else's faces, and is "
                "not taken over"
            ),
            "a cell may hold a path in the place of bytes: it is looked for below the root",
            (
                "a file that the card puts into several splits is one entry, with `in_split` for "
                "the others"
            ),
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` holds shards or metadata of this form."""
        return any(is_shard(item.name) or _names_files(item) for item in nearby(path))

    def read(self, target: Target, into: Listing) -> None:
        """List shards, rows of metadata, and files that none of them names.

        Raises:
            InvalidFileError: A metadata file cannot be read.
        """
        card = read_card(target.root, into)
        others = []
        named: set[str] = set()
        for locator in walk_files(target.root, into):
            if is_shard(locator) or (card.splits(locator) and locator.endswith(".parquet")):
                with into.attempt(locator, locator=locator):
                    read_shard(locator, target, into, card)
            elif _names_files(target.root / locator):
                named |= _metadata(locator, target, into, card)
            elif locator.rpartition("/")[2] not in _SETTINGS:
                others.append(locator)
        for locator in others:
            if not into.lists(locator) and locator not in named:
                with into.attempt(locator, locator=locator):
                    _unnamed(locator, target, into, card)


def _file_columns(values: dict[str, Any]) -> list[str]:
    return [name for name in values if _FILE_COLUMN.fullmatch(name)]


def _names_files(path: Path) -> bool:
    """Return whether this is metadata with a column of names of files."""
    if not _METADATA.fullmatch(path.name) or not path.is_file():
        return False
    try:
        row = next(iter(read_rows(path)), None)
    except InputError:
        return False
    return row is not None and bool(_file_columns(row.values))


def _metadata(locator: str, target: Target, into: Listing, card: Card) -> set[str]:
    """List the files that a metadata file names; return them, those that were rejected too."""
    found = _METADATA.fullmatch(locator)
    folder = f"{found['folder']}/" if found and found["folder"] else ""
    named: set[str] = set()
    for row in read_rows(target.root / locator):
        values = dict(row.values)
        files = [folder + name for column in _file_columns(values)
                 for name in _names(values.pop(column))]  # fmt: skip
        place = f"{folder}{row.place}"
        named.update(files)
        if not files:
            into.reject(place, "no-path", row.problem or "the row names no file")
        for file in files:
            with into.attempt(place, locator=file):
                _placed(place, file, dict(values), target, into, card, problem=row.problem)
    return named


def _names(cell: Any) -> Iterator[str]:
    """Yield the names in a cell: one, or a list."""
    yield from map(str, cell if isinstance(cell, list) else [cell])


def _unnamed(locator: str, target: Target, into: Listing, card: Card) -> None:
    if kind_of(locator) == "unknown":
        raise not_media(locator)
    values = {"method": place_of(locator, target.config).method}
    _placed(locator, locator, {k: v for k, v in values.items() if v is not None}, target, into,
            card)  # fmt: skip


def _placed(
    place: str, file: str, values: dict[str, Any], target: Target, into: Listing, card: Card,
    *, problem: str = "",
) -> None:  # fmt: skip
    """List a file with what its row, the card and its folders say, in this order.

    Raises:
        Rejected: It cannot be an entry.
    """
    said = place_of(file, target.config)
    splits = card.splits(file) if "split" not in values else ()
    for column, word in (("label", said.label), ("split", splits[0] if splits else said.split)):
        if word is not None:
            values.setdefault(column, word)
    entry = add_file(place, file, values, target, into, problem=problem)
    put_in_splits(entry, list(splits), into, basis="data_files of the card")
