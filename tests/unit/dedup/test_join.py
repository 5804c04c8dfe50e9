"""The banded join against brute force, with plans that small lists would not choose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.bands import Band, radii_of
from curate.dedup.join import join, spanning_join, usable_threads
from curate.errors import InputError
from tests.unit.dedup.hamming_oracle import brute_pairs, skewed


def plan(width: int, count: int, radius: int, cut: int, seed: int) -> tuple[Band, ...]:
    """Deal shuffled bits to bands and cut their keys."""
    bits = np.random.default_rng(seed).permutation(width)
    dealt = zip(np.array_split(bits, count), radii_of(count, radius), strict=True)
    return tuple(Band(tuple(part[:cut].tolist()), r) for part, r in dealt if r >= 0)


def unpacked(hits: np.ndarray) -> list[tuple[int, int, int]]:
    return [(int(h) >> 36, int(h) >> 8 & (1 << 28) - 1, int(h) & 255) for h in hits]


cases = {
    "words": st.sampled_from([1, 2, 4]),
    "count": st.integers(1, 9),
    "radius": st.integers(0, 24),
    "cut": st.integers(1, 12),
    "n": st.integers(2, 400),
    "seed": st.integers(0, 2**32),
}


@settings(max_examples=60)
@given(**cases)
def test_join_finds_every_pair_once_under_any_plan(words, count, radius, cut, n, seed) -> None:
    codes = np.unique(skewed(n, words, seed), axis=0)
    bands = plan(64 * words, count, radius, cut, seed)

    hits = join(codes, None, radius, threads=2, limit=10**9, bands=bands)

    assert unpacked(hits) == brute_pairs(codes, None, radius)


@settings(max_examples=60)
@given(m=st.integers(1, 100), **cases)
def test_join_of_two_lists_finds_every_pair_once_under_any_plan(
    words, count, radius, cut, n, m, seed
) -> None:
    a, b = skewed(n, words, seed), skewed(m, words, seed + 1)
    bands = plan(64 * words, count, radius, cut, seed)

    hits = join(a, b, radius, threads=2, limit=10**9, bands=bands)

    assert unpacked(hits) == brute_pairs(a, b, radius)


@settings(max_examples=40)
@given(**cases)
def test_spanning_join_connects_the_same_rows_with_fewer_edges(
    words, count, radius, cut, n, seed
) -> None:
    codes = np.unique(skewed(n, words, seed), axis=0)
    bands = plan(64 * words, count, radius, cut, seed)

    edges = unpacked(spanning_join(codes, radius, threads=2, bands=bands))

    pairs = brute_pairs(codes, None, radius)
    assert len(edges) < max(len(codes), 1)
    assert set(edges) <= set(pairs)
    assert components(len(codes), edges) == components(len(codes), pairs)


def components(n: int, edges: list[tuple[int, int, int]]) -> list[int]:
    """Label each row with the smallest row that it is connected to."""
    label = list(range(n))
    changed = True
    while changed:
        changed = False
        for left, right, _ in edges:
            low = min(label[left], label[right])
            changed |= label[left] != low or label[right] != low
            label[left] = label[right] = low
    return label


def test_join_crosses_the_borders_of_tasks_and_tiles() -> None:
    codes = np.arange(9000, dtype=np.uint64)[:, None] << np.uint64(3)

    hits = join(codes, None, 1, threads=2, limit=10**9, bands=(Band((), 0),))

    expected = [(i, i | 1 << b, 1) for i in range(9000) for b in range(14) if not i >> b & 1]
    assert unpacked(hits) == sorted(e for e in expected if e[1] < 9000)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_join_and_spanning_join_do_not_depend_on_threads(threads) -> None:
    codes = np.unique(skewed(20_000, 1, 7, spread=2), axis=0)
    bands = plan(64, 4, 6, 16, 3)

    hits = join(codes, None, 6, threads=threads, limit=10**9, bands=bands)
    edges = spanning_join(codes, 6, threads=threads, bands=bands)

    assert np.array_equal(hits, join(codes, None, 6, threads=3, limit=10**9))
    assert np.array_equal(edges, spanning_join(codes, 6, threads=3, bands=bands))


def test_join_stops_at_the_limit() -> None:
    codes = np.arange(4096, dtype=np.uint64)[:, None]

    with pytest.raises(InputError, match="more than 1000 pairs"):
        join(codes, None, 12, threads=1, limit=1000)


def test_usable_threads_is_at_least_one() -> None:
    assert usable_threads(0) == 1
    assert usable_threads(None) >= 1
