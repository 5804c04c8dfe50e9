from __future__ import annotations

from dataclasses import replace

from curate.report.appendix import audit_run
from curate.report.facts import Facts
from curate.report.method import clearance, method, notable, on_clearance, on_identities
from tests.unit.report.conftest import make_inputs, run


def test_what_stands_out_is_said_where_it_was_looked_for(small) -> None:
    assert notable(Facts(small)) == [
        "Copies: no entry is like another.",
        "Splits: no declared person and no copy stands in two.",
    ]


def test_nothing_is_said_of_copies_that_were_not_searched(small) -> None:
    tables = {**small.tables, "runs": make_inputs().tables["runs"]}
    told = notable(Facts(replace(small, tables=tables)))
    assert not any(text.startswith("Copies") for text in told)


def test_waivers_and_reviewers_are_told(small) -> None:
    verdicts = small.tables["verdicts"].to_pylist()
    verdicts[0]["decided_by"] = "two_reviewers"
    findings = small.tables["findings"].to_pylist()
    findings[0]["waiver"] = "known (r.meyer)"
    made = make_inputs(verdicts=verdicts, findings=findings).tables
    tables = {**small.tables, "verdicts": made["verdicts"], "findings": made["findings"]}
    facts = Facts(replace(small, tables=tables))
    people = "People: 1 finding waived, and 1 verdict decided by reviewers."
    assert notable(facts)[-1] == people
    assert on_clearance(facts)[-1].startswith("Waivers: 1 waiver; ")


def test_clearance_is_told_by_questions_in_words(small) -> None:
    verdicts = small.tables["verdicts"].to_pylist()
    for row in verdicts[:6]:
        row["answers"] = "s" * 2 + "m" * 4 + "d" * 3 + "x" + "--"
    tables = {**small.tables, "verdicts": make_inputs(verdicts=verdicts).tables["verdicts"]}
    told = clearance(Facts(replace(small, tables=tables)))
    assert told.text[0].startswith("The audit cleared 6 entries of the catalogue.")
    assert ("Has no other person of the catalogue a face that is seen here?",
            "a match by the face model", 6) in told.answers.rows  # fmt: skip
    assert not any("_" in str(row) for row in told.answers.rows)


def test_people_who_are_not_declared_are_told_of_all_that_were_found() -> None:
    ids = [{"face_id": f"f{n}", "identity_id": f"i{n}", "status": "proposed", "model_id": "toy@1",
            "subject_id": "p1" if n else None} for n in range(3)]  # fmt: skip
    assert on_identities(Facts(make_inputs(identities=ids))) == (
        "In the whole catalogue, comparing faces found 3 identities, each of which stands for one "
        "person. Of these, 1 is linked to no declared person."
    )


def test_method_names_rules_and_stages(small) -> None:
    facts = Facts(small)
    told, stages = method(facts, audit_run(facts))
    assert "was judged by 6 rules (ruleset 1)" in told[0]
    assert [row[0] for row in stages.rows] == ["probe", "dedup"]


def test_a_stage_that_failed_is_not_told(small) -> None:
    rows = [run("run faces", 1) | {"status": "failed"}]
    tables = {**small.tables, "runs": make_inputs(runs=rows).tables["runs"]}
    facts = Facts(replace(small, tables=tables))
    _, stages = method(facts, audit_run(facts))
    assert stages.rows == ()
