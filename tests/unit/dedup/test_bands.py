"""The band plan: pigeonhole arithmetic, and plans that fit the codes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.bands import BRUTE_FORCE, Band, Workload, choose_bands, radii_of, sample_of


def uniform(n: int, words: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2**64, (n, words), dtype=np.uint64)


def workload(n: int, words: int, radius: int, codes: np.ndarray | None = None) -> Workload:
    sample = sample_of(uniform(2000, words) if codes is None else codes)
    return Workload(n, n, radius, sample, same=True)


@given(st.integers(1, 64), st.integers(0, 255))
def test_radii_of_spends_exactly_the_pigeonhole_budget(count, radius) -> None:
    assert sum(r + 1 for r in radii_of(count, radius)) == radius + 1


@pytest.mark.parametrize(
    ("n", "words", "radius"), [(10**5, 1, 10), (10**6, 1, 10), (10**6, 4, 31), (10**7, 4, 31)]
)
def test_choose_bands_gives_a_complete_plan(n, words, radius) -> None:
    bands = choose_bands(workload(n, words, radius))

    used = [bit for band in bands for bit in band.bits]
    assert len(used) == len(set(used))
    assert sum(band.radius + 1 for band in bands) == radius + 1


def test_choose_bands_compares_few_codes_by_brute_force() -> None:
    assert choose_bands(workload(100, 1, 10)) == BRUTE_FORCE


def test_choose_bands_leaves_constant_bits_out_of_the_keys() -> None:
    codes = uniform(2000, 4)
    codes[:, 0] = 0

    bands = choose_bands(workload(10**6, 4, 20, codes))

    used = np.array([bit for band in bands for bit in band.bits])
    assert np.mean(used >= 64) > 0.9


def test_choose_bands_separates_bits_that_repeat_one_another() -> None:
    codes = uniform(2000, 1) & np.uint64(0xFFFFFFFF)
    codes |= codes << np.uint64(32)

    bands = choose_bands(workload(10**6, 1, 4, codes))

    twins = [len({bit % 32 for bit in band.bits}) < len(band.bits) for band in bands]
    assert len(bands) > 1
    assert not any(twins)


def test_sample_of_takes_from_both_sides() -> None:
    low, high = np.zeros((5000, 1), np.uint64), np.ones((5000, 1), np.uint64)

    sample = sample_of(low, high)

    assert sample.sum() == len(sample) / 2 == 512


def test_flips_are_all_differences_within_the_radius() -> None:
    flips = Band((3, 9, 40), 2).flips()

    assert flips.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_mask_holds_the_bits_of_the_key() -> None:
    assert Band((0, 65), 1).mask(2).tolist() == [1, 2]
