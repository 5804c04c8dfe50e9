"""What a video says beside its pictures and sound: tags, chapters, subtitles and other blocks.

The container is walked by its structure, and its packets are looked through once. Texts are taken
from wherever they stand; what is no text, or in a code that nobody reads, is a problem that is told
and never an absence. No text is kept but for the words about use that stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

from curate.engine.watch import alive
from curate.media import UnreadableError
from curate.media.coded import Coded
from curate.media.container import can_read_videos, open_container
from curate.media.containers import read_layout
from curate.media.containers.layout import is_text
from curate.media.sniff import Format, sniff
from curate.media.streams import TEXTUAL
from curate.signals.blocks import Blocks
from curate.signals.codes import runs
from curate.signals.walks import find_blocks
from curate.signals.words import Text

_MOST_SUBTITLES = 4 << 20
_MOST_DATA = 1 << 20
_FONTS = (b"\x00\x01\x00\x00", b"OTTO", b"ttcf", b"wOFF", b"wOF2", b"true")


@cache
def tool() -> str:
    """Return what reads videos."""
    package = f"PyAV {version('av')}" if can_read_videos() else "without PyAV"
    return f"curate reader of videos 1, {package}"


def film_blocks(descriptor: int, found: Format) -> Blocks:
    """Return the texts and blocks of a video.

    Args:
        descriptor: The open file; its position is moved.
        found: The sniffed format.
    """
    read = Blocks()
    layout = read_layout(descriptor, found)
    read.xmp += layout.xmp
    heard = "\n".join(_demuxed(descriptor, found, read))
    for place, content in layout.blocks:
        for run in runs(content):
            # Tags of the container stand in blocks as well.
            if run.strip() not in heard:
                read.words.append(_text(place, run))
    told = {**layout.dark, **layout.unknown, **layout.passed}
    read.problems += told.items()
    if layout.missing:
        read.problems.append(("the end of the file", "; ".join(layout.missing)))
    return read


# What x264 and x265 write into each film: their settings, of which one speaks of reuse.
_SETTINGS = re.compile(r"x26[45] [-(].* options: ")
_SETTING = re.compile(r"(?<!\S)[a-z0-9_-]+=[\d.:,x/()-]*(?!\S)")


def _text(place: str, run: str) -> Text:
    return Text("file", place, _SETTING.sub("", run) if _SETTINGS.search(run) else run)


@dataclass
class _Stream:
    """What the packets of one stream hold."""

    stream: Any
    name: str
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    coded: Coded | None = None


def _demuxed(descriptor: int, found: Format, read: Blocks) -> Iterator[str]:
    """Add what streams hold to `read`, and yield the texts of tags."""
    try:
        with open_container(descriptor, found) as container:
            for place, words in _tags(container):
                read.words.append(Text("file", place, words))
                yield words
            _streams(container, read)
    except (UnreadableError, MemoryError) as error:
        detail = error.detail if isinstance(error, UnreadableError) else "it takes too much memory"
        read.problems.append(("the container", detail))


def _tags(container: Any) -> Iterator[tuple[str, str]]:
    tables = [("a tag of the video", container.metadata)]
    tables += [("a tag of a stream", stream.metadata) for stream in container.streams]
    tables += [("a tag of a chapter", one["metadata"]) for one in container.chapters()]
    for place, table in tables:
        for key, value in table.items():
            yield place, str(value)
            # Names of tags may be sentences, too; those of programs are single words.
            if " " in str(key).strip():
                yield place, str(key)


def _streams(container: Any, read: Blocks) -> None:
    import av

    streams: dict[int, _Stream] = {}
    counts: dict[str, int] = {}
    for stream in container.streams:
        counts[stream.type] = counts.get(stream.type, 0) + 1
        made = streams[stream.index] = _Stream(stream, f"{stream.type} {counts[stream.type]}")
        if stream.type == "attachment":
            _file(stream.data, f"an attached file ({counts[stream.type]})", read)
        elif stream.codec_context is not None and stream.type in ("video", "subtitle"):
            extra = bytes(stream.codec_context.extradata or b"")
            if stream.type == "subtitle":
                made.pieces.append(extra)
            else:
                made.coded = Coded(stream.codec_context.codec.canonical_name, extra)
    try:
        for packet in container.demux():
            alive()
            if packet.size and packet.stream_index in streams:
                _packet(streams[packet.stream_index], packet, read)
    except (av.FFmpegError, MemoryError) as error:
        # A damaged length asks for any amount of memory.
        read.problems.append(("the container", f"it cannot be read to its end: {error}"))
    for one in streams.values():
        _told(one, read)


def _packet(one: _Stream, packet: Any, read: Blocks) -> None:
    from curate.media.container import is_cover

    kind = one.stream.type
    if kind == "audio":
        return
    if kind == "video":
        if is_cover(one.stream):
            _file(bytes(packet), "a cover", read)
        elif one.coded is not None:
            one.coded.take(bytes(packet))
        return
    one.size += packet.size
    if one.size <= (_MOST_SUBTITLES if kind == "subtitle" else _MOST_DATA):
        one.pieces.append(bytes(packet))


def _told(one: _Stream, read: Blocks) -> None:
    """Add what the packets of a stream hold together."""
    if one.coded is not None:
        place = "data within the coded frames"
        read.words += [_text(place, run) for text in one.coded.texts for run in runs(text)]
        if one.coded.captions.strip():
            read.words.append(Text("file", "captions", one.coded.captions.decode("ascii")))
        if one.coded.surplus:
            read.problems.append((place, f"{one.coded.surplus} bytes that are not understood"))
        return
    if not one.pieces:
        return
    if one.stream.type == "subtitle":
        _subtitles(one, read)
    elif one.stream.type == "data":
        joined = b"\n".join(one.pieces)
        if all(len(piece) <= _SHORT for piece in one.pieces) or is_text(joined):
            read.words += [_text(one.name, run) for run in runs(joined)]
        else:
            read.problems.append((f"a stream of data ({one.name})", "it is not understood"))


# A code of time or a number: too short for a sentence.
_SHORT = 16


def _subtitles(one: _Stream, read: Blocks) -> None:
    context = one.stream.codec_context
    name = "" if context is None else context.codec.canonical_name
    if name not in TEXTUAL:
        if one.size:
            why = "subtitles that are pictures, or in a code that is not read"
            read.problems.append((one.name, why))
        return
    # One sentence may stand in two of them.
    joined = "\n".join(run for piece in one.pieces for run in runs(piece))
    read.words.append(Text("file", one.name, joined))
    if one.size > _MOST_SUBTITLES:
        read.problems.append((one.name, f"more than {_MOST_SUBTITLES >> 20} MiB of subtitles"))


def _file(content: bytes, place: str, read: Blocks) -> None:
    """Add what a file inside the video says."""
    kind = sniff(content)
    if kind is not None and kind.kind == "image":
        read.join(find_blocks(content))
    elif is_text(content):
        read.words += [_text(place, run) for run in runs(content)]
    elif content.startswith(_FONTS):
        return  # Its words are about the letters.
    elif content:
        read.problems.append((place, "a file that is not opened"))
