"""Pixels for others: RGB, upright, no larger than asked, without metadata."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from curate.media import Limits, Reason, UnreadableError, load_rgb, thumbnail_jpeg
from tests.unit.media.conftest import draw, encode, with_orientation


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_whole_picture_equals_pillows(write: Callable[..., Path], kind: str) -> None:
    data = encode(draw(), kind)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(load_rgb(write(data)), expected)


@pytest.mark.parametrize("value", range(1, 9))
def test_jpeg_is_upright(value: int) -> None:
    data = encode(draw(), exif=with_orientation(value))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(load_rgb(data), np.asarray(expected))


def test_grey_is_repeated_in_three_channels() -> None:
    pixels = load_rgb(encode(draw()[:, :, 0], "PNG"))
    assert pixels.shape == (240, 320, 3)
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


@pytest.mark.parametrize(("side", "shape"), [(160, (120, 160)), (79, (59, 79)), (999, (240, 320))])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_larger_pictures_are_scaled_to_the_side(side, shape, kind) -> None:
    assert load_rgb(encode(draw(), kind), max_side=side).shape == (*shape, 3)


def test_scaled_jpeg_looks_like_the_resized_whole() -> None:
    data = encode(draw(1024, 768))
    expected = np.asarray(Image.open(io.BytesIO(data)).resize((128, 96), Image.Resampling.LANCZOS))
    difference = load_rgb(data, max_side=128).astype(int) - expected
    assert np.abs(difference).mean() < 3


def test_pixels_may_be_written_to() -> None:
    for kind in ("JPEG", "PNG"):
        pixels = load_rgb(encode(draw(), kind))
        pixels[0, 0] = 1
        assert pixels.flags.c_contiguous


def test_two_pictures_do_not_share_memory() -> None:
    first = load_rgb(encode(draw()))
    kept = first.copy()
    load_rgb(encode(draw(seed=3)))
    np.testing.assert_array_equal(first, kept)


def test_thumbnail_is_a_small_upright_jpeg_without_metadata() -> None:
    data = encode(draw(), exif=with_orientation(6), icc_profile=b"profile", comment=b"who")
    image = Image.open(io.BytesIO(thumbnail_jpeg(data, 64, 70)))
    assert (image.format, image.size) == ("JPEG", (48, 64))
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)


@pytest.mark.parametrize("data", [b"hello", b"8BPS\0\1", b"\x1aE\xdf\xa3"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        load_rgb(data)
    assert caught.value.reason_code is Reason.NOT_MEDIA


def test_limits_hold_here_too() -> None:
    for kind in ("JPEG", "PNG"):
        with pytest.raises(UnreadableError) as caught:
            load_rgb(encode(draw(), kind), limits=Limits(max_pixels=100))
        assert caught.value.reason_code is Reason.BOMB
