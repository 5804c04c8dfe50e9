"""Queues: who waits where, in which order, and who is never in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curate.audit.rules import BY_CODE
from curate.errors import UnknownNameError
from curate.review.queues import BY_NAME, QUEUES, WITHHELD, chosen, make_queues
from curate.schema import conform
from tests.factories import entries, media, verdict, whole

Row = dict[str, Any]
START = datetime(2026, 5, 1, tzinfo=UTC)
USE = "detector-training"


def finding(entry: Row, code: str, effect: str = "review", **values: Any) -> Row:
    """Return a finding on an entry."""
    return {"run_id": "r1", "finding_id": f"{code}/{entry['media_id']}", "code": code,
            "media_id": entry["media_id"], "effect": effect, "params": "{}", **values}  # fmt: skip


def decision(entry: Row, reviewer: str, said: str, **values: Any) -> Row:
    """Return a decision on the evidence that factories give."""
    evidence = whole("verdicts")["evidence"]
    return {"decision_id": f"{reviewer}/{entry['media_id']}/{said}", "use": USE, "verdict": said,
            "media_id": entry["media_id"], "reviewer": reviewer, "reason": "seen",
            "evidence": evidence, "decided_at": START, **values}  # fmt: skip


def tables(rows: list[Row], found: list[Row], **other: Any) -> dict[str, pa.Table]:
    """Return what queues are made from; entries need review unless `verdicts` says otherwise."""
    ages = other.get("ages", {})
    said = other.get("verdicts") or [verdict(row, "needs_review") for row in rows]
    return {
        "entries": entries(rows),
        "rejections": conform(other.get("rejections", []), "rejections"),
        "decisions": conform(other.get("decisions", []), "decisions"),
        "findings": conform(found, "findings"),
        "verdicts": conform(said, "verdicts"),
        "history": pa.table({
            "finding_id": pa.array([one["finding_id"] for one in found], pa.string()),
            "since": pa.array([START - timedelta(days=ages.get(one["finding_id"], 0))
                               for one in found], pa.timestamp("us", "UTC")),
        }),
    }  # fmt: skip


def in_queue(made: pa.Table, name: str) -> list[str]:
    """Return the locators in a queue, in order."""
    return made.filter(pc.equal(made["queue"], name))["locator"].to_pylist()


PAIRS = [("DUP002", "duplicates"), ("DEP004", "undeclared"), ("IDN001", "identity"),
         ("LAB008", "identity"), ("LAB001", "labels"), ("SHC001", "shortcuts"),
         ("SPL002", "splits"), ("MED001", "rejected")]  # fmt: skip


@pytest.mark.parametrize(("code", "queue"), PAIRS)
def test_a_finding_puts_an_entry_into_its_queue(code: str, queue: str) -> None:
    """And into that of all that needs review, unless the finding is only told."""
    row = media("a.jpg")
    effect = str(BY_CODE[code].effect)
    made = make_queues(tables([row], [finding(row, code, effect)]), USE)
    wanted = {queue} if effect == "none" else {queue, "needs-review"}
    assert set(made["queue"].to_pylist()) == wanted


def test_what_blocks_comes_first_then_what_waits_longest() -> None:
    """Severity before age, age before names."""
    rows = [media(name) for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")]
    found = [finding(rows[0], "DEP001"), finding(rows[1], "DEP001"),
             finding(rows[2], "DEP013", "block"), finding(rows[3], "DEP001")]  # fmt: skip
    made = make_queues(tables(rows, found, ages={found[3]["finding_id"]: 9}), USE)

    assert in_queue(made, "undeclared") == ["c.jpg", "d.jpg", "a.jpg", "b.jpg"]
    assert made["place"].to_pylist()[:4] == [1, 2, 3, 4]


def test_a_sealed_entry_is_in_no_queue() -> None:
    """Whatever was found in it."""
    row = media("a.jpg")
    given = tables([row], [finding(row, code) for code, _ in PAIRS])
    at = given["entries"].schema.get_field_index("state")
    sealed = pa.array(["sealed"], pa.string())
    given["entries"] = given["entries"].set_column(at, "state", sealed)

    assert make_queues(given, USE).num_rows == 0


@pytest.mark.parametrize("code", WITHHELD)
def test_what_a_hash_list_names_is_in_no_queue(code: str) -> None:
    """Whatever else was found in it, and a waiver changes nothing."""
    row = media("a.jpg")
    found = [finding(row, code, "none", waiver="known"), finding(row, "LAB001")]
    assert make_queues(tables([row], found), USE).num_rows == 0


@pytest.mark.parametrize(
    ("code", "hidden"), [("CON001", True), ("DEP002", True), ("LAB001", False)]
)
def test_who_did_not_agree_is_blurred(code: str, hidden: bool) -> None:  # noqa: FBT001
    """Or may not have: nobody declared is nobody asked."""
    row = media("a.jpg")
    made = make_queues(tables([row], [finding(row, code), finding(row, "DUP001", "none")]), USE)
    assert set(made["queue"].to_pylist()) >= {"needs-review", "duplicates"}
    assert made["blur"].to_pylist() == [hidden] * made.num_rows


def test_a_waiver_hides_nobody_who_did_not_agree() -> None:
    """It takes a finding out of the queue, and leaves the blur."""
    row = media("a.jpg")
    found = [finding(row, "CON027", "none", waiver="known"), finding(row, "DUP001", "none")]
    made = make_queues(tables([row], found), USE)
    assert made["codes"].to_pylist() == [["DUP001"]]
    assert made["blur"].to_pylist() == [True]


def test_what_reviewers_settled_is_in_no_queue() -> None:
    """While the evidence is what they saw: an audit says so in `decided_by`."""
    row = media("a.jpg")
    said = [verdict(row, "blocked") | {"decided_by": "reviewer"}]
    assert make_queues(tables([row], [finding(row, "DUP005")], verdicts=said), USE).num_rows == 0


def test_the_word_of_a_first_reviewer_is_told() -> None:
    """Of this evidence and this use alone, and only their last."""
    row = media("a.jpg")
    later = START + timedelta(hours=1)
    words = [
        decision(row, "ada", "cleared"),
        decision(row, "ben", "cleared"),
        decision(row, "ben", "undecided", decided_at=later),
        decision(row, "cy", "blocked", evidence="other"),
        decision(row, "di", "blocked", use="other"),
    ]
    made = make_queues(tables([row], [finding(row, "DUP005")], decisions=words), USE)
    assert made["said"].to_pylist() == [["ada: cleared"]] * 2


def test_rejections_are_told_with_place_and_reason() -> None:
    """They are no entries, so that there is nothing to decide."""
    lost = whole("rejections") | {"place": "m.csv:7", "reason": "bad_row", "locator": None}
    made = make_queues(tables([], [], rejections=[lost]), USE)
    (row,) = made.to_pylist()
    assert (row["queue"], row["media_id"], row["locator"]) == ("rejected", None, "m.csv:7")
    assert row["detail"].startswith("m.csv:7: bad_row")


def test_queues_are_chosen_by_name() -> None:
    """In their own order; a name that is none is told with those that are."""
    assert chosen(None) == QUEUES
    assert chosen(["splits", "duplicates"]) == (BY_NAME["duplicates"], BY_NAME["splits"])
    with pytest.raises(UnknownNameError, match="'splitz'") as caught:
        chosen(["splitz"])
    assert "needs-review" in caught.value.hint


def test_only_chosen_queues_are_made() -> None:
    """The others are not there."""
    row = media("a.jpg")
    made = make_queues(tables([row], [finding(row, "DUP005")]), USE, chosen(["splits"]))
    assert made.num_rows == 0
