"""What stands beside media: snapshots of a site's files, and the headers that files came with.

Beside an entry may lie files of its name: ``NAME.json`` (as img2dataset writes it) with its address
and headers, a packet of XMP, and texts; what a manifest says in columns that nothing else reads
belongs to them. In its folder, or any above it up to the media root, may lie ``robots.txt``,
``ai.txt``, ``tdmrep.json`` (also below ``.well-known``) and WARC files. The folder that holds a
snapshot stands for the root of the site, unless the entry's own address is known.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from curate.engine.stage import WholeStage
from curate.media import UnreadableError
from curate.media.archive import archive_of
from curate.media.open import open_regular
from curate.media.parts import is_text
from curate.media.sniff import FORMATS
from curate.schema import conform
from curate.signals import robots, tdmrep, warc, words, xmp
from curate.signals.fields import Make, statements
from curate.signals.found import Signal, digest_of, rows
from curate.signals.headers import NAMES, read_headers
from curate.signals.normal import UNREADABLE
from curate.signals.words import Text, decoded, leaves, spoken

VERSION = "3"
STAGE = f"signals-beside/{VERSION}"
TOOL = "curate web reader 2"
_MOST = 1 << 20
_SITE = ("robots.txt", "ai.txt", "tdmrep.json")
_HEADERS = ("headers", "response_headers", "http_headers")
_ENTRIES = """
SELECT media_id, root, locator, sha256, extra FROM entries
WHERE status = 'present' ORDER BY media_id
"""

Entry = dict[str, Any]


@dataclass
class Beside:
    """The files beside media that may say something, by media root.

    Attributes:
        sites: Files that speak of a whole site, by root and folder.
        warcs: WARC files by root.
        archives: Files that entries lie in, by root.
        sidecars: Files that are no media, by root and each beginning of their names before a dot.
        marks: What tells each file from what it was before.
    """

    sites: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    warcs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    archives: set[tuple[str, str]] = field(default_factory=set)
    sidecars: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    marks: set[str] = field(default_factory=set)


def beside_stage(entries: pa.Table) -> WholeStage:
    """Return the stage; it runs again when an entry or a file beside media changed.

    Args:
        entries: ``root`` and ``locator`` of all entries.
    """
    found = list_beside(entries.select(["root", "locator"]).to_pylist())
    mark = hashlib.sha256("\n".join(sorted(found.marks)).encode()).hexdigest()
    return WholeStage(
        name="signals-beside",
        version=VERSION,
        reads={"entries": _ENTRIES},
        work=partial(read_beside, found=found),
        writes=("signals", "beside_scans"),
        parameters={"beside": mark, "files": len(found.marks)},
    )


def list_beside(entries: Iterable[Entry]) -> Beside:
    """Return the files beside entries that may say something."""
    folders = {(e["root"], str(PurePosixPath(e["locator"]).parent)) for e in entries}
    every = {
        (root, str(place))
        for root, folder in folders
        if "://" not in root
        for place in (PurePosixPath(folder), *PurePosixPath(folder).parents)
    }
    found = Beside()
    for root, folder in sorted(every):
        for place in (folder, str(PurePosixPath(folder) / ".well-known")):
            _list(root, folder, place, found)
    return found


def _list(root: str, folder: str, place: str, found: Beside) -> None:
    path = Path(root, place)
    if path.is_file():
        found.archives.add((root, place))
        found.marks.add(_mark(root, place, path.stat()))
        return
    try:
        listed = sorted(os.scandir(path), key=lambda item: item.name)
    except OSError:
        return
    for item in listed:
        name = str(PurePosixPath(place) / item.name)
        if item.name in _SITE:
            found.sites[root, folder].append(name)
        elif item.name.endswith((".warc", ".warc.gz")):
            found.warcs[root].append(name)
        elif _is_sidecar(item):
            parts = item.name.split(".")
            for n in range(1, len(parts)):
                stem = str(PurePosixPath(place) / ".".join(parts[:n]))
                found.sidecars[root, stem].append(name)
        else:
            continue
        found.marks.add(_mark(root, name, item.stat(follow_symlinks=False)))


# What programs keep beside media and no sentence stands in: media, arrays, sound, indexes.
_DATA = frozenset(
    (
        *(extension for known in FORMATS for extension in known.extensions),
        *("npy", "npz", "pt", "pth", "pkl", "pickle", "h5", "hdf5", "mat", "bin", "dat", "idx"),
        *("parquet", "arrow", "feather", "tfrecord", "tar", "zip", "gz", "sqlite", "db"),
        *("wav", "mp3", "flac", "aac", "opus", "onnx", "pts", "ply", "obj", "psd", "raw", "dng"),
        *("cr2", "cr3", "nef", "arw", "orf", "rw2", "jp2", "jxl", "exr", "sig", "sha256", "md5"),
    )
)


def _is_sidecar(item: os.DirEntry[str]) -> bool:
    suffix = item.name.rpartition(".")[2].lower()
    return "." in item.name and suffix not in _DATA and not item.is_dir()


def _mark(root: str, name: str, status: os.stat_result) -> str:
    return f"{root}|{name}|{status.st_size}|{status.st_mtime_ns}"


def read_beside(tables: dict[str, pa.Table], *, found: Beside) -> dict[str, pa.Table]:
    """Return rows of `signals` for what stands beside entries, and which entries were asked."""
    entries = [e for e in tables["entries"].to_pylist() if "://" not in e["root"]]
    said: dict[str, list[Signal]] = defaultdict(list)
    addresses: dict[str, str] = {}
    for entry in entries:
        columns = leaves(json.loads(entry["extra"] or "{}"), "manifest column")
        said[entry["media_id"]] += spoken(
            columns, digest=digest_of((entry["extra"] or "").encode()), tool=words.TOOL
        )
        for place in _sidecars(entry, found):
            url, signals = _read_sidecar(entry["root"], place)
            addresses[entry["media_id"]] = url or addresses.get(entry["media_id"], "")
            said[entry["media_id"]] += signals
    snapshots: dict[tuple[str, str], bytes | None] = {}
    for entry in entries:
        said[entry["media_id"]] += _site(entry, addresses, found, snapshots)
    for root, places in found.warcs.items():
        for place in places:
            _read_warc(root, place, [e for e in entries if e["root"] == root], addresses, said)
    made = [
        row
        for media_id, signals in sorted(said.items())
        for row in rows(signals, about=media_id, about_kind="media", stage=STAGE)
    ]
    looked = [
        {"media_id": e["media_id"], "statements": len(said[e["media_id"]]), "stage": STAGE}
        for e in entries
    ]
    return {"signals": conform(made, "signals"), "beside_scans": conform(looked, "beside_scans")}


def _make(raw: bytes) -> Make:
    digest = digest_of(raw)

    def make(kind: str, place: str, value: str | None, **rest: Any) -> Signal:
        return Signal(**{"reader": "file", **rest}, kind=kind, place=place, value=value,
                      digest=digest, tool=TOOL)  # fmt: skip

    return make


def _sidecars(entry: Entry, found: Beside) -> Iterator[str]:
    """Yield where an entry's own sidecars would lie, those that are there or may be."""
    locator = PurePosixPath(entry["locator"])
    stems = dict.fromkeys((str(locator.with_suffix("")), str(locator)))
    if any((entry["root"], str(p)) in found.archives for p in locator.parents):
        yield from (f"{stem}{suffix}" for stem in stems for suffix in _PACKED)
        return
    known = (name for stem in stems for name in found.sidecars.get((entry["root"], stem), ()))
    yield from dict.fromkeys(known)


