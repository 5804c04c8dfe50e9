"""Questions 9 and 13 on labels: where they came from, how many are wrong, what tells them."""

from __future__ import annotations

import pytest

from curate.report.datasheet.composition import ON_ERRORS, errors, labels
from curate.report.facts import Facts
from tests.unit.report.conftest import entry, make_inputs, run
from tests.unit.report.test_labels import WORST, tell

RAN = {"runs": [run("run labels", 1)]}
NOISE = {"kind": "label", "name": "fake", "items": 86, "groups": 43, "wrong": 0.0412, "low": 0.02,
         "high": 0.07, "auc": 0.9, "held_together": "people and clips",
         "stage": "labels/3"}  # fmt: skip
UNKNOWN = {**NOISE, "wrong": None, "low": None, "high": None}


def test_noise_is_told_with_its_interval_and_what_it_was_drawn_over() -> None:
    said = errors(Facts(make_inputs(**RAN, label_noise=[NOISE])))

    table = next(one for one in said.listings if one.caption == "Labels estimated to be wrong")
    assert table.rows == (("label", "fake", 86, "4.1 %", "2 % to 7 %"),)
    assert "people and clips" in said.text[1]


def test_an_estimate_of_no_wrong_label_is_not_taken_for_certainty() -> None:
    none = {**NOISE, "wrong": 0.0, "low": 0.0, "high": 0.004}
    said = errors(Facts(make_inputs(**RAN, label_noise=[none])))

    table = next(one for one in said.listings if one.caption == "Labels estimated to be wrong")
    assert table.rows == (("label", "fake", 86, "0 %", "0 % to 0.4 %"),)
    assert "does not show that every label is right" in said.text[1]


def test_shortcuts_are_told_with_what_takes_them_away() -> None:
    said = errors(Facts(make_inputs(**RAN, shortcuts=[WORST, tell("width", 2)])))

    table = next(one for one in said.listings if one.caption == "Shortcuts")
    assert table.rows == (("label", "JPEG quality", "0.950", "0.002", 76, "encode again"),)
    assert "1 property that should not matter was found" in said.text[2]


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({}, ("could not be estimated", "could not be tested")),
        ({"label_noise": [UNKNOWN]}, ("could not be estimated", "could not be tested")),
        ({"shortcuts": [tell("width", 1, exchangeable=False)]}, ("", "could not be tested")),
        ({"shortcuts": [tell("width", 1)]}, ("", "No property that should not matter")),
    ],
)
def test_what_was_not_known_is_not_denied(tables, expected) -> None:
    said = errors(Facts(make_inputs(**RAN, **tables)))

    assert [one.caption for one in said.listings] == ["Known errors and redundancies"]
    for part, text in zip(expected, said.text[1:], strict=True):
        assert part in text


def test_labels_say_where_they_came_from_and_whether_their_truth_was_looked_at() -> None:
    label = {"media_id": "m001", "name": "authenticity", "value": "real", "origin": "declared"}
    base = {"entries": [entry(1)], "labels": [label]}

    looked, unseen = labels(Facts(make_inputs(**base, **RAN))), labels(Facts(make_inputs(**base)))

    assert looked.listings[0].rows == (
        ("authenticity", "real", "declared in the listing that came with the media", 1),
    )
    assert f"the datasheet's answer to “{ON_ERRORS}”" in looked.text[0]
    assert "not estimated" in unseen.text[0]
