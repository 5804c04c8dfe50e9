"""Which files lie beside entries and above them, and to which entry each belongs.

A file belongs to the entries of its folder whose name, with or without its ending, is how its own
name begins before a dot, whatever the capitals: ``a.xmp``, ``a.jpg.XMP`` and ``A.jpg.c2pa``
belong to ``a.jpg``. What belongs to no entry, and to no other media file, is about the whole
folder, if it is about anything.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from curate.media import UnreadableError
from curate.media.archive import packed_files
from curate.media.sniff import FORMATS

Entry = Mapping[str, Any]

# Snapshots of what speaks of a whole site, however they were saved.
_SITES = (
    ("robots.txt", re.compile(r"(?:.*[._-])?robots(?:[._ (-].*)?\.(?:txt|html?)(?:\.gz|\.\d+)?")),
    ("ai.txt", re.compile(r"(?:(?:.*[._-])?[\w-]+\.[a-z]{2,}[._-])?ai\.txt(?:\.\d+)?")),
    ("tdmrep.json", re.compile(r"(?:.*[._-])?tdmrep(?:[._ (-].*)?\.json(?:\.\d+)?")),
    ("trust.txt", re.compile(r"(?:.*[._-])?trust\.txt")),
    ("llms.txt", re.compile(r"(?:.*[._-])?llms(?:-full|-ctx|-ctx-full)?\.(?:txt|md)")),
)
_MEDIA = frozenset(
    (
        *(extension for known in FORMATS for extension in known.extensions),
        *("wav", "mp3", "flac", "aac", "opus", "psd", "raw", "dng", "cr2", "cr3", "nef", "arw"),
        *("orf", "rw2", "raf", "pef", "srw", "jp2", "j2k", "jxl", "exr", "hdr", "ico"),
    )
)
# What programs keep beside media and no sentence stands in: arrays, indexes, archives, programs.
_DATA = frozenset(
    (
        *("npy", "npz", "pt", "pth", "pkl", "pickle", "h5", "hdf5", "mat", "bin", "dat", "idx"),
        *("parquet", "arrow", "feather", "tfrecord", "tar", "sqlite", "db", "onnx"),
        *("pts", "ply", "obj", "sig", "sha256", "md5", "css", "js", "woff", "woff2", "ttf"),
    )
)
# Tables and programs that belong to no entry: what is in a manifest is read as such.
_TABLES = frozenset(("csv", "tsv", "jsonl", "ndjson", "xlsx", "py", "ipynb", "sh", "m", "c", "cpp"))


@dataclass
class Beside:
    """The files beside media that may say something, by media root.

    Attributes:
        sites: Files that speak of a whole site, by root and folder: name and kind.
        warcs: WARC files by root.
        sidecars: Files that are no media, by root, folder and each beginning of their names before
            a dot, in one spelling.
        loose: Files that belong to no entry, by root and folder.
        archives: Files that entries lie in, by root.
        marks: What tells each file from what it was before.
    """

    sites: dict[tuple[str, str], list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    warcs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sidecars: dict[tuple[str, str, str], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )
    loose: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    archives: set[tuple[str, str]] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)


def spelt(name: str) -> str:
    """Return a name in one spelling: disks do not agree on capitals and accents."""
    return unicodedata.normalize("NFC", name).casefold()


def _beginnings(name: str) -> Iterator[str]:
    """Yield a name up to each of its dots, and as a whole."""
    # AppleDouble files hold what a disk of a Mac keeps beside a file.
    parts = spelt(name.removeprefix("._")).split(".")
    yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1) if parts[:n] != [""])


def list_beside(entries: Iterable[Entry]) -> Beside:
    """Return the files beside entries that may say something.

    Args:
        entries: ``root`` and ``locator`` of all entries.
    """
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        if "://" in entry["root"]:
            continue
        place = PurePosixPath(entry["locator"])
        for parent in place.parents:
            names[entry["root"], str(parent)] |= set()
        names[entry["root"], str(place.parent)] |= set(own_names(place))
    found = Beside()
    packed: dict[tuple[str, str], dict[str, list[tuple[str, int]]]] = {}
    for (root, folder), known in sorted(names.items()):
        inside = _listed(root, folder, found, packed)
        _sort(root, folder, folder, inside, known, found)
        # What a server has in this folder speaks of its root.
        for hidden in _around(root, folder, packed):
            around = str(PurePosixPath(folder) / hidden)
            _sort(root, folder, around, _listed(root, around, found, packed), known, found)
    return found


# Folders whose files are about those of the folder that they lie in.
_AROUND = frozenset(
    (
        *(".well-known", "well-known", "licenses", "licences", "license", "legal", "terms"),
        *("xmp", ".xmp", "sidecar", "sidecars", "metadata", ".metadata", "c2pa"),
    )
)


def _around(root: str, folder: str, packed: dict[tuple[str, str], Any]) -> list[str]:
    try:
        return sorted(one.name for one in os.scandir(Path(root, folder))
                      if spelt(one.name) in _AROUND and one.is_dir())  # fmt: skip
    except OSError:
        inside = {name for members in packed.values() for name in members}
        return sorted({PurePosixPath(name).name for name in inside
                       if spelt(PurePosixPath(name).name) in _AROUND})  # fmt: skip


def own_names(locator: PurePosixPath) -> tuple[str, ...]:
    """Return how names of the files that belong to an entry may begin."""
    return tuple(dict.fromkeys((spelt(locator.name), spelt(locator.stem))))


def _listed(
    root: str, folder: str, found: Beside, packed: dict[tuple[str, str], Any]
) -> list[tuple[str, str]]:
    """Return the names of the files in a folder, or in an archive, each with its mark."""
    path = Path(root, folder)
    try:
        return [(one.name, _mark(one.stat(follow_symlinks=False)))
                for one in os.scandir(path) if not one.is_dir()]  # fmt: skip
    except OSError:
        pass
    for place in (PurePosixPath(folder), *PurePosixPath(folder).parents):
        if str(place) != "." and Path(root, place).is_file():
            found.archives.add((root, str(place)))
            key = (root, str(place))
            if key not in packed:
                packed[key] = _members(root, str(place), found)
            inner = "" if str(place) == folder else str(PurePosixPath(folder).relative_to(place))
            return [(name, str(size)) for name, size in packed[key].get(inner, ())]
    return []


def _members(root: str, place: str, found: Beside) -> dict[str, list[tuple[str, int]]]:
    path = Path(root, place)
    made: dict[str, list[tuple[str, int]]] = defaultdict(list)
    found.marks.add(f"{root}|{place}|{_mark(path.stat())}")
    if path.suffix.lower() not in (".tar", ".zip"):
        return made
    try:
        for name, size, _ in packed_files(path):
            inner = PurePosixPath(name)
            folder = "" if str(inner.parent) == "." else str(inner.parent)
            made[folder].append((inner.name, size))
    except UnreadableError:
        # What is broken cannot be opened, which the probe tells of each entry in it.
        pass
    return made


def _mark(status: os.stat_result) -> str:
    return f"{status.st_size}|{status.st_mtime_ns}"


def _sort(
    root: str,
    folder: str,
    place: str,
    inside: list[tuple[str, str]],
    known: set[str],
    found: Beside,
) -> None:
    """Add the files of one folder: what each of them is, and to whom it belongs."""
    media = {beginning for name, _ in inside if _ending(name) in _MEDIA
             for beginning in own_names(PurePosixPath(name))}  # fmt: skip
    for name, mark in sorted(inside):
        whole = str(PurePosixPath(place) / name)
        kind = next((kind for kind, pattern in _SITES if pattern.fullmatch(spelt(name))), None)
        beginnings = set(_beginnings(name))
        if kind is not None and not (beginnings - {spelt(name)}) & known:
            found.sites[root, folder].append((whole, kind))
        elif spelt(name).endswith((".warc", ".warc.gz")):
            found.warcs[root].append(whole)
        elif _ending(name) in (_DATA if name.startswith("._") else _DATA | _MEDIA):
            continue
        elif beginnings & known and not (spelt(name) in known and _ending(name) in _MEDIA):
            for beginning in beginnings:
                found.sidecars[root, folder, beginning].append(whole)
        elif not beginnings & media and _ending(name) not in _TABLES | _MEDIA:
            found.loose[root, folder].append(whole)
        else:
            continue
        found.marks.add(f"{root}|{whole}|{mark}")


def _ending(name: str) -> str:
    return spelt(name).rpartition(".")[2] if "." in name.removeprefix(".") else ""


def sidecars_of(entry: Entry, found: Beside) -> list[str]:
    """Return the files that belong to an entry."""
    place = PurePosixPath(entry["locator"])
    folder = str(place.parent)
    named = (
        name
        for stem in own_names(place)
        for name in found.sidecars.get((entry["root"], folder, stem), ())
    )
    return [name for name in dict.fromkeys(named) if name != entry["locator"]]
