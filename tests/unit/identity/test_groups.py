"""Error rates by group, as sources declare groups."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from curate.identity.groups import GroupRates, as_notes, declared_groups, rates_by_group

from .people import embed

PERSON = np.repeat(np.arange(60), 3)
NAMES = [f"p{i:02}" for i in range(60)]
HALVES = {"hand": {name: "left" if i < 30 else "right" for i, name in enumerate(NAMES)}}


def rates(
    groups: dict[str, dict[str, str]], rows: np.ndarray | None = None, **given: object
) -> list[GroupRates]:
    """Return the rates of 60 people x 3."""
    arguments = {"threshold": 0.4, "judgeable": np.ones(180, np.bool_), **given}
    return rates_by_group(
        embed(PERSON, spread=1.1) if rows is None else rows,
        subject=PERSON, names=NAMES, groups=groups, **arguments,
    )  # fmt: skip


def told(*rows: tuple[str, object]) -> pa.Table:
    """Return what entries say of their one subject."""
    return pa.table({
        "subject_id": [subject for subject, _ in rows],
        "extra": [json.dumps(said) for _, said in rows],
    })  # fmt: skip


def test_rates_are_those_of_all_pairs_within_the_group() -> None:
    rows = embed(PERSON, spread=1.1)

    left, right = rates(HALVES, rows)

    cosines, same = rows[:90] @ rows[:90].T, PERSON[:90, None] == PERSON[:90]
    pairs = np.triu(np.ones((90, 90), np.bool_), 1)
    assert (left.kind, left.group, left.people, left.mated_people) == ("hand", "left", 30, 30)
    assert left.fmr == pytest.approx((cosines[pairs & ~same] >= 0.4).mean())
    assert left.fnmr == pytest.approx((cosines[pairs & same] < 0.4).mean())
    assert left.fnmr > 0
    assert right.group == "right"


def test_intervals_count_people_and_not_faces() -> None:
    (one, _) = rates(HALVES, threshold=-1.0)

    assert one.fmr == 1.0
    reference = binomtest(435, 435).proportion_ci(0.95, method="exact")
    assert one.fmr_interval == pytest.approx((reference.low, reference.high))
    reference = binomtest(0, 30).proportion_ci(0.95, method="exact")
    assert one.fnmr_interval == pytest.approx((reference.low, reference.high))


def test_a_group_of_few_people_is_not_told_of() -> None:
    groups = {"hand": {name: "left" if i < 9 else "right" for i, name in enumerate(NAMES)}}

    assert [one.group for one in rates(groups)] == ["right"]


def test_a_rate_of_too_few_pairs_is_left_out() -> None:
    groups = {"hand": dict.fromkeys(NAMES[:20], "left")}
    one_face = np.arange(180) % 3 == 0

    (few,) = rates(groups)
    (single,) = rates(HALVES | {"hand": dict.fromkeys(NAMES, "left")}, judgeable=one_face)

    assert (few.fmr, few.fmr_interval) == (None, None)
    assert few.fnmr is not None
    assert (single.fnmr, single.fnmr_interval, single.mated_people) == (None, None, 0)
    assert single.fmr is not None


def test_poor_faces_are_no_evidence() -> None:
    assert rates(HALVES, judgeable=np.zeros(180, np.bool_)) == []


def test_groups_are_what_columns_of_the_subject_say() -> None:
    found = declared_groups(
        told(
            ("p01", {"subject_hand": " left ", "colour": "red"}),
            ("p02", {"subject_hand": "right", "subject_eye": ""}),
            ("p03", {"subject_hand": 7}),
        )
    )

    assert found == {"hand": {"p01": "left", "p02": "right"}}


def test_a_subject_put_into_two_groups_is_in_neither() -> None:
    found = declared_groups(
        told(
            ("p01", {"subject_hand": "left", "subject_eye": "blue"}),
            ("p01", {"subject_hand": "right", "subject_eye": "blue"}),
        )
    )

    assert found == {"hand": {}, "eye": {"p01": "blue"}}


def test_notes_are_json_of_few_digits() -> None:
    (note, _) = as_notes(rates(HALVES))

    assert json.loads(json.dumps(note)) == note
    assert len(str(note["fmr"])) < 9
    assert note["group"] == "left"
