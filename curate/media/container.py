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


def open_container(descriptor: int, found: Format, options: dict[str, str] | None = None) -> Any:
    """Return PyAV's container of the video that a descriptor is open on.

    Args:
        descriptor: An open file; its position is moved. It stays open.
        found: The sniffed format.
        options: The demuxer's.

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
    return _opened(file, _demuxer(found, file), options or {})


def chosen(container: Any) -> tuple[Any, Any | None]:
    """Return the video stream that is shown and the sound that belongs to it, or None.

    The one that the container marks as the one to show comes first, then the largest, then the
    first: FFmpeg and the players built on it go by the same. What is searched is what is released.

    Raises:
        UnreadableError: ``no_video`` where pictures do not move, ``unsupported`` where no decoder
            is there for them.
    """
    from av.stream import Disposition

    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if not streams:
        kinds = sorted({stream.type for stream in container.streams})
        detail = f"no video stream; found: {', '.join(kinds) or 'no stream'}"
        raise UnreadableError(Reason.NO_VIDEO, detail)
    decoded = [stream for stream in streams if stream.codec_context is not None]
    if not decoded:
        raise UnreadableError(Reason.UNSUPPORTED, "no decoder for the video stream")
    video = max(
        decoded,
        key=lambda s: (
            bool(s.disposition & Disposition.default),
            (s.codec_context.width or 0) * (s.codec_context.height or 0),
            -s.index,
        ),
    )
    sounds = [s for s in container.streams.audio if s.codec_context is not None]
    sound = max(
        sounds, key=lambda s: (bool(s.disposition & Disposition.default), -s.index), default=None
    )
    return video, sound


def is_attached(stream: Any) -> bool:
    """Return whether a stream is a picture among the tags or the attached files."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def is_cover(stream: Any) -> bool:
    """Return whether a stream is a picture that comes with sound, or one of previews."""
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return stream.type == "video" and bool(stream.disposition & still)


def _demuxer(found: Format, file: io.FileIO) -> str:
    # A bare video stream begins with its sequence header, and has no container.
    head = file.read(4)
    file.seek(0)
    return "mpegvideo" if head == b"\x00\x00\x01\xb3" else _DEMUXERS[found.name]


def _opened(file: io.FileIO, demuxer: str, options: dict[str, str]) -> Any:
    import av

    av.logging.set_level(av.logging.PANIC)
    try:
        return av.open(
            file,
            format=demuxer,
            io_open=_refuse,
            container_options=options,
            # Tags are in whichever code their author had; a film is no worse for that.
            metadata_errors="replace",
        )
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise UnreadableError(Reason.CORRUPT, f"the container: {error.strerror}") from error


def _refuse(url: str, flags: int, options: object) -> Any:  # noqa: ARG001 - PyAV's signature
    raise PermissionError(url)
