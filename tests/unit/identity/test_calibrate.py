"""The threshold of a dataset and a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from curate.errors import InputError
from curate.identity.calibrate import calibrate, interval_of

from .people import embed


def test_the_threshold_keeps_the_false_match_rate() -> None:
    person = np.repeat(np.arange(100), 3)
    rows = embed(person)

    found = calibrate(rows, subject=person, default_threshold=0.9, target_fmr=1e-3)

    cosines = rows @ rows.T
    strangers = cosines[np.triu(person[:, None] != person, 1)]
    assert found.basis == "dataset"
    assert found.fmr == pytest.approx((strangers >= found.threshold).mean(), abs=1e-6)
    assert found.fmr <= 1e-3 < (strangers >= found.threshold - 2e-4).mean() + 1e-3
    assert found.pairs == len(strangers)
    assert found.independent_pairs == 100 * 99 // 2


def test_the_strict_threshold_is_above_the_plain_one() -> None:
    person = np.repeat(np.arange(100), 3)

    found = calibrate(embed(person), subject=person, default_threshold=0.9)

    assert found.strict is not None
    assert found.strict > found.threshold


def test_the_strict_threshold_rises_with_the_number_of_faces() -> None:
    person = np.arange(3000)
    rows = embed(person)
    subject = np.where(person < 300, person, -1)

    few = calibrate(rows[:300], subject=subject[:300], default_threshold=0.9)
    many = calibrate(rows, subject=subject, default_threshold=0.9)

    assert few.threshold == many.threshold
    assert few.strict < many.strict  # type: ignore[operator]  # both have evidence


def test_a_few_wrong_declarations_do_not_set_the_strict_threshold() -> None:
    person = np.repeat(np.arange(150), 4)
    rows = embed(person)
    wrong = person.copy()
    wrong[:3] = [1, 2, 3]

    right = calibrate(rows, subject=person, default_threshold=0.9)
    misled = calibrate(rows, subject=wrong, default_threshold=0.9)

    assert misled.strict == pytest.approx(right.strict, abs=0.06)


def test_second_names_set_no_threshold() -> None:
    """Half of the people have one of their faces under a second name: likeness of one person."""
    person = np.repeat(np.arange(100), 3)
    rows = embed(person, width=128)
    second = person.copy()
    second[:150:3] += 1000

    right = calibrate(rows, subject=person, default_threshold=0.9)
    misled = calibrate(rows, subject=second, default_threshold=0.9)

    assert misled.threshold == pytest.approx(right.threshold, abs=0.01)
    assert misled.strict == pytest.approx(right.strict, abs=0.05)
    assert misled.doubt == pytest.approx(right.doubt, abs=0.05)
    cosines = rows @ rows.T
    strangers = cosines[person[:, None] != person]
    own = np.where(person[:, None] == person, cosines, -1) - 2 * np.eye(len(rows))
    assert strangers.max() < misled.doubt < np.quantile(own.max(axis=1), 0.04)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_doubt_is_never_below_the_threshold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    person = rng.integers(0, 120, 240)
    rows = embed(person, spread=float(rng.uniform(0.2, 1.5)), seed=seed % 1000)

    found = calibrate(rows, subject=person, default_threshold=0.4, default_strict=0.5)

    assert found.threshold <= found.doubt <= 1


def test_without_evidence_doubt_follows_from_what_the_model_is_known_for() -> None:
    few, many = (
        calibrate(embed(np.arange(n)), subject=np.full(n, -1), default_threshold=0.4,
                  default_strict=0.47)
        for n in (5, 2000)
    )  # fmt: skip

    assert few.doubt == pytest.approx(0.47)
    assert few.doubt < many.doubt < 0.7


def test_no_faces_are_no_evidence() -> None:
    found = calibrate(np.empty((0, 4), "f4"), subject=np.empty(0, int), default_threshold=0.4)

    assert (found.threshold, found.basis, found.pairs) == (0.4, "default", 0)


def test_the_interval_holds_the_rate() -> None:
    person = np.arange(200)

    found = calibrate(embed(person), subject=person, default_threshold=0.9)

    assert found.interval[0] < found.fmr < found.interval[1]


def test_too_few_subjects_fall_back_and_say_so() -> None:
    person = np.repeat(np.arange(5), 40)

    found = calibrate(
        embed(person),
        subject=person,
        default_threshold=0.41,
        default_strict=0.47,
        default_basis="measured elsewhere",
    )

    assert (found.threshold, found.strict, found.basis) == (0.41, 0.47, "default")
    assert "10 independent non-mated pairs of 3,000 needed" in found.note
    assert "measured elsewhere" in found.note


def test_faces_of_one_frame_are_evidence_without_any_subject() -> None:
    person = np.arange(4000)
    frame = person // 4

    found = calibrate(
        embed(person),
        subject=np.full(4000, -1),
        frame=frame,
        default_threshold=0.9,
    )

    assert found.basis == "dataset"
    assert found.pairs == found.independent_pairs == 1000 * 6


def test_poor_faces_are_no_evidence() -> None:
    person = np.arange(200)

    found = calibrate(
        embed(person), subject=person, judgeable=np.zeros(200, bool), default_threshold=0.9
    )

    assert found.pairs == 0
    assert np.isnan(found.fmr)
    assert found.interval == (0.0, 1.0)


def test_mated_pairs_below_the_threshold_are_counted() -> None:
    person = np.repeat(np.arange(100), 2)

    found = calibrate(embed(person, spread=0.1), subject=person, default_threshold=0.9)

    assert found.fnmr == 0


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 50), (50, 50)])
def test_the_interval_is_clopper_and_pearsons(hits, n) -> None:
    reference = binomtest(hits, n).proportion_ci(0.95, method="exact")

    assert interval_of(hits / n, n, 0.95) == pytest.approx((reference.low, reference.high))


def test_a_rate_outside_its_range_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        calibrate(embed(np.arange(3)), subject=np.arange(3), default_threshold=0.9, target_fmr=0)


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="3 rows"):
        calibrate(embed(np.arange(3)), subject=np.arange(2), default_threshold=0.9)


def test_many_people_under_several_names_do_not_set_the_thresholds() -> None:
    """Every picture is a subject of its own: one person's likeness is not that of strangers."""
    person = np.repeat(np.arange(40), 3)
    rows = embed(person, spread=0.3)
    given = {"default_threshold": 0.4, "default_strict": 0.5}

    found = calibrate(rows, subject=np.arange(len(person)), **given)

    cosines = rows @ rows.T
    own = (person[:, None] == person[None, :]) & ~np.eye(len(person), dtype=bool)
    assert found.doubt < np.median(cosines[own])
    assert found.basis == "default"
    assert "several names" in found.note
