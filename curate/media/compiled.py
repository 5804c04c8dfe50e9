"""The kernels compiled by numba; the only module that imports it, on the first probe.

Each reads the picture once and releases the GIL. Compiled code is kept on disk, so that only
the first process of an installation pays for compiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from curate.media.lzw import lzw_used, tiff_lzw_used
from curate.media.resample import PRECISION_BITS

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.resample import Band

    Bytes8 = npt.NDArray[np.uint8]
    Float32 = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]
    Int64 = npt.NDArray[np.int64]
    Weights = Float64 | Float32

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

    def box_means(self, grey: Bytes8, factor: int) -> Float32:
        """Return means of boxes of `factor` x `factor` samples."""
        return _box_means(grey, factor)

    def laplacian_variance(self, plane: Bytes8 | Float32) -> float:
        """Return the variance of the 4-neighbour Laplacian inside the border."""
        height, width = plane.shape
        if min(height, width) < 3:
            return 0.0
        total, squares = _laplacian(plane)
        number = (height - 2) * (width - 2)
        mean = total / number
        return max(squares / number - mean * mean, 0.0)

    def lzw_used(self, codes: Bytes8, smallest: int, pixels: int) -> int:
        """Return how many bytes of a GIF's codes its pixels need."""
        return int(_lzw_used(codes, smallest, pixels))

    def tiff_lzw_used(self, codes: Bytes8, wanted: int) -> int:
        """Return how many bytes of a TIFF's codes its pixels need."""
        return int(_tiff_lzw_used(codes, wanted))


_lzw_used = njit(cache=True, nogil=True)(lzw_used)
_tiff_lzw_used = njit(cache=True, nogil=True)(tiff_lzw_used)


@njit(cache=True, nogil=True, fastmath=True)
def _reduce_rows(plane: Bytes8, start: Int64, count: Int64, weights: Weights) -> Float32:
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
def _reduce_columns(tall: Float32, start: Int64, count: Int64, weights: Weights) -> Float32:
    out = np.empty((tall.shape[0], start.size), np.float32)
    for i in range(tall.shape[0]):
        for j in range(start.size):
            run = tall[i, start[j] : start[j] + count[j]]
            share = weights[j, : count[j]]
            total = 0.0
            for k in range(run.size):
                total += share[k] * run[k]
            out[i, j] = total
    return out


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _fixed_columns(plane: Bytes8, start: Int64, count: Int64, weights: Weights) -> Bytes8:
    """Reduce columns in fixed point; four rows at a time, so that each weight loads once."""
    height, width = plane.shape
    out = np.empty((height, start.size), np.uint8)
    # In float64 sums of whole numbers are exact; in float32 nearly, at twice the speed.
    wide = np.zeros((4, width), weights.dtype)
    for top in range(0, height, 4):
        rows = min(4, height - top)
        for r in range(rows):
            row = plane[top + r]
            target = wide[r]
            for j in range(width):
                target[j] = row[j]
        for j in range(start.size):
            first, number = start[j], count[j]
            share = weights[j, :number]
            run0, run1 = wide[0, first : first + number], wide[1, first : first + number]
            run2, run3 = wide[2, first : first + number], wide[3, first : first + number]
            sum0 = sum1 = sum2 = sum3 = share[0] - share[0]
            for k in range(number):
                weight = share[k]
                sum0 += weight * run0[k]
                sum1 += weight * run1[k]
                sum2 += weight * run2[k]
                sum3 += weight * run3[k]
            out[top, j] = _clip8(sum0)
            if rows == 4:
                out[top + 1, j] = _clip8(sum1)
                out[top + 2, j] = _clip8(sum2)
                out[top + 3, j] = _clip8(sum3)
            elif rows > 1:
                out[top + 1, j] = _clip8(sum1)
                if rows > 2:
                    out[top + 2, j] = _clip8(sum2)
    return out


@njit(cache=True, nogil=True, inline="always")
def _clip8(total: float) -> np.uint8:
    return np.uint8(min(max(np.floor((total + _HALF) * _SHRINK), 0.0), 255.0))


@njit(cache=True, nogil=True)
def _luma(picture: Bytes8) -> Bytes8:
    out = np.empty(picture.shape[0] * picture.shape[1], np.uint8)
    flat = picture.reshape(-1)
    for i in range(out.size):
        weighted = 19595 * flat[3 * i] + 38470 * flat[3 * i + 1] + 7471 * flat[3 * i + 2]
        out[i] = (weighted + 0x8000) >> 16
    return out.reshape(picture.shape[0], picture.shape[1])


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
def _box_means(grey: Bytes8, factor: int) -> Float32:
    height, width = grey.shape
    whole = width // factor
    out = np.zeros((-(-height // factor), -(-width // factor)), np.float32)
    for i in range(out.shape[0]):
        target = out[i]
        rows = min(factor, height - i * factor)
        for r in range(rows):
            row = grey[i * factor + r]
            if factor == 2:
                for j in range(whole):
                    target[j] += np.float32(row[2 * j]) + np.float32(row[2 * j + 1])
            else:
                for j in range(whole):
                    for c in range(factor):
                        target[j] += np.float32(row[j * factor + c])
            for c in range(whole * factor, width):
                target[whole] += np.float32(row[c])
        for j in range(whole):
            target[j] *= np.float32(1.0) / np.float32(rows * factor)
        if whole < out.shape[1]:
            target[whole] *= np.float32(1.0) / np.float32(rows * (width - whole * factor))
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _laplacian(plane: Bytes8 | Float32) -> tuple[float, float]:
    """Return the sum and the sum of squares of the Laplacian inside the border."""
    height, width = plane.shape
    total, squares = 0.0, 0.0
    for i in range(1, height - 1):
        above, below = plane[i - 1, 1 : width - 1], plane[i + 1, 1 : width - 1]
        here, left, right = plane[i, 1 : width - 1], plane[i, : width - 2], plane[i, 2:]
        part, part_squares = np.float32(0.0), np.float32(0.0)
        for j in range(here.size):
            value = (
                np.float32(above[j])
                + np.float32(below[j])
                + np.float32(left[j])
                + np.float32(right[j])
                - np.float32(4.0) * np.float32(here[j])
            )
            part += value
            part_squares += value * value
        total += float(part)
        squares += float(part_squares)
    return total, squares
