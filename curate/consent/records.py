"""Rows of people's spreadsheets read as records: consents with their events, subjects, sources.

What a row leaves out is not granted.
"""

from __future__ import annotations

import re
from datetime import datetime

from curate.consent.assurance import Proof, assurance
from curate.consent.columns import from_rows
from curate.consent.statements import (
    STATES,
    FirstRecords,
    Record,
    Statements,
    instants_of,
    subject_record,
)
from curate.errors import InvalidRowError, ManyErrors
from curate.model.instants import print_instant
from curate.model.territories import territories
from curate.rows import Row, cells, kept
from curate.schema import json_schema, key_of, problems, resolved

_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# Columns that say something of the subject rather than of a consent.
_OF_SUBJECT = frozenset(
    ("subject_kind", "minor_at_capture", "guardian", "majority_on", "deceased_on", "destroy_by")
)


def read_consent_row(
    row: Row, into: Statements, purposes: frozenset[str], counts: dict[str, int]
) -> None:
    """Add the consent and the events that a row reports.

    Args:
        row: The row.
        into: Where they are added.
        purposes: The purposes that are known.
        counts: How many rows each subject had, for consents without an id; counted on here.

    Raises:
        InvalidRowError: A value of it cannot be.
        ManyErrors: Several cannot be.
    """
    values, extra = _checked(row, "consent_row")
    instants = instants_of(row.place, values, ("valid_from", "valid_until", "state_at", "given_at"))
    _check_purposes(row.place, values, purposes)
    for column in from_rows():
        if column.words == "territories" and column.row in values:
            values[column.row] = _territories(row.place, column.row, values[column.row])
    start, end = instants.get("valid_from"), instants.get("valid_until")
    if start and end and end <= start:
        raise InvalidRowError(
            f"valid_until: {values['valid_until']!r} is not after valid_from", where=row.place
        )
    subject = values["subject"]
    counts[subject] = counts.get(subject, 0) + 1
    consent = values.get("consent", f"{subject}/{counts[subject]}")
    digest = values.get("document_sha256")
    if _OF_SUBJECT & values.keys():
        into.add("subjects", subject_record(subject, values, where=row.place))
    else:
        into.mentioned.add(subject)
    into.add("consents", {
        "consent_id": consent,
        "subject_id": subject,
        **{column.name: values.get(column.row, column.default) for column in from_rows()},
        "valid_from": start,
        "valid_until": end,
        "assurance_level": assurance(Proof(document_sha256=digest), {}),
        "scope_kind": "listed_media" if "media" in values else "all_media",
        "scope_media_ids": values.get("media"),
        "extra": kept(extra),
    })  # fmt: skip
    for state, moment in _events(row.place, values, instants):
        # A consent has one grant, whose date can be corrected. Whatever restricts is an event of
        # its own for each instant: no later import can put something else in its place.
        instant = "" if state in ("given", "renewed") else f"/{print_instant(moment)}"
        into.add("consent_events", {
            "event_id": f"{consent}/{state}{instant}",
            "consent_id": consent,
            "subject_id": subject,
            "state": STATES[state],
            "effective_at": moment,
            "indicated_by": values.get(
                "indicated_by", "controller" if state == "revoked" else "subject"
            ),
            "method": "import",
        })  # fmt: skip


def _events(
    place: str, values: Record, instants: dict[str, datetime]
) -> list[tuple[str, datetime]]:
    """Return the states that a row reports, the first of them that consent was given."""
    state = values.get("state", "given")
    given = instants.get("given_at") or instants.get("valid_from")
    at = instants.get("state_at") or (given if state == "given" else None)
    if at is None:
        missing = "valid_from or given_at" if state == "given" else "state_at"
        raise InvalidRowError(f"state {state!r} needs {missing}", where=place)
    if state == "given":
        return [(state, at)]
    return [*([("given", given)] if given and given <= at else []), (state, at)]


