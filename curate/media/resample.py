"""Weights of the linear reductions behind the perceptual hashes.

Every hash here begins with a separable linear reduction: each of n output samples is a
weighted sum of a short run of input samples. A `Band` holds these runs for one axis, so that
one kernel serves all of them, and so that a picture decoded at 1/scale can be reduced with
the weights of the full picture, folded: one coarse sample stands for `scale` fine ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Float64 = npt.NDArray[np.float64]

# Pillow's Resample.c: 32 bits less 8 for the sample and 2 for overshoot.
_PRECISION_BITS = 22


@dataclass(frozen=True, slots=True)
class Band:
    """Weights of one axis: output i is the sum of ``weights[i, k] * input[start[i] + k]``."""

    start: npt.NDArray[np.int32]
    """First input sample of each output, shape (n,)."""
    count: npt.NDArray[np.int32]
    """Number of input samples of each output, shape (n,)."""
    weights: npt.NDArray[np.float32] | npt.NDArray[np.int32]
    """Shape (n, longest count), zero beyond each count."""

    def dense(self, length: int) -> Float64:
        """Return the weights as a matrix of shape (n, `length`), float64."""
        matrix = np.zeros((len(self.start), length))
        for row, (start, count) in enumerate(zip(self.start, self.count, strict=True)):
            matrix[row, start : start + count] = self.weights[row, :count]
        return matrix


@lru_cache(maxsize=512)
def tent_band(length: int, outputs: int, scale: int) -> Band:
    """Return PDQ's reduction of one axis: two box filters, then the centres of `outputs` cells.

    Jarosz, "Fast Image Convolutions" (SIGGRAPH 2001 poster), with the window and the edge
    rule of the PDQ description (Facebook, 2017-10-09): windows shrink at the edges.

    Args:
        length: Samples of the full picture along this axis.
        outputs: Samples wanted, 64 for PDQ.
        scale: How many full samples one sample of the input stands for.
    """
    window = (length + 2 * outputs - 1) // (2 * outputs)
    centres = ((np.arange(outputs) + 0.5) * length / outputs).astype(np.int64)
    matrix = np.zeros((outputs, length))
    matrix[np.arange(outputs), centres] = 1.0
    return _banded(_fold(_box_adjoint(_box_adjoint(matrix, window), window), scale))


def _box_adjoint(matrix: Float64, window: int) -> Float64:
    """Spread each weight evenly over the window of its sample, along the last axis."""
    length = matrix.shape[1]
    after = (window + 2) // 2
    centre = np.arange(length)
    low = np.maximum(centre - (window - after), 0)
    high = np.minimum(centre + after, length)
    share = matrix / (high - low)
    edges = np.zeros((matrix.shape[0], length + 1))
    rows = np.arange(matrix.shape[0])[:, None]
    np.add.at(edges, (rows, low[None, :]), share)
    np.subtract.at(edges, (rows, high[None, :]), share)
    return np.cumsum(edges, axis=1)[:, :length]


@lru_cache(maxsize=512)
def lanczos_band(length: int, outputs: int, scale: int) -> Band:
    """Return Pillow's Lanczos reduction of one axis, in its 22-bit fixed point.

    Follows ``precompute_coeffs`` and ``normalize_coeffs_8bpc`` of Pillow's Resample.c; with
    scale 1 the result of `Pillow's` resize is reproduced bit for bit.

    Args:
        length: Samples of the full picture along this axis.
        outputs: Samples wanted.
        scale: How many full samples one sample of the input stands for.
    """
    step = length / outputs
    stretch = max(step, 1.0)
    support = 3.0 * stretch
    matrix = np.zeros((outputs, length))
    for output in range(outputs):
        centre = (output + 0.5) * step
        first = max(int(centre - support + 0.5), 0)
        last = min(int(centre + support + 0.5), length)
        samples = np.arange(first, last, dtype=np.float64)
        distance = (samples - centre + 0.5) * (1.0 / stretch)
        weights = _lanczos(distance)
        matrix[output, first:last] = weights / math.fsum(weights)
    fixed = _fold(matrix, scale) * (1 << _PRECISION_BITS)
    return _banded(np.trunc(fixed + np.copysign(0.5, fixed)), np.int32)


def _lanczos(distance: Float64) -> Float64:
    weights = np.sinc(distance) * np.sinc(distance / 3.0)
    return np.where(np.abs(distance) < 3.0, weights, 0.0)


def _fold(matrix: Float64, scale: int) -> Float64:
    """Sum weights in runs of `scale`: the coarse sample stands for each of its fine ones."""
    if scale == 1:
        return matrix
    return np.add.reduceat(matrix, np.arange(0, matrix.shape[1], scale), axis=1)


def _banded(matrix: Float64, dtype: type[np.generic] = np.float32) -> Band:
    """Cut each row of `matrix` to the run of its weights that are not zero."""
    used = np.abs(matrix) > 1e-12
    start = used.argmax(axis=1)
    count = matrix.shape[1] - used[:, ::-1].argmax(axis=1) - start
    weights = np.zeros((len(matrix), int(count.max())), dtype)
    for row, (first, number) in enumerate(zip(start, count, strict=True)):
        weights[row, :number] = matrix[row, first : first + number]
    return Band(start.astype(np.int32), count.astype(np.int32), weights)


def reduce_float(grey: npt.NDArray[np.uint8], rows: Band, columns: Band) -> npt.NDArray[np.float32]:
    """Return the reduction of `grey` by float weights, shape (rows, columns), float32."""
    height, width = grey.shape
    tall = rows.dense(height).astype(np.float32) @ grey.astype(np.float32)
    return tall @ columns.dense(width).astype(np.float32).T


def reduce_fixed(grey: npt.NDArray[np.uint8], rows: Band, columns: Band) -> npt.NDArray[np.uint8]:
    """Return the reduction of `grey` in fixed point, rounded to uint8 after each axis.

    Columns are reduced first, as Pillow does. Integers of this size are exact in float64.
    """
    height, width = grey.shape
    wide = _rounded(grey.astype(np.float64) @ columns.dense(width).T)
    return _rounded(rows.dense(height) @ wide.astype(np.float64))


def _rounded(sums: Float64) -> npt.NDArray[np.uint8]:
    half = 1 << (_PRECISION_BITS - 1)
    whole = (sums.astype(np.int64) + half) >> _PRECISION_BITS
    return np.clip(whole, 0, 255).astype(np.uint8)
