"""Statements: records of what people said, by table of the ledger, before they are recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from curate.errors import CurateError, InvalidRowError
from curate.model.instants import parse_instant

STATES = {
    "given": "ConsentGiven",
    "refused": "ConsentRefused",
    "withdrawn": "ConsentWithdrawn",
    "revoked": "ConsentRevoked",
    "expired": "ConsentExpired",
    "renewed": "RenewedConsentGiven",
    "invalidated": "ConsentInvalidated",
    "requested": "ConsentRequested",
    "unknown": "ConsentUnknown",
}

# Spreadsheets count days from here; those of the years 1954 to 2173 have five digits or so.
_FIRST_DAY = date(1899, 12, 30)
_DAY_NUMBER = re.compile(r"[2-9]\d{4}([.,]\d+)?")
_LOCAL = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T].*)?")

_LENGTH_OF_DAY = len("2026-05-04")

RESTRICTING = frozenset(
    STATES[name] for name in ("refused", "withdrawn", "revoked", "expired", "invalidated")
)

Record = dict[str, Any]
# The first record of each table and key in a file, and its place.
FirstRecords = dict[tuple[str, str], tuple[Record, str]]


@dataclass
class Statements:
    """Records by table of the ledger, ready to be recorded.

    Attributes:
        records: The records by table.
        mentioned: Subjects whom a consent names without saying anything about them: they
            are recorded as unknown adults or minors only if the ledger does not know them.
        notes: What a reader should know of them, though nothing is wrong.
        left_out: What is wrong with the rows of which nothing is recorded.
        doubted: Subjects, and fields of theirs, of which it is said that they are not known.
        unnamed: Consents that a row does not name: their ids come from its place in the file.
    """

    records: dict[str, list[Record]] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    left_out: list[CurateError] = field(default_factory=list)
    unnamed: set[str] = field(default_factory=set)
    doubted: set[tuple[str, str]] = field(default_factory=set)

    def add(self, kind: str, record: Record) -> None:
        """Keep `record` for table `kind`."""
        self.records.setdefault(kind, []).append(record)

    def take(self, more: Statements) -> None:
        """Take in what a row says of people and ids, beside its records."""
        self.mentioned |= more.mentioned
        self.unnamed |= more.unnamed
        self.doubted |= more.doubted

    def spell(self, spelled: Callable[[str], str]) -> None:
        """Write the pseudonyms of all subjects as they are recorded."""
        for rows in self.records.values():
            for record in rows:
                if record.get("subject_id") is not None:
                    record["subject_id"] = spelled(record["subject_id"])
        self.mentioned = {spelled(one) for one in self.mentioned}
        self.doubted = {(spelled(one), name) for one, name in self.doubted}

    def restricts(self) -> bool:
        """Tell whether they say that a person said no, or that somebody did for them."""
        return any(r["state"] in RESTRICTING for r in self.records.get("consent_events", ()))


def doubted_of(subject: str, values: Record) -> set[tuple[str, str]]:
    """Return of which fields a row says that they are not known, which is more than silence."""
    fields = {"subject_kind": "subject_kind", "minor_at_capture": "is_minor_at_capture"}
    return {(subject, name) for column, name in fields.items() if values.get(column) == "unknown"}


def subject_record(subject: str, values: Record, *, where: str = "") -> Record:
    """Return a subject's record; what `values` does not say of them is unknown.

    Raises:
        InvalidRowError: A date is none.
    """
    dates = instants_of(where, values, ("majority_on", "deceased_on", "destroy_by"))
    return {
        "subject_id": subject,
        "subject_kind": values.get("subject_kind", "unknown"),
        "is_minor_at_capture": values.get("minor_at_capture", "unknown"),
        "guardian_id": values.get("guardian"),
        "majority_on": dates["majority_on"].date() if "majority_on" in dates else None,
        "deceased_on": dates["deceased_on"].date() if "deceased_on" in dates else None,
        "destroy_by": dates.get("destroy_by"),
        "status": "active",
    }


def stated(moment: datetime, text: object, state: str) -> Record:
    """Return when something was said at the latest, where a day alone says when.

    It counts from the day's first moment, and against whatever was given within the day.

    Args:
        moment: From when it counts.
        text: The date or date-time, as it is written.
        state: The state, in DPV's words.
    """
    if state not in RESTRICTING or not isinstance(text, str) or len(text.strip()) != _LENGTH_OF_DAY:
        return {}
    return {"stated_at": moment + timedelta(days=1) - timedelta(microseconds=1)}


def moment_of(event: Mapping[str, Any]) -> datetime:
    """Return when an event was stated, or from when on it counts where that is later.

    What takes back consent takes back each grant that was given before then.
    """
    effective: datetime = event["effective_at"]
    return max(effective, event.get("stated_at") or effective)


def _as_date(text: str) -> str:
    """Return what to do about a cell that is no date, with the date that it seems to be."""
    plain = "write dates as 2026-05-04, and instants as 2026-05-04T12:00:00Z"
    if _DAY_NUMBER.fullmatch(text):
        day = _FIRST_DAY + timedelta(days=int(float(text.replace(",", "."))))
        return f"this seems to be a spreadsheet's number for {day.isoformat()}; {plain}"
    if _LOCAL.fullmatch(text):
        return f"which part of it is the day and which the month cannot be told; {plain}"
    return plain


def instants_of(place: str, values: Record, names: tuple[str, ...]) -> dict[str, datetime]:
    """Return the instants that a row gives in some columns; those it leaves out are not there.

    Raises:
        InvalidRowError: One is no date or date-time.
    """
    found = {}
    for name in names:
        if values.get(name):
            try:
                found[name] = parse_instant(str(values[name]))
            except ValueError as error:
                raise InvalidRowError(
                    f"{name}: {error}", where=place, hint=_as_date(str(values[name]))
                ) from None
    return found
