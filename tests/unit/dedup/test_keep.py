"""Which member stays, and the reason given to each other."""

from dataclasses import fields

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.keep import Candidates, KeepReason, choose_kept, kept_copies
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


COPIES = {
    "label": "real", "method": None, "verdict": "cleared", "width": 100, "size": 50,
    "state": "present", "derived_from": None, "kept_over": None,
}  # fmt: skip


def kept(*rows: dict) -> list[tuple[str | None, str]]:
    """Return which copy each of some copies gives way to, by its place, and why."""
    full = [COPIES | {"name": str(place)} | row for place, row in enumerate(rows)]
    related = [
        {"left": row["name"], "relation": relation, "right": row[relation]}
        for row in full for relation in ("derived_from", "kept_over") if row[relation]
    ]  # fmt: skip
    with duckdb.connect(":memory:") as connection:
        tables = {
            "entries": [{"media_id": r["name"], "locator": r["name"], "sha256": r["name"],
                         "state": r["state"], "method": r["method"]} for r in full],
            "content": [{"sha256": r["name"], "kind": "image", "width": r["width"], "height": 100,
                         "byte_size": r["size"], "duration_ms": None, "jpeg_quality": 90}
                        for r in full],
            "groups": [{"sha256": r["name"], "group_id": r.get("group", "g"), "keep": "0"}
                       for r in full],
            "labels": [{"media_id": r["name"], "name": "authenticity", "value": r["label"]}
                       for r in full],
            "relations": [*related, {"left": "x", "relation": "x", "right": "x"}],
            "judged": [{"media_id": r["name"], "verdict": r["verdict"]} for r in full],
        }  # fmt: skip
        for name, table in tables.items():
            connection.register(name, pa.Table.from_pylist(table))
        found = kept_copies(connection).to_pylist()
    said = {row["media_id"]: (row["keep"], row["reason"]) for row in found}
    return [said[row["name"]] for row in full if row["name"] in said]


LARGE = {"width": 900}
FAKE = {"label": "fake", "method": "Deepfakes"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{}, LARGE], [("1", "larger"), ("1", "kept")]),
        ([{}, LARGE | {"verdict": "blocked"}], [("0", "kept"), ("0", "cleared")]),
        ([{}, LARGE | {"verdict": "needs_review"}], [("0", "kept"), ("0", "cleared")]),
        ([{"verdict": "needs_review"}, LARGE | {"verdict": "blocked"}],
         [("0", "kept"), ("0", "not_blocked")]),
        ([{"verdict": "blocked"}, LARGE | {"verdict": "blocked"}],
         [(None, "all_blocked"), (None, "all_blocked")]),
        ([{"kept_over": "1"}, LARGE], [("0", "kept"), ("0", "chosen")]),
        ([{"kept_over": "1", "verdict": "blocked"}, LARGE], [("1", "cleared"), ("1", "kept")]),
        ([{}, LARGE | {"derived_from": "0"}], [("0", "kept"), ("0", "original")]),
        ([{}, LARGE | FAKE], [("0", "kept"), ("1", "kept")]),
        ([{}, LARGE | {"label": None}], [("0", "kept"), ("0", "labelled")]),
        ([{}, LARGE | {"label": "perhaps"}], [("0", "kept"), ("0", "labelled")]),
        ([{"verdict": "blocked"}, {"label": None}], [("1", "cleared"), ("1", "kept")]),
        ([{"label": None}, LARGE | {"label": None}], [("1", "larger"), ("1", "kept")]),
        ([FAKE, LARGE | FAKE | {"method": None}], [("0", "kept"), ("0", "labelled")]),
        ([{}, FAKE | {"method": None}], [("0", "kept"), ("1", "kept")]),
        ([{}, {"group": "h"}], [("0", "kept"), ("1", "kept")]),
        ([{}, LARGE | {"state": "missing"}], [("0", "kept")]),
    ],
)  # fmt: skip
def test_copies_give_way_to_the_clearest_and_then_to_the_best(rows, expected) -> None:
    assert kept(*rows) == expected


copies = st.fixed_dictionaries({
    "verdict": st.sampled_from(["cleared", "needs_review", "blocked"]),
    "label": st.sampled_from(["real", "fake", None]),
    "method": st.sampled_from(["Deepfakes", None]),
    "width": st.integers(1, 3),
    "group": st.sampled_from(["g", "h"]),
})  # fmt: skip


@given(st.lists(copies, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_is_kept_is_cleared_where_any_may_go_out_and_nothing_better_is(rows) -> None:
    found = kept(*rows)

    for place, (keep, reason) in enumerate(found):
        own = rows[place]
        if keep is None:
            assert (own["verdict"], reason) == ("blocked", "all_blocked")
            continue
        other = rows[int(keep)]
        assert found[int(keep)] == (keep, "kept"), "what is kept gives way to nothing"
        assert other["group"] == own["group"]
        assert other["verdict"] != "blocked"
        assert own["verdict"] != "cleared" or other["verdict"] == "cleared"
        same = (own["label"], own["method"]) == (other["label"], other["method"])
        if same and own["verdict"] == other["verdict"]:
            assert other["width"] >= own["width"]
        if own["label"] is not None and other["label"] is None:
            assert own["verdict"] != "cleared", "no unclear label displaces what may go out"
