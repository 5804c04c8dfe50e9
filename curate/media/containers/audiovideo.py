"""AVI, with the extensions of OpenDML: chunks of RIFF."""

from __future__ import annotations

import re
from dataclasses import dataclass

from curate.media.containers.layout import Layout, Source

_LISTS = frozenset((b"hdrl", b"strl", b"movi", b"rec ", b"odml", b"INFO", b"ncdt"))
_NUMBERS = frozenset((b"avih", b"strh", b"strf", b"idx1", b"indx", b"dmlh", b"vprp", b"strd"))
_FILLING = frozenset((b"JUNK", b"PAD ", b"pad "))
_STREAM = re.compile(rb"(\d\d)(dc|db|wb|tx|pc|iv|sb|__)|ix(\d\d)")
_MOST_DEPTH = 6


@dataclass
class _Walk:
    source: Source
    layout: Layout
    streams: int = 0


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    now = _Walk(source, layout)
    at = 0
    while at < source.size:
        whole = source.size - at >= 12 and source.read(at, 4) == b"RIFF"
        if not whole or source.read(at + 8, 4) not in (b"AVI ", b"AVIX"):
            layout.end(source, at)
            return
        end = at + 8 + source.little(at + 4, 4)
        if end > source.size:
            layout.cut(f"{end - source.size} bytes are missing at the end of the file")
            end = source.size
        _chunks(now, at + 12, end, 0)
        at = end + end % 2


def _chunks(now: _Walk, at: int, end: int, depth: int) -> None:
    source, layout = now.source, now.layout
    if depth > _MOST_DEPTH:
        raise ValueError("its lists are nested too deeply")
    while at < end:
        if end - at < 8:
            if not source.filled(at, end):
                layout.leave("bytes that are no chunk", end - at, source.block(at, end))
            return
        kind, size = source.read(at, 4), source.little(at + 4, 4)
        start, stop = at + 8, at + 8 + size
        if stop > end:
            if end == source.size:
                layout.cut("the last chunk is not whole")
                stop = end
            else:
                raise ValueError("a chunk is longer than the list that it stands in")
        if kind == b"LIST" and size >= 4 and source.read(start, 4) in _LISTS:
            _chunks(now, start + 4, stop, depth + 1)
        else:
            _chunk(now, kind, start, stop)
        at = stop + stop % 2


def _chunk(now: _Walk, kind: bytes, start: int, end: int) -> None:
    source, layout = now.source, now.layout
    stream = _STREAM.fullmatch(kind)
    if kind in _NUMBERS:
        if kind == b"strd":
            layout.note("data of a stream", source.block(start, end), end - start)
        now.streams += kind == b"strh"
        layout.tracks = now.streams
    elif kind in _FILLING:
        if not source.filled(start, end):
            # Muxers leave the head of an index there, which they did not come to write.
            block = source.block(start, end)
            whole = len(block) == end - start
            size = len(block.rstrip(b"\x00")) if whole else end - start
            layout.note("filling (JUNK)", block.rstrip(b"\x00"), size)
    elif stream:
        if int(stream[1] or stream[3]) >= now.streams:
            layout.leave("chunks of no stream", end - start)
    elif kind == b"_PMX":
        layout.xmp.append(source.block(start, end))
    else:
        layout.note("chunks that are not known", source.block(start, end), end - start)
