"""The sums over pixels that a probe spends its time in, behind one interface.

`NumpyKernels` is the definition; `compiled` gives the same numbers faster.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from curate.media.lzw import lzw_used, tiff_lzw_used
from curate.media.resample import PRECISION_BITS

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.resample import Band

    Bytes8 = npt.NDArray[np.uint8]
    Float32 = npt.NDArray[np.float32]


# Pillow's Convert.c: ITU-R BT.601 in 16-bit fixed point.
LUMA_WEIGHTS = np.array([19595, 38470, 7471], np.uint32)


class Kernels(Protocol):
    """What sums over pixels."""

    name: str
    """For the record: which implementation computed a hash."""

    def reduce_rows(self, plane: Bytes8, rows: Band) -> Float32:
        """Return weighted sums of rows: shape (H, M) to (n, M)."""

    def reduce_columns(self, tall: Float32, columns: Band) -> Float32:
        """Return weighted sums of columns: shape (n, W) to (n, m)."""

    def reduce_fixed(self, grey: Bytes8, rows: Band, columns: Band) -> Bytes8:
        """Return the reduction in fixed point, rounded to uint8 after each axis.

        Columns are reduced first, as Pillow does.
        """

    def luma(self, picture: Bytes8) -> Bytes8:
        """Return the luma of sRGB pixels as Pillow rounds it: (H, W, 3) to (H, W)."""

    def moments(self, grey: Bytes8) -> tuple[float, float]:
        """Return mean and standard deviation of all samples."""

    def box_means(self, grey: Bytes8, factor: int) -> Float32:
        """Return means of boxes of `factor` x `factor` samples.

        Incomplete boxes at the right and bottom are means of the samples they have: shape
        (H, W) to (ceil(H / factor), ceil(W / factor)).
        """

    def laplacian_variance(self, plane: Bytes8 | Float32) -> float:
        """Return the variance of the 4-neighbour Laplacian inside the border.

        Below 3 samples a side there is nothing inside, and the variance is 0.
        """

    def lzw_used(self, codes: Bytes8, smallest: int, pixels: int) -> int:
        """Return how many bytes of a GIF's codes its pixels need; see `lzw.lzw_used`."""

    def tiff_lzw_used(self, codes: Bytes8, wanted: int) -> int:
        """Return how many bytes of a TIFF's codes its pixels need; see `lzw.tiff_lzw_used`."""


class NumpyKernels:
    """The definition, in numpy: needs no compiler."""

    name = "numpy"

    def reduce_rows(self, plane: Bytes8, rows: Band) -> Float32:
        """Return weighted sums of rows: shape (H, M) to (n, M)."""
        weights = rows.dense(plane.shape[0]).astype(np.float32)
        return weights @ plane.astype(np.float32)

    def reduce_columns(self, tall: Float32, columns: Band) -> Float32:
        """Return weighted sums of columns: shape (n, W) to (n, m)."""
        weights = columns.dense(tall.shape[1]).astype(np.float32)
        return tall @ weights.T

    def reduce_fixed(self, grey: Bytes8, rows: Band, columns: Band) -> Bytes8:
        """Return the reduction in fixed point, rounded to uint8 after each axis."""
        height, width = grey.shape
        # Products of 22 by 8 bits: their sums are exact in float64.
        wide = _rounded(grey.astype(np.float64) @ columns.dense(width).T)
        return _rounded(rows.dense(height) @ wide.astype(np.float64))

    def luma(self, picture: Bytes8) -> Bytes8:
        """Return the luma of sRGB pixels as Pillow rounds it: (H, W, 3) to (H, W)."""
        weighted = picture.astype(np.uint32) @ LUMA_WEIGHTS
        return ((weighted + 0x8000) >> 16).astype(np.uint8)

    def moments(self, grey: Bytes8) -> tuple[float, float]:
        """Return mean and standard deviation of all samples."""
        return float(grey.mean(dtype=np.float64)), float(grey.std(dtype=np.float64))

    def box_means(self, grey: Bytes8, factor: int) -> Float32:
        """Return means of boxes of `factor` x `factor` samples."""
        starts = [np.arange(0, length, factor) for length in grey.shape]
        sums = np.add.reduceat(grey.astype(np.float64), starts[0], axis=0)
        sums = np.add.reduceat(sums, starts[1], axis=1)
        counts = [
            np.minimum(factor, length - start)
            for start, length in zip(starts, grey.shape, strict=True)
        ]
        return (sums / np.outer(*counts)).astype(np.float32)

    def laplacian_variance(self, plane: Bytes8 | Float32) -> float:
        """Return the variance of the 4-neighbour Laplacian inside the border."""
        if min(plane.shape) < 3:
            return 0.0
        p = plane.astype(np.float64)
        around = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]
        return float(np.var(around - 4 * p[1:-1, 1:-1]))

    def lzw_used(self, codes: Bytes8, smallest: int, pixels: int) -> int:
        """Return how many bytes of a GIF's codes its pixels need."""
        return lzw_used(codes, smallest, pixels)

    def tiff_lzw_used(self, codes: Bytes8, wanted: int) -> int:
        """Return how many bytes of a TIFF's codes its pixels need."""
        return tiff_lzw_used(codes, wanted)


def _rounded(sums: npt.NDArray[np.float64]) -> Bytes8:
    half = 1 << (PRECISION_BITS - 1)
    whole = np.floor((sums + half) / (1 << PRECISION_BITS))
    return np.clip(whole, 0, 255).astype(np.uint8)


@cache
def default_kernels() -> Kernels:
    """Return the fastest kernels that this machine can run."""
    try:
        from curate.media.compiled import CompiledKernels
    except (ImportError, RuntimeError):
        # No numba for this Python, or no folder in which it may keep what it compiles.
        return NumpyKernels()
    return CompiledKernels()
