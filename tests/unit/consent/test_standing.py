"""Standing: what about a person, beyond their consents, stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from curate.consent.standing import PeopleTables, standing
from curate.schema import conform
from tests.factories import AS_OF, USE, Row, day, event, subject

INSTANT = timedelta(microseconds=1)
MINOR: Row = {"subject_kind": "minor", "is_minor_at_capture": "yes"}
TODAY = date(2026, 5, 1)
TOMORROW = date(2026, 5, 2)


def ask(
    subjects: list[Row],
    requests: list[Row] | None = None,
    events: list[Row] | None = None,
    *,
    minors: bool = False,
    as_of: datetime = AS_OF,
) -> list[tuple[str | None, str]]:
    """Return the entry and the reason of each row about p01, in order."""
    tables = PeopleTables(
        subjects=conform(subjects, "subjects"),
        requests=conform(requests or [], "requests"),
        consents=conform([], "consents"),
        consent_events=conform(events or [], "consent_events"),
    )
    people = pa.table({"subject_id": ["p01"]})
    found = standing(people, tables, use=replace(USE, minors=minors), as_of=as_of).to_pylist()
    return sorted(((row["media_id"], row["reason"]) for row in found), key=str)


def request(kind: str, state: str = "received", **values: object) -> Row:
    """Return a request of p01's, received in April."""
    return {
        "request_id": "q1",
        "kind": kind,
        "state": state,
        "received_at": day(4),
        "subject_id": "p01",
        **values,
    }


def test_nothing_stands_against_an_adult() -> None:
    """Of whom all is known."""
    assert ask([subject()]) == []


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"is_minor_at_capture": "unknown"}, ["possible-minor"]),
        ({"is_minor_at_capture": "unknown", "subject_kind": "unknown"}, ["possible-minor"]),
        ({"is_minor_at_capture": "yes"}, ["guardian-missing", "minor"]),
        ({"subject_kind": "minor"}, ["guardian-missing", "minor"]),
        ({"subject_kind": "deceased"}, ["deceased"]),
        ({"deceased_on": TODAY}, ["deceased"]),
        ({"deceased_on": TOMORROW}, []),
        ({"destroy_by": AS_OF}, ["destroy-by-passed"]),
        ({"destroy_by": AS_OF + INSTANT}, ["destroy-by-ahead"]),
        ({"status": "restricted"}, ["restricted"]),
        ({"status": "erased"}, ["erased"]),
    ],
)
def test_what_is_recorded_of_a_person(values: Row, reasons: list[str]) -> None:
    """With the edges of dates: a day counts from its first moment."""
    assert ask([subject(**values)]) == [(None, reason) for reason in reasons]


def test_person_without_a_record_may_be_a_minor() -> None:
    """What is not known of a person is a reason, not its absence."""
    assert ask([]) == [(None, "possible-minor")]


