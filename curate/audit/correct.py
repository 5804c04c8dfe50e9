"""Correcting: a reviewer's word on a fact, such as a label, or who is shown.

A correction is a decision with a kind. It is a record beside what was declared: the facts that
audits read follow those that are in force, and go back to what was declared when the last one is
taken back. Reviewers who say different things of one fact leave it as it was declared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.errors import InputError
from curate.model.config import Waiver
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.model.people import person_of

SUBJECT, LINK, LABEL, KEEP, WAIVER, IDENTITY = KINDS = (
    "subject", "link", "label", "keep", "waiver", "identity"
)  # fmt: skip
# What a conflict about an entry is of.
VERDICT = "verdict"
CONFIRMED, DISPUTED, NOT_SHOWN = "confirmed", "disputed", "not_shown"
SAME, DIFFERENT = "same_person", "different_people"
WAIVED = "waived"

# What a correction is about: two of one kind that agree in these are about one fact.
_ABOUT = ("media_id", "subject_id", "face_id", "other_face_id", "label", "code")
Decision = Mapping[str, Any]


@dataclass(frozen=True)
class Conflict:
    """What reviewers say differently of one thing.

    Attributes:
        kind: One of `KINDS`, or ``verdict``.
        decisions: The last one of each reviewer, by name.
    """

    kind: str
    decisions: tuple[dict[str, Any], ...]


def correction(
    kind: str, value: str, *, reviewer: str, reason: str, decided_at: datetime, **about: Any
) -> dict[str, Any]:
    """Return the record of a correction.

    Args:
        kind: One of `KINDS`.
        value: What was decided, as `schemas/decisions.schema.json` tells of each kind.
        reviewer: Who decides.
        reason: Why.
        decided_at: When, in UTC.
        about: What it is about, and which audit was looked at, by the schema's names.

    Raises:
        InputError: A name or reason is missing.
    """
    said = {name: text for name, text in about.items() if text is not None}
    names = check_signed(reviewer, reason)
    parts = [f"{name}={said[name]}" for name in _ABOUT if name in said]
    return {
        "decision_id": stable_id("decision", kind, *parts, reviewer, print_instant(decided_at)),
        "kind": kind,
        "value": value,
        **names,
        "decided_at": decided_at,
        **said,
    }


def check_signed(reviewer: str, reason: str) -> dict[str, str]:
    """Return a reviewer's name and reason, without blanks around them.

    Raises:
        InputError: One of them is missing.
    """
    if not reviewer.strip() or not reason.strip():
        raise InputError("a decision needs a reviewer's name and a reason")
    return {"reviewer": reviewer.strip(), "reason": reason.strip()}


def taken_back(before: Decision, *, reviewer: str, reason: str, now: datetime) -> dict[str, Any]:
    """Return the record that takes a decision back, which says nothing else.

    Args:
        before: The decision.
        reviewer: Who takes it back: whoever made it.
        reason: Why.
        now: When, in UTC.

    Raises:
        InputError: Somebody else made it, or a name or reason is missing.
    """
    names = check_signed(reviewer, reason)
    if person_of(names["reviewer"]) != person_of(before["reviewer"]):
        raise InputError(f"{before['reviewer']} made this decision, and takes it back alone",
                         hint="decide otherwise: what reviewers say differently is listed"
                         )  # fmt: skip
    kept = ("kind", "media_id", "use", "evidence", "audit_run_id", "subject_id", "face_id",
            "other_face_id", "label", "code")  # fmt: skip
    row = {name: before[name] for name in kept if before.get(name) is not None}
    if before.get("kind") is None:
        # The last word of each reviewer counts: this one is none.
        row["verdict"] = "undecided"
    return row | names | {
        "decision_id": stable_id("decision", "undo", before["decision_id"], print_instant(now)),
        "withdraws": before["decision_id"],
        "decided_at": now,
    }  # fmt: skip


def last_of(decisions: Iterable[Decision], reviewer: str) -> dict[str, Any] | None:
    """Return a reviewer's last decision that stands, None when there is none."""
    person = person_of(reviewer)
    own = [row for row in standing(decisions) if person_of(row["reviewer"]) == person]
    return max(own, key=_when, default=None)


def standing(decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """Return the decisions that nobody took back, without those that take others back."""
    rows = [dict(row) for row in decisions]
    withdrawn = {row["withdraws"] for row in rows}
    return [row for row in rows
            if row["withdraws"] is None and row["decision_id"] not in withdrawn
            and row["verdict"] != "undecided"]  # fmt: skip


def in_force(decisions: Iterable[Decision]) -> tuple[list[dict[str, Any]], list[Conflict]]:
    """Return the corrections that count, one for each fact, and what reviewers say differently.

    Args:
        decisions: Rows of the table ``decisions``.

    Returns:
        The last word of each reviewer is heard. Where they agree it counts; where they do not,
        it is a conflict, in which the verdicts of an entry are told as well.
    """
    told: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in sorted(standing(decisions), key=_when):
        # Everybody answers for a waiver of their own; which copy stays is asked of a group.
        person = person_of(row["reviewer"])
        own = person if row["kind"] in {WAIVER, KEEP} else None
        verdict = (row["use"], row["evidence"]) if row["kind"] is None else None
        key = (row["kind"], verdict, own, *(row[name] for name in _ABOUT))
        told.setdefault(key, {})[person] = row
    counted, conflicts = [], []
    for key, by_name in told.items():
        said = [by_name[name] for name in sorted(by_name)]
        if len({row["value"] if key[0] else row["verdict"] for row in said}) > 1:
            conflicts.append(Conflict(key[0] or VERDICT, tuple(said)))
        elif key[0]:
            counted.append(max(said, key=_when))
    return counted, conflicts


def waivers_of(decisions: Iterable[Decision], locators: Mapping[str, str]) -> tuple[Waiver, ...]:
    """Return the waivers that reviewers gave.

    Args:
        decisions: Rows of the table ``decisions``.
        locators: The locator of each entry, by id.
    """
    return tuple(
        Waiver(row["code"], row["reason"], (row["reviewer"],), row["expires_at"],
               (locators[row["media_id"]],), row["decided_at"], row["key_id"])
        for row in in_force(decisions)[0]
        if row["kind"] == WAIVER and row["media_id"] in locators
    )  # fmt: skip


def declared_before(row: Decision) -> Any:
    """Return what was declared of a fact before any reviewer spoke, None when nothing was."""
    return None if row["replaced"] is None else json.loads(row["replaced"])


def _when(row: Decision) -> tuple[datetime, str]:
    return row["decided_at"], row["decision_id"]
