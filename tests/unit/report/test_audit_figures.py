"""The audit page, its JSON and the CSVs beside it: one computation, counted again by pandas."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from curate.audit.questions import NAMES, QUESTIONS
from curate.audit.tally import RESTS_ON
from curate.report.audit_figures import audit_document, audit_figures
from curate.report.audit_page import audit_page
from curate.report.inputs import ReportInputs
from curate.report.pages import as_json
from curate.report.suppression import SMALLEST, of_people
from curate.verbs.report import documents
from tests.unit.report.conftest import RUN, entry, event, finding, make_inputs, run, verdict
from tests.unit.report.london import PEOPLE, london
from tests.unit.report.page_reader import read
from tests.unit.report.test_csv_tables import frames

FEW = "fewer than 5"
_QUESTIONS = "sss?m" + "-" * (len(NAMES) - 5)


@pytest.fixture(scope="module")
def judged() -> ReportInputs:
    """Return a world of 81 entries, judged with answers."""
    inputs = london()
    verdicts = inputs.tables["verdicts"].to_pylist()
    for place, row in enumerate(verdicts):
        row["answers"] = _QUESTIONS if place % 9 == 0 else "s" * len(NAMES)
    tables = make_inputs(verdicts=verdicts).tables
    return replace(inputs, tables={**inputs.tables, "verdicts": tables["verdicts"]})


@pytest.fixture(scope="module")
def told(judged: ReportInputs) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return the JSON beside the page, and the two tables."""
    return json.loads(documents("audit", judged)["audit.json"]), *frames(judged)


def test_verdicts(told) -> None:
    page, entries, _ = told
    counts = entries.verdict.value_counts()
    for name in ("cleared", "needs_review", "blocked"):
        assert page["verdicts"][name] == counts.get(name, 0)


def test_findings_by_rule(told) -> None:
    page, _, findings = told
    assert {one["rule"] for one in page["found"]} == set(findings.rule)
    for one in page["found"]:
        mine = findings[findings.rule == one["rule"]]
        number = mine.media_id.nunique()
        if of_people(one["rule"]) and number < SMALLEST:
            assert one["entries"] == FEW
        else:
            assert (one["entries"], one["findings"]) == (number, len(mine))


def test_findings_by_rule_and_source(told) -> None:
    page, _, findings = told
    groups = findings.assign(source=findings.source.replace("", "not declared"))
    rows = {tuple(row[:3]): row[3:] for row in page["by_rule"]["rows"]}
    assert page["by_rule"]["more"] == 0
    for key, mine in groups.groupby(["rule", "dataset", "source"]):
        entries, number, example = rows.pop(key)
        assert example in set(mine.finding_id)
        if isinstance(entries, int):
            assert (entries, number) == (mine.media_id.nunique(), len(mine))
            assert entries >= SMALLEST or not of_people(key[0])
    assert not rows


@pytest.mark.parametrize(("table", "columns"), [
    ("by_source", ["dataset", "source"]), ("by_split", ["split"]),
    ("by_label", ["label", "manipulation"]),
])  # fmt: skip
def test_verdicts_by_group(told, table: str, columns: list[str]) -> None:
    page, entries, _ = told
    named = entries.replace({column: {"": "not declared"} for column in columns})
    rows = {tuple(row[: len(columns)]): row[len(columns) :] for row in page[table]["rows"]}
    for key, mine in named.groupby(columns):
        counts = mine.verdict.value_counts()
        number, cleared, review, blocked, _ = rows.pop(key)
        assert number == len(mine)
        assert [cleared, review, blocked] == [
            counts.get(name, 0) for name in ("cleared", "needs_review", "blocked")
        ]
    assert not rows


def test_questions_without_an_answer(told) -> None:
    page, entries, _ = told
    for name in NAMES:
        number = int((entries[f"answer_{name}"] == "not answered").sum())
        shown = [one["entries"] for one in page["open_questions"] if one["question"] == name]
        assert shown == ([f"{number} entries"] if number else [])


def test_on_what_clearances_rest(told) -> None:
    """The sentence counts all answers by basis, the table those of each question."""
    page, entries, _ = told
    cleared = entries[entries.verdict == "cleared"]
    (sentence,) = (one for one in page["clearance"] if one.startswith("The clearance of"))
    answers = cleared[[f"answer_{name}" for name in NAMES]].melt().value
    counts = answers[~answers.isin(["not answered", "not raised"])].value_counts()
    stated = f"The clearance of {len(cleared)} entries rests on {counts.sum()} answers: "
    assert sentence.startswith(stated)
    assert {f"{n} on {RESTS_ON[basis]}" for basis, n in counts.items()} == set(
        re.split(", | and ", sentence.removeprefix(stated).removesuffix("."))
    )
    rows = {(asks, rests): n for asks, rests, n in page["answers"]["rows"]}
    for question in QUESTIONS:
        of = cleared[f"answer_{question.name}"].value_counts()
        for basis, words in RESTS_ON.items():
            assert rows.get((question.asks, words), 0) == of.get(basis, 0)


