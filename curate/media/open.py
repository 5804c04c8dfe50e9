"""Open one file of a media root safely, and read its bytes once, hashing on the way.

What decides is what the opened descriptor is, never what a name said a moment before. Links
are followed only while they stay under the root; devices, sockets and pipes are refused
without blocking.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curate.media.archive import archive_of, open_member
from curate.media.hash_kinds import Hashers, byte_digests
from curate.media.remote import is_remote, open_remote
from curate.media.sniff import HEAD_BYTES, Format, sniff
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curate.media.limits import Limits

_CHUNK = 1 << 20

_REASONS = {
    errno.ENOENT: Reason.VANISHED,
    errno.ESTALE: Reason.VANISHED,
    errno.EACCES: Reason.PERMISSION,
    errno.EPERM: Reason.PERMISSION,
    errno.ELOOP: Reason.NOT_A_FILE,
    errno.ENOTDIR: Reason.VANISHED,
    errno.EISDIR: Reason.NOT_A_FILE,
    errno.ENXIO: Reason.NOT_A_FILE,
    errno.ENODEV: Reason.NOT_A_FILE,
    errno.ENAMETOOLONG: Reason.VANISHED,
    errno.ENOMEM: Reason.MEMORY,
}


@dataclass(frozen=True, slots=True)
class FileBytes:
    """The bytes of one file: digests, the sniffed format, and the content of a picture."""

    digests: Mapping[str, str]
    """Of the bytes, lowercase hex, by name of the kind of hash."""
    byte_size: int
    format: Format | None
    data: bytes
    """The whole file when it is a picture, else only its first bytes."""

    @property
    def sha256(self) -> str:
        """The content's name."""
        return self.digests["sha256"]


def read_media(path: Path, *, root: Path | None, limits: Limits) -> FileBytes:
    """Return the bytes of `path` and their digests, reading each byte once.

    Args:
        path: The file; it may be a link as long as its target lies under `root`.
        root: The media root. Without one it is the folder that `path` names.
        limits: Bounds on the length.

    Raises:
        UnreadableError: The file is not a regular file under the root, cannot be read, is
            empty, or is longer than the limits allow.
    """
    with opened_media(path, root=root, limits=limits) as (content, _):
        return content


@contextmanager
def opened_media(
    path: Path, *, root: Path | None, limits: Limits
) -> Iterator[tuple[FileBytes, int]]:
    """Yield what `read_media` returns and the descriptor that was read.

    Who needs more of the file reads it there: the name may lead to another by then.
    """
    with open_regular(path, root=root) as descriptor:
        try:
            content = _read(descriptor, limits)
        except OSError as error:
            raise unreadable(error) from error
        yield content, descriptor


@contextmanager
def open_regular(path: Path, *, root: Path | None) -> Iterator[int]:
    """Yield a descriptor of the regular file at `path`, which lies under `root`.

    A path that leads into an archive names a member of it, and one below a remote root a file
    there: its bytes are read from a copy.

    Raises:
        UnreadableError: It does not exist, leaves the root, is not a regular file, or must
            not be read.
    """
    if root is not None and is_remote(root):
        with open_remote(root, path.relative_to(root).as_posix()) as copied:
            yield copied
        return
    inside = archive_of(path)
    if inside is None:
        with _open_file(path, root=root) as descriptor:
            yield descriptor
        return
    archive, name = inside
    # A root within an archive: the archive is what was named.
    outside = archive if root is not None and root.is_relative_to(archive) else root
    with _open_file(archive, root=outside) as outer:
        try:
            with open_member(outer, archive.suffix.lower(), name) as inner:
                yield inner
        except OSError as error:
            raise unreadable(error) from error


@contextmanager
def _open_file(path: Path, *, root: Path | None) -> Iterator[int]:
    try:
        base = os.path.realpath(path.parent if root is None else root)
        resolved = os.path.realpath(path, strict=True)
        _refuse_outside(resolved, base)
        # The last component was resolved: a link there now means that someone swapped it.
        # Non-blocking, because opening a pipe would otherwise wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(resolved, flags)
    except (OSError, ValueError) as error:
        raise unreadable(error) from error
    try:
        _refuse_irregular(descriptor)
        _refuse_swapped(descriptor, base)
        yield descriptor
    finally:
        os.close(descriptor)


def unreadable(error: Exception) -> UnreadableError:
    """Return the reason that an operating system's error stands for."""
    if isinstance(error, OSError):
        reason = _REASONS.get(error.errno or 0, Reason.CORRUPT)
        return UnreadableError(reason, error.strerror or type(error).__name__)
    # A name with a null byte cannot exist.
    return UnreadableError(Reason.VANISHED, str(error))


def _refuse_outside(resolved: str, base: str) -> None:
    if resolved != base and not resolved.startswith(base.rstrip(os.sep) + os.sep):
        raise UnreadableError(Reason.OUTSIDE_ROOT, "the path leads out of the media root")


def _refuse_irregular(descriptor: int) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        kind = stat.filemode(status.st_mode)[0]
        raise UnreadableError(Reason.NOT_A_FILE, f"not a regular file (type {kind!r})")


def _refuse_swapped(descriptor: int, base: str) -> None:
    """Check again where the descriptor leads: a folder may have become a link meanwhile."""
    try:
        actual = str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:  # no procfs on this system: the check above stands alone
        return
    _refuse_outside(actual, base)


def _read(descriptor: int, limits: Limits) -> FileBytes:
    size = os.fstat(descriptor).st_size
    if size == 0:
        raise _sized(Reason.EMPTY, "the file has no bytes", b"", 0)
    if size > limits.max_stream_bytes:
        detail = f"{size} bytes, more than {limits.max_stream_bytes}"
        raise UnreadableError(Reason.TOO_LARGE, detail, byte_size=size)
    head = os.read(descriptor, HEAD_BYTES)
    found = sniff(head)
    if found is not None and found.kind == "image" and size <= limits.max_bytes:
        return _read_whole(descriptor, head, found, size, limits)
    return _read_stream(descriptor, head, found, limits)


def _read_whole(
    descriptor: int, head: bytes, found: Format, size: int, limits: Limits
) -> FileBytes:
    parts = [head]
    length = len(head)
    # One byte more than expected tells a file that grows from one that is complete.
    while piece := os.read(descriptor, max(1, min(size - length + 1, limits.max_bytes))):
        parts.append(piece)
        length += len(piece)
        if length > limits.max_bytes:
            raise UnreadableError(Reason.TOO_LARGE, "the file grows while it is read")
    data = b"".join(parts)
    return FileBytes(byte_digests(data), len(data), found, data)


def _read_stream(descriptor: int, head: bytes, found: Format | None, limits: Limits) -> FileBytes:
    hashers = Hashers()
    hashers.update(head)
    length = len(head)
    while piece := os.read(descriptor, _CHUNK):
        hashers.update(piece)
        length += len(piece)
        if length > limits.max_stream_bytes:
            raise UnreadableError(Reason.TOO_LARGE, "the file grows while it is read")
    if found is not None and found.kind == "image":
        detail = f"{length} bytes, more than {limits.max_bytes} for a picture"
        raise UnreadableError(Reason.TOO_LARGE, detail, digests=hashers.digests(), byte_size=length)
    return FileBytes(hashers.digests(), length, found, head)


def _sized(reason: Reason, detail: str, data: bytes, size: int) -> UnreadableError:
    return UnreadableError(reason, detail, digests=byte_digests(data), byte_size=size)
