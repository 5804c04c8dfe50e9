"""Weights: PDQ's and Pillow's reductions as matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.media.resample import lanczos_band, tent_band

lengths = st.integers(1, 900)
scales = st.sampled_from([1, 2, 4, 8])


@given(lengths, scales)
def test_tent_weights_of_each_output_sum_to_one(length: int, scale: int) -> None:
    dense = tent_band(length, 64, scale).dense(-(-length // scale))
    np.testing.assert_allclose(dense.sum(axis=1), 1.0, atol=1e-9)


@given(lengths, scales, st.sampled_from([8, 9, 32]))
def test_lanczos_weights_of_each_output_sum_to_one(length, scale, outputs) -> None:
    dense = lanczos_band(length, outputs, scale).dense(-(-length // scale))
    np.testing.assert_allclose(dense.sum(axis=1) / 2**22, 1.0, atol=1e-3)


@given(lengths)
def test_tent_is_two_box_filters_then_the_cell_centres(length: int) -> None:
    rng = np.random.default_rng(length)
    signal = rng.uniform(0, 255, length)
    window = -(-length // 128)
    twice = box(box(signal, window), window)
    centres = [int((i + 0.5) * length / 64) for i in range(64)]
    np.testing.assert_allclose(tent_band(length, 64, 1).dense(length) @ signal, twice[centres])


def box(signal: np.ndarray, window: int) -> np.ndarray:
    """Return running means, with windows that shrink at the edges, as PDQ describes them."""
    after = (window + 2) // 2
    before = window - after
    return np.array([signal[max(i - before, 0) : i + after].mean() for i in range(len(signal))])
