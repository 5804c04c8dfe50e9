"""The small picture inside EXIF: does it show what its picture shows?

Editors that change a picture and forget its thumbnail leave the original there. A distance
in bits is reported; what is suspicious is for a rule to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.media.decode import upright
from curate.media.jpeg import parse_jpeg
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.phash import hamming, hashes
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
        thumbnail: The JPEG inside the EXIF block.
        picture: pHash of the upright picture, 8 bytes.
        size: Width and height of the upright picture, in pixels.
        orientation: The picture's EXIF orientation, which its thumbnail shares.

    Returns:
        Distance in bits, 0 to 64, or None when the thumbnail cannot be decoded.
    """
    try:
        raw = decode_jpeg(thumbnail, parse_jpeg(thumbnail), _LIMITS, colour=False)
    except UnreadableError:
        return None
    if raw is None:
        return None
    grey = _without_bars(upright(raw, orientation), size[0] / size[1])
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
