"""Decisions: two people clear what one may block, and only what they have seen."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import pytest

from curate.audit.decide import decision
from curate.audit.facts import Question
from curate.audit.judge import audit
from curate.audit.rules import ALL_RULES
from curate.catalog.audits import Audited
from curate.errors import InputError
from tests.factories import (
    AS_OF,
    USE,
    Row,
    answered,
    consent,
    day,
    depiction,
    event,
    facts,
    media,
    subject,
)

WHOLE: Row = {"valid_until": day(1, year=2030)}


def _decision(evidence: str, reviewer: str, verdict: str, media_id: str) -> Row:
    return {
        "decision_id": f"{media_id}/{reviewer}", "media_id": media_id, "use": "test",
        "verdict": verdict, "reviewer": reviewer, "reason": "looked", "evidence": evidence,
        "decided_at": day(2),
    }  # fmt: skip


def _line(*, scanned: bool = True) -> tuple[list[Row], dict[str, list[Row]]]:
    """Return three entries, each made from the one before; the first was not scanned."""
    entries = [media(name, source_id="s") for name in ("a.jpg", "b.jpg", "c.jpg")]
    tables = answered(entries)
    relations = [
        {"left": left["media_id"], "relation": "derived_from", "right": right["media_id"],
         "left_kind": "media", "right_kind": "media", "basis": "declared", "stage": "ingest"}
        for right, left in pairwise(entries)
    ]  # fmt: skip
    scans = tables["face_scans"]
    return entries, {
        **tables,
        "relations": relations,
        "face_scans": scans if scanned else scans[1:],
    }


def _judged_line(
    rows: list[Row], tables: dict[str, list[Row]], **more: list[Row]
) -> tuple[list[str], list[str]]:
    """Return the verdicts of entries in their order, and their evidence."""
    question = Question(USE, {"train-detector": None}, AS_OF)
    found = audit(facts(rows, **deepcopy(tables | more)), ALL_RULES, question).verdicts.to_pylist()
    by_id = {row["media_id"]: row for row in found}
    ordered = [by_id[entry["media_id"]] for entry in rows]
    return [r["verdict"] for r in ordered], [r["evidence"] for r in ordered]


def test_reviewers_block_reaches_what_was_made_from_the_entry() -> None:
    """They saw that it was made from something in doubt, and blocked it all the same."""
    rows, tables = _line(scanned=False)
    before, evidence = _judged_line(rows, tables)
    assert before == ["needs_review"] * 3

    block = _decision(evidence[1], "ana", "blocked", rows[1]["media_id"])
    after, _ = _judged_line(rows, tables, decisions=[block])

    assert after == ["needs_review", "blocked", "blocked"]


def test_clearing_an_entry_frees_what_was_made_from_it() -> None:
    """The doubt came from there alone."""
    rows, tables = _line(scanned=False)
    _, evidence = _judged_line(rows, tables)

    clear = [_decision(evidence[0], who, "cleared", rows[0]["media_id"]) for who in ("ana", "ben")]
    after, _ = _judged_line(rows, tables, decisions=clear)

    assert after == ["cleared"] * 3


@pytest.mark.parametrize(
    ("reviewers", "stale", "expected"),
    [
        (("ana",), False, "needs_review"),
        (("ana", "ben"), False, "cleared"),
        (("ana", "ben"), True, "needs_review"),
    ],
    ids=["one reviewer", "two", "two, and new evidence"],
)
def test_clearing_takes_two_who_saw_what_is_known(
    reviewers: tuple[str, ...], *, stale: bool, expected: str
) -> None:
    """New evidence voids what they said."""
    rows, tables = _line(scanned=False)
    _, evidence = _judged_line(rows, tables)
    clear = [_decision(evidence[0], who, "cleared", rows[0]["media_id"]) for who in reviewers]
    if stale:
        tables["depictions"][0] |= {"link_status": "proposed"}

    after, _ = _judged_line(rows, tables, decisions=clear)

    assert after[0] == expected


def test_nobody_clears_what_is_blocked() -> None:
    """Any number of reviewers may say so."""
    rows, tables = _line()
    tables["consent_events"].append(event(day(3), "ConsentWithdrawn"))
    before, evidence = _judged_line(rows, tables)
    assert before == ["blocked"] * 3

    clear = [_decision(evidence[0], who, "cleared", rows[0]["media_id"]) for who in ("ana", "ben")]
    after, _ = _judged_line(rows, tables, decisions=clear)

    assert after == ["blocked"] * 3


def test_a_circle_of_descent_with_decisions_comes_to_an_end() -> None:
    """What is said to be made from itself is judged all the same, and clears nothing."""
    rows, tables = _line(scanned=False)
    first, last = rows[0]["media_id"], rows[2]["media_id"]
    tables["relations"].append(tables["relations"][0] | {"left": first, "right": last})
    _, evidence = _judged_line(rows, tables)

    said = [_decision(evidence[n], "ana", "blocked", rows[n]["media_id"]) for n in (0, 1)]
    after, _ = _judged_line(rows, tables, decisions=said)

    assert "cleared" not in after


def test_nobody_clears_what_policy_blocks() -> None:
    """Neither by deciding on it now, nor by a record that says so already."""
    entry = media("a.jpg")
    tables = {"depictions": [depiction(entry)], "subjects": [subject()],
              "consents": [consent(**WHOLE)],
              "consent_events": [event(day(1)), event(day(2), "ConsentWithdrawn")]}  # fmt: skip
    question = Question(USE, {"train-detector": None}, AS_OF)
    judged = audit(facts([entry], **deepcopy(tables)), ALL_RULES, question)
    (row,) = judged.verdicts.to_pylist()
    assert (row["verdict"], row["decided_by"]) == ("blocked", "policy")

    seen = Audited("run", USE, AS_OF, judged.findings, judged.verdicts)
    said = {"reviewer": "ana", "reason": "looked", "decided_at": day(3)}
    with pytest.raises(InputError, match="blocked"):
        decision(entry, "cleared", seen, **said)
    assert decision(entry, "blocked", seen, **said)["verdict"] == "blocked"

    words = [_decision(row["evidence"], name, "cleared", entry["media_id"])
             for name in ("ana", "bo")]  # fmt: skip
    after = audit(facts([entry], **deepcopy(tables), decisions=words), ALL_RULES, question)
    assert [one["verdict"] for one in after.verdicts.to_pylist()] == ["blocked"]
