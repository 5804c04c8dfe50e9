"""Decoding: upright, within limits, every mode turned into what is shown."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from curate.media.decode import Decoded, check_size, decode, to_8bit, upright
from curate.media.limits import Limits
from curate.media.sniff import sniff
from curate.media.unreadable import Reason, UnreadableError
from tests.unit.media.conftest import draw, encode, with_orientation


def decoded(data: bytes) -> Decoded:
    """Decode the bytes of a file."""
    found = sniff(data)
    assert found is not None
    return decode(data, found, Limits())


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return an image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_is_applied_as_pillow_does(value: int) -> None:
    data = encode(draw(30, 20), "PNG", exif=with_orientation(value))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(to_8bit(decoded(data)), np.asarray(expected))


@pytest.mark.parametrize("value", [None, 0, 1, 9])
def test_orientation_without_meaning_changes_nothing(value: int | None) -> None:
    pixels = draw(30, 20)
    np.testing.assert_array_equal(upright(pixels, value), pixels)


def test_tiff_states_its_orientation_in_its_own_tag() -> None:
    data = encode(draw(30, 20), "TIFF", tiffinfo={274: 6})
    found = decoded(data)
    assert found.orientation == 6
    np.testing.assert_array_equal(found.pixels, np.rot90(draw(30, 20), -1))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "RGBA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_opaque_mode_shows_what_pillow_shows(mode: str, kind: str) -> None:
    image = Image.fromarray(draw(40, 30)).convert(mode)
    shown = to_8bit(decoded(saved(image, kind)))
    expected = np.asarray(image.convert("L" if mode in {"1", "L", "LA"} else "RGB"))
    np.testing.assert_array_equal(shown, expected)


def test_transparent_pixels_are_laid_on_white() -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = (0, 128, 255)
    assert to_8bit(decoded(encode(pixels, "PNG")))[0, :, 0].tolist() == [255, 127, 0]


def test_transparent_colour_of_a_palette_is_laid_on_white() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([0, 0, 0, 9, 9, 9])
    image.putpixel((1, 0), 1)
    shown = to_8bit(decoded(saved(image, "PNG", transparency=0)))
    assert shown[0].tolist() == [[255, 255, 255], [9, 9, 9]]


def test_sixteen_bits_are_scaled_to_eight_and_kept_for_the_digest() -> None:
    wide = np.array([[0, 255, 256, 65535]], np.uint16)
    found = decoded(encode(wide, "PNG"))
    assert found.bit_depth == 16
    assert found.pixels.tolist() == wide.tolist()
    assert to_8bit(found).tolist() == [[0, 0, 1, 255]]


def test_sixteen_bit_anymap_is_scaled_to_eight() -> None:
    data = b"P5 2 1 65535\n" + bytes([0, 0, 255, 255])
    found = decoded(data)
    assert found.bit_depth == 16
    assert to_8bit(found).tolist() == [[0, 255]]


@pytest.mark.parametrize(("top", "expected"), [(1.0, 255), (200.0, 200)])
def test_floats_are_read_from_one_or_from_255(top: float, expected: int) -> None:
    data = encode(np.array([[0.0, top]], np.float32), "TIFF")
    assert to_8bit(decoded(data)).tolist() == [[0, expected]]


def test_floats_that_are_no_numbers_are_black() -> None:
    data = encode(np.array([[np.nan, 1.0]], np.float32), "TIFF")
    assert to_8bit(decoded(data)).tolist() == [[0, 255]]


def test_cmyk_is_shown_as_pillow_does() -> None:
    image = Image.fromarray(draw(40, 30)).convert("CMYK")
    found = decoded(saved(image, "TIFF"))
    assert found.layout == "CMYK"
    np.testing.assert_array_equal(to_8bit(found), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "BMP", "PPM", "GIF"])
def test_format_shows_what_pillow_shows(kind: str) -> None:
    data = encode(draw(48, 32), kind)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(to_8bit(decoded(data)), expected)


def test_heic_is_read_and_turned_once() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()  # its Pillow plugin is what writes the turning box
    image = Image.fromarray(draw(64, 48))
    shown = to_8bit(decoded(saved(image, "HEIF", quality=95, exif=with_orientation(6))))
    expected = np.rot90(np.asarray(image), -1).astype(int)
    assert shown.shape == expected.shape
    assert np.abs(shown - expected).mean() < 12


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "WEBP", "PPM"])
def test_truncated_picture_is_an_error(kind: str) -> None:
    data = encode(draw(), kind)
    with pytest.raises(UnreadableError) as caught:
        decoded(data[: len(data) // 2])
    assert caught.value.reason_code in {Reason.TRUNCATED, Reason.CORRUPT}


@pytest.mark.parametrize(
    ("size", "reason"), [((0, 5), Reason.CORRUPT), ((20_000, 20_000), Reason.BOMB)]
)
def test_size_out_of_bounds_is_refused(size: tuple[int, int], reason: Reason) -> None:
    with pytest.raises(UnreadableError) as caught:
        check_size(*size, Limits())
    assert caught.value.reason_code is reason
