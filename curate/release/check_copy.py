"""Check a copy: which files, members of archives and rows of tables a withdrawal feed names.

A holder runs this on whatever they made of a release, without the workspace and without the
release's own documents: bytes are hashed, and names that are digests are read as such. What was
cut, scaled or written again has other bytes and is not found.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from pyarrow import parquet

from curate.release.feed import Feed
from curate.release.verify import digests, files_below

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_TEXTS = {".json", ".jsonl", ".csv", ".tsv", ".txt"}
_BLOCK, _ROWS = 1 << 20, 256

FILE, MEMBER, ROW, MENTION, UNREAD = "file", "member", "row", "mention", "unread"


@dataclass(frozen=True, order=True)
class Found:
    """Something of a copy that a feed names, or that could not be looked into.

    Attributes:
        path: The file, below the folder.
        kind: ``file``, ``member`` of an archive, ``row`` of a table, ``mention`` in a text, or
            ``unread``.
        part: The member's name, the row's number from 0, or why it was not read.
    """

    path: str
    kind: str
    part: str = ""


def check_copy(folder: Path, feed: Feed) -> list[Found]:
    """Return what must go of a copy, in order of place.

    Args:
        folder: The copy.
        feed: The withdrawal feed.
    """
    named = cache(feed.names)
    paths, strange = files_below(folder)
    found = [Found(path, UNREAD, "it is no plain file") for path in strange]
    for file in digests(folder, paths):
        if named(file.sha256) or _any(named, Path(file.path).name):
            found.append(Found(file.path, FILE))
            continue
        read = _READERS.get(Path(file.path).suffix.lower())
        if read is None:
            continue
        try:
            found += {Found(file.path, *told) for told in read(folder / file.path, named)}
        except (OSError, ValueError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
            found.append(Found(file.path, UNREAD, str(error)))
    return sorted(found)


def held_in(folder: Path, contents: Collection[str]) -> list[Path]:
    """Return the files below a folder that hold contents: whole, in an archive or in a table.

    What only mentions a content holds none of it. A file that cannot be read is among them: it
    may hold one.

    Args:
        folder: A release, as it lies on disk.
        contents: SHA-256 of each content, in hex.
    """
    paths, _ = files_below(folder)
    readers = {**_READERS, ".parquet": _bytes_in_table, **dict.fromkeys(_TEXTS, None)}
    found = []
    for file in digests(folder, paths):
        read = readers.get(Path(file.path).suffix.lower())
        try:
            holds = file.sha256 in contents or (
                read is not None and any(read(folder / file.path, contents.__contains__))
            )
        except (OSError, ValueError, EOFError, tarfile.TarError, zipfile.BadZipFile):
            holds = True
        if holds:
            found.append(folder / file.path)
    return sorted(found)


def _any(named: Any, text: str) -> bool:
    return any(named(digest) for digest in _DIGEST.findall(text))


def _tar(path: Path, named: Any) -> Iterator[tuple[str, str]]:
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            body = archive.extractfile(member) if member.isfile() else None
            if body is not None and (_any(named, member.name) or named(_digest(body))):
                yield MEMBER, member.name


def _zip(path: Path, named: Any) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            with archive.open(member) as body:
                if _any(named, member.filename) or named(_digest(body)):
                    yield MEMBER, member.filename


def _table(path: Path, named: Any) -> Iterator[tuple[str, str]]:
    """Yield rows that hold a named file, or its digest in a column."""
    number = 0
    for batch in parquet.ParquetFile(path).iter_batches(_ROWS):
        for row in batch.to_pylist():
            if any(_holds(value, named) for value in _leaves(row)):
                yield ROW, str(number)
            number += 1


def _bytes_in_table(path: Path, named: Any) -> Iterator[tuple[str, str]]:
    """Yield rows that hold a named file."""
    number = 0
    for batch in parquet.ParquetFile(path).iter_batches(_ROWS):
        for row in batch.to_pylist():
            if any(isinstance(one, bytes) and _holds(one, named) for one in _leaves(row)):
                yield ROW, str(number)
            number += 1


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (leaf for one in value.values() for leaf in _leaves(one))
    return (value,)


def _holds(value: Any, named: Any) -> bool:
    if isinstance(value, bytes):
        return bool(named(hashlib.sha256(value).hexdigest()))
    return isinstance(value, str) and _any(named, value)


def _text(path: Path, named: Any) -> Iterator[tuple[str, str]]:
    """Yield one mention for a text that names what must go."""
    with path.open("r", encoding="utf-8", errors="replace", newline="\n") as text:
        count = sum(_any(named, line) for line in _lines(text))
    if count:
        yield MENTION, f"{count:,} lines"


def _lines(text: IO[str]) -> Iterator[str]:
    """Yield pieces of a text, none longer than a block but for a digest that a cut would split."""
    kept = ""
    while block := text.read(_BLOCK):
        *whole, kept = (kept + block).split("\n")
        yield from whole
        if len(kept) > _BLOCK:
            yield kept
            kept = kept[-128:]
    yield kept


def _digest(body: IO[bytes]) -> str:
    return hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]


_READERS = {
    ".tar": _tar, ".tgz": _tar, ".gz": _tar, ".zip": _zip, ".parquet": _table,
    **dict.fromkeys(_TEXTS, _text),
}  # fmt: skip
