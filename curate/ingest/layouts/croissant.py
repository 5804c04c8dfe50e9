"""Croissant: JSON-LD that says which files a dataset has, and what its tables hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from curate.errors import InputError
from curate.ingest.layout import About
from curate.ingest.layouts.documents import head, read_object
from curate.ingest.layouts.folder import place_of
from curate.ingest.layouts.hub_card import Card, read_card
from curate.ingest.layouts.manifest import add_row, renamed
from curate.ingest.layouts.shards import is_shard, read_shard
from curate.ingest.listing import Listing, Member, Target, walk_files
from curate.ingest.locators import Rejected, kind_of, not_media, safe_locator
from curate.media.archive import members_of
from curate.media.unreadable import UnreadableError
from curate.rows import SUFFIXES, Row, read_rows

_CONFORMS = re.compile(r"mlcommons\.org/croissant", re.IGNORECASE)
_ARCHIVES = (".tar", ".zip")
_PATHS = ("path", "file_name", "filename", "contentUrl")


class CroissantLayout:
    """A Croissant file, or a folder with one."""

    name = "croissant"
    about = About(
        title="Croissant JSON-LD",
        shape="a JSON file that conforms to mlcommons.org/croissant, or a folder with one",
        reads=(
            (
                "each record set over one local table: its rows, with the fields that are called "
                "as a manifest's columns; the path is the field called path, file_name or "
                "filename, or the one of type ImageObject or VideoObject"
            ),
            (
                "each file set: the files that it includes and does not exclude, below the root, "
                "in a local `.tar` or `.zip`, or in a repository (`git+https`), whose files are "
                "those below the root; with what their folders say"
            ),
            (
                "Parquet shards that a file set includes: as those of Hugging Face; where none of "
                "the files that it includes is here, every shard that is"
            ),
            "the licence of the dataset, as written",
        ),
        traps=(
            "nothing is fetched: a file at a web address is told as a rejection",
            (
                "Hugging Face's own Croissant names the files of its converted branch "
                "(`default/*/*.parquet`), and not those of the dataset that people download"
            ),
            (
                "a file set that is contained in an archive gives no records to some readers "
                "unless the context maps `containedIn`; it is read here either way"
            ),
            "the file's own statements on people and consent are text, and clear nobody",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is or holds such a file."""
        return _file_of(path) is not None

    def read(self, target: Target, into: Listing) -> None:
        """List the files that record sets and file sets name.

        Raises:
            InvalidFileError: The file is no JSON object.
        """
        file = _file_of(target.path)
        said = {} if file is None else read_object(file)
        reading = _Reading(into, target, file.name if file else "", _licence(said.get("license")))
        reading.card = read_card(target.root, into)
        for number, thing in enumerate(_things(said, "distribution")):
            reading.thing(number, thing)
        for thing in _things(said, "recordSet"):
            reading.records(thing)
        for number, thing in enumerate(_things(said, "distribution")):
            if "FileSet" in _types(thing):
                reading.files(number, thing)


def _file_of(path: Path) -> Path | None:
    places = [path] if path.is_file() else sorted(path.glob("*.json")) if path.is_dir() else []
    return next((x for x in places if x.suffix == ".json" and _CONFORMS.search(head(x))), None)


