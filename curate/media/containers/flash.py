"""FLV: a row of tags."""

from __future__ import annotations

import re
import struct

from curate.media.containers.layout import Layout, Source, is_written

_AUDIO, _VIDEO, _SCRIPT = 8, 9, 18
# Lists of times and places are binary as well, so it is files that are looked for.
_FILES = re.compile(rb"\xff\xd8\xff|\x89PNG|GIF8[79]a|RIFF....WEBP|ftyp|\x1aE\xdf\xa3", re.DOTALL)
_DURATION = re.compile(rb"\x00\x08duration\x00(.{8})", re.DOTALL)


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    at = source.number(5, 4)
    if at > 9:
        layout.leave("bytes before the first tag", at - 9, source.block(9, at))
    at += 4
    while at < source.size:
        if source.size - at < 11:
            layout.cut("the last tag is not whole")
            return
        kind, size = source.number(at, 1) & 31, source.number(at + 1, 3)
        start, end = at + 11, at + 11 + size
        if kind not in (_AUDIO, _VIDEO, _SCRIPT) or source.number(at + 8, 3):
            layout.end(source, at)
            return
        if end + 4 > source.size:
            layout.cut("the last tag is not whole")
            return
        if kind == _SCRIPT:
            block = source.block(start, end)
            layout.keep("data of a script", block)
            if _FILES.search(block) or is_written(block):
                layout.leave("data of a script", end - start, block)
            if layout.seconds is None and (told := _DURATION.search(block)):
                layout.seconds = struct.unpack(">d", told[1])[0] or None
        if source.number(end, 4) != size + 11:
            layout.unknown["the container"] = "the lengths of its tags do not agree"
        at = end + 4
