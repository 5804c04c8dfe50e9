"""Rows of people's spreadsheets read as records: consents with their events, subjects, sources.

What a row leaves out is not granted.
"""

from __future__ import annotations

import re
from datetime import datetime

from curate.consent.assurance import Proof, assurance
from curate.consent.columns import from_rows
from curate.consent.statements import (
    RESTRICTING,
    STATES,
    FirstRecords,
    Record,
    Statements,
    doubted_of,
    instants_of,
    stated,
    subject_record,
)
from curate.errors import InvalidRowError, ManyErrors
from curate.model.instants import print_instant
from curate.model.pseudonyms import cleaned
from curate.model.territories import territories
from curate.rows import Row, cells, kept
from curate.schema import json_schema, key_of, problems, resolved

# The word for every entry in which a person appears, where a column lists entries.
ALL_MEDIA = "all"
_INSTANTS = ("valid_from", "valid_until", "state_at", "given_at")
# States that say nothing of an earlier consent.
_NEVER_GIVEN = ("refused", "requested", "unknown")

_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# Columns that say something of the subject rather than of a consent.
OF_SUBJECT = frozenset(
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
    # Counted first: a row that is wrong does not change the ids of those after it.
    who = cleaned(str(row.values.get("subject", "")))
    counts[who] = counts.get(who, 0) + 1
    bare = takes_back_everything(row)
    values, extra = _checked(row, "consent_row", required=("subject",) if bare else None)
    if bare:
        values = {**dict.fromkeys(("purposes", "operations", "roles"), ()), **values}
    instants = instants_of(row.place, values, _INSTANTS)
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
    media = None if bare and "media" not in values else _listed(row, values)
    events = _events(row, values, instants)
    # What takes back everything is no row of the grants that other rows are.
    place = f"{events[-1][0]}/{print_instant(events[-1][1])}" if bare else counts[subject]
    consent = values.get("consent", f"{subject}/{place}")
    own = bare and "consent" not in values
    if "consent" not in values:
        into.unnamed.add(consent)
    digest = values.get("document_sha256")
    if OF_SUBJECT & values.keys():
        into.add("subjects", subject_record(subject, values, where=row.place))
        into.doubted |= doubted_of(subject, values)
    else:
        into.mentioned.add(subject)
    into.add("consents", {
        "consent_id": consent,
        "subject_id": subject,
        **{column.name: _plain(values.get(column.row, column.default)) for column in from_rows()},
        "valid_from": start,
        "valid_until": end,
        "assurance_level": assurance(Proof(document_sha256=digest), {}),
        "scope_kind": "all_media" if media is None else "listed_media",
        "scope_media_ids": media,
        "extra": kept(extra),
    })  # fmt: skip
    for state, moment, undated in events:
        # A consent has one grant, of which it may be said later when it was given. Whatever else
        # happens is an event of its own for each instant: no later import can put something else
        # in its place.
        instant = "" if state == "given" else f"/{print_instant(moment)}"
        into.add("consent_events", {
            "event_id": consent if own else f"{consent}/{state}{instant}",
            "consent_id": consent,
            "subject_id": subject,
            "state": STATES[state],
            "effective_at": moment,
            "indicated_by": values.get(
                "indicated_by", "controller" if state == "revoked" else "subject"
            ),
            "method": "import",
            **({"undated": undated} if state in ("given", "renewed") else {}),
            **stated(moment, values.get("state_at"), STATES[state]),
        })  # fmt: skip


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def takes_back_everything(row: Row) -> bool:
    """Tell whether a row takes back whatever a person agreed to: it says nothing of what.

    Lists of withdrawals have ids and dates alone.
    """
    said = any(name in row.values for name in ("purposes", "operations", "roles"))
    return not said and STATES.get(str(row.values.get("state"))) in RESTRICTING


def _events(
    row: Row, values: Record, instants: dict[str, datetime]
) -> list[tuple[str, datetime, bool]]:
    """Return the states that a row reports, the first of them that consent was given.

    Each has its instant, and whether that is not the one at which it happened: where nobody says
    when consent was given, the instant is that from which it holds.

    Raises:
        InvalidRowError: An instant is missing, or two do not go together.
    """
    state, place = values.get("state", "given"), row.place
    given, at, start = (instants.get(n) for n in ("given_at", "state_at", "valid_from"))
    if "state" not in values and at is not None:
        raise InvalidRowError(
            "state_at: there is an instant, and the column state says nothing", where=place,
            hint="write the state that holds from then on, such as withdrawn",
        )  # fmt: skip
    if state == "given":
        if given and at and given != at:
            raise InvalidRowError(
                "given_at and state_at: consent was given at two instants", where=place,
                hint="leave one of them out, or write renewed as the state",
            )  # fmt: skip
        if moment := given or at:
            return [(state, moment, False)]
        if start is None:
            raise InvalidRowError("state 'given' needs given_at, or else valid_from", where=place)
        return [(state, start, True)]
    if at is None:
        raise InvalidRowError(f"state {state!r} needs state_at", where=place)
    if given and given > at:
        raise InvalidRowError(
            f"given_at: {values['given_at']!r} is later than state_at", where=place,
            hint=f"a consent is {state} after it was given; a consent that was given afterwards "
            "is a row of its own, with an id of its own in the column consent",
        )  # fmt: skip
    if given:
        return [("given", given, False), (state, at, False)]
    # Who refused, or was only asked, has not agreed before.
    ended = start if start and start <= at and state not in _NEVER_GIVEN else None
    return [*([("given", ended, True)] if ended else []), (state, at, False)]


def _listed(row: Row, values: Record) -> list[str] | None:
    """Return the entries that a row's grant is for; None for all of them.

    Raises:
        InvalidRowError: There is a column for them, and nothing in it.
    """
    listed = values.get("media")
    if listed == [ALL_MEDIA]:
        return None
    if listed and ALL_MEDIA not in listed:
        return list(listed)
    if listed:
        raise InvalidRowError(f"media: {ALL_MEDIA!r} stands beside ids of entries", where=row.place)
    if "media" in row.empty | row.blank:
        found = "an empty list" if "media" in row.empty else "nothing"
        raise InvalidRowError(
            f"media: {found}, so it is not said which entries the grant is for", where=row.place,
            hint=f"list the ids of the entries, or write {ALL_MEDIA!r} where it is for every "
            "entry in which the person appears",
        )  # fmt: skip
    return None


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
    into.doubted |= doubted_of(values["subject"], values)


def read_source_row(row: Row, into: Statements) -> None:
    """Add the source that a row describes.

    Raises:
        ManyErrors: Values of it cannot be.
    """
    known = {"source", *json_schema("sources")["properties"]}
    values = {
        k: v.isoformat() if hasattr(v, "isoformat") else v
        for k, v in row.values.items()
        if k in known
    }
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
    if isinstance(values.get("subject"), str):
        values["subject"] = cleaned(values["subject"])
        if not values["subject"]:
            raise InvalidRowError("subject: there is nothing in it that shows", where=row.place)
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