def _things(said: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = said.get(key, said.get(f"cr:{key}"))
    listed = found if isinstance(found, list) else [found]
    return (thing for thing in listed if isinstance(thing, dict))


def _types(thing: Mapping[str, Any]) -> set[str]:
    """Return what a thing is, without prefixes: it may be an address, or a list.

    >>> sorted(_types({"@type": ["cr:FileSet", "http://mlcommons.org/croissant/FileObject"]}))
    ['FileObject', 'FileSet']
    """
    said = thing.get("@type", "")
    return {re.split(r"[:/#]", str(one))[-1] for one in _listed(said)}


def _listed(said: Any) -> list[Any]:
    """Return a value, or several, as a list."""
    return said if isinstance(said, list) else [] if said is None else [said]


def _id(thing: Any) -> str:
    """Return what a thing is called, or what a reference points at."""
    return str(thing.get("@id", thing.get("name", ""))) if isinstance(thing, dict) else str(thing)


def _licence(said: Any) -> str | None:
    first = said[0] if isinstance(said, list) and said else said
    if isinstance(first, dict):
        first = first.get("url", first.get("name"))
    return first if isinstance(first, str) else None


@dataclass
class _Reading:
    """One pass over a Croissant file."""

    into: Listing
    target: Target
    file: str
    licence: str | None
    objects: dict[str, str] = field(default_factory=dict)
    """Locators of local file objects by id."""
    repositories: set[str] = field(default_factory=set)
    """Ids of file objects that are the repository itself: its files are below the root."""
    shards: set[str] = field(default_factory=set)
    """Shards that were read."""
    card: Card = field(default_factory=Card)
    """What a card beside the file says of shards."""

    def thing(self, number: int, thing: Mapping[str, Any]) -> None:
        """Keep a file object that is here, or reject one that is elsewhere."""
        if "FileObject" not in _types(thing):
            return
        if str(thing.get("encodingFormat", "")).startswith("git+"):
            self.repositories.add(_id(thing))
            return
        with self.into.attempt(f"{self.file}: distribution[{number}]"):
            url = str(thing.get("contentUrl", ""))
            if "://" in url:
                raise Rejected("remote", f"{url!r} is not fetched; put the file below the root")
            self.objects[_id(thing)] = safe_locator(url.removeprefix("./"))

    def records(self, record_set: Mapping[str, Any]) -> None:
        """List the rows of a table that a record set is over."""
        columns: dict[str, str] = {}
        tables = set()
        for item in _things(record_set, "field"):
            source = item.get("source")
            extract = source.get("extract") if isinstance(source, dict) else None
            if isinstance(source, dict) and isinstance(extract, dict) and "column" in extract:
                tables.add(_id(source.get("fileObject")))
                columns[str(extract["column"])] = _column(item)
        table = self.objects.get(next(iter(tables))) if len(tables) == 1 else None
        if table is None or Path(table).suffix not in SUFFIXES or "path" not in columns.values():
            return
        with self.into.attempt(table, locator=table):
            try:
                for row in read_rows(self.target.root / table):
                    values = {columns[k]: v for k, v in row.values.items() if k in columns}
                    with self.into.attempt(row.place):
                        self._add(row.place, values, problem=row.problem)
            except InputError as error:
                raise Rejected("bad-table", error.problem) from None

    def files(self, number: int, file_set: Mapping[str, Any]) -> None:
        """List the files that a file set includes."""
        place = f"{self.file}: distribution[{number}]"
        patterns, without = (
            [str(one) for one in _listed(file_set.get(key, file_set.get(f"cr:{key}")))]
            for key in ("includes", "excludes")
        )
        held = file_set.get("containedIn", file_set.get("cr:containedIn"))
        inside = [_id(one) for one in _listed(held)]
        found = False
        with self.into.attempt(place):
            for locator, name, member in self._candidates(inside):
                if not _fits(name, patterns) or _fits(name, without):
                    continue
                found = True
                if self.into.lists(locator) or locator in self.shards:
                    continue
                with self.into.attempt(place, locator=locator):
                    self._file(place, locator, name, member)
            if not found and self.repositories.intersection(inside):
                self._other_shards(place, patterns)

    def _file(self, place: str, locator: str, name: str, member: Member | None) -> None:
        if member is None and locator.lower().endswith((".parquet", ".arrow")):
            self.shards.add(locator)
            read_shard(locator, self.target, self.into, self.card)
            return
        if kind_of(locator) == "unknown":
            raise not_media(locator)
        said = place_of(name, self.target.config)
        told = {"label": said.label, "split": said.split, "method": said.method}
        values = {k: v for k, v in told.items() if v is not None}
        self._add(f"{place}: {locator}", values | {"path": locator}, member=member)

    def _other_shards(self, place: str, patterns: list[str]) -> None:
        """Read the shards of a repository of which the file describes another branch.

        Raises:
            Rejected: There is none either.
        """
        locators = [x for x in walk_files(self.target.root, self.into) if is_shard(x)]
        if not locators:
            raise Rejected("not-here", f"no file below the root is called like {patterns[:1]}")
        for locator in locators:
            if locator not in self.shards:
                self.shards.add(locator)
                with self.into.attempt(place, locator=locator):
                    read_shard(locator, self.target, self.into, self.card)

    def _candidates(self, inside: list[str]) -> Iterator[tuple[str, str, Member | None]]:
        """Yield the files that a file set chooses from: locator, name there, what is known.

        Raises:
            Rejected: It is in something that is not here, or in a broken archive.
        """
        if not inside or self.repositories.issuperset(inside):
            yield from ((path, path, None) for path in walk_files(self.target.root, self.into))
            return
        for one in inside:
            archive = self.objects.get(one)
            path = self.target.root / (archive or "")
            if archive is None or path.suffix.lower() not in _ARCHIVES or not path.is_file():
                raise Rejected("not-here", f"{one!r} is no tar or zip below the root")
            try:
                members = members_of(path)
            except UnreadableError as error:
                raise Rejected("bad-archive", error.detail) from None
            for name, size in members:
                with self.into.attempt(f"{archive}: {name}"):
                    held = Member(size, path.stat().st_mtime_ns)
                    yield f"{archive}/{safe_locator(name)}", name, held

    def _add(self, place: str, values: dict[str, Any], *, problem: str = "", **file: Any) -> None:
        names = {v: k for k, v in self.target.config.columns.items()}
        said = renamed(values, names)
        if self.licence is not None:
            said.setdefault("licence", self.licence)
        add_row(Row(place, said, problem), self.target, self.into, **file)


def _fits(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _column(item: Mapping[str, Any]) -> str:
    """Return the name of a field as a manifest's column."""
    name = str(item.get("name", _id(item))).rpartition("/")[2]
    kinds = item.get("dataType")
    media = any(
        str(kind).endswith(("ImageObject", "VideoObject"))
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )
    return "path" if media or name in _PATHS else name