def _territories(place: str, column: str, codes: list[str]) -> list[str]:
    """Return the territories that `codes` stand for, unions by their members."""
    try:
        return list(dict.fromkeys(member for code in codes for member in territories(code)))
    except ValueError as error:
        raise InvalidRowError(f"{column}: {error}", where=place) from None


def _check_purposes(place: str, values: Record, purposes: frozenset[str]) -> None:
    for column in from_rows():
        for purpose in values.get(column.row, ()) if column.words == "purposes" else ():
            if purpose not in purposes:
                raise InvalidRowError(
                    f"{column.row}: {purpose!r} is not a known purpose",
                    where=place,
                    hint=f"use one of: {', '.join(sorted(purposes))}",
                )


def read_subject_row(row: Row, into: Statements) -> None:
    """Add the subject that a row describes.

    Raises:
        ManyErrors: Values of it cannot be.
    """
    values, _ = _checked(row, "consent_row", required=("subject",))
    into.add("subjects", subject_record(values["subject"], values, where=row.place))


def read_source_row(row: Row, into: Statements) -> None:
    """Add the source that a row describes.

    Raises:
        ManyErrors: Values of it cannot be.
    """
    values = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.values.items()}
    if "terms_flags" in row.empty:
        # Terms that restrict nothing are an answer; where none is given, nobody looked.
        values["terms_flags"] = []
    values.setdefault("source_id", values.pop("source", None))
    for name, default in (("kind", "unknown"), ("status", "active"), ("consent_claim", "none")):
        values.setdefault(name, default)
    if isinstance(values.get("terms_flags"), str):
        values["terms_flags"] = cells(values["terms_flags"])
    instants = instants_of(row.place, values, ("acquired_at",))
    wrong = problems({k: v for k, v in values.items() if v is not None}, "sources")
    if wrong:
        raise ManyErrors([InvalidRowError(text, where=row.place) for text in wrong])
    into.add("sources", {**values, **instants})


def _checked(
    row: Row, schema: str, required: tuple[str, ...] | None = None
) -> tuple[Record, Record]:
    """Return a row's known values, lists split, and its other columns."""
    declared = json_schema(schema)["properties"]
    values = {k: v for k, v in row.values.items() if k in declared}
    for name, value in values.items():
        spec = resolved(declared[name])
        if spec.get("type") == "array" and isinstance(value, str):
            values[name] = cells(value)
        elif spec.get("type") == "string" and not isinstance(value, str | list | dict):
            values[name] = value.isoformat() if hasattr(value, "isoformat") else str(value)
    wrong = problems(values, schema)
    if required is not None:
        wrong = [text for text in wrong if "is a required property" not in text]
        wrong += [f"{name!r} is a required property" for name in required if name not in values]
    if _E_MAIL.search(str(values.get("subject", ""))):
        wrong.append(f"subject: {values['subject']!r} is an address; expected a pseudonym")
    if wrong:
        raise ManyErrors([InvalidRowError(text, where=row.place) for text in wrong])
    return values, {k: v for k, v in row.values.items() if k not in declared}


def join(of_row: Statements, into: Statements, first_records: FirstRecords, place: str) -> None:
    """Add the records of a row to those of the rows before it.

    Raises:
        InvalidRowError: Another row has the id, or says otherwise of the person.
    """
    for kind, records in of_row.records.items():
        for record in records:
            key = record[key_of(kind)[0]]
            record_before, first = first_records.setdefault((kind, key), (record, place))
            if record_before is record:
                into.add(kind, record)
            elif kind == "subjects":
                _complete(record_before, record, first, place)
            else:
                name = kind.removesuffix("s")
                raise InvalidRowError(f"{name}: {key!r} stands at {first} already", where=place)


def _complete(known: Record, more: Record, first: str, place: str) -> None:
    for name, value in more.items():
        if value in (None, "unknown", known[name]):
            continue
        if known[name] not in (None, "unknown"):
            raise InvalidRowError(f"{name}: {value!r}, and {known[name]!r} at {first}", where=place)
        known[name] = value
