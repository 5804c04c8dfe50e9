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
    """One is not enough, nor is one whom the register does not know."""
    told.project.add_reviewer("ada", name="Ada L.")
    told.project.review_import(handed_back(told, decided(told)))
    assert told.verdict("a.png") == "needs_review"

    done = told.project.review_import(handed_back(told, decided(told), reviewer="ben"))
    assert told.verdict("a.png") == "needs_review"
    assert "ben is not on the register" in done.remark
    assert "curate review reviewers add 'ben'" in done.remark
    told.project.add_reviewer("ben", name="Ben M.")
    assert told.verdict("a.png") == "cleared"


def test_a_file_under_other_forms_of_one_name_is_that_of_one_person(told: Told) -> None:
    """Whoever renames their file is not two people."""
    told.project.add_reviewer("r.meyer", name="Robin Meyer")
    for name in (
        "r.meyer",
        "R. Meyer",
        " r meyer",
        "\uff32.\uff2d\uff45\uff59\uff45\uff52",
        "meyer r",
    ):
        told.project.review_import(handed_back(told, decided(told), reviewer=name))
    assert told.verdict("a.png") == "needs_review"


def test_for_others_only_signed_files_clear(told: Told) -> None:
    """By the registered keys; an unsigned file is kept, told of, and clears nothing."""
    config = told.project.workspace.config
    config.write_text(config.read_text().replace('audience = "internal"', 'audience = "gated"'))
    told.project.context.__dict__.pop("config", None)
    told.project.audit()
    keys = {name: new_key() for name in ("ada", "ben")}
    for name, key in keys.items():
        told.project.add_reviewer(name, name=f"{name} M.", key=key.public)

    for name in keys:
        done = told.project.review_import(handed_back(told, decided(told), reviewer=name))
        assert (done.recorded, "only decisions signed by" in done.remark) == (1, True)
    assert told.verdict("a.png") == "needs_review"

    for name, key in keys.items():
        plain = handed_back(told, decided(told), reviewer=name)
        path = plain.with_suffix(".dsse.json")
        path.write_text(json.dumps(signed_review(plain, key)), encoding="utf-8")
        assert told.project.review_import(path).remark == ""
    assert told.verdict("a.png") == "cleared"
    rows = told.project.ledger.read("decisions").to_pylist()
    assert {(r["reviewer"], r["key_id"]) for r in rows if r["key_id"]} == {
        (name, key.public.keyid) for name, key in keys.items()
    }


def test_nobody_signs_for_another(told: Told) -> None:
    """A file in Ben's name under Ada's key, or under one that is not Ben's, is nobody's word."""
    ada, ben, other = new_key(), new_key(), new_key()
    told.project.add_reviewer("ada", name="Ada L.", key=ada.public)
    told.project.add_reviewer("ben", name="Ben M.", key=ben.public)
    plain = handed_back(told, decided(told), reviewer="ben")
    path = plain.with_suffix(".dsse.json")
    for key, problem in ((ada, "'ada' signed this"), (other, "is not the one")):
        path.write_text(json.dumps(signed_review(plain, key)), encoding="utf-8")
        with pytest.raises(VerificationError, match=problem):
            told.project.review_import(path, key.public)
    assert told.project.ledger.read("decisions").num_rows == 0


def test_what_somebody_clears_before_they_were_taken_off_is_not_brought_in_after(
    told: Told,
) -> None:
    """The file says itself when it was decided; what was on record before stays and counts."""
    for name in ("ada", "ben"):
        told.project.add_reviewer(name, name=f"{name} M.")
        told.project.review_import(handed_back(told, decided(told), reviewer=name))
    early = handed_back(told, decided(told, "b.png"))
    told.project.remove_reviewer("ada")

    (bad,) = told.project.review_import(early).rejected
    assert "ada was taken off the register" in bad.reason
    assert told.verdict("a.png") == "cleared"
    told.project.decide("b.png", "cleared", reviewer="ben", reason="fine")
    told.project.decide("b.png", "cleared", reviewer="ada", reason="fine")
    assert told.verdict("b.png") == "needs_review"


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
