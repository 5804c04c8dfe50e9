"""Matroska and WebM (RFC 9559): elements of EBML (RFC 8794)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from curate.media.containers.layout import Layout, Source

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_VOID, _CRC = 0xEC, 0xBF
_SEEK, _INFO, _TRACKS, _CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B
_CHAPTERS, _TAGS, _ATTACHMENTS = 0x1043A770, 0x1254C367, 0x1941A469
_LEVEL_ONE = frozenset((_SEEK, _INFO, _TRACKS, _CUES, _CHAPTERS, _TAGS, _ATTACHMENTS, _CLUSTER))
_SIMPLE, _GROUP, _BLOCK, _ADDITIONS = 0xA3, 0xA0, 0xA1, 0x75A1
_IN_CLUSTER = frozenset((0xE7, 0xA7, 0xAB, 0x5854, _SIMPLE, _GROUP, _VOID, _CRC))
_IN_GROUP = frozenset((_BLOCK, _ADDITIONS, 0x9B, 0xFB, 0xFD, 0xFA, 0xA4, 0x75A2, 0x8E, _VOID, _CRC))
_ENTRY, _NUMBER, _VIDEO, _ENCODINGS = 0xAE, 0xD7, 0xE0, 0x6D80
_ALPHA, _CROPS = 0x53C0, frozenset((0x54AA, 0x54BB, 0x54CC, 0x54DD))
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_VALUES = frozenset((_NUMBER, _SCALE, _DURATION, _ALPHA, *_CROPS))
_LINKS = frozenset((0x3CB923, 0x3EB923, 0x3C83AB, 0x3E83BB))
_EDITION, _SEGMENT_CHAPTER = 0x45B9, 0x6E67
_MASTERS = frozenset(
    (_INFO, _TRACKS, _CHAPTERS, _TAGS, _ENTRY, _VIDEO, 0xE1, _EDITION, 0xB6, 0x80, 0x7373, 0x63C0,
     0x67C8, 0x4DBB, _SEEK, _CUES, 0xBB, 0xB7, 0x55B0, 0x55D0, 0x7670, 0x41E4, 0x8F, 0x6944, 0x6911)
)  # fmt: skip
_TEXTS = {0x7BA9: "the title", 0x4D80: "the muxer", 0x5741: "the application",
          0x536E: "the name of a track", 0x22B59C: "a language", 0x258688: "the name of a codec",
          0x85: "a chapter", 0x45A3: "a tag", 0x4487: "a tag", 0x4521: "an edition"}  # fmt: skip
_UNKNOWN = -1


@dataclass
class _Walk:
    source: Source
    layout: Layout
    tracks: set[int] = field(default_factory=set)
    scale: int = 1_000_000
    duration: float | None = None
    blocks: int = 0


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    now = _Walk(source, layout)
    at, segments = 0, 0
    while at < source.size:
        head = _head(source, at) if source.size - at >= 2 else None
        if head is None or head[0] not in (_EBML, _SEGMENT, _VOID):
            layout.end(source, at)
            break
        kind, start, end = head
        if kind == _SEGMENT:
            segments += 1
            limit = source.size if end == _UNKNOWN else end
            if limit > source.size:
                layout.cut(f"{limit - source.size} bytes are missing at the end of the file")
                limit = source.size
            at = _segment(now, start, limit, open_ended=end == _UNKNOWN)
        else:
            if kind == _VOID:
                _void(now, start, end)
            at = end
    if not segments:
        layout.cut("no segment is in the file")
    layout.tracks = len(now.tracks)
    if now.duration is not None:
        layout.seconds = now.duration * now.scale / 1e9


def _head(source: Source, at: int) -> tuple[int, int, int] | None:
    """Return an element's id, where its content begins, and where it ends; None where is none."""
    first = source.number(at, 1)
    width = 9 - first.bit_length()
    if not first or width > 4:
        return None
    kind = source.number(at, width)
    at += width
    first = source.number(at, 1)
    if not first:
        return None
    width = 9 - first.bit_length()
    size = source.number(at, width) & ((1 << 7 * width) - 1)
    start = at + width
    return kind, start, _UNKNOWN if size == (1 << 7 * width) - 1 else start + size


