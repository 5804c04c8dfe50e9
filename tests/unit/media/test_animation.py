"""Frames and durations, counted without decoding."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curate.media.animation import Timing, gif_timing, png_timing, tiff_timing, webp_timing
from tests.unit.media.conftest import draw, encode

COUNTS = {"GIF": gif_timing, "WEBP": webp_timing, "PNG": png_timing}


def animation(kind: str, durations: list[int]) -> bytes:
    """Return an animation of distinct frames."""
    frames = [Image.fromarray(draw(32, 24, seed)) for seed in range(len(durations))]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, kind, save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    return buffer.getvalue()


@pytest.mark.parametrize("kind", COUNTS)
def test_frames_and_durations_are_summed(kind: str) -> None:
    data = animation(kind, [100, 250, 400])
    assert COUNTS[kind](data, max_frames=99) == Timing(3, 750, len(data))


@pytest.mark.parametrize("kind", COUNTS)
def test_still_picture_has_one_frame_and_no_duration(kind: str) -> None:
    data = encode(draw(32, 24), kind)
    assert COUNTS[kind](data, max_frames=99) == Timing(1, None, len(data))


@pytest.mark.parametrize("kind", COUNTS)
def test_end_is_found_before_what_trails(kind: str) -> None:
    data = animation(kind, [100, 100])
    assert COUNTS[kind](data + b"PK\x03\x04", max_frames=99).end == len(data)


@pytest.mark.parametrize("kind", COUNTS)
def test_counting_stops_at_the_limit(kind: str) -> None:
    assert COUNTS[kind](animation(kind, [100] * 5), max_frames=2).frame_count == 2


def test_frames_without_a_delay_count_as_browsers_show_them() -> None:
    assert gif_timing(animation("GIF", [0, 0]), max_frames=9).duration_ms == 200


@pytest.mark.parametrize("kind", COUNTS)
@given(cut=st.integers(0, 2000), noise=st.binary(max_size=40))
def test_damaged_container_is_counted_without_an_error(kind, cut, noise) -> None:
    data = encode(draw(32, 24), kind)
    cut %= len(data)
    assert COUNTS[kind](data[:cut] + noise, max_frames=50).frame_count >= 1


def pages(number: int, **options: object) -> bytes:
    """Return a TIFF of several pages."""
    images = [Image.fromarray(draw(16, 16, seed)) for seed in range(number)]
    buffer = io.BytesIO()
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("big", [False, True])
def test_pages_of_a_tiff_are_counted(big: bool) -> None:  # noqa: FBT001
    assert tiff_timing(pages(3, big_tiff=big), max_frames=99).frame_count == 3


def test_chain_of_directories_that_closes_ends() -> None:
    loop = b"II*\0\x08\0\0\0" + bytes(2) + b"\x08\0\0\0"
    assert tiff_timing(loop, max_frames=99).frame_count == 1


@given(cut=st.integers(8, 3000), noise=st.binary(max_size=40))
def test_damaged_tiff_is_counted_without_an_error(cut: int, noise: bytes) -> None:
    assert tiff_timing(pages(2)[:cut] + noise, max_frames=50).frame_count >= 1
