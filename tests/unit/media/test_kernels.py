"""Compiled kernels compute what the numpy definition does."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from curate.media.compiled import CompiledKernels
from curate.media.kernels import NumpyKernels, default_kernels
from curate.media.resample import lanczos_band, tent_band
from tests.unit.media.conftest import draw

SIZES = [(320, 240), (317, 241), (64, 64), (7, 5), (1, 3), (641, 130)]
NUMPY, COMPILED = NumpyKernels(), CompiledKernels()


@pytest.fixture(params=SIZES, ids=str)
def picture(request: pytest.FixtureRequest) -> np.ndarray:
    """Return a drawn picture of each size."""
    return draw(*request.param)


@pytest.fixture
def grey(picture: np.ndarray) -> np.ndarray:
    """Return one channel of it."""
    return np.ascontiguousarray(picture[:, :, 0])


def test_compiled_kernels_are_the_default() -> None:
    assert default_kernels().name == "numba"


def test_numpy_kernels_serve_where_numba_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "curate.media.compiled", None)
    default_kernels.cache_clear()
    name = default_kernels().name
    default_kernels.cache_clear()
    assert name == "numpy"


def test_luma_equals_pillows(picture: np.ndarray) -> None:
    expected = np.asarray(Image.fromarray(picture).convert("L"))
    np.testing.assert_array_equal(NUMPY.luma(picture), expected)
    np.testing.assert_array_equal(COMPILED.luma(picture), expected)


def test_fixed_reductions_are_equal(grey: np.ndarray) -> None:
    rows, columns = lanczos_band(grey.shape[0], 8, 1), lanczos_band(grey.shape[1], 9, 1)
    np.testing.assert_array_equal(
        COMPILED.reduce_fixed(grey, rows, columns), NUMPY.reduce_fixed(grey, rows, columns)
    )


def test_float_reductions_agree(grey: np.ndarray) -> None:
    rows, columns = (tent_band(length, 64, 1) for length in grey.shape)
    mine, theirs = (k.reduce_columns(k.reduce_rows(grey, rows), columns) for k in (COMPILED, NUMPY))
    np.testing.assert_allclose(mine, theirs, atol=1e-3)


def test_moments_agree(grey: np.ndarray) -> None:
    np.testing.assert_allclose(COMPILED.moments(grey), NUMPY.moments(grey), atol=1e-6)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_box_means_agree(grey: np.ndarray, factor: int) -> None:
    np.testing.assert_allclose(
        COMPILED.box_means(grey, factor), NUMPY.box_means(grey, factor), rtol=1e-5
    )


def test_laplacian_variances_agree(grey: np.ndarray) -> None:
    mine, theirs = COMPILED.laplacian_variance(grey), NUMPY.laplacian_variance(grey)
    np.testing.assert_allclose(mine, theirs, rtol=1e-4)


def test_laplacian_variance_of_a_ramp_is_zero() -> None:
    ramp = np.add.outer(np.arange(20), 2 * np.arange(30)).astype(np.uint8)
    assert NUMPY.laplacian_variance(ramp) == 0.0
    assert COMPILED.laplacian_variance(ramp) == 0.0