def _elements(now: _Walk, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    while at < end:
        head = _head(now.source, at)
        if head is None or head[2] > end:
            raise ValueError("an element is longer than the one that it stands in")
        kind, start, stop = head
        if stop == _UNKNOWN:
            raise ValueError("an element without a length")
        yield kind, start, stop
        at = stop


def _segment(now: _Walk, at: int, limit: int, *, open_ended: bool) -> int:
    """Walk a segment and return where it ends."""
    source, layout = now.source, now.layout
    while at < limit:
        head = _head(source, at)
        known = head is not None and (head[0] in _LEVEL_ONE or head[0] in (_VOID, _CRC))
        if head is None or not known:
            if open_ended:
                return at
            if not source.filled(at, limit):
                layout.leave("bytes that are no element", limit - at, source.block(at, limit))
            return limit
        kind, start, end = head
        if kind == _CLUSTER:
            at = _cluster(now, start, limit if end == _UNKNOWN else end, limit)
            continue
        if end == _UNKNOWN:
            raise ValueError("an element without a length")
        if end > limit:
            if limit == source.size:
                layout.cut("the last element is not whole")
            else:
                layout.unknown["the container"] = "an element is longer than its segment"
            return limit
        _described(now, kind, start, end)
        at = end
    return at


def _described(now: _Walk, kind: int, start: int, end: int) -> None:
    """Walk an element that is not of media."""
    source, layout = now.source, now.layout
    if kind in _VALUES:
        _value(now, kind, start, end)
    elif kind == _VOID:
        _void(now, start, end)
    elif kind == _ATTACHMENTS:
        _attached(now, start, end)
    elif kind in _MASTERS:
        for inner, first, last in _elements(now, start, end):
            _described(now, inner, first, last)
    elif kind in _TEXTS:
        layout.note(_TEXTS[kind], source.block(start, end), end - start)
    elif kind == _ENCODINGS:
        _encoded(now, start, end)
    elif kind in _LINKS or kind == _SEGMENT_CHAPTER:
        layout.passed["links to other files"] = "parts of other files are shown within it"
    elif end - start > _LONG and kind not in _PRIVATE:
        layout.note("elements that are not known", source.block(start, end), end - start)


def _void(now: _Walk, start: int, end: int) -> None:
    if not now.source.filled(start, end):
        now.layout.leave("filling (Void)", end - start, now.source.block(start, end))


def _value(now: _Walk, kind: int, start: int, end: int) -> None:
    """Take a number that it goes by."""
    source = now.source
    if kind == _DURATION:
        code = {4: ">f", 8: ">d"}.get(end - start)
        now.duration = struct.unpack(code, source.read(start, end - start))[0] if code else None
        return
    number = source.number(start, min(end - start, 8))
    if kind == _NUMBER:
        now.tracks.add(number)
    elif kind == _SCALE:
        now.scale = number or 1_000_000
    else:
        _shown(now, kind, number)


# Private data of a codec are what its decoder is set up with.
_PRIVATE = frozenset((0x63A2, 0x41ED))
_LONG = 64


def _shown(now: _Walk, kind: int, value: int) -> None:
    if not value:
        return
    if kind == _ALPHA:
        now.layout.transparent = True
    else:
        now.layout.hidden["pixels that are cropped away"] = (
            "the container says to show less than the frames have"
        )


def _encoded(now: _Walk, start: int, end: int) -> None:
    block = now.source.block(start, end)
    # ContentEncodingType is 1 where a track is encrypted.
    if b"\x50\x33\x81\x01" in block:
        now.layout.unknown["an encrypted track"] = "it cannot be read without its key"


def _attached(now: _Walk, start: int, end: int) -> None:
    """Keep what is said of attached files; the files are streams to the demuxer."""
    source, layout = now.source, now.layout
    for kind, first, last in _elements(now, start, end):
        if kind != 0x61A7:
            _described(now, kind, first, last)
            continue
        for inner, here, stop in _elements(now, first, last):
            if inner in (0x467E, 0x466E, 0x4660):
                layout.note(
                    "what is said of an attached file", source.block(here, stop), stop - here
                )


def _cluster(now: _Walk, at: int, end: int, limit: int) -> int:
    """Walk a cluster and return where it ends."""
    source, layout = now.source, now.layout
    if end > limit:
        layout.cut("the last cluster is not whole")
        end = limit
    while at < end:
        head = _head(source, at)
        if head is None:
            if not source.filled(at, end):
                layout.leave("bytes that are no element", end - at, source.block(at, end))
            return end
        kind, start, stop = head
        if kind in _LEVEL_ONE or kind in (_EBML, _SEGMENT):
            # A cluster without a length ends where the next element of its level begins.
            return at
        if stop == _UNKNOWN:
            raise ValueError("an element without a length")
        if stop > end:
            layout.cut("the last block is not whole")
            return end
        _in_cluster(now, kind, start, stop)
        at = stop
    return at


def _in_cluster(now: _Walk, kind: int, start: int, end: int) -> None:
    source, layout = now.source, now.layout
    if kind in (_SIMPLE, _BLOCK):
        first = source.number(start, 1)
        width = 9 - first.bit_length() if first else 1
        track = source.number(start, width) & ((1 << 7 * width) - 1)
        if track not in now.tracks:
            layout.leave("blocks of no track", end - start)
    elif kind == _GROUP:
        for inner, here, stop in _elements(now, start, end):
            known = inner in _IN_GROUP
            _in_cluster(now, inner if known and inner != _GROUP else _UNKNOWN, here, stop)
    elif kind == _ADDITIONS:
        layout.transparent = True
    elif kind == _VOID:
        _void(now, start, end)
    elif kind not in _IN_CLUSTER and kind not in _IN_GROUP:
        layout.leave("elements that are not known", end - start, source.block(start, end))
