"""What a picture looks like in numbers: colour, and how its detail is spread over frequencies.

No model and no download: these tell resampling, compression, blending and blur, which is what
separates most manipulated pictures from camera pictures, and what should not matter from what
does only in company of other evidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# The crop that frequencies are measured in: full resolution, from the middle.
SIDE = 256
RINGS = 16
BLOCK = 8

Floats = npt.NDArray[np.floating[Any]]


def measure(picture: npt.NDArray[np.uint8]) -> Floats:
    """Return the numbers of `NAMES` for a picture.

    Args:
        picture: sRGB, shape (H, W, 3), at full resolution.

    Returns:
        Shape (len(NAMES),).
    """
    height, width = picture.shape[:2]
    top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
    # Colours are means: one pixel of several will do.
    step = max(1, min(height, width) // SIDE)
    colours = picture[::step, ::step].astype(np.float32) / 255
    crop = picture[top : top + SIDE, left : left + SIDE].astype(np.float32) / 255
    return np.concatenate([_colour(colours), _frequency(crop)]).astype(np.float32)


def _colour(pixels: Floats) -> Floats:
    flat = pixels.reshape(-1, 3)
    luma = flat @ np.array([0.299, 0.587, 0.114], np.float32)
    # Colour as difference to luma: brightness is another number.
    red, blue = flat[:, 0] - luma, flat[:, 2] - luma
    saturation = flat.max(axis=1) - flat.min(axis=1)
    quantiles = np.quantile(luma, [0.01, 0.25, 0.5, 0.75, 0.99])
    told = [red.mean(), blue.mean(), saturation.mean(), red.std(), blue.std(), saturation.std()]
    return np.array([*told, luma.mean(), luma.std(), *quantiles, _entropy(luma)], np.float32)


def _entropy(luma: Floats) -> float:
    """Return the entropy of the histogram of luma, in bits: low where tones were reduced."""
    share = np.bincount((luma * 255).astype(np.int64), minlength=256) / len(luma)
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum())


def _frequency(crop: Floats) -> Floats:
    luma = crop @ np.array([0.299, 0.587, 0.114], np.float32)
    chroma = crop[..., 0] - luma
    noise = _residual(luma)
    moments = [noise.std(), np.abs(noise).mean(), _kurtosis(noise), _residual(chroma).std()]
    return np.array([*_rings(luma), *moments, *_blocking(luma), *_neighbours(noise)], np.float32)


def _rings(luma: Floats) -> Floats:
    """Return the log power in rings of equal width of the spectrum, each relative to all."""
    window = np.hanning(luma.shape[0])[:, None] * np.hanning(luma.shape[1])[None, :]
    power = np.abs(np.fft.rfft2((luma - luma.mean()) * window)) ** 2
    rows = np.fft.fftfreq(luma.shape[0])[:, None]
    radius = np.hypot(rows, np.fft.rfftfreq(luma.shape[1])[None, :])
    ring = np.minimum((radius / 0.5 * RINGS).astype(np.int64), RINGS - 1)
    held = np.bincount(ring.ravel(), power.ravel(), minlength=RINGS)
    many = np.bincount(ring.ravel(), minlength=RINGS)
    mean = np.log(held / np.maximum(many, 1) + 1e-9)
    return mean - mean.mean()


def _residual(plane: Floats) -> Floats:
    """Return what a pixel's four neighbours do not foretell."""
    if min(plane.shape) < 3:
        return np.zeros((1, 1), np.float32)
    around = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    return plane[1:-1, 1:-1] - around / 4


def _kurtosis(values: Floats) -> float:
    spread = float(values.std())
    return float((((values - values.mean()) / spread) ** 4).mean()) if spread > 1e-6 else 0.0


def _blocking(luma: Floats) -> list[float]:
    """Return how much larger steps are at the edges of JPEG's blocks than elsewhere."""
    found = []
    for plane in (luma, luma.T):
        step = np.abs(np.diff(plane, axis=1)).mean(axis=0)
        # The crop may begin anywhere in a block: the strongest phase is taken.
        phases = [step[at::BLOCK].mean() for at in range(min(BLOCK, len(step)))]
        found.append(float(max(phases) / (np.mean(step) + 1e-6)) if phases else 1.0)
    return found


def _neighbours(noise: Floats) -> list[float]:
    """Return how the residual goes with its neighbours: resampling and blending leave traces."""
    spread = float(noise.var()) + 1e-9
    pairs = [(noise[:, :-1], noise[:, 1:]), (noise[:-1], noise[1:]),
             (noise[:-1, :-1], noise[1:, 1:]), (noise[:, :-2], noise[:, 2:])]  # fmt: skip
    return [float((a * b).mean()) / spread if a.size else 0.0 for a, b in pairs]


NAMES = (
    *("redness", "blueness", "saturation", "red_spread", "blue_spread", "saturation_spread"),
    *("luma", "luma_spread", "luma_1", "luma_25", "luma_50", "luma_75", "luma_99", "entropy"),
    *(f"ring_{ring}" for ring in range(RINGS)),
    *("noise", "noise_mean", "noise_kurtosis", "chroma_noise"),
    *("blocks_across", "blocks_down"),
    *("along", "down", "diagonal", "second"),
)
