"""The smallest removal, against trying every set."""

from __future__ import annotations

from itertools import combinations
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.splits.groups import Groups
from curate.splits.placements import Crossing, Placements, crossing
from curate.splits.repair import smallest_removal

Members = list[tuple[int, int]]


def _world(splits: list[int], members: Members) -> tuple[Placements, list[Crossing]]:
    names = pa.array(["train", "val", "test", "more"])
    items = np.arange(len(splits), dtype=np.int32)
    placed = Placements.of(items, names.take(pa.array(splits, pa.int32())))
    item = np.array([m for m, _ in members], np.int32)
    group = np.array([g for _, g in members], np.int32)
    groups = Groups(item, group, pa.nulls(int(group.max(initial=-1)) + 1, pa.string()))
    return placed, [crossing(placed, placed.runs(len(splits)), groups)]


def _crosses(splits: list[int], members: Members, gone: set[int]) -> bool:
    seen: dict[int, set[int]] = {}
    for item, group in members:
        if item not in gone:
            seen.setdefault(group, set()).add(splits[item])
    return any(len(found) > 1 for found in seen.values())


def _least(splits: list[int], members: Members) -> int:
    for size in range(len(splits) + 1):
        for gone in combinations(range(len(splits)), size):
            if not _crosses(splits, members, set(gone)):
                return size
    raise AssertionError


@given(
    st.integers(2, 4).flatmap(lambda k: st.lists(st.integers(0, k - 1), min_size=1, max_size=9)),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 6)), max_size=16),
)
def test_removal_repairs_and_is_the_smallest(splits: list[int], members: Members) -> None:
    """No smaller set of entries repairs what the one found repairs."""
    members = [(m, g) for m, g in members if m < len(splits)]
    placed, found = _world(splits, members)

    removal = smallest_removal(placed, found)

    gone = {int(placed.item[p]) for p in removal.placements}
    assert not _crosses(splits, members, gone)
    assert removal.exact
    assert len(gone) == _least(splits, members)


def test_removal_takes_from_the_larger_split_where_both_are_as_small() -> None:
    """One entry of test is tied to one of train: the one of train goes."""
    placed, found = _world([0, 0, 0, 2], [(0, 0), (3, 0)])

    removal = smallest_removal(placed, found)

    assert removal.placements.tolist() == [0]


@pytest.mark.parametrize("splits", [2, 3])
def test_removal_that_is_too_large_to_search_is_a_bound_that_holds(splits: int) -> None:
    """On a large tangle of three splits the bound stays below what was found."""
    random = Random(5)
    place = [random.randrange(splits) for _ in range(2000)]
    members = [(item, random.randrange(1500)) for item in range(2000) for _ in range(2)]
    placed, found = _world(place, members)

    removal = smallest_removal(placed, found)

    assert not _crosses(place, members, set(placed.item[removal.placements].tolist()))
    assert 0 < removal.at_least <= len(removal.placements)
    assert removal.exact or splits == 3
