"""Files that reviewers hand back: what counts, what does not and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.errors import InputError, VerificationError
from curate.model.instants import print_instant
from curate.review.returned import FORMAT, signed_review
from curate.signing import new_key
from tests.unit.review.conftest import LISTED, USE, Told


def decided(told: Told, name: str = "a.png", verdict: str = "cleared", **values: Any) -> Any:
    """Return a decision as the page writes it."""
    entry = told.entry(name)
    return {"media_id": entry["media_id"], "locator": name, "verdict": verdict,
            "reason": "seen", "evidence": entry["evidence"],
            "decided_at": print_instant(told()), **values}  # fmt: skip


def handed_back(told: Told, *decisions: Any, **values: Any) -> Path:
    """Return a file with decisions."""
    run_id = told.project.latest_audit(use=USE).run_id
    said = {"format": FORMAT, "use": USE, "audit_run_id": run_id, "reviewer": "ada",
            "decisions": list(decisions), "unblurred": [], **values}  # fmt: skip
    path = told.project.workspace.root / f"{told():%H%M%S}.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def test_two_reviewers_clear(told: Told) -> None:
    """One is not enough."""
    told.project.review_import(handed_back(told, decided(told)))
    assert told.verdict("a.png") == "needs_review"

    told.project.review_import(handed_back(told, decided(told), reviewer="ben"))
    assert told.verdict("a.png") == "cleared"


def test_one_reviewer_blocks_and_takes_it_back(told: Told) -> None:
    """With a later word."""
    told.project.review_import(handed_back(told, decided(told, verdict="blocked")))
    assert told.verdict("a.png") == "blocked"
    rows = told.project.latest_audit().verdicts.to_pylist()
    evidence = {row["media_id"]: row["evidence"] for row in rows}
    (made,) = told.project.ledger.read("decisions").to_pylist()
    back = {"media_id": made["media_id"], "verdict": "undecided", "reason": "wrong",
            "evidence": evidence[made["media_id"]],
            "decided_at": print_instant(told())}  # fmt: skip
    told.project.review_import(handed_back(told, back))
    assert told.verdict("a.png") == "needs_review"


def test_importing_twice_changes_nothing(told: Told) -> None:
    """The second time nothing is new."""
    looked = {"media_id": told.entry("a.png")["media_id"], "at": "2026-05-04T09:00:00Z"}
    path = handed_back(told, decided(told), unblurred=[looked])
    first = told.project.review_import(path)
    tables = [told.project.ledger.read(name) for name in ("decisions", "accesses")]
    again = told.project.review_import(path)

    assert (first.recorded, again.recorded) == (1, 0)
    assert [told.project.ledger.read(n) for n in ("decisions", "accesses")] == tables
    assert tables[1]["reviewer"].to_pylist() == ["ada"]


@pytest.mark.parametrize(
    ("name", "values", "problem"),
    [
        ("refused.png", {}, "no reviewer clears what is blocked"),
        ("a.png", {"media_id": "nothing"}, "no entry has the id"),
        ("a.png", {"evidence": "0" * 64}, "not the evidence of audit"),
        ("a.png", {"reason": "  "}, "needs a reviewer's name and a reason"),
        ("a.png", {"decided_at": "2030-01-01T00:00:00Z"}, "has not come yet"),
        ("a.png", {"verdict": "allowed"}, "is not one of"),
        ("a.png", {"decided_at": "yesterday"}, "yesterday"),
    ],
)
def test_what_does_not_hold_is_told(
    told: Told, name: str, values: dict[str, Any], problem: str
) -> None:
    """With its place and the reason; what stands beside it counts."""
    path = handed_back(told, decided(told, "b.png"), decided(told, name, **values))
    done = told.project.review_import(path)

    (bad,) = done.rejected
    assert problem in bad.reason
    assert bad.where == f"{path}: decisions[1]"
    assert bad.hint
    assert done.recorded == 1


def test_changed_evidence_voids_a_decision(told: Told, audited_folder: Path) -> None:
    """What is new was not seen."""
    path = handed_back(told, decided(told, verdict="blocked"))
    listed = told.project.workspace.root / "list.csv"
    listed.write_text(LISTED.replace("a.png,", "a.png,p01"), encoding="utf-8")
    told.project.ingest(listed, dataset="d", media_root=audited_folder / "media")
    told.project.audit()
    done = told.project.review_import(path)

    assert [bad.reason for bad in done.rejected] == [
        "the evidence has changed since it was reviewed"
    ]
    assert told.project.ledger.read("decisions").num_rows == 0


def test_a_file_changed_after_its_import_is_refused(told: Told) -> None:
    """It would put other words into somebody's mouth."""
    path = handed_back(told, decided(told, verdict="blocked"))
    told.project.review_import(path)
    path.write_text(path.read_text().replace("blocked", "cleared"), encoding="utf-8")
    (bad,) = told.project.review_import(path).rejected
    assert bad.reason == "another decision of that very instant is on record"


def test_a_signature_is_checked_before_anything_is_read(told: Told) -> None:
    """A signed file needs its key, and a key a signed file."""
    key, other = new_key(), new_key()
    plain = handed_back(told, decided(told))
    path = plain.with_suffix(".dsse.json")
    path.write_text(json.dumps(signed_review(plain, key)), encoding="utf-8")

    with pytest.raises(VerificationError, match="signed"):
        told.project.review_import(path)
    with pytest.raises(VerificationError, match="no given key"):
        told.project.review_import(path, other.public)
    with pytest.raises(VerificationError):
        told.project.review_import(plain, key.public)
    assert told.project.review_import(path, key.public).recorded == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "no JSON"), ("[]", "no file of a review"), ('{"format": "x"}', "no file of a review")],
)
def test_other_files_are_refused(told: Told, text: str, problem: str) -> None:
    """Whole, with a hint."""
    path = told.project.workspace.root / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        told.project.review_import(path)


def test_a_file_for_another_use_is_refused(told: Told) -> None:
    """No audit of that use has run."""
    with pytest.raises(InputError):
        told.project.review_import(handed_back(told, use="other"))


def test_a_nameless_file_is_refused(told: Told) -> None:
    """Clearing takes two people, and nobody is none."""
    with pytest.raises(InputError, match="names no reviewer"):
        told.project.review_import(handed_back(told, decided(told), reviewer=" "))