class TestMinor:
    """A child's guardian speaks, and once of age the person does."""

    def guardian(self, at: datetime) -> Row:
        return event(at) | {"indicated_by": "guardian"}

    def test_guardian_and_use_admit(self) -> None:
        assert ask([subject(**MINOR)], events=[self.guardian(day(1))], minors=True) == []

    def test_the_person_is_no_guardian(self) -> None:
        events = [event(day(1)) | {"indicated_by": "subject"}]
        assert ask([subject(**MINOR)], events=events, minors=True) == [(None, "guardian-missing")]

    def test_guardian_who_consents_later_has_not_consented(self) -> None:
        events = [self.guardian(AS_OF + INSTANT)]
        assert ask([subject(**MINOR)], events=events, minors=True) == [(None, "guardian-missing")]

    def test_guardian_who_refuses_does_not_consent(self) -> None:
        events = [self.guardian(day(1)) | {"state": "ConsentRefused"}]
        assert ask([subject(**MINOR)], events=events, minors=True) == [(None, "guardian-missing")]

    @pytest.mark.parametrize(("came_of_age", "asks"), [(TODAY, True), (TOMORROW, False)])
    def test_of_age_the_person_is_asked(self, came_of_age: date, *, asks: bool) -> None:
        person = subject(**MINOR, majority_on=came_of_age)
        found = ask([person], events=[self.guardian(day(1))], minors=True)
        assert found == ([(None, "reconsent-at-majority")] if asks else [])

    @pytest.mark.parametrize(
        ("late", "answered"), [(timedelta(0), True), (-INSTANT, False)], ids=["on", "before"]
    )
    def test_own_consent_since_that_day_answers(self, late: timedelta, *, answered: bool) -> None:
        person = subject(**MINOR, majority_on=date(2026, 4, 1))
        own = event(day(4) + late, "RenewedConsentGiven") | {"indicated_by": "subject"}
        found = ask([person], events=[self.guardian(day(1)), own], minors=True)
        assert found == ([] if answered else [(None, "reconsent-at-majority")])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("access", None),
        ("portability", None),
        ("rectification", "restricted"),
        ("restriction", "restricted"),
        ("erasure", "erased"),
        ("objection", "objected"),
        ("withdrawal", "withdrawal-requested"),
        ("takedown_ncii", "takedown"),
        ("takedown_likeness", "takedown"),
        ("le_preserve", "legal-hold"),
        ("le_destroy", "legal-hold"),
    ],
)
def test_open_request(kind: str, reason: str | None) -> None:
    """From the instant it is received; those for information stop nothing."""
    expected = [] if reason is None else [(None, reason)]

    assert ask([subject()], [request(kind)]) == expected
    assert ask([subject()], [request(kind)], as_of=day(4)) == expected
    assert ask([subject()], [request(kind)], as_of=day(4) - INSTANT) == []


@pytest.mark.parametrize(
    ("kind", "stands"),
    [
        ("rectification", False),
        ("restriction", True),
        ("le_preserve", False),
        ("erasure", True),
        ("objection", True),
        ("takedown_ncii", True),
        ("le_destroy", True),
    ],
)
def test_fulfilled_request(kind: str, *, stands: bool) -> None:
    """What was erased or taken down does not come back; what was corrected does."""
    done = request(kind, "fulfilled", closed_at=AS_OF)

    assert bool(ask([subject()], [done])) == stands
    assert ask([subject()], [done | {"closed_at": AS_OF + INSTANT}]) != []
    assert ask([subject()], [done | {"closed_at": None}]) != []


def test_a_restriction_that_was_granted_holds_until_it_is_lifted() -> None:
    """GDPR Art. 18(3): and the lifting of one that was not granted says nothing."""
    done = request("restriction", "fulfilled", closed_at=day(4, 2))
    assert ask([subject()], [done | {"lifted_at": AS_OF}]) == []
    assert ask([subject()], [done | {"lifted_at": AS_OF + INSTANT}]) == [(None, "restricted")]
    open_ = request("restriction", "received", lifted_at=AS_OF)
    assert ask([subject()], [open_]) == [(None, "restricted")]


@pytest.mark.parametrize("state", ["refused", "expired"])
def test_request_turned_down(state: str) -> None:
    """It counts until then."""
    assert ask([subject()], [request("objection", state)]) == []
    assert ask([subject()], [request("objection", state, closed_at=AS_OF)]) == []
    assert ask([subject()], [request("objection", state, closed_at=AS_OF + INSTANT)]) != []


def test_request_that_names_entries_speaks_of_those_only() -> None:
    """And of them whoever is in them."""
    named = request("objection", media_ids=["m1", "m2"])

    assert ask([subject()], [named]) == [("m1", "objected"), ("m2", "objected")]
    assert ask([subject()], [named | {"subject_id": None}]) == [
        ("m1", "objected"),
        ("m2", "objected"),
    ]


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"destroy_by": day(12)}, ["destroy-by-ahead"]),
        ({"destroy_by": AS_OF + timedelta(days=365)}, []),
        ({"majority_on": TOMORROW}, ["possible-minor"]),
        ({"majority_on": TODAY}, []),
        ({"guardian_id": "g01"}, ["possible-minor"]),
    ],
)
def test_what_is_to_come_and_what_contradicts_itself(values: Row, reasons: list[str]) -> None:
    """A date within the use's horizon, and an adult who is still to come of age."""
    assert ask([subject(**values)]) == [(None, reason) for reason in reasons]
