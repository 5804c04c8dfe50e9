"""Weights of the linear reductions behind the perceptual hashes.

Every hash here begins with a separable linear reduction: each of n output samples is a
weighted sum of a short run of input samples. A `Band` holds these runs for one axis, so that
one kernel serves all of them, and so that a picture decoded at 1/scale can be reduced with
the weights of the full picture, folded: one coarse sample stands for `scale` fine ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]
    Int64 = npt.NDArray[np.int64]

# Pillow's Resample.c: 32 bits less 8 for the sample and 2 for overshoot.
PRECISION_BITS = 22


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Weights of one axis: output i is the sum of ``weights[i, k] * input[start[i] + k]``."""

    start: Int64
    """First input sample of each output, shape (n,)."""
    count: Int64
    """Number of input samples of each output, shape (n,)."""
    weights: Float64 | Float32
    """Shape (n, longest count), zero beyond each count."""

    def dense(self, length: int) -> Float64:
        """Return the weights as a matrix of shape (n, `length`), float64."""
        matrix = np.zeros((len(self.start), length))
        for row, (start, count) in enumerate(zip(self.start, self.count, strict=True)):
            matrix[row, start : start + count] = self.weights[row, :count]
        return matrix


@lru_cache(maxsize=256)
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
    after = (window + 2) // 2

    def low(sample: Int64) -> Int64:
        return np.maximum(sample - (window - after), 0)

    def high(sample: Int64) -> Int64:
        return np.minimum(sample + after, length)

    centre = ((np.arange(outputs) + 0.5) * length / outputs).astype(np.int64)[:, None]
    inner = low(centre) + np.arange(window)[None, :]
    share = np.where(inner < high(centre), 1.0 / (high(centre) - low(centre)), 0.0)
    inner = np.minimum(inner, length - 1)
    share = share / (high(inner) - low(inner))
    start = low(low(centre))
    # Each inner sample spreads its share evenly over its window: a sum of steps up and down.
    steps = np.zeros((outputs, 2 * window + 2))
    rows = np.arange(outputs)[:, None]
    np.add.at(steps, (rows, low(inner) - start), share)
    np.subtract.at(steps, (rows, high(inner) - start), share)
    weights = np.cumsum(steps, axis=1)
    weights[weights < 1e-12] = 0.0
    last = high(high(centre) - 1)
    return _fold(Band(start[:, 0], (last - start)[:, 0], weights), scale)


@lru_cache(maxsize=256)
def lanczos_band(length: int, outputs: int, scale: int) -> Band:
    """Return Pillow's Lanczos reduction of one axis, in its 22-bit fixed point.

    Follows ``precompute_coeffs`` and ``normalize_coeffs_8bpc`` of Pillow's Resample.c; with
    scale 1 the result of Pillow's resize is reproduced bit for bit. The weights are integers
    held in float64, in which their sums are exact.

    Args:
        length: Samples of the full picture along this axis.
        outputs: Samples wanted.
        scale: How many full samples one sample of the input stands for.
    """
    step = length / outputs
    stretch = max(step, 1.0)
    support = 3.0 * stretch
    centre = (np.arange(outputs)[:, None] + 0.5) * step
    start = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    count = np.minimum((centre + support + 0.5).astype(np.int64), length) - start
    run = np.arange(int(count.max()))[None, :]
    distance = (run + start - centre + 0.5) * (1.0 / stretch)
    weights = np.where(run < count, _lanczos(distance), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    folded = _fold(Band(start[:, 0], count[:, 0], weights), scale)
    fixed = folded.weights * (1 << PRECISION_BITS)
    return Band(folded.start, folded.count, np.trunc(fixed + np.copysign(0.5, fixed)))


@lru_cache(maxsize=256)
def lanczos_band_single(length: int, outputs: int, scale: int) -> Band:
    """Return `lanczos_band` in float32: twice as fast, and now and then a unit off."""
    band = lanczos_band(length, outputs, scale)
    return Band(band.start, band.count, band.weights.astype(np.float32))


def _lanczos(distance: Float64) -> Float64:
    weights = np.sinc(distance) * np.sinc(distance / 3.0)
    return np.where((distance >= -3.0) & (distance < 3.0), weights, 0.0)


def _fold(band: Band, scale: int) -> Band:
    """Sum weights in runs of `scale`: the coarse sample stands for each of its fine ones."""
    if scale == 1:
        return band
    start = band.start // scale
    count = (band.start + band.count - 1) // scale + 1 - start
    run = np.arange(band.weights.shape[1])[None, :]
    inside = run < band.count[:, None]
    coarse = np.where(inside, (band.start[:, None] + run) // scale - start[:, None], 0)
    weights = np.zeros((len(start), int(count.max())))
    rows = np.arange(len(start))[:, None]
    np.add.at(weights, (rows, coarse), np.where(inside, band.weights, 0.0))
    return Band(start, count, weights)