def test_examples_are_findings_and_explain_knows_their_ids(told) -> None:
    page, _, findings = told
    known = findings.set_index("finding_id")
    for code, examples in page["examples"].items():
        for one in examples:
            assert known.loc[one["finding_id"]].rule == code
            assert known.loc[one["finding_id"]].what == one["words"]


def test_entries_that_share_their_bytes(told) -> None:
    page, entries, _ = told
    rows = dict(page["structure"]["rows"])
    present = entries[entries.state == "present"].sha256
    assert rows["Entries that share their bytes with another"] == int(
        present.duplicated(keep=False).sum()
    )


def test_the_page_says_the_numbers_of_the_json(judged, told) -> None:
    page, _, _ = told
    text = read(audit_page(judged)).text
    for one in page["open_questions"]:
        assert f"{one['asks']} {one['entries'].capitalize()}" in text
    for chart in page["charts"]:
        assert chart["in_words"] in text
    for name in ("by_rule", "by_source", "by_split", "by_label", "structure"):
        for row in page[name]["rows"]:
            for number in row:
                assert not isinstance(number, int) or f"{number:,}" in text


def test_people_are_counted_by_pandas_and_small_counts_are_withheld(judged, told) -> None:
    page, _, _ = told
    shown = judged.tables["depictions"].to_pandas()
    shown = shown[shown.link_status != "rejected"]
    assert page["people"]["declared"] == shown.subject_id.nunique() == PEOPLE
    for one in page["people"]["reasons"]:
        assert not isinstance(one["people"], int) or one["people"] >= SMALLEST
    assert page["people"]["covered"] == PEOPLE  # the findings of this world name nobody


def test_no_small_count_of_people_is_on_the_page_nor_to_be_worked_out_from_examples() -> None:
    people = [f"p{n}" for n in range(3)]
    inputs = make_inputs(
        entries=[entry(n) for n in range(3)],
        verdicts=[verdict(n, "blocked", "CON001") for n in range(3)],
        depictions=[{"media_id": f"m{n:03}", "subject_id": person, "role": "depicted",
                     "link_method": "declared", "link_status": "confirmed"}
                    for n, person in enumerate(people)],
        findings=[finding("CON001", n, subject=person, role="depicted", consent_id=None)
                  for n, person in enumerate(people)],
        consent_events=[event(person) for person in people],
    )  # fmt: skip
    figures = audit_figures(inputs)
    page = audit_document(inputs, figures)

    assert page["people"] == {"declared": FEW, "covered": "none",
                              "reasons": [{"rule": "CON001", "people": FEW}]}  # fmt: skip
    assert page["found"][0]["entries"] == FEW
    assert len(page["examples"]["CON001"]) == 1
    text = read(audit_page(inputs)).text
    assert "Fewer than 5 people are declared to be shown" in text
    assert "How many there are is withheld" in text
    assert "3 people" not in text + as_json(page)
    kept = read(audit_page(inputs, pictures=True)).text
    assert "3 people are declared to be shown" in kept


def test_a_small_group_is_not_told_by_the_total_of_its_rule() -> None:
    rows = [entry(n, source_id="studio" if n < 8 else "museum") for n in range(10)]
    inputs = make_inputs(
        entries=rows, verdicts=[verdict(n, "blocked", "CON001") for n in range(10)],
        findings=[finding("CON001", n, subject=f"p{n}", role="depicted") for n in range(10)],
    )  # fmt: skip
    page = audit_document(inputs, audit_figures(inputs))

    assert page["found"][0]["entries"] == 10
    assert [row[3] for row in page["by_rule"]["rows"]] == [FEW, f"all but {FEW}"]


def test_what_ran_since_changes_no_byte(judged) -> None:
    """Another audit of the same, and what was made from it, leave no trace in any document."""
    later = [run("audit", 50) | {"run_id": "later"}, run("release build", 51)]
    runs = [*judged.tables["runs"].to_pylist(), *later]
    tables = {**judged.tables, "runs": make_inputs(runs=runs).tables["runs"]}
    for name in ("findings", "verdicts"):
        changed = judged.tables[name].to_pandas().assign(run_id="later")
        tables[name] = judged.tables[name].from_pandas(
            pd.DataFrame(changed), schema=judged.tables[name].schema
        )
    own = [row | {"run_id": "later"} for row in runs if row["run_id"] == RUN]
    tables["runs"] = make_inputs(runs=[*runs[:-2], runs[-1], *own]).tables["runs"]
    again = replace(judged, run_id="later", tables=tables)

    for kind in ("audit", "accounts"):
        assert documents(kind, again) == documents(kind, judged)
    assert RUN not in documents("audit", judged)["audit.html"]
