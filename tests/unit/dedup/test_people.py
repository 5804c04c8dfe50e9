"""Look-alikes of different people: what is taken apart, and what never is."""

from __future__ import annotations

import numpy as np

from curate.dedup.groups import Groups, duplicate_groups
from curate.dedup.hamming import Pairs
from curate.dedup.people import keep_apart

NONE = (np.empty(0, np.int64), np.empty(0, np.int64))


def _groups(bits: list[int]) -> tuple[Groups, np.ndarray]:
    """Return one group of pictures whose codes have so many bits set, and the codes."""
    codes = np.zeros((len(bits), 1, 4), np.uint64)
    codes[:, 0, 0] = [(1 << bit) - 1 for bit in bits]
    rows = np.arange(len(bits))
    star = Pairs(np.zeros(len(bits), np.int64), rows, np.zeros(len(bits), np.uint8))
    return duplicate_groups(len(bits), star, limit=31, codes=codes), codes


def _parts(bits: list[int], person: list[int], same: tuple = NONE) -> list[int]:
    groups, codes = _groups(bits)
    parted, _ = keep_apart(groups, codes, np.array(person), same, 31)
    return parted.group.tolist()


def test_one_person_and_nobody_known_stay_one_group() -> None:
    assert _parts([0, 2, 4], [5, 5, -1]) == [0, 0, 0]
    assert _parts([0, 2, 4], [-1, -1, -1]) == [0, 0, 0]


def test_two_people_are_two_groups_and_an_unknown_one_goes_to_the_nearest() -> None:
    assert _parts([0, 1, 9, 10, 8], [5, 5, 7, 7, -1]) == [0, 0, 1, 1, 1]


def test_a_picture_that_is_left_alone_is_in_no_group() -> None:
    assert _parts([0, 1, 9], [5, 5, 7]) == [0, 0, -1]


def test_equal_pixels_never_part() -> None:
    """Two names for the same pixels are a contradiction for people to settle."""
    same = (np.array([1]), np.array([2]))

    assert _parts([0, 3, 3, 9], [5, 5, 7, 7], same)[1:3] == [0, 0]
