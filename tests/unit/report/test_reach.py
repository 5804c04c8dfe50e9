"""Rules without findings: tested on everything, on a part, or about nothing."""

from __future__ import annotations

import pytest

from curate.audit.rules import ALL_RULES, BY_CODE
from curate.report.facts import Facts
from curate.report.reach import EVIDENCE, Reach, evidence_of, quiet_rules, reach_of
from curate.splits.lint import lint
from tests.factories import STAGES, Row, digest, face, identity, scan, searched, whole
from tests.unit.report.conftest import content, entry, make_inputs, run, verdict


def of(code: str, **rows: list[Row]) -> Reach:
    """Return on how many of three entries a rule was tested."""
    entries = [entry(number, sha256=digest(str(number))) for number in range(3)]
    inputs = make_inputs(
        entries=entries, verdicts=[verdict(number, "cleared") for number in range(3)],
        **{"stages": list(STAGES), **rows},
    )  # fmt: skip
    (found,) = reach_of(Facts(inputs), [BY_CODE[code]], lint(inputs.tables))
    return found


def test_each_rule_says_what_it_looks_at() -> None:
    assert {evidence_of(rule) for rule in ALL_RULES} == set(EVIDENCE.values())


def test_a_stage_that_never_ran_tests_nothing() -> None:
    for code in ("SIG001", "DEP001", "IDN005", "SHC001"):
        found = of(code)
        assert not found.tested
        assert found.why


def test_a_rule_is_tested_where_its_stage_looked_and_no_further() -> None:
    some = [searched(digest("0")), searched(digest("1"), error="unreadable")]

    found = of("SIG001", signal_scans=some)

    assert (found.about, found.tested) == (3, 1)
    assert "was not searched for statements" in found.why
    assert of("SIG001", signal_scans=[searched(digest(str(n))) for n in range(3)]).why == ""


def test_names_are_tested_where_each_face_was_compared_with_everybody() -> None:
    scans = [scan(digest(str(n)), n) for n in range(3)]
    faces = [face(digest("1")), face(digest("2"))]
    said = {"face_scans": scans, "faces": faces}

    assert of("IDN005", **said, identities=[identity(one) for one in faces]).why == ""
    assert of("IDN005", **said, identities=[identity(faces[0])]).tested == 1
    assert not of(
        "IDN005", **said, identities=[identity(one) for one in faces],
        uncompared=[{"about": digest("3")}],
    ).tested  # fmt: skip
    none = of("IDN005", face_scans=[scan(digest(str(n)), 0) for n in range(3)])
    assert (none.about, none.why) == (0, "no face was found")


def test_a_list_that_was_not_asked_is_not_tested_and_none_is_not_applied() -> None:
    assert of("HSH001").about == 0
    assert "registered" in of("HSH001").why


def test_ties_of_splits_are_tested_where_they_are_known() -> None:
    found = of("SPL002")

    assert (found.about, found.tested) == (3, 0)
    assert "who is in it" in found.why


@pytest.mark.parametrize("code", ["CON001", "DEP011"])
def test_a_rule_about_nothing_is_not_applied(code: str) -> None:
    found = of(code)

    assert found.about == 0
    first, second, third = quiet_rules([found], [BY_CODE["CON002"]])
    assert not first.rows
    assert not second.rows
    assert [row[1].split()[0] for row in third.rows] == [code, "CON002"]
    assert third.rows[1][2] == "it was left out of the audit"


def test_labels_were_held_against_looks_only_where_that_ran() -> None:
    labels = [
        {"media_id": row["media_id"], "name": "authenticity", "value": "real",
         "vocabulary": "real|fake", "origin": "declared"}
        for row in (entry(n) for n in range(3))
    ]  # fmt: skip

    # A run in which too few files have each label tests nothing.
    assert of("SHC001", labels=labels, runs=[run("run labels", 1)]).tested == 0
    told = whole("shortcuts") | {"target": "authenticity"}
    assert of("SHC001", labels=labels, shortcuts=[told]).why == ""
    assert of("SHC002", labels=labels, shortcuts=[told]).tested == 0
    assert of("LAB009", labels=labels, shortcuts=[told]).tested == 0


def test_a_file_that_was_not_opened_tests_no_rule_about_files() -> None:
    found = of("MED001", content=[content(entry(0, sha256=digest("0")))])

    assert (found.about, found.tested) == (3, 1)
