"""How faces were compared, as the audit page and the datasheet tell it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curate.identity.calibrate import calibrate
from curate.identity.notes import calibration_notes
from curate.report.audit_page import audit_page
from curate.report.comparison import Comparison, comparisons
from curate.report.datasheet.sheet import datasheet
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.limits import limits
from tests.unit.identity.people import embed
from tests.unit.report.conftest import make_inputs, run
from tests.unit.report.page_reader import assert_sound, read

ASKED = {"model": "toy@1", "false_match_rate": 0.001, "default_basis": "measured elsewhere"}
GROUP = {
    "kind": "hand", "group": "left", "people": 30, "pairs": 3915, "fmr": 0.002,
    "fmr_interval": [0.0005, 0.006], "mated_people": 3, "fnmr": None, "fnmr_interval": None,
}  # fmt: skip
KNOWN: dict[str, Any] = {
    "threshold": 0.4123, "basis": "dataset", "pairs": 45000, "independent_pairs": 4950,
    "fmr": 0.00098, "fmr_interval": [0.0003, 0.0023], "mated_pairs": 300, "mated_people": 100,
    "fnmr": 0.012, "fnmr_interval": [0.004, 0.029], "confidence": 0.95, "by_group": [GROUP],
    "curves": {"cosine": [0.0, 0.2, 0.4, 0.6, 0.8], "non_mated": [0.9, 0.1, 0.001, 0.0, 0.0],
               "mated": [0.0, 0.0, 0.01, 0.2, 0.99]},
}  # fmt: skip
FEW = KNOWN | {
    "basis": "default", "pairs": 3, "independent_pairs": 3, "mated_pairs": 3, "mated_people": 3,
    "fmr": None, "fmr_interval": None, "fnmr": None, "fnmr_interval": None, "by_group": [],
    "curves": {"cosine": [], "non_mated": None, "mated": None},
}  # fmt: skip


def after(*runs: dict[str, Any], models: tuple[str, ...] = ("toy@1",) * 4) -> ReportInputs:
    """Return a project in which the stage of identities ran so, one after the other."""
    return make_inputs(runs=[
        run("run identity", minute, parameters=ASKED | {"model": model}, counts=counts)
        for minute, (model, counts) in enumerate(zip(models, runs, strict=False))
    ])  # fmt: skip


def told(*runs: dict[str, Any], **given: Any) -> list[Comparison]:
    """Return how faces were compared by these runs."""
    return comparisons(Facts(after(*runs, **given)))


def test_both_rates_are_told_in_sentences_with_their_intervals() -> None:
    (one,) = told(KNOWN)

    text = " ".join(one.sentences)
    assert "at least 0.4123." in text
    assert "of pairs of two people, at most 0.1 % should reach it" in text
    assert (
        "Of pairs of pictures of two people, 0.098 % (0.03 % to 0.23 %) reach the threshold: "
        "these may be taken for one person." in text
    )
    assert (
        "Of pairs of pictures of one person, 1.2 % (0.4 % to 2.9 %) fall below the threshold: "
        "these may be taken for two people." in text
    )
    assert "300 pairs of faces, of 100 people" in text
    assert "95 % confidence intervals" in text
    assert one.gap == ""


def test_no_miss_is_no_pair_that_may_be_taken_wrongly() -> None:
    (one,) = told(KNOWN | {"fnmr": 0.0, "fnmr_interval": [0.0, 0.03]})

    assert any(
        text.startswith("Of pairs of pictures of one person, 0 % (0 % to 3 %) fall below the "
                        "threshold. ") for text in one.sentences
    )  # fmt: skip


def test_both_curves_are_drawn_with_the_threshold_and_told_in_words() -> None:
    (one,) = told(KNOWN)

    chart = one.chart
    assert chart is not None
    assert (
        "at 0.4, 0.1 % of pairs of two people are at or above it and 1 % of pairs of one person "
        "are below it" in chart.alternative
    )
    assert chart.alternative.endswith("The threshold is 0.4123.")
    assert "threshold 0.4123" in chart.svg
    assert "stroke-dasharray" in chart.svg
    assert chart.alternative in read(str(chart.svg)).text


def test_of_too_little_evidence_the_sentences_say_so_and_nothing_is_drawn() -> None:
    """And no sentence tells a count of very few people."""
    inputs = after(FEW)
    (one,) = comparisons(Facts(inputs))

    text = " ".join(one.sentences)
    assert "This threshold is not this dataset's own" in text
    assert "fewer than 10 independent pairs of people, and 3,000 are needed" in text
    assert "too little evidence to tell how often two people are taken for one" in text
    assert "too little evidence to tell how often one person is taken for two" in text
    assert "The model's own is used: measured elsewhere." in text
    assert "confidence interval" not in text
    assert one.chart is None
    often = "How often two people are taken for one and how often one person is taken for two"
    assert f"{often} is not known of these data." in limits(Facts(inputs), []).gaps
    assert "<figure" not in audit_page(inputs)


def test_a_curve_is_drawn_alone_where_the_other_is_not_known() -> None:
    (one,) = told(KNOWN | {"fmr": None, "fmr_interval": None,
                           "curves": KNOWN["curves"] | {"non_mated": None}})  # fmt: skip

    chart = one.chart
    assert chart is not None
    assert "two people" not in chart.alternative
    assert "Two people" not in chart.svg
    assert one.gap == "How often two people are taken for one is not known of these data."


def test_each_model_is_told_by_its_last_run_and_the_last_one_first() -> None:
    old, other, new = (KNOWN | {"threshold": threshold} for threshold in (0.1, 0.2, 0.3))

    found = told(old, other, new, models=("toy@1", "other@1", "toy@1"))

    assert [(one.model, one.measures["threshold"], one.current) for one in found] == [
        ("toy@1", 0.3, True), ("other@1", 0.2, False),
    ]  # fmt: skip
    page = audit_page(after(old, other, new, models=("toy@1", "other@1", "toy@1")))
    assert_sound(page)
    assert "Earlier, by other@1" in read(page).text


def test_a_run_that_compared_nothing_tells_nothing() -> None:
    assert told(KNOWN, {}) == []
    assert comparisons(Facts(make_inputs())) == []


def test_a_record_without_rates_is_told_as_such() -> None:
    (one,) = told({"threshold": 0.4, "basis": "dataset", "pairs": 5, "note": "n"})

    assert "did not record how often" in one.sentences[-1]
    assert one.chart is None
    assert one.gap


def test_errors_by_group_are_told_with_intervals() -> None:
    (one,) = told(KNOWN)

    assert one.by_group.rows == (
        ("hand", "left", 30, "0.2 % (0.05 % to 0.6 %)", "too few pairs to tell"),
    )
    assert "Errors in comparing faces, by declared group" in read(audit_page(after(KNOWN))).text


def test_what_a_calibration_says_of_itself_is_drawn() -> None:
    person = np.repeat(np.arange(100), 3)
    notes = calibration_notes(
        calibrate(embed(person, spread=1.1), subject=person, default_threshold=0.4)
    )

    page = audit_page(after(json.loads(json.dumps(notes))))

    assert_sound(page)
    text = read(page).text
    assert "How faces were compared" in text
    assert "Of pairs of pictures of one person, " in text
    assert '<svg viewBox="0 0 320' in page


@pytest.mark.parametrize("cosines", [(-1.0, 1.0), (0.92, 0.95), (0.5, 0.5001)])
def test_a_chart_fits_whatever_range_the_cosines_have(cosines: tuple[float, float]) -> None:
    curves = {"cosine": list(cosines), "non_mated": [1.0, 0.0], "mated": [0.0, 1.0]}

    (one,) = told(KNOWN | {"threshold": cosines[1], "curves": curves})

    assert one.chart is not None


def test_the_datasheet_tells_it_in_words_and_for_machines() -> None:
    sheet = json.loads(datasheet(after(KNOWN)).json)

    (one,) = sheet["comparisons"]
    assert (one["model"], one["fnmr_interval"], one["curves"]) == (
        "toy@1", KNOWN["fnmr_interval"], KNOWN["curves"],
    )  # fmt: skip
    preparation = next(q for q in sheet["questions"] if q["id"] == 33)
    assert "1.2 % (0.4 % to 2.9 %) fall below the threshold" in preparation["text"][1]


def test_the_datasheet_withholds_small_counts_of_people() -> None:
    (few,) = json.loads(datasheet(after(FEW)).json)["comparisons"]
    (known,) = json.loads(datasheet(after(KNOWN)).json)["comparisons"]

    withheld = ("mated_people", "mated_pairs", "independent_pairs", "pairs")
    assert {few[name] for name in withheld} == {None}
    assert known["by_group"][0]["mated_people"] is None
    assert known["by_group"][0]["people"] == 30


def test_the_datasheet_hides_the_group_that_a_few_people_beside_it_would_make_up() -> None:
    """30 of 32 people are of a group that is told; that 2 are of another must not follow."""
    who = {"media_id": "m001", "role": "depicted", "link_method": "declared",
           "link_status": "confirmed"}  # fmt: skip
    shown = [{**who, "subject_id": f"s{n}"} for n in range(32)]
    inputs = after(KNOWN)
    tables = {**inputs.tables, "depictions": make_inputs(depictions=shown).tables["depictions"]}
    sheet = json.loads(datasheet(replace(inputs, tables=tables)).json)
    assert sheet["comparisons"][0]["by_group"][0]["people"] is None
    (groups,) = (t for t in sheet["questions"][16]["tables"] if t["caption"].startswith("Errors"))
    assert [row[2] for row in groups["rows"]] == ["withheld"]
