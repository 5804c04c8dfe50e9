"""The public joins: recall 1.0 against brute force, on random and skewed codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.hamming import cross_pairs, new_pairs, self_edges, self_pairs
from curate.errors import InputError
from tests.unit.dedup.hamming_oracle import brute_pairs, code_lists, listed, skewed

RADII = st.sampled_from([0, 1, 5, 10, 31, 64, 255])


@settings(max_examples=80)
@given(code_lists(), RADII)
def test_self_pairs_finds_what_brute_force_finds(codes, radius) -> None:
    found = self_pairs(codes, radius, threads=2)

    assert listed(found) == brute_pairs(codes, None, radius)


@settings(max_examples=60)
@given(code_lists(), RADII, st.integers(0, 60))
def test_cross_pairs_finds_what_brute_force_finds(codes, radius, cut) -> None:
    a, b = codes[:cut], codes[cut:]

    found = cross_pairs(a, b, radius, threads=2)

    assert listed(found) == brute_pairs(a, b, radius)


@settings(max_examples=60)
@given(code_lists(), RADII, st.integers(0, 60))
def test_new_pairs_are_what_adding_rows_adds(codes, radius, cut) -> None:
    old, new = codes[:cut], codes[cut:]

    found = new_pairs(old, new, radius, threads=2)

    before = set(brute_pairs(old, None, radius))
    assert sorted(listed(found)) == sorted(set(brute_pairs(codes, None, radius)) - before)


@settings(max_examples=60)
@given(code_lists(), RADII)
def test_self_edges_connects_what_self_pairs_connects(codes, radius) -> None:
    edges = self_edges(codes, radius, threads=2)

    pairs = brute_pairs(codes, None, radius)
    assert set(listed(edges)) <= set(pairs)
    assert len(edges) == len(codes) - len(roots(len(codes), pairs))


def roots(n, pairs) -> set[int]:
    label = list(range(n))

    def find(row) -> int:
        while label[row] != row:
            row = label[row]
        return row

    for left, right, _ in pairs:
        label[find(right)] = find(left)
    return {find(row) for row in range(n)}


@pytest.mark.parametrize(("words", "radius"), [(1, 10), (4, 31)])
@pytest.mark.parametrize("spread", [0.3, 50.0], ids=["skewed", "uniform"])
def test_self_pairs_has_recall_one_at_a_size_that_uses_bands(words, radius, spread) -> None:
    codes = skewed(6000, words, 11, spread=spread)
    codes[1000:2200] = codes[1000]

    found = self_pairs(codes, radius, threads=2)

    assert listed(found) == brute_pairs(codes, None, radius)


def test_self_pairs_does_not_depend_on_the_threads() -> None:
    codes = skewed(20_000, 4, 5, spread=2.0)

    one, two = self_pairs(codes, 20, threads=1), self_pairs(codes, 20, threads=2)

    assert listed(one) == listed(two)


def test_self_edges_of_one_frame_repeated_is_a_star() -> None:
    codes = np.full((100_000, 4), 7, np.uint64)

    edges = self_edges(codes, 31)

    assert len(edges) == 99_999
    assert not edges.left.any()


def test_self_pairs_of_one_frame_repeated_is_refused() -> None:
    with pytest.raises(InputError, match="4999950000 pairs") as caught:
        self_pairs(np.full((100_000, 1), 7, np.uint64), 10)

    assert "self_edges" in caught.value.hint


def test_self_pairs_counts_expanded_pairs_against_the_limit() -> None:
    codes = np.repeat(np.array([[0], [1]], np.uint64), 50, axis=0)

    with pytest.raises(InputError, match="4950 pairs"):
        self_pairs(codes, 1, max_pairs=4000)


@pytest.mark.parametrize("radius", [-1, 256])
def test_a_radius_out_of_range_is_refused(radius) -> None:
    with pytest.raises(InputError, match="radius"):
        self_pairs(np.zeros((2, 1), np.uint64), radius)


def test_lists_of_different_width_are_refused() -> None:
    with pytest.raises(InputError, match="do not compare"):
        cross_pairs(np.zeros((2, 1), np.uint64), np.zeros((2, 4), np.uint64), 3)
