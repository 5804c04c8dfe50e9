"""Merging what a file says with what is on record: a file's silence takes nothing back.

A restriction that someone put on record (a person restricted or erased, a date of destruction, a
purpose excluded) is not undone because a spreadsheet written before it is imported again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from curate.consent.statements import RESTRICTING, Statements, moment_of
from curate.consent.vocabulary import PERMITTING
from curate.model.instants import print_instant

Record = dict[str, Any]


def merged_subjects(
    said: Iterable[Mapping[str, Any]],
    known: Mapping[str, Mapping[str, Any]],
    doubted: Collection[tuple[str, str]] = (),
) -> list[Record]:
    """Return records of subjects in which what is unknown in the file stays as it is known.

    Args:
        said: The records of the file.
        known: The records of the ledger, by subject.
        doubted: Subjects and fields of which the file says that they are not known: nobody is an
            adult for certain any more, and a minor stays one.
    """
    merged = []
    for record in said:
        before = known.get(record["subject_id"], {})
        told = {k: v for k, v in record.items() if v not in (None, "unknown")}
        status = before.get("status", "active")
        kept = {**record, **before, **told}
        kept |= {
            name: "unknown" for subject, name in doubted
            if subject == record["subject_id"] and kept.get(name) in ("adult", "no")
        }  # fmt: skip
        merged.append({**kept, "status": told["status"] if status == "active" else status})
    return merged


def _stated_last(record: Mapping[str, Any], before: Mapping[str, Any]) -> Record:
    """Return the later of two instants at which something was stated; nothing where none is."""
    known = [row["stated_at"] for row in (record, before) if row.get("stated_at") is not None]
    return {"stated_at": max(known)} if known else {}


def stated_now(found: Statements, known: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Let what is taken back count against grants on record that it would otherwise come before.

    Who takes back a consent that is on record says so after it was given, from whichever earlier
    instant on it is to hold. A row that names no consent is about all of the person's.

    Args:
        found: What a row says; changed in place.
        known: The records of the ledger, by event.
        now: The present instant.
    """
    for event in found.records.get("consent_events", ()):
        if event["state"] not in RESTRICTING or event["event_id"] in known:
            continue
        key = "subject_id" if event["consent_id"] in found.unnamed else "consent_id"
        given = (
            row["effective_at"] for row in known.values()
            if row[key] == event[key] and row["state"] in PERMITTING
            and row.get("annulled_at") is None and not row.get("undated")
        )  # fmt: skip
        moment = moment_of(event)
        if any(moment < one <= now for one in given):
            event["stated_at"] = now


FORBIDDEN = ("purposes_excluded", "territories_excluded", "contexts_forbidden")


def merged_consents(
    said: Iterable[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> list[Record]:
    """Return records of consents that keep whatever was excluded or forbidden before.

    Args:
        said: The records of the file.
        known: The records of the ledger, by consent.
    """
    merged = []
    for record in said:
        before = known.get(record["consent_id"], {})
        kept = {
            name: sorted({*(before.get(name) or ()), *(record.get(name) or ())}) or None
            for name in FORBIDDEN
            if before.get(name)
        }
        merged.append({**record, **kept})
    return merged


def merged_events(
    said: Iterable[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Record], list[str]]:
    """Return records of events, and what is to be told of them.

    When consent was given is not forgotten because an older sheet does not say it; and what was
    annulled stays annulled.

    Args:
        said: The records of the file.
        known: The records of the ledger, by event.
    """
    merged, notes = [], []
    for record in said:
        before = known.get(record["event_id"])
        if before is None:
            merged.append({**record})
        elif before.get("annulled_at") is not None:
            notes.append(
                f"the event {record['event_id']} was annulled, and stays so: a withdrawal that "
                "came afterwards has an instant of its own"
            )
        elif record.get("undated") and not before.get("undated") and before["state"] in PERMITTING:
            merged.append({**before} if before.get("undated") is False else {**record})
        else:
            merged.append({**record, **_stated_last(record, before)})
    return merged, notes


def apart_from(found: Statements, known: Mapping[str, Mapping[str, Any]]) -> None:
    """Give a row that takes something back an id of its own, where it says more than its consent.

    The consent of its id may be for listed entries, and the row about others, or about all: then
    it would take back less than it says.

    Args:
        found: What the row says; changed in place.
        known: The records of the ledger, by consent.
    """
    for consent in found.records.get("consents", ()):
        name = consent["consent_id"]
        listed = _listed(known.get(name, {}))
        if listed is None:
            continue
        about = _listed(consent)
        if about <= listed if about is not None else name not in found.unnamed:
            continue
        events = [
            row for row in found.records["consent_events"]
            if row["consent_id"] == name and row["state"] not in PERMITTING
        ]  # fmt: skip
        consent["consent_id"] = f"{name}/{print_instant(events[-1]['effective_at'])}"
        for row in events:
            row["event_id"] = row["event_id"].replace(name, consent["consent_id"], 1)
            row["consent_id"] = consent["consent_id"]
        found.records["consent_events"] = events


def _listed(consent: Mapping[str, Any]) -> set[str] | None:
    if consent.get("scope_kind") != "listed_media":
        return None
    return set(consent.get("scope_media_ids") or ())
