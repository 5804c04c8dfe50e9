"""Which member stays, and the reason given to each other."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.keep import Candidates, KeepReason, choose_kept
from curate.errors import InputError

BASE = {
    "chosen": False,
    "cleared": True,
    "derivative": False,
    "pixels": 100,
    "size": 50,
    "quality": 90.0,
    "name": "m",
}


def candidates(*rows: dict) -> Candidates:
    full = [BASE | row for row in rows]
    return Candidates(
        **{
            f.name: np.array([row[f.name] for row in full], object if f.name == "name" else None)
            for f in fields(Candidates)
        }
    )


@pytest.mark.parametrize(
    ("worse", "better", "reason"),
    [
        ({}, {"chosen": True, "cleared": False, "pixels": 1}, "chosen"),
        ({"cleared": False, "pixels": 10**6}, {"pixels": 1}, "cleared"),
        ({"derivative": True, "pixels": 10**6}, {"pixels": 1}, "original"),
        ({"pixels": 99, "size": 10**6}, {}, "larger"),
        ({"size": 49, "quality": 99.0}, {"quality": 10.0}, "less_compressed"),
        ({"quality": 80.0, "name": "a"}, {}, "less_compressed"),
        ({"quality": float("nan"), "name": "a"}, {}, "less_compressed"),
        ({"name": "n"}, {}, "name"),
    ],
)
def test_the_kept_member_wins_by_the_first_criterion_that_differs(worse, better, reason) -> None:
    kept = choose_kept(np.array([0, 0]), candidates(worse, better))

    assert kept.row.tolist() == [1]
    assert kept.reason.tolist() == [reason, "kept"]


def test_rows_without_a_group_stand_alone() -> None:
    kept = choose_kept(
        np.array([-1, 1, 0, 1, 0]),
        candidates({}, {"name": "b"}, {"name": "c"}, {"name": "d"}, {"name": "a"}),
    )

    assert kept.row.tolist() == [4, 1]
    assert kept.reason.tolist() == ["alone", "kept", "name", "name", "kept"]
    assert all(isinstance(reason, KeepReason) for reason in kept.reason)


def test_each_member_is_told_its_own_reason() -> None:
    kept = choose_kept(np.zeros(3, np.int64), candidates({}, {"pixels": 9}, {"cleared": False}))

    assert kept.reason.tolist() == ["kept", "larger", "cleared"]


def test_nothing_to_choose_from_keeps_nothing() -> None:
    kept = choose_kept(np.array([-1, -1]), candidates({}, {}))

    assert kept.row.tolist() == []
    assert kept.reason.tolist() == ["alone", "alone"]


rows = st.fixed_dictionaries(
    {
        "cleared": st.booleans(),
        "chosen": st.booleans(),
        "derivative": st.booleans(),
        "pixels": st.integers(0, 3),
        "size": st.integers(0, 3),
        "quality": st.sampled_from([float("nan"), 75.0, 90.0]),
    }
)


@given(st.lists(st.tuples(rows, st.integers(-1, 0)), min_size=1, max_size=12), st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_rows(items, random) -> None:
    items = [(row | {"name": f"{i:02d}"}, group) for i, (row, group) in enumerate(items)]
    order = random.sample(range(len(items)), len(items))

    def chosen(some) -> tuple[list[str], dict[str, str]]:
        facts = candidates(*[row for row, _ in some])
        kept = choose_kept(np.array([group for _, group in some]), facts)
        return facts.name[kept.row].tolist(), dict(zip(facts.name, kept.reason, strict=True))

    assert chosen(items) == chosen([items[i] for i in order])


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="expected 3 values"):
        choose_kept(np.zeros(3, np.int64), candidates({}))


def test_a_group_without_members_is_refused() -> None:
    with pytest.raises(InputError, match="2 groups, of which 1"):
        choose_kept(np.array([1, 1]), candidates({}, {"name": "a"}))
