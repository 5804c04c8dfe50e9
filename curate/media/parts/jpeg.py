"""Segments of a JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from curate.media.parts.blocks import (
    EXIF,
    PHOTOSHOP,
    Parts,
    exif_block,
    inside,
    photoshop,
    profile,
    setting,
    text_block,
    words,
)
from curate.media.strip import is_shown

if TYPE_CHECKING:
    from curate.media.jpeg import JpegFacts

# A JPEG's tables of codes have fewer bytes than this.
_TABLES = 32 << 10
_PROFILE = "ICC profile"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
_ICC, _MPF = b"ICC_PROFILE\x00", b"MPF\x00"
_APP0, _APP14, _COM, _TABLE_KINDS = 0xE0, 0xEE, 0xFE, (0xC4, 0xDB, 0xCC)
_CODED = {0xDA, 0xDD, *_TABLE_KINDS, *range(0xC0, 0xD0)}


def walk_jpeg(data: bytes, facts: JpegFacts, parts: Parts) -> None:
    """Take a JPEG apart."""
    parts.surplus = None if facts.scanned_twice else facts.surplus
    parts.miss("between two segments", facts.stray)
    if _is_read_in_two_ways(data, facts):
        parts.hidden.append("colours that programs read in two ways")
    joined: dict[str, bytearray] = defaultdict(bytearray)
    tables = 0
    for marker, begin, end in facts.segments:
        # What JFIF has beside its settings is a thumbnail, which goes.
        parts.kept = marker != _APP0 and is_shown(marker, data[begin : begin + 14])
        if marker in _CODED:
            tables += end - begin if marker in _TABLE_KINDS else 0
        elif marker == _COM:
            text_block("COM", data[begin:end], parts)
        elif 0xE0 <= marker <= 0xEF:
            _application(marker - 0xE0, data[begin:end], parts, joined)
        else:
            parts.miss(f"marker {marker:02X}", end - begin)
    parts.kept = True
    if tables > _TABLES:
        parts.miss("tables", tables)
    for name, whole in joined.items():
        parts.kept = name == _PROFILE
        _JOINED[name](name, bytes(whole), parts)


def _is_read_in_two_ways(data: bytes, facts: JpegFacts) -> bool:
    """Return whether markers contradict one another on what three components are.

    JFIF says luma and two differences of colour; Adobe's marker and the names of the components can
    say red, green and blue. Programs go by one or the other.
    """
    if len(facts.component_ids) != 3:
        return False
    heads = {
        marker: data[begin:end]
        for marker, begin, end in facts.segments
        if data[begin:end].startswith((b"JFIF\x00", b"Adobe"))
    }
    says_luma = _APP0 in heads
    adobe = heads.get(_APP14, b"")
    transform = adobe[11] if len(adobe) > 11 else None
    says_luma = says_luma or transform == 1
    return says_luma and (transform == 0 or bytes(facts.component_ids) == b"RGB")


def _application(number: int, payload: bytes, parts: Parts, joined: dict[str, bytearray]) -> None:
    """Take an application segment; those that are parts of one block are joined."""
    for name, of, begin, skipped in _JOINED_SEGMENTS:
        if number == of and payload.startswith(begin):
            # Boxes of JUMBF that are continued repeat their header, of eight bytes.
            again = 8 if name == "C2PA" and joined[name] else 0
            joined[name] += payload[skipped + again :]
            return
    for of, begin, take in _SEGMENTS:
        if number == of and payload.startswith(begin):
            take(payload[len(begin) :], parts)
            return
    parts.miss(f"APP{number}", len(payload))


_JOINED_SEGMENTS = (
    ("XMP", 1, _XMP_MORE, len(_XMP_MORE) + 40),
    (_PROFILE, 2, _ICC, len(_ICC) + 2),
    ("C2PA", 11, b"JP", 8),
    ("Photoshop", 13, PHOTOSHOP, len(PHOTOSHOP)),
)
_JOINED: dict[str, Callable[[str, bytes, Parts], None]] = {
    "XMP": words,
    _PROFILE: profile,
    "C2PA": inside,
    "Photoshop": lambda _, block, parts: photoshop(block, parts),
}
_SMALL = 64
_SEGMENTS: tuple[tuple[int, bytes, Callable[[bytes, Parts], None]], ...] = (
    (0, b"JFIF\x00", lambda value, parts: parts.miss("JFIF thumbnail", len(value) - 9)),
    (0, b"JFXX\x00\x10", lambda value, parts: inside("JFXX thumbnail", value, parts)),
    (1, EXIF, lambda value, parts: exif_block("EXIF", value, parts)),
    (1, _XMP, lambda value, parts: words("XMP", value, parts)),
    (2, _MPF, lambda value, parts: setting("MPF", value, parts)),
    (12, b"Ducky", lambda value, parts: setting("Ducky", value, parts, most=_SMALL)),
    (13, b"Adobe_CM\x00", lambda value, parts: setting("APP13", value, parts, most=_SMALL)),
    (14, b"Adobe", lambda value, parts: setting("APP14", value, parts, most=_SMALL)),
)
