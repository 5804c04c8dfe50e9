"""Annulment: an event that the desk recorded by mistake, set right without being forgotten.

Somebody whose withdrawal was typed under the wrong name did not withdraw and agree again: the
record says that the desk erred, who found that, and why. The event counts for nothing from then
on, at any instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from curate.consent.vocabulary import PERMITTING
from curate.errors import InputError, UnknownNameError
from curate.model.instants import print_instant
from curate.model.people import person_of

Record = dict[str, Any]


def annulled(
    event_id: str,
    events: Sequence[Record],
    register: Sequence[Record],
    *,
    by: Sequence[str],
    reason: str,
    at: datetime,
) -> Record:
    """Return an event of a consent as annulled.

    Args:
        event_id: The event.
        events: All events on record.
        register: The register of reviewers.
        by: Who annuls it: two people.
        reason: Why.
        at: When, in UTC.

    Raises:
        UnknownNameError: There is no such event, or somebody is not on the register.
        InputError: It is annulled already, it permits something, one person alone annuls it, or
            nobody says why.
    """
    found = next((row for row in events if row["event_id"] == event_id), None)
    if found is None:
        raise UnknownNameError(
            f"no event of a consent is called {event_id!r}", where="EVENT",
            hint="`curate consent show SUBJECT` lists the events of a person. A withdrawal that "
            "was kept as a request is closed with `curate requests move`",
        )  # fmt: skip
    if found["annulled_at"] is not None:
        raise InputError(
            f"the event {event_id} was annulled at {print_instant(found['annulled_at'])} already",
            where="EVENT", hint="nothing was changed",
        )  # fmt: skip
    if found["state"] in PERMITTING:
        raise InputError(
            f"the event {event_id} says that {found['subject_id']} agreed", where="EVENT",
            hint="a grant that was recorded by mistake is not annulled: import the consent with "
            "state = invalidated and the instant in state_at",
        )  # fmt: skip
    if not reason.strip():
        raise InputError("nobody says why the event was a mistake", where="--reason",
                         hint="say it in words that name nobody")  # fmt: skip
    if found["subject_id"] in reason:
        raise InputError("the reason names the person", where="--reason",
                         hint="say it in words that name nobody")  # fmt: skip
    if len({person_of(one) for one in by}) < 2:
        raise InputError(
            "two people annul an event, and fewer are named", where="--by",
            hint="name two people on the register: --by ANA --by BEN",
        )  # fmt: skip
    names = [_registered(one, register, at) for one in by]
    return {**found, "annulled_at": at, "annulled_by": names, "annulled_reason": reason.strip()}


def _registered(name: str, register: Sequence[Record], at: datetime) -> str:
    for row in register:
        there = row["registered_at"] <= at and (row["removed_at"] is None or at < row["removed_at"])
        if there and person_of(row["reviewer_id"]) == person_of(name):
            return str(row["reviewer_id"])
    raise UnknownNameError(
        f"{name!r} is not on the register of reviewers", where="--by",
        hint="`curate review reviewers add` puts a person on it",
    )  # fmt: skip
