"""Media roots: a folder, an archive on this machine, or what fsspec opens.

Layouts read folders. For any other root they are given an outline of it: a folder in which each
medium is an empty file of its length, and each list or table of text is whole. So every layout
reads a zip or a bucket as it reads a disk, and no picture is fetched to list it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from curate.errors import InputError, InvalidFileError, PathNotFoundError
from curate.ingest.listing import Listing, Member
from curate.ingest.locators import Rejected, kind_of, safe_locator
from curate.media import UnreadableError
from curate.media.archive import copy_up_to, packed_files
from curate.media.open import open_regular
from curate.media.remote import URL, Found, Remote, found, remote

ARCHIVES = (".zip", ".tar")
TEXTS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".md", ".toml", ".yaml", ".yml",
         ".xml")  # fmt: skip
MAX_TEXT_BYTES = 256 << 20
_LOCAL_ARCHIVE = re.compile(
    r"(?:zip|tar)://([^:]*)::(?:file://)?(/?[^:]+\.(?:zip|tar))", re.IGNORECASE
)


@dataclass(frozen=True)
class Root:
    """A media root.

    Attributes:
        folder: Where layouts read: the root itself, or an outline of it.
        kept_as: What the catalogue keeps, from which files are opened.
        look: Asks a root that lists nothing of one file; None for others.
        unread: Files that the outline lacks: place, reason, detail.
    """

    folder: Path
    kept_as: str
    look: Callable[[str], Member | None] | None = None
    unread: tuple[tuple[str, str, str], ...] = ()

    def reject_unread(self, into: Listing) -> None:
        """Keep what could not be outlined as rejections."""
        for place, reason, detail in self.unread:
            into.reject(place, reason, detail)


@contextmanager
def media_root(named: str, *, walk: bool) -> Iterator[Root]:
    """Yield the root that a person named.

    Args:
        named: A folder, a tar or zip, or a URL that fsspec opens.
        walk: Whether to look for files where a listing is a crawl of web pages.

    Raises:
        PathNotFoundError: It is not there.
        InvalidFileError: It is a file of another kind.
        InputError: fsspec cannot open it, or it holds what the catalogue must not keep.
        DependencyError: A package that the protocol needs is not installed.
    """
    local = _on_this_machine(named)
    if local is None:
        with _outlined_remote(named.rstrip("/"), walk=walk) as root:
            yield root
        return
    archive, inner = local
    if archive.is_dir() and not inner:
        yield Root(archive.resolve(), str(archive.resolve()))
        return
    if not archive.exists():
        raise PathNotFoundError("no such file or folder", where=named)
    if archive.suffix.lower() not in ARCHIVES:
        raise InvalidFileError("this is a file; the media root is a folder, a tar or a zip",
                               where=named)  # fmt: skip
    with _outlined_archive(archive.resolve(), inner) as root:
        yield root


def is_root_of_its_own(named: str) -> bool:
    """Return whether what is to be ingested is a root that layouts see through an outline."""
    # A tar is a WebDataset's shard, unless it is named as a media root.
    return bool(URL.match(named)) or (named.lower().endswith(".zip") and Path(named).is_file())


def _on_this_machine(named: str) -> tuple[Path, str] | None:
    """Return a path on disk, and a folder within it if it is an archive; None for a URL."""
    if packed := _LOCAL_ARCHIVE.fullmatch(named):
        return Path(packed[2]), packed[1].strip("/")
    if named.startswith("file://"):
        return Path(named.removeprefix("file://")), ""
    return None if URL.match(named) else (Path(named), "")


@contextmanager
def _outlined_archive(archive: Path, inner: str) -> Iterator[Root]:
    base = archive / inner
    name = PurePosixPath(inner).name or archive.stem
    with _outline(name) as outline:
        mtime = archive.stat().st_mtime_ns
        prefix = f"{inner}/" if inner else ""
        try:
            for member, size, regular in packed_files(archive):
                if not member.startswith(prefix):
                    continue
                locator = member.removeprefix(prefix)
                if not regular:
                    outline.unread.append((member, "not-a-file", "this is no regular file"))
                    continue
                outline.add(locator, Found(size, mtime), base)
        except UnreadableError as error:
            outline.unread.append((archive.name, "bad-archive", error.detail))
        yield Root(outline.folder, str(base), unread=tuple(outline.unread))


@contextmanager
def _outlined_remote(named: str, *, walk: bool) -> Iterator[Root]:
    _refuse_secrets(named)
    place = remote(named)
    with _outline(_last_name(named)) as outline:
        for locator, told in _listed(place, named) if walk or not place.web else ():
            outline.add(locator, told, Path(named))
        look = (lambda locator: _member(place.look(locator))) if place.web else None
        yield Root(outline.folder, named, look, tuple(outline.unread))


def _listed(place: Remote, named: str) -> Iterable[tuple[str, Found]]:
    try:
        files = place.files.find(place.base, detail=True)
    except FileNotFoundError:
        files = {}
    except Exception as error:
        raise InputError(f"this cannot be listed: {error.__cause__ or error}", where=named,
                         hint="check the address and your access to it") from error  # fmt: skip
    if not files:
        raise PathNotFoundError("nothing is listed here", where=named)
    base = place.base.rstrip("/")
    for path, told in sorted(files.items()):
        yield str(path).removeprefix(base).lstrip("/"), found(told)


def _member(seen: Found | None) -> Member | None:
    return None if seen is None else Member(seen.size, seen.mtime_ns)


def _last_name(named: str) -> str:
    outer, _, inner = named.partition("::")
    parts = [p for p in PurePosixPath(outer.partition("://")[2]).parts if p.strip("/")]
    return parts[-1] if parts else PurePosixPath(inner).stem or outer.partition("://")[0]


def _refuse_secrets(named: str) -> None:
    if re.search(r"://[^/]*@", named) or "?" in named or "#" in named:
        raise InputError(
            "a media root is kept in the catalogue, and may hold no credentials and no query",
            where=named.partition("://")[0] + "://...",
            hint="give credentials as fsspec takes them: variables or ~/.config/fsspec",
        )


@dataclass
class _Outline:
    folder: Path
    unread: list[tuple[str, str, str]]

    def add(self, named: str, told: Found, base: Path) -> None:
        """Put a file into the outline, or keep why it is not there."""
        try:
            locator = safe_locator(named)
            place = self.folder / locator
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_file():
                said = "the name is there twice; the last one is read"
                self.unread.append((named, "duplicate-row", said))
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except Rejected as rejected:
            self.unread.append((named, rejected.reason, rejected.detail))
            return
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            self.unread.append((named, "bad-name", said))
            return
        with os.fdopen(handle, "wb") as file:
            if kind_of(locator) == "unknown" and place.suffix.lower() in TEXTS:
                self._copy(locator, base, file)
            elif told.size:
                file.truncate(told.size)
        if told.mtime_ns is not None:
            os.utime(place, ns=(told.mtime_ns, told.mtime_ns))

    def _copy(self, locator: str, base: Path, into: IO[bytes]) -> None:
        try:
            with (
                open_regular(base / locator, root=base) as source,
                os.fdopen(os.dup(source), "rb") as text,
            ):
                size = copy_up_to(text, into, MAX_TEXT_BYTES + 1)
        except UnreadableError as error:
            self.unread.append((locator, "not-readable", error.detail))
            return
        if size > MAX_TEXT_BYTES:
            said = f"more than {MAX_TEXT_BYTES} bytes for a list"
            self.unread.append((locator, "not-readable", said))


@contextmanager
def _outline(name: str) -> Iterator[_Outline]:
    with tempfile.TemporaryDirectory(prefix="curate-outline-") as scratch:
        folder = Path(scratch).resolve() / (name.replace("/", "_") or "root")
        folder.mkdir()
        yield _Outline(folder, [])
