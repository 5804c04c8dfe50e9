"""Check a copy: which files, and what lies in them, a withdrawal feed names.

A holder runs this on whatever they made of a release, without the workspace and without the
release's own documents: bytes are hashed, and names that are digests are read as such. What was
cut, scaled or written again has other bytes; it is found by its looks, where the two sides agreed
on a fingerprint. What could not be looked into is counted: where there is any, that nothing was
found says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from curate.errors import VerificationError
from curate.media.contents import Limits, Piece, Unsearched, contents
from curate.media.contents.piece import DIGEST, FILE, MEMBER, MENTION, ROW, VALUE
from curate.model.plural import counted
from curate.release.feed import Feed
from curate.release.manifest import NAME as MANIFEST
from curate.release.manifest import read_manifest
from curate.release.near import Looks
from curate.release.verify import files_below

# Hashing leaves the interpreter: more threads than this wait for the disk.
_THREADS = 4
NEAR = "near"
_ALONE = "a picture or video that no manifest in the copy lists: only its bytes were compared"
_NEAR_HINT = (
    "--near finds what was scaled, cut or written anew; --unedited says that there is no such"
)


@dataclass(frozen=True, order=True)
class Found:
    """Something of a copy that a feed names.

    Attributes:
        path: The file, below the folder.
        kind: ``file``, ``member`` of an archive, ``row`` of a table, ``value`` of an array, a
            pickle or a text; ``mention`` in a text; ``near`` for what only looks alike.
        part: Where in the file: names of members, numbers of rows from 0; for mentions how many,
            and for what looks alike how far it is.
    """

    path: str
    kind: str
    part: str = ""


@dataclass(frozen=True, order=True)
class Unread:
    """Parts of a file that could not be looked into, for one reason.

    Attributes:
        path: The file, below the folder.
        why: Why not.
        hint: What would read them.
        part: The first of them; empty for the file itself.
        count: How many there are.
        broken: Whether they are of a kind that is read, and could not be read to their end.
    """

    path: str
    why: str
    hint: str = ""
    part: str = ""
    count: int = 1
    broken: bool = False


@dataclass(frozen=True)
class Checked:
    """What came of checking a copy.

    Attributes:
        found: What must go, in order of place.
        unread: What could not be looked into, in order of place.
        files: How many files there are.
        parts: How many parts were looked at, by kind.
    """

    found: list[Found]
    unread: list[Unread]
    files: int
    parts: dict[str, int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether everything was looked into, and nothing must go."""
        return not self.found and not self.unread


@dataclass
class _Told:
    """What one file told."""

    found: set[Found] = field(default_factory=set)
    unread: dict[tuple[str, str], Unread] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    whole: str = ""
    shown: list[tuple[str, str]] = field(default_factory=list)

    def take_piece(self, piece: Piece, *, must_go: bool) -> None:
        """Count a piece, and remember it where it is a picture or video that may stay."""
        self.parts[piece.kind] = self.parts.get(piece.kind, 0) + 1
        if piece.kind == FILE:
            self.whole = piece.sha256
        if piece.media is not None and not must_go:
            self.shown.append((piece.sha256, piece.part))

    def take_unread(self, path: str, left: Unsearched) -> None:
        """Count what could not be looked into, with what could not for the same reason."""
        key = left.why, left.hint
        known = self.unread.get(key)
        part, count = (left.part, 0) if known is None else (known.part, known.count)
        self.unread[key] = Unread(path, *key, part, count + 1, left.broken)


def check_copy(
    folder: Path,
    feed: Feed,
    *,
    looks: Looks | None = None,
    unedited: bool = False,
    limits: Limits | None = None,
) -> Checked:
    """Return what must go of a copy, and what could not be looked into.

    Args:
        folder: The copy.
        feed: The withdrawal feed.
        looks: Compares pictures and videos by their looks, too; they need not be the same bytes.
        unedited: Whether who asks knows that nothing was scaled, cut or written anew, so that
            bytes are enough. Else pictures and videos of which neither the bytes nor the file that
            holds them are those of a manifest in the copy are compared by looks, or counted.
        limits: How much one file may cost.
    """
    named = cache(feed.names)
    paths, strange = files_below(folder)
    told = {path: _Told() for path in (*paths, *strange)}
    for path in strange:
        link = (folder / path).is_symlink()
        why = "a link, which is not followed" if link else "neither a file nor a folder"
        told[path].unread[why, ""] = Unread(path, why, "search what it names" if link else "")
    with ThreadPoolExecutor(_THREADS) as pool:
        search = partial(_search, folder, named=named, looks=looks, limits=limits)
        told |= dict(zip(paths, pool.map(search, paths), strict=True))
    if looks is not None:
        _by_looks(looks, told)
    elif not unedited:
        _by_bytes_alone(told, _as_released(folder, paths))
    parts: dict[str, int] = {}
    for one in told.values():
        for kind, count in one.parts.items():
            parts[kind] = parts.get(kind, 0) + count
    return Checked(
        sorted(found for one in told.values() for found in one.found),
        sorted(left for one in told.values() for left in one.unread.values()),
        len(told),
        parts,
    )


