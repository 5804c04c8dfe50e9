"""Work: queues with the evidence in words, cut at a limit that is told."""

from __future__ import annotations

from curate.audit.rules import BY_CODE
from tests.unit.review.conftest import Told


def test_evidence_is_told_in_words(told: Told) -> None:
    """What blocks first; with what to do."""
    found = told.entry("refused.png")["findings"]
    assert found[0]["code"] == "CON008"
    assert found[0]["remedy"] == BY_CODE["CON008"].remedy
    assert "p01" in found[0]["words"]


def test_what_a_finding_names_is_shown_beside(told: Told) -> None:
    """A copy is judged by looking at the other one."""
    (other,) = told.entry("copy.png")["beside"]
    assert other["locator"] == "b.png"
    assert told.entry("a.png")["beside"] == []


def test_what_is_left_over_is_counted(told: Told) -> None:
    """A page has a bound, and says what is beyond it."""
    work = told.work(limit=1)
    assert work.left["needs-review"] == 3
    assert [row["place"] for row in work.places] == [1] * len(work.places)


def test_age_is_that_of_the_first_audit(told: Told) -> None:
    """Auditing again makes nothing younger."""
    before = told.entry("a.png")["since"]
    told.project.audit()
    assert told.entry("a.png")["since"] == before


def test_nobody_may_clear_what_is_blocked(told: Told) -> None:
    """The page offers it for nothing else."""
    assert not told.entry("refused.png")["may_clear"]
    assert told.entry("a.png")["may_clear"]


def test_rejected_rows_are_there(told: Told) -> None:
    """With the file that cannot be read."""
    rows = [row for row in told.work().places if row["queue"] == "rejected"]
    assert [(row["locator"], row["state"]) for row in rows] == [
        ("broken.png", "unreadable"), ("../outside.png", "rejected"),
    ]  # fmt: skip
