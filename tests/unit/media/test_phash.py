"""pHash and dHash are imagehash's."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curate.media.kernels import default_kernels
from curate.media.phash import hamming, hashes, reduced
from tests.unit.media.conftest import draw

SIZES = [(320, 240), (33, 700), (700, 33), (32, 32), (5, 9), (9, 5), (1, 1), (1023, 64), (8, 8)]


def imagehashes(grey: np.ndarray) -> tuple[bytes, bytes]:
    """Return imagehash's pHash and dHash as bytes."""
    image = Image.fromarray(grey)
    found = (imagehash.phash(image), imagehash.dhash(image))
    return bytes.fromhex(str(found[0])), bytes.fromhex(str(found[1]))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("target", [(32, 32), (9, 8)], ids=str)
def test_reduction_equals_pillows_resize(size, target) -> None:
    grey = np.ascontiguousarray(draw(*size)[:, :, 1])
    expected = Image.fromarray(grey).resize(target, Image.Resampling.LANCZOS)
    found = reduced(grey, size, 1, target, default_kernels())
    np.testing.assert_array_equal(found, np.asarray(expected))


@given(width=st.integers(1, 200), height=st.integers(1, 200), seed=st.integers(0, 9))
def test_hashes_equal_imagehashes_on_pictures_of_any_size(width, height, seed) -> None:
    grey = np.ascontiguousarray(draw(width, height, seed)[:, :, 0])
    assert hashes(grey, (width, height), 1, default_kernels()) == imagehashes(grey)


@given(width=st.integers(1, 60), height=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_hashes_equal_imagehashes_on_noise(width, height, seed) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    assert hashes(grey, (width, height), 1, default_kernels()) == imagehashes(grey)


@pytest.mark.parametrize("level", [0, 1, 127, 255])
def test_hashes_of_a_flat_picture_equal_imagehashes(level: int) -> None:
    grey = np.full((90, 160), level, np.uint8)
    assert hashes(grey, (160, 90), 1, default_kernels()) == imagehashes(grey)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_hamming_counts_the_bits_that_differ(left: bytes, right: bytes) -> None:
    expected = sum((a ^ b).bit_count() for a, b in zip(left, right, strict=True))
    assert hamming(left, right) == hamming(right, left) == expected
