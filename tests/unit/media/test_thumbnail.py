"""Thumbnails in EXIF: like their picture, or not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.media.probe import probe_file
from tests.unit.media.conftest import draw, encode


def small(pixels: np.ndarray, size: tuple[int, int] = (160, 120)) -> bytes:
    """Return a thumbnail of a picture."""
    return encode(np.asarray(Image.fromarray(pixels).resize(size)))


def exif_with(thumbnail: bytes, orientation: int = 1) -> bytes:
    """Return an EXIF block that carries a thumbnail."""
    first = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 26)
    second = struct.pack("<HHHII", 2, 0x0201, 4, 1, 56)
    second += struct.pack("<HHIII", 0x0202, 4, 1, len(thumbnail), 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + thumbnail


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnail_of_the_picture_is_near(write: Callable[..., Path], orientation: int) -> None:
    pixels = draw()
    row = probe_file(write(encode(pixels, exif=exif_with(small(pixels), orientation))))
    assert int(str(row["thumbnail_distance"])) <= 4


def test_thumbnail_of_another_picture_is_far(write: Callable[..., Path]) -> None:
    row = probe_file(write(encode(draw(), exif=exif_with(small(draw(seed=5))))))
    assert int(str(row["thumbnail_distance"])) > 16


def test_black_bars_around_a_thumbnail_are_not_a_difference(write: Callable[..., Path]) -> None:
    pixels = draw(480, 270)
    barred = np.zeros((120, 160, 3), np.uint8)
    barred[15:105] = np.asarray(Image.fromarray(pixels).resize((160, 90)))
    row = probe_file(write(encode(pixels, exif=exif_with(encode(barred)))))
    assert int(str(row["thumbnail_distance"])) <= 6


@pytest.mark.parametrize("thumbnail", [b"\xff\xd8\xff\xd9", b"\xff\xd8\xff" + bytes(50)])
def test_broken_thumbnail_has_no_distance(write: Callable[..., Path], thumbnail: bytes) -> None:
    row = probe_file(write(encode(draw(), exif=exif_with(thumbnail))))
    assert row["has_exif"] is True
    assert row["thumbnail_distance"] is None
