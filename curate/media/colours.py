"""Colour profiles and gamma that make another picture of the same samples.

Numbers are taken as sRGB here, and browsers and editors apply what the file states. For the spaces
that cameras and editors use, the two differ in tint. A table of colours can also swap light and
dark, and a gamma far from that of displays brings out what is too bright or too dark to be seen
without it. Only such a profile makes a look of its own.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.jpeg import JpegFacts

    Bytes8 = npt.NDArray[np.uint8]

_ICC = b"ICC_PROFILE\x00"
_STEPS, _STEPS_OF_INK = 17, 8
# Light and dark of colours over the whole space go together at least so well, from AdobeRGB to
# ProPhoto, where a profile does no more than to place them.
_ALIKE = 0.9
# From one level to the next nothing jumps: levels that are next to each other look alike.
_JUMP = 32
# Displays have a gamma of 2.2; samples in proportion to light have an exponent of 0.45.
_GAMMA, _LEAST, _MOST = 2.2, 0.4, 2.5
_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


def profile_of_jpeg(data: bytes, facts: JpegFacts) -> bytes:
    """Return the colour profile of a JPEG, in the order that its pieces are numbered."""
    pieces = [
        (data[begin + len(_ICC)], data[begin + len(_ICC) + 2 : end])
        for marker, begin, end in facts.segments
        if marker == 0xE2 and data[begin:end].startswith(_ICC) and end - begin > len(_ICC) + 2
    ]
    return b"".join(piece for _, piece in sorted(pieces))


@lru_cache(maxsize=64)
def swaps_light(profile: bytes) -> bool:
    """Return whether a profile makes another picture of the same samples.

    Returns:
        False also for one that cannot be applied: programs then leave it out.
    """
    mode = _MODES.get(profile[16:20])
    if mode is None:
        return False
    channels = len(mode)
    colours = _colours(channels)
    with_it = apply_profile(colours, profile)
    ramps = apply_profile(_ramps(channels), profile)
    if with_it is None or ramps is None:
        return False
    one, other = (_light(pixels) for pixels in (_displayed(colours, mode), with_it))
    jump = np.abs(np.diff(_light(ramps), axis=1)).max()
    if np.ptp(other) < 1 or jump > _JUMP:
        return True
    together = np.corrcoef(one.ravel(), other.ravel())
    return float(together[0, 1]) < _ALIKE


def _light(pixels: Bytes8) -> npt.NDArray[np.float64]:
    """Return the luma of a picture, shape (H, W)."""
    weights = np.array([0.299, 0.587, 0.114])
    return np.asarray(pixels @ weights)


def _ramps(channels: int) -> Bytes8:
    """Return every level of each channel, and of all together, a row for each."""
    levels = np.arange(256, dtype=np.uint8)
    if channels == 1:
        return levels[None]
    rows = np.full((channels + 1, 256, channels), 128, np.uint8)
    for channel in range(channels):
        rows[channel, :, channel] = levels
    rows[channels] = levels[:, None]
    return rows


def _colours(channels: int) -> Bytes8:
    """Return colours of the whole space as a picture of one row."""
    steps = np.linspace(0, 255, _STEPS if channels < 4 else _STEPS_OF_INK).astype(np.uint8)
    grid = np.stack(np.meshgrid(*[steps] * channels, indexing="ij"), axis=-1)
    flat = grid.reshape(1, -1, channels)
    return flat[..., 0] if channels == 1 else flat


def _displayed(pixels: Bytes8, mode: str) -> Bytes8:
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels), mode).convert("RGB"))


def apply_profile(pixels: Bytes8, profile: bytes) -> Bytes8 | None:
    """Return a picture as programs show it that apply its profile.

    Args:
        pixels: Shape (H, W), (H, W, 3) or, of four inks, (H, W, 4).
        profile: An ICC profile.

    Returns:
        sRGB, shape (H, W, 3); None where the profile is broken, or one of another kind of picture.
    """
    from PIL import Image, ImageCms

    mode = _MODES.get(profile[16:20])
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if mode is None or channels != (1 if mode == "L" else len(mode)):
        return None
    image: Any = Image.fromarray(np.ascontiguousarray(pixels), mode)
    try:
        made = ImageCms.profileToProfile(image, io.BytesIO(profile), _display(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    return None if made is None else np.asarray(made)


@lru_cache(maxsize=1)
def _display() -> Any:
    from PIL import ImageCms

    return ImageCms.createProfile("sRGB")


def gamma_of_png(data: bytes) -> float | None:
    """Return the exponent that a PNG's gamma asks for, where it makes another picture."""
    at, kind = 8, b""
    while kind not in (b"IDAT", b"IEND") and at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"gAMA" and length == 4:
            value = int.from_bytes(data[at + 8 : at + 12], "big") / 100_000
            exponent = 1 / (_GAMMA * value) if value else float("inf")
            return None if _LEAST <= exponent <= _MOST else min(exponent, 100.0)
        at += 12 + length
    return None


def apply_gamma(pixels: Bytes8, exponent: float) -> Bytes8:
    """Return a picture with its samples raised to a power."""
    table = (255 * (np.arange(256) / 255) ** exponent + 0.5).astype(np.uint8)
    return table[pixels]
