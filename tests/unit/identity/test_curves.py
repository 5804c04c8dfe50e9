"""Both kinds of error at every threshold, and what a run's record says of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from curate.identity.calibrate import calibrate
from curate.identity.curves import Curves, error_curves
from curate.identity.notes import calibration_notes

from .people import embed

PERSON = np.repeat(np.arange(100), 3)


def test_curves_are_the_shares_of_all_pairs() -> None:
    rows = embed(PERSON, spread=1.1)

    curves = calibrate(rows, subject=PERSON, default_threshold=0.4).curves

    cosines, same = rows @ rows.T, PERSON[:, None] == PERSON
    pairs = np.triu(np.ones(same.shape, np.bool_), 1)
    assert 50 <= len(curves.cosine) <= 60
    assert curves.non_mated is not None
    assert curves.mated is not None
    for place in (0, 20, 40, -1):
        at = curves.cosine[place]
        told = curves.non_mated[place], curves.mated[place]
        seen = (cosines[pairs & ~same] >= at).mean(), (cosines[pairs & same] < at).mean()
        assert told == pytest.approx(seen, rel=0.006, abs=1e-4)


def test_curves_cover_where_they_change() -> None:
    curves = calibrate(embed(PERSON), subject=PERSON, default_threshold=0.4).curves

    assert curves.non_mated is not None
    assert curves.mated is not None
    assert curves.non_mated[0] >= 0.98
    assert curves.non_mated[-1] == 0
    assert curves.mated[0] == 0
    assert curves.mated[-1] >= 0.99


histograms = st.lists(st.integers(0, 5), min_size=41, max_size=41).map(np.array)


@given(non_mated=histograms, mated=histograms, threshold=st.floats(-1, 1))
def test_one_curve_never_rises_and_the_other_never_falls(non_mated, mated, threshold) -> None:
    curves = error_curves(non_mated, mated, threshold)

    falling, rising = curves.non_mated or (), curves.mated or ()
    assert list(falling) == sorted(falling, reverse=True)
    assert list(rising) == sorted(rising)
    assert list(curves.cosine) == sorted(set(curves.cosine))
    assert all(-1 <= one <= 1 for one in curves.cosine)
    assert all(0 <= one <= 1 for one in (*falling, *rising))
    if curves.cosine:
        assert curves.cosine[0] - 0.03 <= threshold <= curves.cosine[-1] + 0.03


def test_of_no_pairs_there_is_no_curve() -> None:
    none = np.zeros(41, np.int64)

    assert error_curves(none, None, 0.4) == error_curves(None, none, 0.4) == Curves()


def test_misses_are_counted_over_people_with_two_faces_of_two_frames() -> None:
    """p0 has two faces in one frame only, and from p90 on everybody has one face."""
    person = np.concatenate([np.repeat(np.arange(90), 2), np.arange(90, 100)])
    frame = np.arange(len(person))
    frame[1] = 0

    found = calibrate(embed(person), subject=person, frame=frame, default_threshold=0.4)

    assert (found.mated_people, found.mated_pairs) == (89, 89)


def test_the_interval_of_misses_counts_people() -> None:
    rows = embed(PERSON, spread=1.1)

    found = calibrate(rows, subject=PERSON, default_threshold=0.4, default_strict=0.5)

    assert found.mated_pairs == 300
    assert found.fnmr_interval[0] < found.fnmr < found.fnmr_interval[1]
    none = calibrate(embed(PERSON, spread=0.1), subject=PERSON, default_threshold=0.4)
    reference = binomtest(0, 100).proportion_ci(0.95, method="exact")
    assert none.fnmr_interval == pytest.approx((reference.low, reference.high))


def test_notes_are_json_of_few_digits() -> None:
    told = calibration_notes(calibrate(embed(PERSON), subject=PERSON, default_threshold=0.4))

    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert len(json.dumps(told)) < 2500
    assert told["fnmr_interval"][0] <= told["fnmr"] <= told["fnmr_interval"][1]
    assert told["mated_people"] == 100


@pytest.mark.parametrize(
    ("people", "known"),
    [(9, (False, False)), (10, (False, True)), (24, (False, True)), (25, (True, True))],
)
def test_of_few_people_no_rate_and_no_curve_is_told(people, known) -> None:
    person = np.repeat(np.arange(people), 2)

    told = calibration_notes(calibrate(embed(person), subject=person, default_threshold=0.4))

    for rate, curve, is_known in zip(("fmr", "fnmr"), ("non_mated", "mated"), known, strict=True):
        assert (told[rate] is not None) is is_known
        assert (told[f"{rate}_interval"] is not None) is is_known
        assert (told["curves"][curve] is not None) is is_known
    assert (told["curves"]["cosine"] != []) is any(known)


def test_no_faces_have_notes() -> None:
    empty = calibrate(np.empty((0, 4), "f4"), subject=np.empty(0, int), default_threshold=0.4)

    told = calibration_notes(empty)

    assert (told["fnmr"], told["mated_people"], told["mated_pairs"]) == (None, 0, 0)
    json.dumps(told, allow_nan=False)
