"""Decode JPEGs with libjpeg-turbo: whole, as luma, and scaled by the inverse DCT.

Scaling while decoding costs nothing and saves most of what follows. The kinds of JPEG that
the library turns into no RGB (CMYK, more than 8 bits) are left to Pillow, in `decode`.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import numpy as np

from curate.media.decode import Decoded, check_size, classified, upright
from curate.media.exif import parse_exif
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.jpeg import JpegFacts
    from curate.media.limits import Limits

    Bytes8 = npt.NDArray[np.uint8]

# Hashes of fewer pixels than this lie further from those of the whole picture: of the 5,000
# drawn photographs of bench/probe.py the worst pHash was 4 bits off at 384, and 2 at 768.
_SHORTEST_SIDE = 768
_LARGEST_KEPT = 64 << 20
_LEFT_OVER = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
_FILLING = 8
_scratch = threading.local()


def luma_scale(width: int, height: int) -> int | None:
    """Return the reduction, 1, 2, 4 or 8, at which a JPEG's luma serves every measure.

    Returns:
        The largest that leaves enough pixels; None for a picture so small that decoding it
        whole costs little and gives exact hashes.

    >>> luma_scale(1024, 768), luma_scale(640, 480), luma_scale(6000, 4000)
    (1, None, 4)
    """
    for scale in (8, 4, 2, 1):
        if min(width, height) >= scale * _SHORTEST_SIDE:
            return scale
    return None


def check_jpeg(facts: JpegFacts, limits: Limits) -> None:
    """Refuse a JPEG whose header or scans promise too much work.

    Raises:
        UnreadableError: ``bomb``, ``corrupt`` or ``truncated``.
    """
    check_size(facts.width, facts.height, limits)
    if facts.scans > limits.max_scans:
        detail = f"{facts.scans} scans, more than {limits.max_scans}"
        raise UnreadableError(Reason.BOMB, detail)
    if facts.end is None:
        raise UnreadableError(Reason.TRUNCATED, "the JPEG has no end marker")


def decode_jpeg(
    data: bytes,
    facts: JpegFacts,
    limits: Limits,
    *,
    colour: bool = True,
    scale: int = 1,
    buffer: Bytes8 | None = None,
) -> Bytes8 | None:
    """Return the pixels of a JPEG as stored, not upright, by libjpeg-turbo.

    Args:
        data: The whole file.
        facts: Its markers. Takes in how many coded bytes are left over.
        limits: Bounds, checked against the header.
        colour: Whether colours are wanted; else luma, which costs less.
        scale: 1, 2, 4 or 8: reduction by the scaled inverse DCT, nearly free.
        buffer: Where to put the pixels; the result is then valid until it is used again.

    Returns:
        sRGB of shape (ceil(H / scale), ceil(W / scale), 3), or without the last axis for luma
        and for a file of one component; None for the kinds of JPEG that are Pillow's to read.

    Raises:
        UnreadableError: The picture is truncated, corrupt or beyond the limits.
    """
    check_jpeg(facts, limits)
    components = len(facts.sampling)
    if components == 4 and facts.precision == 8:
        _count_surplus(data, facts)
    if components not in (1, 3) or facts.precision != 8:
        return None
    shape = (-(-facts.height // scale), -(-facts.width // scale))
    name = "RGB" if colour and components == 3 else "GRAY"
    try:
        pixels = _simplejpeg(data, name, scale, shape, buffer)
    except (ValueError, MemoryError) as error:
        # libjpeg warns of much that does no harm, and simplejpeg raises every warning; only
        # these mean lost pixels. What remains is for Pillow to read or refuse.
        text = str(error)
        if "Corrupt" in text and "extraneous" in text:
            facts.surplus = _surplus(text)
            return None
        if isinstance(error, MemoryError) or text.startswith(("Premature", "Corrupt")):
            raise classified(error) from error
        return None
    if pixels.shape[:2] != shape:
        return None
    # It warns of coded data that are left over behind the last block, and here it warned of none.
    facts.surplus = 0
    return pixels if name == "RGB" else pixels[:, :, 0]


def _surplus(warning: str) -> int | None:
    """Return how many bytes are left over, at least, by libjpeg's first warning.

    Encoders in cameras fill up the last word: a few bytes before the end of the picture are no
    more than that. Before any other marker the warning says nothing of the rest.
    """
    found = _LEFT_OVER.search(warning)
    if found is None:
        return None
    size = int(found[1])
    return 0 if size <= _FILLING and found[2] == "d9" else size


def _count_surplus(data: bytes, facts: JpegFacts) -> None:
    """Let the decoder count what is left over in a picture of four inks, which Pillow draws."""
    try:
        _simplejpeg(data, "CMYK", 1, (facts.height, facts.width), None)
        facts.surplus = 0
    except (ValueError, MemoryError) as error:
        facts.surplus = _surplus(str(error))


def decode_whole_jpeg(
    data: bytes, facts: JpegFacts, limits: Limits, *, buffer: Bytes8 | None = None
) -> Decoded | None:
    """Return a JPEG decoded whole by libjpeg-turbo; arguments and errors as `decode_jpeg`."""
    pixels = decode_jpeg(data, facts, limits, buffer=buffer)
    if pixels is None:
        return None
    orientation = parse_exif(facts.exif).orientation if facts.exif else None
    mode = "L" if pixels.ndim == 2 else "RGB"
    return Decoded(
        upright(pixels, orientation),
        mode,
        mode,
        facts.precision,
        orientation,
        facts.exif,
        facts.has_icc,
        1,
    )


def scratch(length: int) -> Bytes8:
    """Return this thread's output buffer: fresh pages would double the time of a decode."""
    held: Bytes8 | None = getattr(_scratch, "buffer", None)
    if held is None or held.size < length:
        held = np.empty(max(length, 1 << 20), np.uint8)
        _scratch.buffer = held
    return held


def release_scratch() -> None:
    """Give back a buffer that one large picture made large."""
    held: Bytes8 | None = getattr(_scratch, "buffer", None)
    if held is not None and held.size > _LARGEST_KEPT:
        _scratch.buffer = None


def _simplejpeg(
    data: bytes, colours: str, scale: int, shape: tuple[int, int], buffer: Bytes8 | None
) -> Bytes8:
    import simplejpeg

    return simplejpeg.decode_jpeg(
        data,
        colours,
        min_factor=scale,
        min_height=shape[0],
        min_width=shape[1],
        buffer=buffer,
    )
