"""PDQ: the 256-bit perceptual hash of ThreatExchange, and its quality.

Written from the description (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019, and pdqhash-2017-10-09). Its image filter, two passes of box
filters followed by picking 64 x 64 cells, is linear and separable, so each axis is one banded
matrix (`resample.tent_band`): the full picture is read once and never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from curate.media.resample import tent_band

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.kernels import Kernels

    Float32 = npt.NDArray[np.float32]

_CELLS = 64
_SHORTEST_SIDE = 5
# ITU-R BT.601, as the description has it.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Pdq:
    """A PDQ hash."""

    hash: bytes
    """32 bytes, big-endian as the hexadecimal form."""
    quality: int
    """0 to 100."""
    dihedral: bytes
    """The eight dihedral hashes, 256 bytes: original, rotate 90, 180, 270, flip x, flip y,
    flip plus one, flip minus one."""


def pdq(
    picture: npt.NDArray[np.uint8], size: tuple[int, int], scale: int, kernels: Kernels
) -> Pdq | None:
    """Return the PDQ hash of a picture.

    Args:
        picture: Luma or sRGB at 1/`scale`, shape (ceil(H / scale), ceil(W / scale)) or
            (..., 3). From sRGB, luma is not rounded to whole numbers before it is averaged.
        size: Width and height of the full picture in pixels.
        scale: Reduction at which `picture` was decoded.
        kernels: What computes the reduction.

    Returns:
        The hash, or None for a picture below 5 pixels a side, which PDQ does not hash.
    """
    cells = reduced_cells(picture, size, scale, kernels)
    return None if cells is None else cells_pdq(cells)


def reduced_cells(
    picture: npt.NDArray[np.uint8], size: tuple[int, int], scale: int, kernels: Kernels
) -> Float32 | None:
    """Return the 64 x 64 reduction that PDQ hashes, 0 to 255; arguments as `pdq`."""
    width, height = size
    if min(width, height) < _SHORTEST_SIDE:
        return None
    rows, columns = tent_band(height, _CELLS, scale), tent_band(width, _CELLS, scale)
    # Luma is a weighted sum too: taken after the rows are reduced, it costs next to nothing.
    tall = kernels.reduce_rows(picture.reshape(len(picture), -1), rows)
    if picture.ndim == 3:
        tall = tall.reshape(_CELLS, -1, 3) @ _LUMA
    return kernels.reduce_columns(tall, columns)


def cells_pdq(cells: Float32) -> Pdq:
    """Return the PDQ hash of a 64 x 64 reduction."""
    matrix = _dct_matrix()
    low: Float32 = (matrix @ cells @ matrix.T).astype(np.float32)
    return Pdq(_bits(low[None])[0].tobytes(), quality(cells), _bits(_dihedral(low)).tobytes())


def quality(cells: Float32) -> int:
    """Return PDQ's quality, 0 to 100, of the 64 x 64 reduction `cells`.

    Only steps that survive rounding towards zero count, so faint gradients add nothing.
    """
    down = np.trunc((cells[:-1] - cells[1:]) * np.float32(100) / np.float32(255))
    across = np.trunc((cells[:, :-1] - cells[:, 1:]) * np.float32(100) / np.float32(255))
    return min(int(np.abs(down).sum() + np.abs(across).sum()) // 90, 100)


@cache
def _dct_matrix() -> Float32:
    """Return rows 1 to 16 of the 64-point DCT-II, shape (16, 64)."""
    row, column = np.arange(1, 17)[:, None], np.arange(_CELLS)[None, :]
    cosine = np.cos(np.pi / (2 * _CELLS) * row * (2 * column + 1))
    return (np.sqrt(2 / _CELLS) * cosine).astype(np.float32)


@cache
def _signs() -> Float32:
    """Return the signs that turn frequencies for rotation and flips, shape (8, 16, 16).

    A flip negates the odd cosines of its axis. Row and column 0 hold frequency 1.
    """
    odd = np.where(np.arange(16) % 2 == 0, -1.0, 1.0)
    flat, rows, columns = np.ones((16, 16)), odd[:, None], odd[None, :]
    both = rows * columns
    signs = [flat, columns, both, rows, rows, columns, flat, both]
    return np.stack([np.broadcast_to(s, (16, 16)) for s in signs]).astype(np.float32)


def _dihedral(low: Float32) -> Float32:
    """Return the frequencies of the eight flips and turns, shape (8, 16, 16)."""
    turned = low[None] * _signs()
    for index in (1, 3, 6, 7):
        turned[index] = turned[index].T.copy()
    return turned


def _bits(low: Float32) -> npt.NDArray[np.uint8]:
    """Return hashes of frequencies, shape (N, 16, 16), as bytes, shape (N, 32).

    A bit is set where its frequency exceeds the lower median; bit 0 is the last.
    """
    flat = low.reshape(len(low), 256)
    median = np.partition(flat, 127, axis=1)[:, 127:128]
    return np.packbits((flat > median)[:, ::-1], axis=1)
