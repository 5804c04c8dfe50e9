"""Assignments: nothing crosses, shares are met, the same seed gives the same, and nothing moves."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import InputError
from curate.schema import conform
from curate.splits.assign import CUT, REASONS, Assignment, Plan, assign, check_plan
from curate.splits.components import sizes_of
from curate.splits.groups import Groups
from curate.splits.maker import extended, make_splits
from curate.splits.ties import Ties

THREE = ("train", "val", "test")
PLAN = Plan(THREE, (0.8, 0.1, 0.1), ("identity", "source"))
Members = list[tuple[int, int]]


def tied(count: int, members: dict[str, Members], **columns: list[str | None]) -> Ties:
    """Return ties of `count` entries, given the members of groups of each kind."""
    names = ("method", "dataset", "source_id", "compression", "split")
    plain = {name: pa.nulls(count, pa.string()) for name in names}
    given = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    ids = pa.array([f"m{i:05}" for i in range(count)])
    groups = {
        kind: Groups(
            np.array([m for m, _ in pairs], np.int32),
            np.array([g for _, g in pairs], np.int32),
            pa.nulls(max((g for _, g in pairs), default=-1) + 1, pa.string()),
        )
        for kind, pairs in members.items()
    }
    known = dict.fromkeys(groups, count)
    return Ties(pa.table({"media_id": ids, **plain, **given}), groups, known)


def crossing_groups(members: dict[str, Members], made: Assignment) -> list[tuple[str, int]]:
    """Return the groups that stand in two splits, found one membership at a time."""
    seen: dict[tuple[str, int], set[int]] = {}
    for kind, pairs in members.items():
        for item, group in pairs:
            if made.split[item] >= 0:
                seen.setdefault((kind, group), set()).add(int(made.split[item]))
    return [key for key, splits in seen.items() if len(splits) > 1]


@st.composite
def worlds(draw: st.DrawFn, most: int = 60) -> tuple[int, dict[str, Members]]:
    """Return a number of entries, and members of groups of two kinds."""
    count = draw(st.integers(1, most))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, 2 * count))
    return count, {kind: draw(st.lists(pair, max_size=count)) for kind in PLAN.kinds}


RATIOS = st.lists(st.integers(1, 9), min_size=2, max_size=4).map(
    lambda parts: tuple(part / sum(parts) for part in parts)
)


def plan_of(ratios: tuple[float, ...], **values: object) -> Plan:
    """Return a plan of as many splits as there are ratios."""
    names = tuple(f"s{i}" for i in range(len(ratios)))
    return Plan(names, ratios, PLAN.kinds, **values)  # type: ignore[arg-type]


@given(worlds(), RATIOS, st.integers(0, 5))
def test_nothing_that_was_asked_for_crosses_splits(
    world: tuple[int, dict[str, Members]], ratios: tuple[float, ...], seed: int
) -> None:
    """Whatever the ties, the shares and the seed."""
    count, members = world

    made = assign(tied(count, members), plan_of(ratios, seed=seed), np.zeros((count, 1), np.int64))

    assert crossing_groups(members, made) == []
    assert (made.split >= 0).all()


@pytest.mark.parametrize("exactly", [True, False])
@given(world=worlds(), ratios=RATIOS)
def test_shares_are_within_the_size_of_the_largest_component(
    *, exactly: bool, world: tuple[int, dict[str, Members]], ratios: tuple[float, ...]
) -> None:
    """No split has more or fewer entries than its share by more than one component has."""
    count, members = world
    # With every entry in a class of its own there are as many sorts of components, and so no
    # exact solution of a large world.
    strata = np.zeros((count, 1), np.int64) if exactly else np.arange(count)[:, None]

    made = assign(tied(count, members), plan_of(ratios), strata)

    sizes = np.array(list(made.sizes.values()))
    assert np.abs(sizes - count * np.array(ratios)).max() <= made.largest + 1e-9


@given(worlds(most=40), st.integers(0, 3))
def test_same_seed_gives_the_same_bytes_whatever_the_order_of_rows(
    world: tuple[int, dict[str, Members]], seed: int
) -> None:
    """Ties listed backwards and groups numbered otherwise change nothing."""
    count, members = world
    backwards = {k: [(m, 2 * count - g) for m, g in v][::-1] for k, v in members.items()}
    strata = np.arange(count)[:, None] % 3

    tables = [
        assign(tied(count, given), plan_of((0.6, 0.4), seed=seed), strata).table(
            pa.array([str(i) for i in range(count)])
        )
        for given in (members, backwards)
    ]

    assert tables[0].equals(tables[1])


@given(worlds(), st.data())
def test_adding_entries_never_moves_old_ones(
    world: tuple[int, dict[str, Members]], data: st.DataObject
) -> None:
    """What was in a split stays there, and what is new crosses nothing."""
    count, members = world
    old = data.draw(st.integers(0, count))
    before = {k: [(m, g) for m, g in v if m < old] for k, v in members.items()}
    plan = plan_of((0.5, 0.3, 0.2))
    first = assign(tied(old, before), plan, np.zeros((old, 1), np.int64))
    ids = pa.array([f"m{i:05}" for i in range(count)])

    fixed, left = extended(plan, ids, first.table(ids[:old]))
    then = assign(
        tied(count, members), plan, np.zeros((count, 1), np.int64), fixed=fixed, left=left
    )

    assert then.split[:old].tolist() == first.split.tolist()
    assert crossing_groups(members, then) == []


def test_entry_tied_to_two_splits_is_left_out_with_its_reason() -> None:
    """An extension moves nothing, so what lies between cannot be placed."""
    ties = tied(3, {"identity": [(0, 0), (1, 1), (2, 0), (2, 1)], "source": []})
    fixed = np.array([0, 2, -1], np.int8)

    made = assign(ties, PLAN, np.zeros((3, 1), np.int64), fixed=fixed)

    assert made.split.tolist() == [0, 2, -1]
    assert made.left_out == {"between-splits": 1}


def test_few_components_are_dealt_out_as_well_as_can_be() -> None:
    """Against every way to put seven components into three splits."""
    sizes = [13, 11, 7, 7, 5, 3, 2]
    ends = np.cumsum([0, *sizes])
    members = [(i, g) for g in range(7) for i in range(ends[g], ends[g + 1])]
    ties = tied(48, {"identity": members, "source": []})

    made = assign(ties, Plan(THREE, (0.5, 0.3, 0.2), PLAN.kinds), np.zeros((48, 1), np.int64))

    target = np.array([0.5, 0.3, 0.2]) * 48
    least = min(
        np.abs(np.bincount(way, sizes, minlength=3) - target).max()
        for way in product(range(3), repeat=7)
    )
    assert made.exact
    assert made.missed * 48 == pytest.approx(least)


def test_classes_are_balanced_within_each_split() -> None:
    """Fakes and reals come in the same parts in each split."""
    rng = np.random.default_rng(3)
    members = [(i, int(g)) for i, g in enumerate(rng.integers(0, 400, 3000))]
    strata = (rng.random(3000) < 0.3).astype(np.int64)[:, None]
    ties = tied(3000, {"identity": members, "source": []})

    made = assign(ties, PLAN, strata)

    for value, ratio in zip(range(3), PLAN.ratios, strict=True):
        fakes = strata[made.split == value, 0].sum()
        assert abs(fakes / strata.sum() - ratio) < 0.005


def test_held_out_method_is_in_the_last_split_alone() -> None:
    """What is tied to other splits is left out, and the shares are of the rest."""
    methods: list[str | None] = ["A", "B", None] * 200
    members = [(i, i // 3) for i in range(600)]
    ties = tied(600, {"identity": members, "source": []}, method=methods)
    plan = Plan(THREE, (0.8, 0.1, 0.1), PLAN.kinds, held_out_methods=("B",))

    made = assign(ties, plan, np.zeros((600, 1), np.int64))

    of_b = np.array([m == "B" for m in methods])
    assert set(made.split[of_b].tolist()) == {2, -1}
    assert made.left_out == {"held-out": 180}
    assert made.missed < 1e-9


def test_held_out_dataset_takes_what_is_tied_to_it_along() -> None:
    """A clip of the held-out dataset that another has as well is for testing, too."""
    datasets: list[str | None] = ["d1"] * 50 + ["d2"] * 50
    members = [(0, 0), (99, 0)]
    ties = tied(100, {"identity": members, "source": []}, dataset=datasets)

    made = assign(
        ties,
        Plan(THREE, (0.8, 0.1, 0.1), PLAN.kinds, held_out_datasets=("d2",)),
        np.zeros((100, 1), np.int64),
    )

    assert set(made.split[50:].tolist()) == {2}
    assert made.split[0] == 2
    assert {0, 1, 2} == set(made.split[1:50].tolist())


def celeb_df() -> tuple[Ties, dict[str, Members]]:
    """Return 59 people with ten videos each, and swaps between most of them."""
    rng = np.random.default_rng(0)
    people = [(i,) for i in range(59) for _ in range(10)]
    people += [(i, j) for i in range(59) for j in range(59)
               if i != j and (i - j) % 3 for _ in range(rng.integers(1, 5))]  # fmt: skip
    members = {"identity": [(k, p) for k, who in enumerate(people) for p in who], "source": []}
    return tied(len(people), members), members


def test_one_giant_component_is_told_with_a_cut_and_its_price() -> None:
    """Swaps tie all 59 people: nothing disjoint meets the shares, and a cut does."""
    ties, members = celeb_df()
    none = conform([], "labels")

    made = make_splits(ties, PLAN, none, tolerance=0.05)

    count = ties.entries.num_rows
    assert made.assignment.largest == count
    assert made.assignment.missed == pytest.approx(0.2)
    assert made.after_cut is not None
    assert made.after_cut.missed < 0.05
    assert crossing_groups(members, made.after_cut) == []
    assert made.price == (made.after_cut.reason == REASONS.index(CUT)).sum() < 0.55 * count
    assert made.without["identity"] == pytest.approx(1 / count)


def test_component_that_is_one_group_has_no_cut() -> None:
    """One person in every entry: there is nothing to cut between."""
    ties = tied(20, {"identity": [(i, 0) for i in range(20)], "source": []})

    made = make_splits(ties, PLAN, conform([], "labels"), tolerance=0.05)

    assert made.after_cut is None
    assert made.assignment.sizes == {"train": 20, "val": 0, "test": 0}


def test_components_are_numbered_by_their_first_entries() -> None:
    """Two kinds tie three entries."""
    made = assign(
        tied(4, {"identity": [(0, 0), (3, 0)], "source": [(3, 0), (1, 0)]}),
        PLAN,
        np.zeros((4, 1), np.int64),
    )

    assert made.component.tolist() == [0, 0, 1, 0]
    assert sizes_of(made.component).tolist() == [3, 1]


@pytest.mark.parametrize(
    "plan",
    [
        Plan(("a",), (1.0,), ()),
        Plan(("a", "b"), (0.5, 0.6), ()),
        Plan(("a", "b"), (1.0, 0.0), ()),
        Plan(("a", "a"), (0.5, 0.5), ()),
        Plan(("a", "b"), (0.5, 0.3, 0.2), ()),
    ],
)
def test_plan_that_is_none_is_refused(plan: Plan) -> None:
    """Shares are above 0 and sum to 1, one for each name."""
    with pytest.raises(InputError):
        check_plan(plan)
