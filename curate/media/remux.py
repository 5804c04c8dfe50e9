"""Take the metadata out of a video or animation: its coded pictures into a fresh container.

Packets of the stream that is shown, and of the sound that belongs to it, are copied as they are,
and nothing is decoded. What leaves is everything else: further streams, titles, places and devices
in the container's and its streams' tags, chapters, covers, subtitles, attached files and tracks of
data, such as those in which a camera keeps its position.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from curate.media.container import chosen, open_container
from curate.media.sniff import Format
from curate.media.strip import strip
from curate.media.unreadable import Reason, UnreadableError
from curate.media.video import Shown

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
        left = _needed(descriptor, found)
        with (
            open_container(descriptor, found) as source,
            av.open(copy, "w", format=_MUXERS[found.name], container_options=_BITEXACT) as target,
        ):
            kept = [stream for stream in chosen(source) if stream is not None]
            streams = {s.index: _counterpart(target, s) for s in sorted(kept, key=_place)}
            for packet in source.demux(kept):
                # The last packet of each stream is empty: it says that there are no more.
                if packet.dts is None and packet.size == 0:
                    continue
                if packet.stream_index == kept[0].index:
                    left -= 1
                    if left < 0:
                        continue
                packet.stream = streams[packet.stream_index]
                target.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        detail = f"it cannot be put into a fresh {found.name} container: {error}"
        raise UnreadableError(Reason.UNSUPPORTED, detail) from error


def _needed(descriptor: int, found: Format) -> int:
    """Return how many packets of the video lead up to its last frame that is shown.

    An edit list may leave out what follows, and a fresh container would show it.
    """
    shown = Shown()
    with open_container(descriptor, found) as source:
        video, _ = chosen(source)
        for packet in source.demux(video):
            shown.add(packet)
    return shown.packets - shown.left_out


def _place(stream: Any) -> int:
    place: int = stream.index
    return place


def _counterpart(target: Any, stream: Any) -> Any:
    made = target.add_stream_from_template(stream)
    made.time_base = stream.time_base
    return made
