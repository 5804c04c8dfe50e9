"""What a container of videos is made of, but for the frames that are shown: rows of ``parts``.

The file is walked once by its structure and once packet by packet; nothing is decoded. Of the
streams one is shown, by `chosen`: that one is searched, and that one is released, with the sound
that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from curate.engine.watch import alive
from curate.media.coded import Coded
from curate.media.container import chosen, is_attached, is_cover, open_container
from curate.media.containers import read_layout
from curate.media.part import Part

if TYPE_CHECKING:
    from curate.media.containers.layout import Layout
    from curate.media.part import Kind, Reading
    from curate.media.sniff import Format
    from curate.media.video import Shown

Row = dict[str, object]

# Subtitles that are text, and which the signals stage reads.
TEXTUAL = frozenset(
    ("ass", "ssa", "subrip", "srt", "mov_text", "text", "webvtt", "microdvd", "sami", "realtext",
     "subviewer", "subviewer1", "mpl2", "jacosub", "pjs", "vplayer", "stl", "ttml",
     "hdmv_text_subtitle")
)  # fmt: skip
# A frame is coded in whole blocks: more than this beyond its edge is no filling.
_BLOCKS = {"h264": 16, "mpeg4": 16, "mpeg2video": 16, "mpeg1video": 16, "mjpeg": 32}
_LARGEST_BLOCK = 64
# Players stretch pixels by this much or less in films made for television, in which faces are
# found as well.
_STRETCH = 1.5
# A header's length is rounded, and sound is filled up to whole packets.
_LATE_SECONDS, _LATE_SHARE = 0.5, 0.02


@dataclass
class _Stream:
    """What the packets of one stream are."""

    packets: int = 0
    size: int = 0
    end: float = 0.0


@dataclass
class _Packets:
    """What the packets of a file are, edit lists left aside."""

    streams: dict[int, _Stream] = field(default_factory=dict)
    seconds: float = 0.0


def container_parts(
    descriptor: int, found: Format, shown: Shown, row: Row
) -> tuple[list[Part], list[str]]:
    """Return the parts of a video beside the frames that are shown, and why it is not whole.

    Args:
        descriptor: The open file; its position is moved.
        found: The sniffed format.
        shown: What reading the frames showed.
        row: Columns of table ``content``, as far as they are known.
    """
    layout = read_layout(descriptor, found)
    options = {"ignore_editlist": "1"} if found.name == "MP4" else {}
    with open_container(descriptor, found, options) as container:
        video, _ = chosen(container)
        coded = Coded(_codec(video), bytes(video.codec_context.extradata or b""))
        packets = _demuxed(container, video, coded)
        parts = [
            *_streams(container, packets),
            *_unnoticed(container, layout, found),
            *_unshown(packets.streams.get(video.index, _Stream()), coded, shown, row),
            *_shown_otherwise(video, layout, shown),
        ]
    parts += _laid_out(layout)
    missing = [*layout.missing, *_short(layout, packets)]
    if missing:
        detail = "; ".join(missing)
        parts.append(Part("what is missing of the file", "unknown", "not", detail=detail))
    return parts, missing


def _demuxed(container: Any, video: Any, coded: Coded) -> _Packets:
    import av

    seen = _Packets()
    source = container.demux()
    while True:
        alive()
        try:
            packet = next(source, None)
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            return seen
        if packet is None:
            return seen
        if not packet.size:
            continue
        stream = seen.streams.setdefault(packet.stream_index, _Stream())
        stream.packets += 1
        stream.size += packet.size
        if packet.pts is not None and packet.time_base:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            stream.end = max(stream.end, end)
            seen.seconds = max(seen.seconds, end)
        if packet.stream_index == video.index:
            coded.take(bytes(packet))


def _codec(stream: Any) -> str:
    context = stream.codec_context
    return "" if context is None else str(context.codec.canonical_name)


def _streams(container: Any, packets: _Packets) -> Iterator[Part]:
    """Yield the streams beside the one that is shown."""
    video, sound = chosen(container)
    counts: dict[str, int] = {}
    for stream in container.streams:
        if stream.index == video.index:
            continue
        if sound is not None and stream.index == sound.index:
            size = packets.streams.get(sound.index, _Stream()).size
            yield Part("the sound", "audio", "heard", byte_size=size)
            continue
        label, kind, reading, detail = _sort_of(stream)
        counts[label] = counts.get(label, 0) + 1
        seen = packets.streams.get(stream.index, _Stream())
        yield Part(
            f"{label} {counts[label]}",
            kind,
            reading,
            "taken_out",
            pictures=seen.packets if kind in ("video", "cover") else None,
            byte_size=seen.size or len(getattr(stream, "data", b"")) or None,
            detail=detail,
        )
    if container.chapters():
        yield Part("the chapters", "metadata", "read", "taken_out")


def _sort_of(stream: Any) -> tuple[str, Kind, Reading, str | None]:
    """Return what a stream is called, its kind, how it was read, and what is to be said of it."""
    if is_cover(stream):
        return "cover", "cover", "not", "no face was sought in it"
    if stream.type == "subtitle" and _codec(stream) in TEXTUAL:
        return "subtitles", "subtitles", "read", None
    return _SORTS.get(stream.type, _DATA)


_DATA: tuple[str, Kind, Reading, str | None] = (
    "data stream",
    "data",
    "not",
    "what it holds is not understood",
)
_SORTS: dict[str, tuple[str, Kind, Reading, str | None]] = {
    "video": ("video stream", "video", "not", "no face was sought in it"),
    "audio": ("sound stream", "audio", "heard", None),
    "subtitle": ("subtitles", "subtitles", "not", "they are pictures, or in an unknown code"),
    "attachment": ("attached file", "attachment", "not", "it was not opened"),
}


def _unnoticed(container: Any, layout: Layout, found: Format) -> Iterator[Part]:
    """Yield the streams that the demuxer was not aware of when it opened the file."""
    tracks = [s for s in container.streams if s.type != "attachment" and not is_attached(s)]
    if layout.tracks > len(tracks):
        why = f"{layout.tracks} are described, and {len(tracks)} are found"
        yield Part("tracks that are not understood", "unknown", "not", "taken_out", detail=why)
    known = {stream.id for stream in container.streams} if found.name != "Ogg" else set()
    count = 0
    for place, number in layout.further.items():
        if number in known:
            continue
        count += 1
        detail = f"{place} of the container is none that is shown"
        # What is copied is the stream that is shown, so nothing of this.
        yield Part(f"late stream {count}", "unknown", "not", "taken_out", detail=detail)


def _unshown(stream: _Stream, coded: Coded, shown: Shown, row: Row) -> Iterator[Part]:
    """Yield the pictures of the stream that are not among its frames, and idle data."""
    outside = max(0, stream.packets - shown.packets) + shown.left_out
    if outside:
        yield Part(
            "frames outside the edit list", "hidden", "not", "taken_out", pictures=outside,
            detail="the container says to leave them out",
        )  # fmt: skip
    lost = shown.packets - shown.left_out - shown.frames
    if row.get("frames_read") == "every" and lost > 0:
        yield Part(
            "frames that are decoded and not shown", "hidden", "not", pictures=lost,
            detail="the stream has more pictures than are shown",
        )  # fmt: skip
    if coded.unshown:
        yield Part(
            "pictures kept for reference", "hidden", "not", pictures=coded.unshown,
            detail="the codec predicts others from them and never shows them",
        )  # fmt: skip
    if not coded.taken_apart:
        yield Part(
            "what stands behind the coded frames", "unknown", "not",
            detail=f"frames of the codec {coded.codec} are not taken apart",
        )  # fmt: skip
    if coded.surplus:
        yield Part(
            "data within the coded frames", "surplus", "not", byte_size=coded.surplus,
            detail="the decoder passes over them",
        )  # fmt: skip


def _shown_otherwise(video: Any, layout: Layout, shown: Shown) -> Iterator[Part]:
    """Yield what other programs may show of the same frames."""
    reasons = dict(layout.hidden)
    block = _BLOCKS.get(_codec(video), _LARGEST_BLOCK)
    if shown.cropped >= block:
        reasons["pixels that are cropped away"] = "the frames are coded larger than they are shown"
    for name, why in sorted(reasons.items()):
        yield Part(name, "hidden", "not", detail=why)
    if shown.transparent or layout.transparent:
        yield Part("the transparency", "hidden", "not",
                   detail="the frames have a plane of transparency")  # fmt: skip
    stretch = float(shown.stretch)
    if not 1 / _STRETCH <= stretch <= _STRETCH:
        yield Part("the frames as players stretch them", "reading", "not",
                   detail=f"pixels are shown {stretch:.2f} times as wide as high")  # fmt: skip
    if shown.tilted:
        yield Part("the frames as players turn them", "reading", "not",
                   detail="they are shown turned by no quarter, or bent")  # fmt: skip


def _laid_out(layout: Layout) -> Iterator[Part]:
    """Yield what the walk of the container found."""
    if layout.tail:
        yield Part("bytes behind the end of the video", "tail", "not", "taken_out",
                   byte_size=layout.tail)  # fmt: skip
    for place, size in layout.unread.items():
        yield Part(place, "metadata", "not", "taken_out", byte_size=size,
                   detail="no program that shows the video reads it")  # fmt: skip
    for name, why in layout.passed.items():
        yield Part(name, "unknown", "not", "taken_out", detail=why)
    for name, why in layout.unknown.items():
        yield Part(name, "unknown", "not", detail=why)


def _short(layout: Layout, packets: _Packets) -> Iterator[str]:
    """Say whether the frames end before the header says that they do."""
    if layout.seconds is None:
        return
    late = layout.seconds - packets.seconds
    if late > _LATE_SECONDS + _LATE_SHARE * layout.seconds:
        yield (
            f"its header says that it lasts {layout.seconds:.1f} seconds, and it ends after "
            f"{packets.seconds:.1f}"
        )
