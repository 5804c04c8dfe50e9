"""Read the two things that a probe needs from an EXIF block: orientation and thumbnail.

The block is hostile until proven otherwise. Only the first two directories are read, no
pointer is followed deeper, and a broken block yields nothing rather than an error: the
signals room reads the rest of the metadata and judges it. Layout: TIFF 6.0 section 2 and
CIPA DC-008 (EXIF 2.32) section 4.5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_ORIENTATION = 0x0112
_THUMBNAIL_OFFSET = 0x0201
_THUMBNAIL_LENGTH = 0x0202
# Width, strips and tiles.
_PLAIN_PICTURE = (0x0100, 0x0111, 0x0144)
_BYTE, _SHORT, _LONG = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Exif:
    """What an EXIF block says of how its picture is displayed."""

    orientation: int | None = None
    """Tag 0x0112, 1 to 8; None when absent or out of range."""

    thumbnail: bytes | None = None
    """The JPEG thumbnail of the second directory."""

    other_thumbnail: bool = False
    """Whether the second directory has a picture that is no JPEG."""


def parse_exif(block: bytes) -> Exif:
    r"""Return orientation and thumbnail of `block`, a TIFF structure.

    Args:
        block: The EXIF payload, with or without the leading ``Exif\0\0``.

    Returns:
        What could be read; every field is None when the block is broken.
    """
    block = block.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return Exif()
    first, after_first = _directory(block, order, _u32(block, 4, order))
    second, _ = _directory(block, order, after_first)
    thumbnail = _thumbnail(block, second)
    other = thumbnail is None and any(tag in second for tag in _PLAIN_PICTURE)
    return Exif(_orientation(first), thumbnail, other)


def _u32(block: bytes, at: int, order: str) -> int:
    if at + 4 > len(block):
        return 0
    return int(struct.unpack_from(f"{order}I", block, at)[0])


def _directory(block: bytes, order: str, at: int) -> tuple[dict[int, int], int]:
    """Return the single-valued integers of the directory at `at`, and where the next one is."""
    if at < 8 or at + 2 > len(block):
        return {}, 0
    (count,) = struct.unpack_from(f"{order}H", block, at)
    values: dict[int, int] = {}
    for index in range(min(count, (len(block) - at - 2) // 12)):
        tag, kind, number = struct.unpack_from(f"{order}HHI", block, at + 2 + 12 * index)
        if number != 1:
            continue
        where = at + 10 + 12 * index
        if kind == _LONG:
            values.setdefault(tag, _u32(block, where, order))
        elif kind == _SHORT:
            values.setdefault(tag, struct.unpack_from(f"{order}H", block, where)[0])
        elif kind == _BYTE:
            values.setdefault(tag, block[where])
    return values, _u32(block, at + 2 + 12 * count, order)


def _orientation(directory: dict[int, int]) -> int | None:
    value = directory.get(_ORIENTATION)
    return value if value is not None and 1 <= value <= 8 else None


def _thumbnail(block: bytes, directory: dict[int, int]) -> bytes | None:
    offset = directory.get(_THUMBNAIL_OFFSET, 0)
    length = directory.get(_THUMBNAIL_LENGTH, 0)
    data = block[offset : offset + length] if offset else b""
    return data if data.startswith(b"\xff\xd8\xff") and len(data) == length else None
