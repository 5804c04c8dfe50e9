"""Members of archives: a file inside a tar, a zip or a table, as a descriptor like any other.

A path such as ``shard-000.tar/clip.mp4`` leads into the archive. Compressed tars are not
entered: reaching a member would mean unpacking all that stand before it, for each of them again.
"""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from curate.media import rows
from curate.media.limits import MAX_MEMBER_BYTES
from curate.media.unreadable import Reason, UnreadableError

SUFFIXES = (".tar", ".zip", *rows.SUFFIXES)
_CHUNK = 1 << 20
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


def archive_of(path: Path) -> tuple[Path, str] | None:
    """Return the archive that a path leads into, and the member's name; None for other paths."""
    for parent in path.parents:
        if parent.suffix.lower() in SUFFIXES and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


def packed_files(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield name, length in bytes and whether it is a regular file, of all but folders.

    Raises:
        UnreadableError: The archive is broken or cannot be opened; what was read of it is yielded.
    """
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as packed:
                for item in packed.infolist():
                    if not item.is_dir():
                        # Unix keeps the kind of a file in the upper half; other systems nothing.
                        kind = stat.S_IFMT(item.external_attr >> 16)
                        yield item.filename, item.file_size, kind in (0, stat.S_IFREG)
        else:
            with tarfile.open(path, "r:") as tar:
                for entry in tar:
                    if not entry.isdir():
                        yield entry.name, entry.size, entry.isreg() and not entry.issparse()
                check_end(tar)
    except (*_BROKEN, OSError) as error:
        raise UnreadableError(Reason.CORRUPT, f"the archive is broken: {error}") from error


def check_end(tar: tarfile.TarFile) -> None:
    """Check that a tar whose members were read ends there.

    The standard library takes a header that it cannot read for the end of the archive.

    Raises:
        ReadError: Something else follows the last member.
    """
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"no header at byte {tar.offset}")


def members_of(path: Path) -> list[tuple[str, int]]:
    """Return the regular files in a tar or a zip, each with its length in bytes.

    Raises:
        UnreadableError: The archive is broken or cannot be opened.
    """
    return [(name, size) for name, size, regular in packed_files(path) if regular]


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
    place = _tar_index(_key(archive), archive.fileno()).get(name)
    if place is None:
        raise UnreadableError(Reason.VANISHED, "the archive holds no such file")
    offset, size = place
    refuse_large(size)
    archive.seek(offset)
    if copy_up_to(archive, copy, size) != size:
        raise tarfile.ReadError("unexpected end of data")


def copy_up_to(source: IO[bytes], copy: IO[bytes], limit: int) -> int:
    """Copy up to `limit` bytes, and return how many were copied."""
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
    packed = _zip_index(_key(archive), archive.fileno())
    try:
        item = packed.getinfo(name)
    except KeyError:
        raise UnreadableError(Reason.VANISHED, "the archive holds no such file") from None
    if item.flag_bits & 1:
        raise UnreadableError(Reason.UNSUPPORTED, "the member is encrypted")
    refuse_large(item.file_size)
    with packed.open(item) as member:
        # The length in the directory is a claim: what is unpacked is counted.
        refuse_large(copy_up_to(member, copy, MAX_MEMBER_BYTES + 1))


@lru_cache(maxsize=4)
def _zip_index(key: tuple[int, ...], descriptor: int) -> zipfile.ZipFile:  # noqa: ARG001
    """Return a zip whose directory was read: once, and not for each member again."""
    file = os.fdopen(os.dup(descriptor), "rb")
    try:
        packed = zipfile.ZipFile(file)
    except BaseException:
        file.close()
        raise
    weakref.finalize(packed, file.close)
    return packed


def _key(archive: IO[bytes]) -> tuple[int, ...]:
    found = os.fstat(archive.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def refuse_large(size: int) -> None:
    """Refuse a file of more bytes than are copied.

    Raises:
        UnreadableError: It is too large.
    """
    if size > MAX_MEMBER_BYTES:
        detail = f"{size} bytes, more than {MAX_MEMBER_BYTES} to copy"
        raise UnreadableError(Reason.TOO_LARGE, detail, byte_size=size)
