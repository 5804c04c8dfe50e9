"""The kernels compiled by numba; the only module that imports it, on the first probe.

Each reads the picture once and releases the GIL. Compiled code is kept on disk, so that only
the first process of an installation pays for compiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from curate.media.resample import PRECISION_BITS

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.resample import Band

    Bytes8 = npt.NDArray[np.uint8]
    Float32 = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]
    Int64 = npt.NDArray[np.int64]

_HALF = float(1 << (PRECISION_BITS - 1))
_SHRINK = 1.0 / (1 << PRECISION_BITS)


class CompiledKernels:
    """`kernels.Kernels`, compiled."""

    name = "numba"

    def reduce_rows(self, plane: Bytes8, rows: Band) -> Float32:
        """Return weighted sums of rows: shape (H, M) to (n, M)."""
        return _reduce_rows(plane, rows.start, rows.count, rows.weights)

    def reduce_columns(self, tall: Float32, columns: Band) -> Float32:
        """Return weighted sums of columns: shape (n, W) to (n, m)."""
        return _reduce_columns(tall, columns.start, columns.count, columns.weights)

    def reduce_fixed(self, grey: Bytes8, rows: Band, columns: Band) -> Bytes8:
        """Return the reduction in fixed point, rounded to uint8 after each axis."""
        wide = _fixed_columns(grey, columns.start, columns.count, columns.weights)
        # The second axis is the first of the transposed picture, which is small by now.
        tall = np.ascontiguousarray(wide.T)
        return _fixed_columns(tall, rows.start, rows.count, rows.weights).T

    def luma(self, picture: Bytes8) -> Bytes8:
        """Return the luma of sRGB pixels as Pillow rounds it: (H, W, 3) to (H, W)."""
        return _luma(picture)

    def moments(self, grey: Bytes8) -> tuple[float, float]:
        """Return mean and standard deviation of all samples."""
        total, squares = _moments(grey)
        mean = total / grey.size
        return mean, max(squares / grey.size - mean * mean, 0.0) ** 0.5

    def laplacian_variance(self, grey: Bytes8, factor: int) -> float:
        """Return the variance of the 4-neighbour Laplacian after a box reduction by `factor`."""
        height, width = grey.shape[0] // factor, grey.shape[1] // factor
        if min(height, width) < 3:
            return 0.0
        small = _boxes(grey, factor, height, width)
        total, squares = _laplacian(small)
        number = (height - 2) * (width - 2)
        scale = 1.0 / (factor * factor)
        mean = total / number
        return max(squares / number - mean * mean, 0.0) * scale * scale


@njit(cache=True, nogil=True, fastmath=True)
def _reduce_rows(plane: Bytes8, start: Int64, count: Int64, weights: Float64) -> Float32:
    width = plane.shape[1]
    out = np.zeros((start.size, width), np.float32)
    for i in range(start.size):
        target = out[i]
        for k in range(count[i]):
            weight = np.float32(weights[i, k])
            row = plane[start[i] + k]
            for j in range(width):
                target[j] += weight * np.float32(row[j])
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _reduce_columns(tall: Float32, start: Int64, count: Int64, weights: Float64) -> Float32:
    out = np.empty((tall.shape[0], start.size), np.float32)
    for i in range(tall.shape[0]):
        for j in range(start.size):
            total = 0.0
            first = start[j]
            for k in range(count[j]):
                total += weights[j, k] * tall[i, first + k]
            out[i, j] = total
    return out


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _fixed_columns(grey: Bytes8, start: Int64, count: Int64, weights: Float64) -> Bytes8:
    height, width = grey.shape
    out = np.empty((height, start.size), np.uint8)
    wide = np.empty(width, np.float64)
    for i in range(height):
        row = grey[i]
        for j in range(width):
            wide[j] = row[j]
        for j in range(start.size):
            total = 0.0
            first = start[j]
            for k in range(count[j]):
                total += weights[j, k] * wide[first + k]
            # Whole numbers far below 2**53: the sum is exact in any order.
            value = np.floor((total + _HALF) * _SHRINK)
            out[i, j] = np.uint8(min(max(value, 0.0), 255.0))
    return out


@njit(cache=True, nogil=True)
def _luma(picture: Bytes8) -> Bytes8:
    height, width = picture.shape[0], picture.shape[1]
    out = np.empty((height, width), np.uint8)
    for i in range(height):
        for j in range(width):
            red, green, blue = picture[i, j, 0], picture[i, j, 1], picture[i, j, 2]
            weighted = np.uint32(19595) * red + np.uint32(38470) * green + np.uint32(7471) * blue
            out[i, j] = np.uint8((weighted + np.uint32(0x8000)) >> np.uint32(16))
    return out


@njit(cache=True, nogil=True)
def _moments(grey: Bytes8) -> tuple[float, float]:
    total = np.uint64(0)
    squares = np.uint64(0)
    for i in range(grey.shape[0]):
        row = grey[i]
        for j in range(grey.shape[1]):
            value = np.uint64(row[j])
            total += value
            squares += value * value
    return float(total), float(squares)


@njit(cache=True, nogil=True, fastmath=True)
def _boxes(grey: Bytes8, factor: int, height: int, width: int) -> Float32:
    """Return sums over boxes of factor x factor samples, shape (height, width)."""
    out = np.zeros((height, width), np.float32)
    for i in range(height):
        target = out[i]
        for r in range(factor):
            row = grey[i * factor + r]
            if factor == 1:
                for j in range(width):
                    target[j] = row[j]
            elif factor == 2:
                for j in range(width):
                    target[j] += np.float32(row[2 * j]) + np.float32(row[2 * j + 1])
            else:
                for j in range(width):
                    for c in range(factor):
                        target[j] += row[j * factor + c]
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _laplacian(small: Float32) -> tuple[float, float]:
    """Return the sum and the sum of squares of the Laplacian inside the border."""
    height, width = small.shape
    total, squares = 0.0, 0.0
    for i in range(1, height - 1):
        above, here, below = small[i - 1], small[i], small[i + 1]
        for j in range(1, width - 1):
            value = above[j] + below[j] + here[j - 1] + here[j + 1] - np.float32(4.0) * here[j]
            total += value
            squares += value * value
    return total, squares
