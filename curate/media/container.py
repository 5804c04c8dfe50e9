"""Open the container of a video with PyAV, from a descriptor and nothing else.

Only the descriptor that was opened is read, by the demuxer of the sniffed format; a container
that asks for another file or for the network is refused.
"""

from __future__ import annotations

import io
import os
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    from curate.media.sniff import Format

_DEMUXERS = {
    "MP4": "mov",
    "Matroska": "matroska",
    "AVI": "avi",
    "MPEG": "mpeg",
    "MPEG-TS": "mpegts",
    "FLV": "flv",
    "ASF": "asf",
    "Ogg": "ogg",
}


@cache
def can_read_videos() -> bool:
    """Return whether PyAV, the extra ``video``, is installed."""
    return find_spec("av") is not None


class _Bytes(io.FileIO):
    """A file that a damaged container may ask for places outside of."""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move there; -1 tells FFmpeg that it cannot be."""
        try:
            return super().seek(offset, whence)
        except OSError:
            return -1


def open_container(descriptor: int, found: Format) -> Any:
    """Return PyAV's container of the video that a descriptor is open on.

    Args:
        descriptor: An open file; its position is moved. It stays open.
        found: The sniffed format.

    Raises:
        UnreadableError: ``unsupported`` without PyAV, ``corrupt`` for a container that cannot
            be opened.
    """
    if not can_read_videos():
        raise UnreadableError(Reason.UNSUPPORTED, "videos need PyAV: install curate[video]")
    if found.name not in _DEMUXERS:
        raise UnreadableError(Reason.UNSUPPORTED, f"{found.name} is no container of videos")
    os.lseek(descriptor, 0, os.SEEK_SET)
    file = _Bytes(descriptor, closefd=False)
    return _opened(file, _demuxer(found, file))


def _demuxer(found: Format, file: io.FileIO) -> str:
    # A bare video stream begins with its sequence header, and has no container.
    head = file.read(4)
    file.seek(0)
    return "mpegvideo" if head == b"\x00\x00\x01\xb3" else _DEMUXERS[found.name]


def _opened(file: io.FileIO, demuxer: str) -> Any:
    import av

    av.logging.set_level(av.logging.PANIC)
    try:
        return av.open(file, format=demuxer, io_open=_refuse)
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise UnreadableError(Reason.CORRUPT, f"the container: {error.strerror}") from error


def _refuse(url: str, flags: int, options: object) -> Any:  # noqa: ARG001 - PyAV's signature
    raise PermissionError(url)
