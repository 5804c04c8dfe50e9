"""How much of data coded by LZW its pixels need, in a GIF and in a TIFF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def lzw_used(  # noqa: C901 - one loop over codes, as the format has it
    codes: npt.NDArray[np.uint8], smallest: int, pixels: int
) -> int:
    """Return how many bytes of a GIF's codes are read until its pixels and the end code are there.

    GIF89a, appendix F.

    Nothing is drawn: of each code only the number of pixels that it stands for is kept.

    Args:
        codes: The data of the image's blocks, one behind the other.
        smallest: The minimum code size, 1 to 11 bits.
        pixels: Width times height of the frame.
    """
    clear = 1 << smallest
    lengths = np.ones(4096, np.int64)
    width, free, last = smallest + 1, clear + 2, -1
    drawn, at, bits, held = 0, 0, 0, 0
    used = 0
    while True:
        while bits < width and at < codes.size:
            held |= int(codes[at]) << bits
            at += 1
            bits += 8
        if bits < width:
            return at
        code = held & ((1 << width) - 1)
        held >>= width
        bits -= width
        if drawn >= pixels and code != clear and code != clear + 1:
            return used
        used = at - bits // 8
        if code == clear + 1:
            return used
        if code == clear:
            width, free, last = smallest + 1, clear + 2, -1
            continue
        if last < 0:
            drawn += 1
        elif code > free:
            return used
        else:
            lengths[free if free < 4096 else 4095] = lengths[last] + 1
            drawn += lengths[code] if code < free else lengths[last] + 1
            if free < 4096:
                free += 1
                if free == 1 << width and width < 12:
                    width += 1
        last = code


def tiff_lzw_used(codes: npt.NDArray[np.uint8], wanted: int) -> int:
    """Return how many bytes of a TIFF's codes are read until `wanted` bytes and the end are there.

    TIFF 6.0, section 13: the highest bit comes first, and codes grow one code early.

    Args:
        codes: The data of a strip or tile.
        wanted: How many bytes it holds when it is not packed.
    """
    lengths = np.ones(4097, np.int64)
    width, free, last = 9, 258, -1
    drawn, at, bits, held, used = 0, 0, 0, 0, 0
    while True:
        while bits < width and at < codes.size:
            held = (held << 8 | int(codes[at])) & 0xFFFFFFFF
            at += 1
            bits += 8
        if bits < width:
            return at
        code = held >> (bits - width) & ((1 << width) - 1)
        bits -= width
        if drawn >= wanted and (code < 256 or code > 257):
            return used
        used = at - bits // 8
        if code == 257 or code > free:
            return used
        if code == 256:
            width, free, last = 9, 258, -1
            continue
        if last < 0:
            drawn += 1
        else:
            lengths[free] = lengths[last] + 1
            drawn += lengths[code]
            free = min(free + 1, 4096)
            if free >= (1 << width) - 1 and width < 12:
                width += 1
        last = code
