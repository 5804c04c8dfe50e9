"""What a reviewer does at the desk is on record at once, tied to what was shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from curate.errors import CurateError, InputError, UnknownNameError
from curate.viewing.desk import AUDIT, FOLDER, REVIEWER, USE, WORKSPACE, Desk
from tests.unit.review.conftest import USE as THE_USE
from tests.unit.review.conftest import Told, audited_folder, told

__all__ = ["audited_folder", "told"]


@pytest.fixture
def desk(told: Told, tmp_path: Path) -> Desk:
    """Return ana's desk over the last audit."""
    audit = told.project.latest_audit(use=THE_USE).run_id
    return Desk(told.project.context, THE_USE, audit, tmp_path / "clear", "ana")


def said(told: Told) -> list[dict[str, Any]]:
    """Return what is on record, in order."""
    rows: list[dict[str, Any]] = told.project.ledger.read("decisions").to_pylist()
    return sorted(rows, key=lambda row: row["decided_at"])


def of(told: Told, name: str) -> str:
    """Return the id of an entry."""
    return str(told.project.entry(name)["media_id"])


def test_every_word_is_on_record_with_what_was_seen(told: Told, desk: Desk) -> None:
    """Who, why, which audit and which evidence; a word about faces has no entry."""
    entry = of(told, "a.png")
    assert desk.decide(entry, "blocked", "no") == "blocked"
    assert desk.label(entry, "fake", "seams") == "authenticity fake"
    assert desk.name(entry, "p07", "I know her") == "p07 confirmed"
    assert desk.waive(entry, "SIG017", "2026-08-01", "asked") == "SIG017 waived until 2026-08-01"

    rows = said(told)
    assert [row["kind"] for row in rows] == [None, "label", "subject", "waiver"]
    for row in rows:
        assert (row["media_id"], row["reviewer"], row["use"]) == (entry, "ana", THE_USE)
        assert row["audit_run_id"] == desk.audit
        assert row["evidence"] == desk.evidence(entry)
    assert f"{rows[3]['expires_at']:%Y-%m-%d %H:%M}" == "2026-08-01 23:59"
    assert told.verdict("a.png") == "blocked"


def test_undo_takes_back_one_after_another(told: Told, desk: Desk) -> None:
    entry = of(told, "a.png")
    desk.label(entry, "fake", "seams")
    desk.decide(entry, "blocked", "no")
    assert [desk.undo("a slip")["kind"] for _ in range(2)] == [None, "label"]
    with pytest.raises(InputError, match="nothing that stands"):
        desk.undo("a slip")
    assert told.verdict("a.png") == "needs_review"


def test_evidence_that_changed_since_is_not_decided_on(told: Told, desk: Desk) -> None:
    """The same evidence in a later audit is as good as that which was shown."""
    told.project.audit(use=THE_USE)
    desk.decide(of(told, "a.png"), "cleared", "fine")
    told.project.review_subject("a.png", "p07", "confirmed", reviewer="bo", reason="her")
    told.project.audit(use=THE_USE)
    with pytest.raises(InputError, match="evidence has changed"):
        desk.decide(of(told, "a.png"), "cleared", "fine")
    assert len(said(told)) == 2


def test_two_desks_at_once_lose_nothing(told: Told, desk: Desk, tmp_path: Path) -> None:
    """Both write into one ledger, while another command holds the workspace."""
    other = Desk(told.project.context, THE_USE, desk.audit, tmp_path / "other", "bo")
    with told.project.workspace.writing():
        for _ in range(5):
            for one in (desk, other):
                one.decide(of(told, "b.png"), "cleared", "fine")
    assert [row["reviewer"] for row in said(told)] == ["ana", "bo"] * 5
    assert told.project.ledger.verify()


def test_disputing_a_likeness_rules_them_out_and_a_declared_one_is_disputed(
    told: Told, desk: Desk
) -> None:
    assert desk.subject(of(told, "refused.png"), "p01", "disputed", "no") == "p01 disputed"
    with pytest.raises(UnknownNameError, match="no face here"):
        desk.subject(of(told, "a.png"), "p01", "disputed", "no")


def test_a_look_is_written_down_before_the_picture_is_shown(told: Told, desk: Desk) -> None:
    """Nobody looks without a name, and what cannot be shown is no look."""
    entry = of(told, "refused.png")
    nobody = Desk(told.project.context, THE_USE, desk.audit, desk.folder)
    with pytest.raises(InputError, match="name"):
        nobody.unblur(entry)
    with pytest.raises(InputError, match="not for reviewers"):
        desk.unblur(of(told, "broken.png"))
    assert told.project.ledger.read("accesses").num_rows == 0

    assert desk.unblur(entry).is_file()
    (look,) = told.project.ledger.read("accesses").to_pylist()
    assert (look["media_id"], look["reviewer"], look["audit_run_id"]) == (entry, "ana", desk.audit)


@pytest.mark.parametrize("until", ["soon", "2026-02-30", "2025-01-01", ""])
def test_a_waiver_needs_a_day_to_come(told: Told, desk: Desk, until: str) -> None:
    with pytest.raises(CurateError, match=r"is no day|is past"):
        desk.waive(of(told, "a.png"), "SIG017", until, "asked")
    assert said(told) == []


def test_what_was_not_judged_is_not_decided(desk: Desk) -> None:
    with pytest.raises(UnknownNameError, match="no entry of this review"):
        desk.decide("f1941225-1993-5c17-87b5-155128156767", "cleared", "fine")


def test_a_desk_is_made_of_the_environment(
    told: Told, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the command starts the App's server."""
    root = told.project.workspace.root
    for name, value in {WORKSPACE: root, USE: THE_USE, AUDIT: desk.audit, REVIEWER: "",
                        FOLDER: desk.folder}.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    made = Desk.of_environment()

    assert (made.use, made.audit, made.reviewer, made.folder) == (
        THE_USE, desk.audit, "", desk.folder,
    )  # fmt: skip
    made.sit(" cy ")
    made.context.clock = lambda: told.now + timedelta(minutes=1)
    made.decide(of(told, "a.png"), "undecided", "who knows")
    assert said(told)[0]["reviewer"] == "cy"
