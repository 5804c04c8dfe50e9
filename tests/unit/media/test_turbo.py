"""JPEG by libjpeg-turbo: the same pixels as Pillow's, scaled on the way, or an error."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from curate.media.jpeg import parse_jpeg
from curate.media.limits import Limits
from curate.media.turbo import decode_jpeg, decode_whole_jpeg, luma_scale, scratch
from curate.media.unreadable import Reason, UnreadableError
from tests.unit.media.conftest import draw, encode


def colours(data: bytes, limits: Limits | None = None) -> np.ndarray | None:
    """Decode a JPEG whole."""
    return decode_jpeg(data, parse_jpeg(data), limits or Limits())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_pixels_equal_pillows(options: dict[str, object]) -> None:
    data = encode(draw(321, 243), **options)
    np.testing.assert_array_equal(colours(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [(320, 240), (321, 243), (1, 1), (17, 1000)], ids=str)
def test_scaled_luma_has_the_stated_shape(scale: int, size: tuple[int, int]) -> None:
    data = encode(draw(*size))
    luma = decode_jpeg(data, parse_jpeg(data), Limits(), colour=False, scale=scale)
    assert luma is not None
    assert luma.shape == (-(-size[1] // scale), -(-size[0] // scale))


def test_luma_into_a_buffer_equals_luma_of_its_own() -> None:
    data = encode(draw())
    facts = parse_jpeg(data)
    own = decode_jpeg(data, facts, Limits(), colour=False)
    lent = decode_jpeg(data, facts, Limits(), colour=False, buffer=scratch(320 * 240))
    np.testing.assert_array_equal(own, lent)


def test_cmyk_is_left_to_pillow() -> None:
    buffer = io.BytesIO()
    Image.fromarray(draw()).convert("CMYK").save(buffer, "JPEG")
    data = buffer.getvalue()
    assert colours(data) is None
    assert decode_whole_jpeg(data, parse_jpeg(data), Limits()) is None


def reason(data: bytes, limits: Limits | None = None) -> Reason:
    """Return why a JPEG is not decoded."""
    with pytest.raises(UnreadableError) as caught:
        colours(data, limits)
    return caught.value.reason_code


def test_file_without_its_end_is_truncated() -> None:
    data = encode(draw())
    assert reason(data[:-2]) is Reason.TRUNCATED
    assert reason(data[: len(data) // 2]) is Reason.TRUNCATED


def test_end_marker_after_half_the_picture_is_damage() -> None:
    data = encode(draw())
    assert reason(data[: len(data) // 2] + b"\xff\xd9") in {Reason.TRUNCATED, Reason.CORRUPT}


def test_stray_bytes_between_segments_are_left_to_pillow() -> None:
    data = encode(draw())
    at = data.find(b"\xff\xdb")
    assert colours(data[:at] + b"\x01\x02" + data[at:]) is None


def test_picture_over_the_pixel_limit_is_a_bomb() -> None:
    assert reason(encode(draw()), Limits(max_pixels=320 * 240 - 1)) is Reason.BOMB


def test_more_scans_than_the_limit_are_a_bomb() -> None:
    assert reason(encode(draw(), progressive=True), Limits(max_scans=3)) is Reason.BOMB


@pytest.mark.parametrize(
    ("size", "scale"), [((767, 4000), None), ((768, 1024), 1), ((1536, 1600), 2), ((9000, 6144), 8)]
)
def test_scale_leaves_enough_of_the_shorter_side(size, scale) -> None:
    assert luma_scale(*size) == luma_scale(*size[::-1]) == scale
