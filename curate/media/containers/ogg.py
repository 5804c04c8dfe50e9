"""Ogg (RFC 3533): pages of logical streams."""

from __future__ import annotations

from curate.media.containers.layout import Layout, Source

_FIRST, _LAST = 2, 4
_HEAD = 27
# How packets with comments begin: those of Vorbis, Theora, Opus, VP8 and Skeleton.
_COMMENTS = (3, 0x81, ord("O"), ord("f"))


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    open_: set[int] = set()
    begun: set[int] = set()
    at, chained = 0, 0
    while at < source.size:
        if source.size - at < _HEAD or source.read(at, 4) != b"OggS":
            layout.end(source, at)
            break
        flags, serial = source.number(at + 5, 1), source.little(at + 14, 4)
        body = at + _HEAD + source.number(at + 26, 1)
        end = body + sum(source.read(at + _HEAD, body - at - _HEAD))
        if end > source.size:
            layout.cut("the last page is not whole")
            break
        if flags & _FIRST:
            # What begins behind an end is another film, which demuxers read or do not.
            chained += bool(begun - open_)
            open_.add(serial)
            begun.add(serial)
        elif serial not in open_:
            layout.leave("pages of no stream", end - at)
        if end - body > 8 and source.number(body, 1) in _COMMENTS:
            layout.keep("comments", source.block(body, end))
        if flags & _LAST:
            open_.discard(serial)
        at = end
    if open_:
        layout.cut("the last page of a stream is missing")
    if chained:
        layout.further["a film behind the film"] = chained