# Which sidecars are looked for in an archive, whose members are not listed.
_PACKED = (".json", ".txt", ".xmp")


def _read(root: str, place: str) -> bytes | None:
    """Return the bytes of a file beside media, or None where it cannot be opened."""
    try:
        with open_regular(Path(root, place), root=Path(root)) as descriptor:
            return os.read(descriptor, _MOST + 1)
    except UnreadableError:
        return None


def _read_sidecar(root: str, place: str) -> tuple[str, list[Signal]]:
    raw = _read(root, place)
    if raw is None and archive_of(Path(root, place)) is not None:
        return "", []
    make = _make(raw or b"")
    if raw is None or len(raw) > _MOST:
        why = "it cannot be opened" if raw is None else "more than 1 MiB"
        return "", [make("unreadable", place, why, uses=UNREADABLE)]
    if not place.lower().endswith(".json"):
        return "", _read_words(raw, make, place)
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        why = f"no JSON: {type(error).__name__}"
        return "", [make("unreadable", place, why, uses=UNREADABLE)]
    free = leaves(told, place, without=(*_HEADERS, *_LICENCES, *NAMES, "url"))
    signals = list(spoken(free, digest=digest_of(raw), tool=words.TOOL))
    if not isinstance(told, dict):
        return "", signals
    headers = [*_pairs(told), *((k, v) for k, v in told.items() if k.lower() in NAMES)]
    texts = [(str(k), str(v)) for k, v in headers]
    signals += read_headers(texts, make, place)
    for name in _LICENCES:
        if isinstance(told.get(name), str):
            signals += statements("license", f"{place}: {name}", [told[name]], make)
    return str(told.get("url") or ""), signals


