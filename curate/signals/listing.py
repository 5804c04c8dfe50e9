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
from curate.media.archive import archive_of, packed_files
from curate.media.sniff import FORMATS
from curate.signals.terms import is_readme, is_terms

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
        *("pts", "ply", "obj", "sig", "sha256", "md5", "css", "woff", "woff2", "ttf"),
    )
)
# Tables and programs that belong to no entry: what is in a manifest is read as such.
_TABLES = frozenset(
    ("csv", "tsv", "jsonl", "ndjson", "xlsx", "py", "ipynb", "sh", "m", "c", "cpp", "js")
)


@dataclass
class Beside:
    """The files beside media that may say something, by media root.

    Attributes:
        sites: Files that speak of a whole site, by root and folder: name and kind.
        warcs: WARC files by root.
        sidecars: Files that are no media, by root, folder and each beginning of their names before
            a dot, in one spelling.
        loose: Files that belong to no entry, by root and folder.
        unlisted: Why the files of a folder are not all known, by root and folder.
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
    unlisted: dict[tuple[str, str], str] = field(default_factory=dict)
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
    packed = _Packed(found)
    for (root, folder), known in sorted(names.items()):
        inside = packed.files(root, folder)
        _sort(root, folder, folder, inside, known, found)
        # What a server has in this folder speaks of its root.
        for hidden in packed.around(root, folder):
            around = str(PurePosixPath(folder) / hidden)
            inside = packed.files(root, around)
            if spelt(hidden) in _OF_EACH:
                inside = [one for one in inside if _about(one[0], known)]
            _sort(root, folder, around, inside, known, found)
    return found


# Folders whose files are about those of the folder that they lie in.
_AROUND = frozenset(
    (
        *(".well-known", "well-known", "licenses", "licences", "license", "legal", "terms"),
        *("xmp", ".xmp", "sidecar", "sidecars", "metadata", ".metadata", "c2pa"),
    )
)
# Folders that hold one file for each picture of the folder that they lie in, with its name.
_OF_EACH = frozenset(
    (
        *("meta", ".meta", "_meta", "_metadata", "json", "info", "text", "texts", "txt", "notes"),
        *("captions", "caption", "labels", "annotations", "annotation", "docs", "policies"),
        *(".comments", "comments", "exif", "iptc", "html", "pages"),
    )
)


def own_names(locator: PurePosixPath) -> tuple[str, ...]:
    """Return how names of the files that belong to an entry may begin."""
    return tuple(dict.fromkeys((spelt(locator.name), spelt(locator.stem))))


class _Packed:
    """Lists folders, and folders within archives, each archive once.

    A media root may itself be an archive, or lie within one.
    """

    def __init__(self, found: Beside) -> None:
        self._found = found
        self._archives: dict[Path, _Archive] = {}

    def files(self, root: str, folder: str) -> list[tuple[str, str]]:
        """Return the names of the files in a folder, each with its mark."""
        path = Path(root, folder)
        try:
            return [(one.name, _mark(one.stat(follow_symlinks=False)))
                    for one in os.scandir(path) if not one.is_dir()]  # fmt: skip
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self._found.unlisted[root, folder] = f"the folder cannot be listed: {error.strerror}"
            return []
        archive, inner = self._within(root, path)
        if archive is None:
            return []
        if archive.broken:
            self._found.unlisted[root, folder] = archive.broken
        return [(name, str(size)) for name, size in archive.files.get(inner, ())]

    def around(self, root: str, folder: str) -> list[str]:
        """Return the names of those folders in a folder whose files are about its own."""
        path = Path(root, folder)
        try:
            return sorted(one.name for one in os.scandir(path)
                          if spelt(one.name) in _AROUND | _OF_EACH and one.is_dir())  # fmt: skip
        except OSError:
            archive, inner = self._within(root, path)
        names = archive.folders.get(inner, ()) if archive is not None else ()
        return sorted(name for name in names if spelt(name) in _AROUND | _OF_EACH)

    def _within(self, root: str, path: Path) -> tuple[_Archive | None, str]:
        inside = archive_of(path / "_")
        if inside is None:
            return None, ""
        archive, inner = inside
        if archive not in self._archives:
            self._archives[archive] = _members(archive)
        # An archive that changed is another one, whichever of its members did.
        self._found.marks.add(f"{root}|{archive}|{_mark(archive.stat())}")
        return self._archives[archive], inner.removesuffix("_").removesuffix("/")


@dataclass
class _Archive:
    """What lies in an archive: files with their lengths and folders, by folder."""

    files: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    folders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    broken: str = ""


def _members(path: Path) -> _Archive:
    made = _Archive()
    # In a table there are no files beside.
    if path.suffix.lower() not in (".tar", ".zip"):
        return made
    try:
        for name, size, _ in packed_files(path):
            inner = PurePosixPath(name)
            made.files[_named(inner.parent)].append((inner.name, size))
            for parent in inner.parents:
                if parent.name:
                    made.folders[_named(parent.parent)].add(parent.name)
    except UnreadableError as error:
        made.broken = error.detail
    return made


def _about(name: str, known: set[str]) -> bool:
    return bool(set(_beginnings(name)) & known) or is_terms(name) or is_readme(name)


def _named(folder: PurePosixPath) -> str:
    return "" if str(folder) == "." else str(folder)


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
        elif _ending(name) not in _DATA | _MEDIA and (is_terms(whole) or is_readme(name)):
            # Of a picture with that name it may be as well; it is about the folder, too.
            found.loose[root, folder].append(whole)
            for beginning in beginnings & known:
                found.sidecars[root, folder, beginning].append(whole)
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
