"""Sharpness, brightness and contrast of a picture, and the digest of its pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.decode import Decoded
    from curate.media.jpeg import JpegFacts
    from curate.media.kernels import Kernels

# Sharpness means the same at every resolution only if it is measured at one.
SHARPNESS_SIDE = 512


@dataclass(frozen=True, slots=True)
class Tone:
    """How light, contrasted and sharp a picture is."""

    sharpness: float
    brightness: float
    contrast: float


def tone(grey: npt.NDArray[np.uint8], size: tuple[int, int], scale: int, kernels: Kernels) -> Tone:
    """Return the tone of a picture.

    Args:
        grey: Luma at 1/`scale`, shape (ceil(H / scale), ceil(W / scale)).
        size: Width and height of the full picture in pixels.
        scale: Reduction at which `grey` was decoded.
        kernels: What computes the sums.
    """
    mean, deviation = kernels.moments(grey)
    factor = sharpness_factor(max(size)) // scale
    variance = kernels.laplacian_variance(grey if factor <= 1 else kernels.box_means(grey, factor))
    return Tone(variance, mean / 255.0, deviation / 255.0)


def sharpness_factor(longer_side: int) -> int:
    """Return the power of two by which a picture is reduced before sharpness is measured.

    >>> sharpness_factor(512), sharpness_factor(513), sharpness_factor(4000)
    (1, 2, 8)
    """
    factor = 1
    while longer_side > SHARPNESS_SIDE * factor:
        factor *= 2
    return factor


def pixel_digest(decoded: Decoded) -> str:
    """Return the SHA-256 of decoded pixels with their layout, shape and type.

    The shape is part of it: otherwise a plain 2 x 8 and a plain 4 x 4 would be one picture.
    """
    pixels = np.ascontiguousarray(decoded.pixels)
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    header = f"curate-pixels-1|{decoded.layout}|{little.shape}|{little.dtype.str}|"
    digest = hashlib.sha256(header.encode())
    digest.update(np.ascontiguousarray(little).data.cast("B"))
    return digest.hexdigest()


def coded_digest(data: bytes, facts: JpegFacts, orientation: int | None) -> str:
    """Return the SHA-256 of all that decides how a JPEG decodes and is displayed.

    Application segments and comments are left out, but for the two facts in them that change
    colours (Adobe's transform, JFIF's presence) and the orientation. Files that differ only
    in metadata share it, and no two different pictures do.
    """
    header = f"curate-coded-1|{facts.adobe_transform}|{facts.jfif}|{orientation or 1}|"
    digest = hashlib.sha256(header.encode())
    view = memoryview(data)
    for start, end in facts.coded:
        digest.update(view[start:end])
    return digest.hexdigest()
