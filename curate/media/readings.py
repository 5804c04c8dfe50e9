"""In which ways the same samples are shown by different programs.

Each function yields a name and pixels for a way of showing, as 8-bit grey, shape (H, W), or sRGB,
shape (H, W, 3). What is shown today is `curate.media.decode.to_8bit`; these are the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes8 = npt.NDArray[np.uint8]
    Samples = npt.NDArray[Any]

Reading = tuple[str, "Bytes8"]

# Two ways of rounding are this far apart at most.
_ROUNDING = 2
# By so many samples the levels of a picture are known well enough.
_ENOUGH = 1 << 20


def differ(left: Bytes8, right: Bytes8) -> bool:
    """Return whether two pictures are further apart than by rounding, in any sample.

    >>> grey = np.full((2, 2), 90, np.uint8)
    >>> differ(grey, grey + 2), differ(grey, grey + 3), differ(grey, rgb_of(grey))
    (False, True, False)
    """
    if left.shape[:2] != right.shape[:2]:
        return True
    if left.ndim != right.ndim:
        left, right = rgb_of(left), rgb_of(right)
    for rows in _stripes(left):
        if int(np.abs(left[rows].astype(np.int16) - right[rows]).max()) > _ROUNDING:
            return True
    return False


def is_blank(pixels: Bytes8) -> bool:
    """Return whether a picture has one level, within rounding: it shows nothing."""
    return int(pixels.max()) - int(pixels.min()) <= _ROUNDING


def rgb_of(pixels: Bytes8) -> Bytes8:
    """Return a picture with three channels; grey is repeated."""
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels


def of_transparency(pixels: Bytes8) -> Iterator[Reading]:
    """Yield a picture on black, without its transparency, and its transparency as a picture.

    Viewers lay a picture on the colour of their window, and loaders for training drop the last
    channel, so that colours under transparent pixels come out. The plane itself can be a picture.

    Args:
        pixels: Grey or colours and transparency, shape (H, W, 2) or (H, W, 4).
    """
    plane = pixels[..., -1]
    if int(plane.min()) == 255:
        return
    colours = np.ascontiguousarray(pixels[..., :-1])
    mixed = np.empty_like(colours)
    for rows in _stripes(pixels):
        wide = colours[rows].astype(np.uint16) * plane[rows, :, None]
        mixed[rows] = (wide + 127) // 255
    yield "on black", _flat(mixed)
    yield "without its transparency", _flat(colours)
    yield from of_plane("its transparency as a picture", plane)


def of_plane(name: str, plane: Bytes8) -> Iterator[Reading]:
    """Yield a plane of samples as a picture, where it has more than two levels."""
    if np.count_nonzero(np.bincount(plane.ravel(), minlength=256)) > 2:
        yield name, np.ascontiguousarray(plane)


def of_wide_samples(samples: Samples) -> Iterator[Reading]:
    """Yield samples of more than 8 bits as programs make 8 bits of them.

    Which of its bits a picture uses stands nowhere: sensors of 10 and 12 bits write into 16, from
    the top or from the bottom, and measured floats have any range. Taking the high byte shows such
    a picture black. Programs therefore stretch the range that is used (ImageJ, matplotlib,
    medical viewers), cut at 255 (Pillow's conversion of ``I``), or keep the low byte (an array
    cast to 8 bits). One outlier spoils a stretch, so that samples are also spread by their rank,
    which shows whatever any curve or window of levels would.

    Args:
        samples: Shape (H, W) or (H, W, C) without transparency; integers or floats.
    """
    if samples.dtype.kind == "f":
        yield from _of_floats(samples)
        return
    least, most = int(samples.min()), int(samples.max())
    if least == most:
        return
    yield "in the range that is used", _stretched(samples, least, most)
    yield "with its levels spread evenly", _spread(samples)
    yield "cut at 255", _each(samples, lambda rows: np.clip(rows, 0, 255))
    for shift in (0, 8, 16):
        # The high byte of 16 bits is what is shown anyhow.
        if shift == 0 or most >> shift > 255 or least < 0:
            name = f"byte {shift // 8 + 1} of its samples alone"
            yield name, _each(samples, lambda rows, by=shift: rows >> by & 0xFF)


def _of_floats(samples: Samples) -> Iterator[Reading]:
    finite = samples[np.isfinite(samples)]
    if not finite.size or finite.min() == finite.max():
        yield from _of_holes(samples)
        return
    least, most = float(finite.min()), float(finite.max())
    clean = np.nan_to_num(samples, nan=least, posinf=most, neginf=least)
    yield "in the range that is used", _stretched(clean, least, most)
    yield "with its levels spread evenly", _spread(clean)
    yield "cut at 1", _each(clean, lambda rows: np.clip(rows, 0, 1) * 255 + 0.5)
    yield "cut at 255", _each(clean, lambda rows: np.clip(rows, 0, 255))
    if most >= 256 or least < 0:
        yield "byte 1 of its samples alone", _each(clean, lambda rows: np.floor(rows) % 256)
    yield from _of_holes(samples)


def _of_holes(samples: Samples) -> Iterator[Reading]:
    """Yield where a picture has no numbers: the holes can draw something."""
    holes = ~np.isfinite(samples)
    if holes.any():
        yield "the places without a number", _flat(np.where(holes, 255, 0).astype(np.uint8))


def of_palette_numbers(numbers: Bytes8) -> Iterator[Reading]:
    """Yield the numbers of a palette, shape (H, W), as grey.

    Loaders that take the array of such a picture get its numbers. Where each colour has one
    number they show what the palette shows, and else they can show something that it hides.
    """
    yield "the numbers of its palette", numbers
    yield "the numbers of its palette, spread evenly", _spread(numbers)


def of_inks(inks: Bytes8) -> Iterator[Reading]:
    """Yield a picture of four inks in the other ways: inverted, and without black.

    Adobe's programs write inks inverted, and libraries do not agree when to turn them.

    Args:
        inks: Shape (H, W, 4): cyan, magenta, yellow and black, 255 for all ink.
    """
    from PIL import Image

    yield "with its inks inverted", np.asarray(Image.fromarray(255 - inks, "CMYK").convert("RGB"))
    yield "without black ink", np.ascontiguousarray(255 - inks[..., :3])
    yield from of_plane("its black ink as a picture", inks[..., 3])


def _stretched(samples: Samples, least: float, most: float) -> Bytes8:
    scale = 255 / (float(most) - float(least))
    return _each(samples, lambda rows: (rows.astype(np.float64) - least) * scale + 0.5)


def _spread(samples: Samples) -> Bytes8:
    """Return samples by their rank: each of 256 levels has as many, as far as they differ."""
    flat = samples.reshape(-1)
    some = np.unique(flat[:: max(1, flat.size // _ENOUGH)], return_counts=True)
    levels, counts = some
    # A level's rank is the middle of its samples, so that few levels are spread evenly as well.
    ranks = (np.cumsum(counts) - counts / 2) / counts.sum() * 255
    low, high = ranks[0], ranks[-1]
    ranks = (ranks - low) * (255 / (high - low)) if high > low else ranks
    return _each(samples, lambda rows: np.interp(rows, levels, ranks) + 0.5)


def _each(samples: Samples, change: Any) -> Bytes8:
    """Return samples changed a few rows at a time, as 8 bits."""
    made = np.empty(samples.shape, np.uint8)
    for rows in _stripes(samples):
        made[rows] = change(samples[rows]).astype(np.uint8)
    return _flat(made)


def _flat(pixels: Bytes8) -> Bytes8:
    """Return shape (H, W) or (H, W, 3) of pixels with any number of channels."""
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    return np.ascontiguousarray(pixels[..., 0])


def _stripes(pixels: Samples) -> Iterator[slice]:
    height, width = pixels.shape[:2]
    step = max(1, (1 << 20) // width)
    for at in range(0, height, step):
        yield slice(at, at + step)
