"""The small pictures inside a picture's file: do they show what it shows?

Editors that change a picture and forget its previews leave the original there. A distance
in bits is reported; what is suspicious is for a rule to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.media.decode import decode, to_8bit, upright
from curate.media.jpeg import parse_jpeg
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.parts import find_parts
from curate.media.phash import hamming, hashes
from curate.media.sniff import HEAD_BYTES, sniff
from curate.media.turbo import decode_jpeg
from curate.media.unreadable import UnreadableError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Thumbnails are 160 x 120 by convention; anything far larger is not one.
_LIMITS = Limits(max_pixels=4_000_000, max_scans=32)


def thumbnail_distance(
    thumbnail: bytes, picture: bytes, *, size: tuple[int, int], orientation: int | None
) -> int | None:
    """Return how far a thumbnail's pHash is from its picture's.

    Args:
        thumbnail: A JPEG or PNG inside the file.
        picture: pHash of the upright picture, 8 bytes.
        size: Width and height of the upright picture, in pixels.
        orientation: The picture's EXIF orientation, which its thumbnail shares.

    Returns:
        Distance in bits, 0 to 64, or None when the thumbnail cannot be decoded.
    """
    raw = _grey(thumbnail)
    if raw is None:
        return None
    # EXIF's thumbnail lies as its picture does, and editors' previews often lie upright.
    return min(
        likeness(upright(raw, turned), picture, size) for turned in dict.fromkeys((orientation, 1))
    )


def hidden_bytes(thumbnail: bytes) -> int:
    """Return how many bytes of a preview are not shown by it: it can hide things as any picture."""
    found = sniff(thumbnail[:HEAD_BYTES])
    if found is None:
        return len(thumbnail)
    try:
        facts = parse_jpeg(thumbnail) if found.name == "JPEG" else None
        if facts is not None:
            decode_jpeg(thumbnail, facts, _LIMITS, colour=False)
    except UnreadableError:
        return len(thumbnail)
    parts = find_parts(thumbnail, found.name, facts)
    if parts.surplus is None or parts.unread is None:
        return len(thumbnail)
    inner = sum(len(preview) for _, preview in parts.previews)
    return parts.surplus + sum(parts.unread.values()) + inner


def _grey(thumbnail: bytes) -> npt.NDArray[np.uint8] | None:
    found = sniff(thumbnail[:HEAD_BYTES])
    if found is None:
        return None
    try:
        raw = None
        if found.name == "JPEG":
            raw = decode_jpeg(thumbnail, parse_jpeg(thumbnail), _LIMITS, colour=False)
        if raw is None:
            raw = to_8bit(decode(thumbnail, found, _LIMITS))
    except UnreadableError:
        return None
    return raw if raw.ndim == 2 else default_kernels().luma(raw)


def likeness(raw: npt.NDArray[np.uint8], picture: bytes, size: tuple[int, int]) -> int:
    """Return the distance in bits of a preview's luma, shape (H, W), from a picture's pHash."""
    grey = _without_bars(raw, size[0] / size[1])
    height, width = grey.shape
    return hamming(hashes(grey, (width, height), 1, default_kernels())[0], picture)


def _without_bars(grey: npt.NDArray[np.uint8], aspect: float) -> npt.NDArray[np.uint8]:
    """Return the middle of `grey` that has the picture's `aspect` (width over height).

    Cameras write 4:3 thumbnails of 3:2 pictures, with bars above and below.
    """
    height, width = grey.shape
    if width / height > aspect:
        keep = max(1, min(width, round(height * aspect)))
        left = (width - keep) // 2
        return grey[:, left : left + keep].copy()
    keep = max(1, min(height, round(width / aspect)))
    top = (height - keep) // 2
    return grey[top : top + keep].copy()
