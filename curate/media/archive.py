"""Members of archives: a file inside a tar, a zip or a table, as a descriptor like any other.

A path such as ``shard-000.tar/clip.mp4`` leads into the archive. Compressed tars are not
entered: reaching a member would mean unpacking all that stand before it, for each of them again.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from curate.media import rows
from curate.media.unreadable import Reason, UnreadableError

SUFFIXES = (".tar", ".zip", *rows.SUFFIXES)
# A member is copied before it is read: more than this is no single picture or clip.
MAX_MEMBER_BYTES = 8 << 30
_CHUNK = 1 << 20
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


def archive_of(path: Path) -> tuple[Path, str] | None:
    """Return the archive that a path leads into, and the member's name; None for other paths."""
    for parent in path.parents:
        if parent.suffix.lower() in SUFFIXES and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


def members_of(path: Path) -> list[tuple[str, int]]:
    """Return the regular files in a tar or a zip, each with its length in bytes.

    Raises:
        UnreadableError: The archive is broken or cannot be opened.
    """
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as packed:
                return [(x.filename, x.file_size) for x in packed.infolist() if not x.is_dir()]
        with tarfile.open(path, "r:") as tar:
            return [(x.name, x.size) for x in tar if x.isreg()]
    except (*_BROKEN, OSError) as error:
        raise UnreadableError(Reason.CORRUPT, f"the archive is broken: {error}") from error


@contextmanager
def open_member(descriptor: int, kind: str, name: str) -> Iterator[int]:
    """Yield a descriptor of a copy of a member, which nobody else can reach.

    Args:
        descriptor: The archive.
        kind: Its ending.
        name: The member.

    Raises:
        UnreadableError: The archive is broken, has no such regular file, or it is too large.
    """
    with tempfile.TemporaryFile() as copy, os.fdopen(os.dup(descriptor), "rb") as archive:
        try:
            if kind in rows.SUFFIXES:
                rows.copy_cell(archive, kind, name, copy)
            else:
                (_copy_from_tar if kind == ".tar" else _copy_from_zip)(archive, name, copy)
        except _BROKEN as error:
            detail = f"the archive is broken: {str(error).rstrip('.')}"
            raise UnreadableError(Reason.CORRUPT, detail) from error
        copy.flush()
        os.lseek(copy.fileno(), 0, os.SEEK_SET)
        yield copy.fileno()


def _copy_from_tar(archive: IO[bytes], name: str, copy: IO[bytes]) -> None:
    found = os.fstat(archive.fileno())
    key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    place = _tar_index(key, archive.fileno()).get(name)
    if place is None:
        raise UnreadableError(Reason.VANISHED, "the archive holds no such file")
    offset, size = place
    _refuse_large(size)
    archive.seek(offset)
    if _copy(archive, copy, size) != size:
        raise tarfile.ReadError("unexpected end of data")


def _copy(source: IO[bytes], copy: IO[bytes], limit: int) -> int:
    """Copy up to `limit` bytes, and return how many there were."""
    left = limit
    while left and (piece := source.read(min(_CHUNK, left))):
        copy.write(piece)
        left -= len(piece)
    return limit - left


@lru_cache(maxsize=16)
def _tar_index(key: tuple[int, ...], descriptor: int) -> dict[str, tuple[int, int]]:  # noqa: ARG001
    """Return where each regular file of a tar begins, and its length in bytes."""
    with os.fdopen(os.dup(descriptor), "rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
        file.seek(0)
        return {
            item.name: (item.offset_data, item.size)
            for item in tar
            if item.isreg() and not item.issparse()
        }


def _copy_from_zip(archive: IO[bytes], name: str, copy: IO[bytes]) -> None:
    with zipfile.ZipFile(archive) as packed:
        try:
            item = packed.getinfo(name)
        except KeyError:
            raise UnreadableError(Reason.VANISHED, "the archive holds no such file") from None
        if item.flag_bits & 1:
            raise UnreadableError(Reason.UNSUPPORTED, "the member is encrypted")
        _refuse_large(item.file_size)
        with packed.open(item) as member:
            # The length in the directory is a claim: what is unpacked is counted.
            _refuse_large(_copy(member, copy, MAX_MEMBER_BYTES + 1))


def _refuse_large(size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        detail = f"{size} bytes, more than {MAX_MEMBER_BYTES} for a member of an archive"
        raise UnreadableError(Reason.TOO_LARGE, detail, byte_size=size)
