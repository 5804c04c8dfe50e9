"""Every orientation that a picture's file states, wherever it stands.

Programs read one of them: EXIF, the text profiles that ImageMagick writes into PNG, or XMP. Where
they contradict one another, the picture stands in several ways.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from curate.media.exif import parse_exif
from curate.media.pngtext import TEXTS, profile_kind, split_text, unwritten

if TYPE_CHECKING:
    from curate.media.jpeg import JpegFacts
    from curate.media.sniff import Format

# Quarter turns clockwise that an orientation asks for, mirrors left aside (CIPA DC-008, 4.6.4).
QUARTERS = {1: 0, 2: 0, 6: 1, 5: 1, 3: 2, 4: 2, 8: 3, 7: 3}

_IN_XMP = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|>)\s*([1-8])\b")
_MOST_TEXT = 1 << 20
# `irot` turns anticlockwise (ISO/IEC 23008-12, 6.5.10).
_BOX_TURN = b"\x00\x00\x00\x09irot"
_OF_BOX = {0: 1, 1: 8, 2: 3, 3: 6}


def stated_orientations(data: bytes, found: Format, facts: JpegFacts | None = None) -> list[int]:
    """Return the orientations that a file states, each once, in the order of the file.

    Args:
        data: The file.
        found: Its sniffed format.
        facts: Of a JPEG, its markers.
    """
    try:
        blocks = list(_blocks(data, found.name, facts))
    except (IndexError, struct.error):  # cut short: what was found before is lost with it
        return []
    stated = []
    for block in blocks:
        if block[:1] == b"<" or b"tiff:Orientation" in block:
            stated += [int(match) for match in _IN_XMP.findall(block)]
        elif (value := parse_exif(block).orientation) is not None:
            stated.append(value)
    return list(dict.fromkeys(stated))


def turned_by_boxes(data: bytes) -> int:
    """Return the orientation that a HEIF's own boxes give it, mirrors left aside."""
    at = data.find(_BOX_TURN, 0, 1 << 20)
    return _OF_BOX[data[at + 8] & 3] if 0 <= at < len(data) - 8 else 1


def _blocks(data: bytes, name: str, facts: JpegFacts | None) -> Iterator[bytes]:
    """Yield blocks of EXIF, and packets of XMP."""
    if facts is not None:
        for marker, begin, end in facts.segments:
            if marker == 0xE1:
                yield data[begin:end]
    elif name == "PNG":
        yield from _png(data)
    elif name == "WEBP":
        yield from _webp(data)
    elif name == "TIFF":
        yield data
        yield from (b"<" + match.group() for match in _IN_XMP.finditer(data))
    elif name in {"HEIF", "AVIF"}:
        at = data.find(b"Exif\x00\x00")
        if at >= 0:
            yield data[at : at + _MOST_TEXT]
        yield from (b"<" + match.group() for match in _IN_XMP.finditer(data))


def _png(data: bytes) -> Iterator[bytes]:
    at, kind = 8, b""
    while kind != b"IEND" and at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        value = data[at + 8 : at + 8 + length] if kind in (b"eXIf", *TEXTS) else b""
        at += 12 + length
        if kind == b"eXIf":
            yield value
        elif value:
            keyword, rest, packed = split_text(kind, value)
            text = _unpacked(rest) if packed else rest
            if profile_kind(keyword) in (b"exif", b"APP1"):
                with suppress(ValueError):
                    yield unwritten(text)
            elif b"tiff:Orientation" in text:
                yield text


def _webp(data: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in (b"EXIF", b"XMP "):
            yield data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MOST_TEXT)
    except zlib.error:
        return b""