def _as_released(folder: Path, paths: Collection[str]) -> set[str]:
    """Return the SHA-256 of every file that manifests of releases in a copy list."""
    found: set[str] = set()
    for path in paths:
        if Path(path).name == MANIFEST:
            try:
                listed = read_manifest((folder / path).parent).files
            except VerificationError:
                continue
            found |= {file.sha256 for file in listed}
    return found


def _by_bytes_alone(told: dict[str, _Told], released: set[str]) -> None:
    """Count pictures and videos that may be what was called back, written anew."""
    for path, one in told.items():
        if one.whole in released:
            continue
        parts = [part for sha256, part in one.shown if sha256 not in released]
        if parts:
            one.unread[_ALONE, _NEAR_HINT] = Unread(path, _ALONE, _NEAR_HINT, parts[0], len(parts))


def _by_looks(looks: Looks, told: dict[str, _Told]) -> None:
    """Add what looks like what was called back, and what could not be compared."""
    near, lost = looks.compared()
    for path, part, how in near:
        told[path].found.add(Found(path, NEAR, f"{part}: {how}" if part else how))
    for path, part, why in lost:
        known = told[path].unread.get((why, ""))
        count = 1 if known is None else known.count + 1
        told[path].unread[why, ""] = Unread(path, why, "", known.part if known else part, count)


def _search(
    folder: Path, path: str, *, named: Any, looks: Looks | None, limits: Limits | None
) -> _Told:
    """Search one file; where it must go as a whole, what lies in it is not told again."""
    told, mentioned, whole = _Told(), dict[str, int](), Found(path, FILE)
    if any(named(digest) for digest in _digests(Path(path).name)):
        told.found.add(whole)
    for event in contents(folder / path, limits):
        if isinstance(event, Unsearched):
            told.take_unread(path, event)
            continue
        must_go = named(event.sha256)
        if isinstance(event, Piece):
            told.take_piece(event, must_go=must_go)
            if looks is not None and not must_go:
                looks.take(path, event)
        if must_go and event.kind == MENTION:
            mentioned[event.part] = mentioned.get(event.part, 0) + 1
        elif must_go:
            told.found.add(Found(path, event.kind, event.part))
        if whole in told.found:
            return told
    for part, count in mentioned.items():
        often = counted(count, "mention")
        told.found.add(Found(path, MENTION, f"{part}: {often}" if part else often))
    return told


def held_in(folder: Path, contents_: Collection[str]) -> list[Path]:
    """Return the files below a folder that hold contents, however deep.

    What only mentions a content holds none of it. A file of a kind that is read, and that cannot
    be read, is among them: it may hold one.

    Args:
        folder: A release, as it lies on disk.
        contents_: SHA-256 of each content, in hex.
    """
    paths, _ = files_below(folder)
    return sorted(folder / path for path in paths if holds(folder / path, contents_))


def holds(path: Path, wanted: Collection[str]) -> bool:
    """Tell whether a file holds one of some contents; see `held_in`."""
    for event in contents(path):
        if isinstance(event, Unsearched):
            if event.broken:
                return True
        elif (isinstance(event, Piece) or event.kind == MEMBER) and event.sha256 in wanted:
            return True
    return False


def _digests(name: str) -> Iterator[str]:
    for found in DIGEST.finditer(name.encode("utf-8", "surrogateescape")):
        yield found.group().decode("ascii").lower()


__all__ = ["FILE", "MEMBER", "MENTION", "NEAR", "ROW", "VALUE", "Checked", "Found", "Unread",
           "check_copy", "held_in", "holds"]  # fmt: skip
