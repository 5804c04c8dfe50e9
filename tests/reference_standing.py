"""What stands in the way of a person's media beyond their consents, one entry at a time.

A second reading of rules CON028 to CON039 and of STANDARDS sections 1.5 and 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from curate.audit.facts import Question
from tests.reference_coverage import GRANTS
from tests.reference_names import Names

Row = dict[str, Any]

ASKED = {
    "rectification": "CON034",
    "restriction": "CON034",
    "erasure": "CON035",
    "objection": "CON036",
    "withdrawal": "CON037",
    "takedown_ncii": "CON038",
    "takedown_likeness": "CON038",
    "le_preserve": "CON039",
    "le_destroy": "CON039",
}
# Once these are dealt with, the media may be used again.
PASSES = ("rectification", "le_preserve")


def standing_codes(
    entry: Row,
    people: list[Row],
    tables: Mapping[str, list[Row]],
    question: Question,
    *,
    names: Names,
) -> Iterable[str]:
    """Give the codes of rules CON028 to CON039 that speak of an entry."""
    shown = {p["subject_id"] for p in people}
    further = {(other, True) for s in shown for other in names.others(s)}
    for subject_id, other in sorted({(s, False) for s in shown} | further):
        known = [s for s in tables["subjects"] if s["subject_id"] == subject_id]
        events = [
            e
            for e in tables["consent_events"]
            if e["subject_id"] == subject_id
            and e["state"] in GRANTS
            and e["effective_at"] <= question.as_of
        ]
        codes = list(_person(known[0], events, question) if known else ["CON028"])
        # That nothing is known of another name is no restriction.
        yield from (code for code in codes if not (other and code == "CON028"))
    for request in names.requests():
        named = request["media_ids"] or []
        about = entry["media_id"] in named if named else request["subject_id"] in shown
        again = _agreed_again(request, tables["consent_events"], question.as_of)
        if about and not again and request["kind"] in ASKED and _stands(request, question.as_of):
            yield ASKED[request["kind"]]


def asks_to_be_left_out(
    subject_id: str, requests: list[Row], events: list[Row], as_of: datetime
) -> bool:
    """Tell whether a request of someone's about all their media means that none may be used."""
    return any(
        r["kind"] in ("erasure", "objection", "withdrawal")
        and _stands(r, as_of)
        and not _agreed_again(r, events, as_of)
        for r in requests
        if r["subject_id"] == subject_id and not r["media_ids"]
    )


def _agreed_again(request: Row, events: list[Row], as_of: datetime) -> bool:
    """Tell whether a person who was erased gave a new grant after that was done."""
    closed = request["closed_at"]
    if request["kind"] != "erasure" or request["media_ids"] or request["state"] != "fulfilled":
        return False
    if closed is None or closed > as_of:
        return False
    return any(
        e["subject_id"] == request["subject_id"]
        and e["state"] in GRANTS
        and closed < e["effective_at"] <= as_of
        for e in events
    )


def _stands(request: Row, as_of: datetime) -> bool:
    """Tell whether a request keeps media from being used at an instant."""
    closed = request["closed_at"]
    if request["received_at"] > as_of:
        return False
    if request["state"] in ("refused", "expired"):
        # Until it was turned down it was open.
        return closed is not None and closed > as_of
    over = request["state"] == "fulfilled" and closed is not None and closed <= as_of
    if over and request["kind"] == "restriction":
        # What was granted holds until somebody lifts it.
        return request["lifted_at"] is None or request["lifted_at"] > as_of
    return not (over and request["kind"] in PASSES)


def _person(subject: Row, grants: list[Row], question: Question) -> Iterable[str]:
    minor = subject["is_minor_at_capture"] == "yes" or subject["subject_kind"] == "minor"
    if minor:
        yield from _minor(subject, grants, question)
    elif (
        subject["is_minor_at_capture"] != "no"
        or subject["guardian_id"] is not None
        or (subject["majority_on"] is not None and _day(subject["majority_on"]) > question.as_of)
    ):
        yield "CON028"
    died = subject["deceased_on"]
    if subject["subject_kind"] == "deceased" or (died and _day(died) <= question.as_of):
        yield "CON032"
    if subject["destroy_by"] is not None and subject["destroy_by"] <= question.as_of:
        yield "CON033"
    elif subject["destroy_by"] is not None and subject["destroy_by"] < _over(question):
        yield "CON044"
    if subject["status"] != "active":
        yield "CON034" if subject["status"] == "restricted" else "CON035"


def _over(question: Question) -> datetime:
    """Return when the use ends, by what it says or by its horizon."""
    use = question.use
    if use.ends_at is not None:
        return use.ends_at
    begins = question.as_of if use.starts_at is None else max(question.as_of, use.starts_at)
    return begins + timedelta(days=use.horizon_days)


def _minor(subject: Row, grants: list[Row], question: Question) -> Iterable[str]:
    if not question.use.minors:
        yield "CON029"
    if not any(e["indicated_by"] == "guardian" for e in grants):
        yield "CON030"
    came_of_age = subject["majority_on"]
    if came_of_age is None or _day(came_of_age) > question.as_of:
        return
    own = [e for e in grants if e["indicated_by"] in ("subject", None)]
    if not any(e["effective_at"] >= _day(came_of_age) for e in own):
        yield "CON031"


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
