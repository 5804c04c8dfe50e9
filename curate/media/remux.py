"""Take the metadata out of a video or animation: its coded pictures into a fresh container.

Packets are copied as they are, nothing is decoded. What leaves is everything else: titles, places
and devices in the container's and its streams' tags, chapters, covers, subtitles, attached files
and tracks of data, such as those in which a camera keeps its position.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from curate.media.container import open_container
from curate.media.sniff import Format
from curate.media.strip import strip
from curate.media.unreadable import Reason, UnreadableError

_MUXERS = {
    "MP4": "mp4",
    "Matroska": "matroska",
    "AVI": "avi",
    "MPEG": "mpeg",
    "MPEG-TS": "mpegts",
    "FLV": "flv",
    "ASF": "asf",
    "Ogg": "ogg",
}
# No dates, no names of programs, no random numbers: the same video gives the same bytes.
_BITEXACT = {"fflags": "+bitexact"}


@contextmanager
def remuxed(descriptor: int, found: Format) -> Iterator[int]:
    """Yield a descriptor of a copy without metadata, which nobody else can reach.

    Args:
        descriptor: The video or animation; its position is moved.
        found: The sniffed format; the copy has the same.

    Raises:
        UnreadableError: The container is broken, or its streams fit no fresh one of its kind.
    """
    with tempfile.TemporaryFile() as copy:
        if found.kind == "image":
            # An animation is a picture file with several frames, and has no streams.
            copy.write(strip(_bytes(descriptor), found.name))
        else:
            _copy_streams(descriptor, found, copy)
        copy.flush()
        os.lseek(copy.fileno(), 0, os.SEEK_SET)
        yield copy.fileno()


def _bytes(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()


def _copy_streams(descriptor: int, found: Format, copy: Any) -> None:
    import av

    try:
        with (
            open_container(descriptor, found) as source,
            av.open(copy, "w", format=_MUXERS[found.name], container_options=_BITEXACT) as target,
        ):
            streams = {s.index: _counterpart(target, s) for s in _shown(source)}
            for packet in source.demux([source.streams[index] for index in streams]):
                # The last packet of each stream is empty: it says that there are no more.
                if packet.dts is None and packet.size == 0:
                    continue
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        detail = f"it cannot be put into a fresh {found.name} container: {error}"
        raise UnreadableError(Reason.UNSUPPORTED, detail) from error


def _shown(source: Any) -> list[Any]:
    """Return the streams of pictures and sound; a cover is neither."""
    from av.stream import Disposition

    return [
        stream
        for stream in source.streams
        if stream.type in ("video", "audio")
        and stream.codec_context is not None
        and not stream.disposition & Disposition.attached_pic
    ]


def _counterpart(target: Any, stream: Any) -> Any:
    made = target.add_stream_from_template(stream)
    made.time_base = stream.time_base
    return made
