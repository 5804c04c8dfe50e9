"""The events of an ISO/IEC TS 27560 record: what happened to a consent, and until when it holds.

An event is a ``dpv:hasConsentStatus``: its state, when, by whom, for how long, and how
(STANDARDS section 1.1, event fields). A state that is not known is an error: left out, it could
be the withdrawal.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from curate.consent.durations import end_of
from curate.consent.jsonld import Node, listed
from curate.consent.page import Page
from curate.consent.statements import STATES as WORDS_OF_STATES
from curate.consent.statements import stated
from curate.consent.vocabulary import (
    CONSENT_TYPES,
    INDICATED_BY,
    PERMITTING,
    STATE_ALIASES,
    STATES,
)
from curate.model.instants import parse_instant, print_instant

Record = dict[str, Any]

_READ = frozenset(
    {
        "@id",
        "@type",
        "dct:date",
        "dpv:isIndicatedAtTime",
        "dpv:isIndicatedBy",
        "dpv:hasDuration",
        "dpv:hasIndicationMethod",
        "curate:reason",
        "curate:undated",
        "curate:statedAt",
    }
)
_WORDS = {state: word for word, state in WORDS_OF_STATES.items()}
_GENERIC = frozenset({"dpv:ConsentStatus", "dpv:Consent", "dpv:InformedConsent"})


@dataclass
class Events:
    """The events of one record or process.

    Attributes:
        rows: Rows of ``consent_events`` without ids.
        ends: Until when each permitting event says consent holds; None for no end, absent
            where it says nothing. By effective instant.
        types: The consent types that they name.
        more: What events say beyond this, by the event's place in the record.
    """

    rows: list[Record] = field(default_factory=list)
    ends: dict[datetime, datetime | None] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    more: dict[str, Node] = field(default_factory=dict)

    def join(self, more: Events) -> None:
        """Take in the events of another part of the record."""
        self.rows += more.rows
        self.ends |= more.ends
        self.types |= more.types
        self.more |= more.more

    def until(self) -> datetime | None:
        """Return until when consent holds: what the last permitting event that says so says."""
        return self.ends[max(self.ends)] if self.ends else None


def state_of(term: str) -> str | None:
    """Return the consent state that a compact term names."""
    name = term.removeprefix("dpv:")
    name = STATE_ALIASES.get(name, name)
    return name if name in STATES else None


def with_ids(rows: list[Record], ids: Record) -> list[Record]:
    """Return events with ids of their own, made from what they say.

    A consent's only grant, or its only renewal, has the same id in each record of it, so that
    its date can be corrected. Whatever restricts is an event of its own for each instant: no
    record that is read later can put something else in its place.

    Args:
        rows: The events of one consent.
        ids: The ids of the consent and the subject.
    """
    counts = Counter(row["state"] for row in rows)
    made: list[Record] = []
    seen = Counter[str]()
    for row in rows:
        state = row["state"]
        name = f"{ids['consent_id']}/{_WORDS.get(state, state)}"
        if state not in PERMITTING or counts[state] > 1:
            name += f"/{print_instant(row['effective_at'])}"
        seen[name] += 1
        again = f"/{seen[name]}" if seen[name] > 1 else ""
        made.append({"event_id": name + again, **ids, **row})
    return made


def read_events(page: Page, node: Node, parties: dict[str, str], place: str) -> Events:
    """Return the events under ``dpv:hasConsentStatus`` of `node`.

    Args:
        page: The record being read; what is wrong is kept there.
        node: The record or one of its processes.
        parties: Who each id of a party stands for, for example ``subject``.
        place: Where `node` stands.
    """
    events = Events()
    values = listed(node.get("dpv:hasConsentStatus"))
    for number, value in enumerate(values, 1):
        at = f"{place}.dpv:hasConsentStatus[{number - 1}]" if len(values) > 1 else (
            f"{place}.dpv:hasConsentStatus"
        )  # fmt: skip
        if isinstance(value, dict):
            _event(page, value, parties, at, events, number)
        else:
            page.wrong(
                at,
                "an event needs a state and its time, found "
                + (repr(value) if isinstance(value, str) else type(value).__name__),
                'write {"@type": "dpv:ConsentGiven", "dpv:isIndicatedAtTime": "2025-01-01"}',
            )
    return events


def _event(
    page: Page, value: Node, parties: dict[str, str], at: str, events: Events, number: int
) -> None:
    state = _state(page, value, at, events)
    key = "dpv:isIndicatedAtTime" if "dpv:isIndicatedAtTime" in value else "dct:date"
    if key not in value:
        page.wrong(at, "dpv:isIndicatedAtTime is missing")
    moment = page.instant(value, key, at)
    if state is None or moment is None:
        return
    row = {
        "state": state,
        "effective_at": moment,
        "indicated_by": _indicated_by(page, value, parties, at),
        "method": page.text(value, "dpv:hasIndicationMethod", at),
        "reason": page.text(value, "curate:reason", at),
        **stated(moment, value.get(key), state),
    }
    if "curate:statedAt" in value and (later := page.instant(value, "curate:statedAt", at)):
        row["stated_at"] = later
    undated = value.get("curate:undated", False)
    if not isinstance(undated, bool) or (undated and state not in PERMITTING):
        page.wrong(
            at,
            "curate:undated: expected true or false, and true only where consent was given or "
            "renewed",
            "leave it out where dpv:isIndicatedAtTime is the time at which it happened",
        )
    elif state in PERMITTING and "curate:undated" in value:
        row["undated"] = undated
    events.rows.append(row)
    if state in PERMITTING and "dpv:hasDuration" in value:
        end, known = read_end(page, value, moment, at)
        if known:
            events.ends[moment] = end
        if end is not None and end <= moment:
            page.wrong(at, f"dpv:hasDuration: consent would end at {end}, before it was given")
    more = {key: item for key, item in value.items() if key not in _READ}
    whole = state in PERMITTING and _read_whole(value)
    if more or ("dpv:hasDuration" in value and not whole):
        events.more[str(number)] = more or {"dpv:hasDuration": value["dpv:hasDuration"]}


def _state(page: Page, value: Node, at: str, events: Events) -> str | None:
    terms = page.types(value, at)
    reference = page.term_of({"@id": value["@id"]}) if isinstance(value.get("@id"), str) else None
    if reference is not None and state_of(reference):
        terms.append(reference)
    states = {state for state in map(state_of, terms) if state}
    for term in terms:
        name = term.removeprefix("dpv:")
        if name in CONSENT_TYPES:
            events.types.add(name)
        elif not state_of(term) and term not in _GENERIC:
            page.wrong(at, f"@type: {term!r} is no state of consent that is known")
    if len(states) != 1:
        found = " and ".join(sorted(states)) or "none"
        page.wrong(at, f"@type: expected one state of consent, found {found}")
        return None
    return states.pop()


def _read_whole(value: Node) -> bool:
    """Return whether a duration is one of those that end by the calendar or never."""
    kinds = [str(item.get("@type")) for item in listed(value.get("dpv:hasDuration"))
             if isinstance(item, dict)]  # fmt: skip
    return not any("UntilEvent" in kind for kind in kinds)


def _indicated_by(page: Page, value: Node, parties: dict[str, str], at: str) -> str | None:
    """Return who indicated an event; a guardian where subject and guardian both did."""
    found = set()
    for item in listed(value.get("dpv:isIndicatedBy")):
        names = page.types(item, at) if isinstance(item, dict) else []
        name = item.get("@id") if isinstance(item, dict) else item
        if isinstance(name, str):
            names += [name, page.context.term(name)]
        who = {parties.get(n) or INDICATED_BY.get(n) for n in names} - {None}
        if len(who) != 1:
            page.wrong(
                at,
                f"dpv:isIndicatedBy: {name!r} is nobody this record names",
                f"name one of {', '.join(INDICATED_BY)}, or describe the party by dpv:hasEntity",
            )
        found |= who
    if not found:
        return None
    if found == {"subject", "guardian"}:
        return "guardian"
    if len(found) > 1:
        page.wrong(
            at, f"dpv:isIndicatedBy: expected one, found {', '.join(sorted(map(str, found)))}"
        )
    return str(min(map(str, found)))


def read_end(page: Page, node: Node, start: datetime, place: str) -> tuple[datetime | None, bool]:
    """Return when a ``dpv:hasDuration`` that begins at `start` is over, and whether it says.

    A date is meant to its end. A duration until an event has no end that is known here: the
    event must be recorded when it happens.

    Args:
        page: The record being read.
        node: The node with the duration.
        start: When it begins.
        place: Where the node stands.

    Returns:
        The end, None for none; and whether the duration speaks of an end at all.
    """
    values = listed(node["dpv:hasDuration"])
    if len(values) != 1:
        page.wrong(place, f"dpv:hasDuration: expected one duration, found {len(values)}")
        return None, False
    value = values[0]
    kinds = page.types(value, place) if isinstance(value, dict) else [page.term_of(value) or ""]
    if "dpv:EndlessDuration" in kinds:
        page.notes.append(f"{place}: consent without an end is poor practice")
        return None, True
    if "dpv:UntilEventDuration" in kinds:
        page.notes.append(f"{place}: it holds until an event; record that event when it happens")
        return None, False
    if "dpv:FixedOccurrencesDuration" in kinds:
        page.wrong(place, "dpv:hasDuration: uses are not counted here; state a time instead")
        return None, False
    text = page.text(node, "dpv:hasDuration", place)
    try:
        return (None, False) if text is None else (_end(text, start), True)
    except ValueError as error:
        page.wrong(place, f"dpv:hasDuration: {error}")
        return None, False


def _end(text: str, start: datetime) -> datetime:
    if text.startswith("P"):
        return end_of(start, text)
    moment = parse_instant(text)
    try:
        return moment + timedelta(days=1) if len(text) == len("2025-01-01") else moment
    except OverflowError:
        raise ValueError(f"{text!r} leads out of the years 1 to 9999") from None