_LICENCES = ("license", "licence")


def _read_words(raw: bytes, make: Make, place: str) -> list[Signal]:
    """Return what a sidecar says that is no JSON: a packet of XMP, or a text."""
    if place.lower().endswith(".xmp"):
        signals = [replace(one, place=f"{place}: {one.place}") for one in xmp.read_xmp(raw)[0]]
        free = [Text("xmp", f"{place}: {text.place}", text.words) for text in xmp.read_texts(raw)]
        return signals + list(spoken(free, digest=digest_of(raw), tool=words.TOOL))
    if not is_text(raw) and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return [make("unreadable", place, "a file of a kind that is not read", uses=UNREADABLE)]
    free = [Text("file", place, decoded(raw))]
    return list(spoken(free, digest=digest_of(raw), tool=words.TOOL))


def _pairs(told: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the headers of a sidecar: a mapping, pairs, objects with name and value, or a text."""
    for key in _HEADERS:
        headers = told.get(key)
        if isinstance(headers, str):
            yield from _lines(headers)
        elif isinstance(headers, dict):
            for name, value in headers.items():
                yield from ((name, one) for one in (value if isinstance(value, list) else [value]))
        elif isinstance(headers, list):
            for item in headers:
                if isinstance(item, dict):
                    yield item.get("name"), item.get("value")
                elif isinstance(item, list) and len(item) == 2:
                    yield item[0], item[1]


def _lines(headers: str) -> Iterator[tuple[str, str]]:
    """Yield headers as they were sent: a line for each, the first one without a name."""
    for line in headers.splitlines():
        name, colon, value = line.partition(":")
        if colon and not name.startswith("HTTP/"):
            yield name.strip(), value.strip()


def _site(
    entry: Entry,
    addresses: dict[str, str],
    found: Beside,
    snapshots: dict[tuple[str, str], bytes | None],
) -> Iterator[Signal]:
    """Yield what the snapshots of an entry's folder, and of those above it, say of it."""
    root, locator = entry["root"], PurePosixPath(entry["locator"])
    address = addresses.get(entry["media_id"])
    for folder in locator.parents:
        for place in found.sites.get((root, str(folder)), ()):
            if (root, place) not in snapshots:
                snapshots[root, place] = _read(root, place)
            raw = snapshots[root, place]
            path = _path(address) if address else f"/{locator.relative_to(folder)}"
            yield from _snapshot(place, raw, path)


def _snapshot(place: str, raw: bytes | None, path: str) -> Iterator[Signal]:
    make = _make(raw or b"")
    if raw is None or len(raw) > _MOST:
        yield make("unreadable", place, "it cannot be opened or is too long", uses=UNREADABLE)
        return
    name = PurePosixPath(place).name
    reader = {"robots.txt": robots.read_for, "ai.txt": robots.ai_txt}.get(name, tdmrep.read_for)
    yield from reader(path, raw, make, place)


def _path(address: str) -> str:
    try:
        return urlsplit(address).path or "/"
    except ValueError:
        return "/"


def _read_warc(
    root: str,
    place: str,
    entries: list[Entry],
    addresses: dict[str, str],
    said: dict[str, list[Signal]],
) -> None:
    """Give each entry what the responses of a WARC file say that it is, or may be, from."""
    by: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for name in (entry["sha256"], addresses.get(entry["media_id"]), entry["locator"]):
            if name:
                by[name].append(entry["media_id"])
    try:
        with (
            open_regular(Path(root, place), root=Path(root)) as descriptor,
            os.fdopen(os.dup(descriptor), "rb") as file,
        ):
            for one in warc.responses(file, packed=place.endswith(".gz")):
                names = (one.sha256, one.url, one.url.partition("://")[2])
                for media_id in {m for name in names for m in by.get(name, ())}:
                    said[media_id] += read_headers(one.headers, _make(one.raw), place)
    except (warc.BrokenError, UnreadableError, OSError) as error:
        # Which entries the rest spoke of is not known.
        for entry in entries:
            make = _make(place.encode())
            said[entry["media_id"]].append(make("unreadable", place, str(error), uses=UNREADABLE))
