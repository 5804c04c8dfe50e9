"""Measures mean the same at every size; digests tell pictures apart."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from curate.media.decode import Decoded
from curate.media.jpeg import parse_jpeg
from curate.media.kernels import default_kernels
from curate.media.measures import Tone, coded_digest, pixel_digest, tone
from tests.unit.media.conftest import draw, encode


def measured(grey: np.ndarray) -> Tone:
    """Measure a whole picture."""
    return tone(grey, (grey.shape[1], grey.shape[0]), 1, default_kernels())


def test_brightness_runs_from_black_to_white() -> None:
    levels = [measured(np.full((50, 60), level, np.uint8)).brightness for level in (0, 51, 255)]
    assert levels == pytest.approx([0.0, 0.2, 1.0])


def test_contrast_of_half_black_half_white_is_half() -> None:
    grey = np.zeros((50, 60), np.uint8)
    grey[:, 30:] = 255
    assert measured(grey).contrast == pytest.approx(0.5)


def test_blurring_lowers_sharpness() -> None:
    image = Image.fromarray(draw(640, 480)).convert("L")
    radii = [image.filter(ImageFilter.GaussianBlur(r)) for r in (0, 1, 3, 8)]
    values = [measured(np.asarray(blurred)).sharpness for blurred in radii]
    assert values == sorted(values, reverse=True)


def test_sharpness_does_not_grow_with_the_number_of_pixels() -> None:
    small = np.ascontiguousarray(draw(512, 384)[:, :, 0])
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    assert measured(large).sharpness == pytest.approx(measured(small).sharpness, rel=1e-4)


def test_picture_of_two_pixels_has_no_sharpness() -> None:
    assert measured(np.array([[0, 255]], np.uint8)).sharpness == 0.0


def digest(pixels: np.ndarray, layout: str = "L") -> str:
    """Return the digest of pixels as if decoded."""
    return pixel_digest(Decoded(pixels, layout, layout, 8, None, None, False, 1))  # noqa: FBT003


def test_shape_and_layout_are_part_of_the_pixel_digest() -> None:
    flat = np.zeros(16, np.uint8)
    digests = {
        digest(flat.reshape(2, 8)),
        digest(flat.reshape(4, 4)),
        digest(flat.reshape(2, 4, 2), "LA"),
        digest(flat.reshape(2, 2, 4), "RGBA"),
        digest(flat.reshape(2, 2, 4), "CMYK"),
    }
    assert len(digests) == 5


def test_pixel_digest_does_not_depend_on_memory_order() -> None:
    pixels = draw(30, 20)
    assert digest(np.asfortranarray(pixels), "RGB") == digest(pixels, "RGB")


def test_coded_digest_ignores_metadata_and_what_trails() -> None:
    plain, tagged = encode(draw()), encode(draw(), comment=b"hello", icc_profile=b"p") + b"PK"
    assert coded_digest(plain, parse_jpeg(plain), None) == coded_digest(
        tagged, parse_jpeg(tagged), 1
    )


def test_coded_digest_tells_pictures_and_orientations_apart() -> None:
    first, second = encode(draw()), encode(draw(seed=1))
    digests = {
        coded_digest(first, parse_jpeg(first), None),
        coded_digest(first, parse_jpeg(first), 6),
        coded_digest(second, parse_jpeg(second), None),
    }
    assert len(digests) == 3
