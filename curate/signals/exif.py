"""EXIF: artist and copyright of the first directory, and metadata blocks that stand in it.

The block is hostile until proven otherwise: one directory is read, and no pointer is followed
but those of the five tags that matter here. Layout: TIFF 6.0 section 2, and for the texts
CIPA DC-008 (EXIF 2.32) section 4.6.6.
"""

from __future__ import annotations

import struct

from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.iptc import Rights

TOOL = "curate EXIF reader 1"

_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_INSIDE = {0x02BC: "xmp", 0x83BB: "iptc"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_MOST_TEXT = 4096


class BrokenError(Exception):
    """The block is no TIFF structure, or is cut short where it matters."""


def read_exif(block: bytes) -> tuple[list[Signal], Rights, dict[str, bytes]]:
    """Return what an EXIF block says, its rights, and metadata blocks that stand inside it.

    Args:
        block: A TIFF structure; of a TIFF file, the file.

    Returns:
        Statements, rights for comparison, and blocks by ``xmp`` and ``iptc``.
    """
    digest = digest_of(block)
    try:
        found = _directory(block)
    except BrokenError as error:
        return [unreadable("exif", "EXIF", str(error), digest=digest, tool=TOOL)], Rights(), {}
    rights = Rights(_text(found.get(_ARTIST)), _text(found.get(_COPYRIGHT)))
    signals = [
        Signal("rights", "exif", f"exif:{name}", digest, TOOL, value=value)
        for name, value in (("Artist", rights.creator), ("Copyright", rights.copyright))
        if value
    ]
    return signals, rights, {name: found[tag] for tag, name in _INSIDE.items() if tag in found}


def _directory(block: bytes) -> dict[int, bytes]:
    """Return the raw values of the tags that matter, from the first directory."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        raise BrokenError("the block is no TIFF structure")
    (magic, start) = struct.unpack_from(f"{order}HI", block, 2)
    if magic != 42 or start + 2 > len(block):
        raise BrokenError("the block has no first directory")
    (count,) = struct.unpack_from(f"{order}H", block, start)
    if start + 2 + 12 * count > len(block):
        raise BrokenError("the first directory is cut short")
    found = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", block, place)
        if tag in {_ARTIST, _COPYRIGHT, *_INSIDE}:
            found[tag] = _value(block, order, place, _SIZES.get(kind, 1) * number)
    return found


def _value(block: bytes, order: str, place: int, size: int) -> bytes:
    at = place + 8
    if size > 4:
        (at,) = struct.unpack_from(f"{order}I", block, at)
    if at + size > len(block):
        raise BrokenError("a value lies outside the block")
    return block[at : at + size]


def _text(value: bytes | None) -> str | None:
    """Return a text; the photographer's and the editor's parts of a copyright are joined."""
    if value is None:
        return None
    parts = [_decoded(part).strip() for part in value[:_MOST_TEXT].split(b"\x00")]
    return "; ".join(part for part in parts if part) or None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
