"""Hand upright pixels to others: to face analysis, and as thumbnails to reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from curate.media.decode import check_size, decode, picture_format, to_8bit, upright
from curate.media.exif import parse_exif
from curate.media.jpeg import parse_jpeg
from curate.media.limits import Limits
from curate.media.open import read_media
from curate.media.turbo import decode_jpeg

if TYPE_CHECKING:
    import numpy.typing as npt


def load_rgb(
    source: Path | str | bytes,
    *,
    max_side: int | None = None,
    limits: Limits | None = None,
    root: Path | None = None,
) -> npt.NDArray[np.uint8]:
    """Return a picture's pixels, upright, as displayed.

    Args:
        source: A file, or the bytes of one.
        max_side: Longest side wanted, in pixels; larger pictures are scaled down to it.
        limits: What the file may cost.
        root: The media root that links must not leave; by default the file's folder.

    Returns:
        sRGB, shape (H, W, 3), dtype uint8, contiguous and writable. Grey is repeated,
        transparency laid on white, the first frame of an animation taken.

    Raises:
        UnreadableError: It cannot be read as a picture.
    """
    limits = limits or Limits()
    data = source if isinstance(source, bytes) else _read(Path(source), root, limits)
    found = picture_format(data)
    picture = None
    if found.name == "JPEG":
        picture = _jpeg(data, max_side, limits)
    if picture is None:
        picture = to_8bit(decode(data, found, limits))
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    return np.require(_fit(picture, max_side), requirements=["C", "W"])


def thumbnail_jpeg(
    source: Path | str | bytes,
    side: int,
    quality: int = 80,
    *,
    limits: Limits | None = None,
    root: Path | None = None,
) -> bytes:
    """Return a small JPEG of a picture, upright and without any metadata.

    Args:
        source: A file, or the bytes of one.
        side: Longest side, in pixels.
        quality: IJG quality, 1 to 100.
        limits: What the file may cost.
        root: The media root that links must not leave; by default the file's folder.

    Raises:
        UnreadableError: It cannot be read as a picture.
    """
    import simplejpeg

    pixels = load_rgb(source, max_side=side, limits=limits, root=root)
    encoded: bytes = simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB")
    return encoded


def _jpeg(data: bytes, max_side: int | None, limits: Limits) -> npt.NDArray[np.uint8] | None:
    """Decode a JPEG no larger than `max_side` needs, letting the inverse DCT do the scaling."""
    facts = parse_jpeg(data)
    longer = max(facts.width, facts.height)
    scale = next((s for s in (8, 4, 2) if max_side and longer >= s * max_side), 1)
    pixels = decode_jpeg(data, facts, limits, scale=scale)
    return None if pixels is None else upright(pixels, parse_exif(facts.exif or b"").orientation)


def _read(path: Path, root: Path | None, limits: Limits) -> bytes:
    return read_media(path, root=root, limits=limits).data


def _fit(picture: npt.NDArray[np.uint8], max_side: int | None) -> npt.NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if max_side is None or max(height, width) <= max_side:
        return picture
    from PIL import Image

    ratio = max_side / max(height, width)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    check_size(*size, Limits())
    shrunk = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(shrunk)
