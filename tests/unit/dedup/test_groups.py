"""Groups: complete components, the guard, and independence of the rows' order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.groups import duplicate_groups
from curate.dedup.hamming import Pairs, self_edges, self_pairs
from curate.errors import InputError
from tests.unit.dedup.hamming_oracle import code_lists, skewed


def links(*pairs: tuple[int, int]) -> Pairs:
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return Pairs(rows[:, 0], rows[:, 1], np.zeros(len(rows), np.uint8))


def ladder(*distances: int) -> np.ndarray:
    """Return 64-bit codes whose distance from each other is the difference given."""
    return np.array([[(1 << d) - 1] for d in distances], np.uint64)


def test_duplicate_groups_are_connected_components() -> None:
    groups = duplicate_groups(7, links((5, 1), (1, 3), (2, 6)), limit=None)

    assert groups.group.tolist() == [-1, 0, 1, 0, -1, 0, 1]
    assert groups.medoid.tolist() == [1, 2]
    assert groups.broken == ()


def test_duplicate_groups_of_nothing_are_none() -> None:
    groups = duplicate_groups(0, links(), limit=3, codes=np.empty((0, 1), np.uint64))

    assert len(groups) == 0
    assert groups.group.shape == (0,)


def test_the_medoid_has_the_smallest_sum_of_distances() -> None:
    codes = ladder(0, 4, 5, 9)

    groups = duplicate_groups(4, links((0, 1), (1, 2), (2, 3)), limit=10, codes=codes)

    assert groups.medoid.tolist() == [1]


def test_a_chain_is_split_and_reported() -> None:
    codes = ladder(0, 10, 20, 30, 40, 50, 60)
    chain = links(*[(i, i + 1) for i in range(6)])

    groups = duplicate_groups(7, chain, limit=10, codes=codes)

    assert groups.group.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert [(c.rows, c.reach, c.groups) for c in groups.broken] == [
        (tuple(range(7)), 30.0, (0, 1, 2))
    ]


def test_a_member_that_the_guard_leaves_alone_is_in_no_group() -> None:
    codes = ladder(0, 1, 2, 12)

    groups = duplicate_groups(4, links((0, 1), (1, 2), (2, 3)), limit=10, codes=codes)

    assert groups.group.tolist() == [0, 0, 0, -1]
    assert groups.broken[0].rows == (0, 1, 2, 3)


@settings(max_examples=60)
@given(code_lists(), st.integers(0, 40), st.integers(0, 20))
def test_no_member_is_further_from_the_medoid_than_the_limit(codes, radius, limit) -> None:
    groups = duplicate_groups(
        len(codes), self_pairs(codes, radius, threads=1), limit=limit, codes=codes
    )

    member = np.flatnonzero(groups.group >= 0)
    centre = groups.medoid[groups.group[member]]
    apart = np.bitwise_count(codes[member] ^ codes[centre]).sum(axis=1)
    assert (apart <= limit).all()
    assert (np.bincount(groups.group[member], minlength=len(groups))[:] >= 2).all()


@settings(max_examples=60)
@given(code_lists(), st.randoms(), st.integers(0, 40), st.integers(0, 20))
def test_groups_do_not_depend_on_the_order_of_rows_or_on_which_edges(
    codes, random, radius, limit
) -> None:
    n = len(codes)
    keys = np.array([f"{row:03d}" for row in range(n)], object)
    order = np.array(random.sample(range(n), n), np.int64)

    plain = duplicate_groups(n, self_pairs(codes, radius), limit=limit, codes=codes, keys=keys)
    shuffled = duplicate_groups(
        n, self_edges(codes[order], radius), limit=limit, codes=codes[order], keys=keys[order]
    )

    assert np.array_equal(shuffled.group, plain.group[order])
    assert np.array_equal(order[shuffled.medoid], plain.medoid)
    named = [(tuple(order[list(c.rows)].tolist()), c.reach, c.groups) for c in shuffled.broken]
    assert named == [(c.rows, c.reach, c.groups) for c in plain.broken]


def test_a_callable_measure_gives_the_groups_that_codes_give() -> None:
    codes = skewed(300, 1, 3)
    pairs = self_pairs(codes, 12)
    keys = np.random.default_rng(0).permutation(300)

    def apart(left, right) -> np.ndarray:
        return np.bitwise_count(codes[left] ^ codes[right]).sum(axis=1)

    by_codes = duplicate_groups(300, pairs, limit=8, codes=codes, keys=keys)
    by_call = duplicate_groups(300, pairs, limit=8, distance=apart, keys=keys)

    assert len(by_codes.broken) > 0
    assert np.array_equal(by_codes.group, by_call.group)
    assert np.array_equal(by_codes.medoid, by_call.medoid)
    assert by_codes.broken == by_call.broken


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 3}, "needs codes"),
        ({"limit": 3, "codes": np.zeros((1, 1), np.uint64)}, "1 codes for 2"),
        ({"limit": None, "keys": np.array([1])}, "1 keys for 2"),
        ({"limit": None, "keys": np.array([1, 1])}, "same key"),
    ],
)
def test_duplicate_groups_refuses_what_does_not_fit(options, message) -> None:
    with pytest.raises(InputError, match=message):
        duplicate_groups(2, links((0, 1)), **options)


@pytest.mark.parametrize("row", [-1, 2])
def test_duplicate_groups_refuses_a_row_that_is_not_there(row) -> None:
    with pytest.raises(InputError, match=r"outside 0\.\.1"):
        duplicate_groups(2, links((0, row)), limit=None)
