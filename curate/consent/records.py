"""Consent records in: subjects, consents with their states, and sources, from files people keep.

A file is taken whole or not at all: a consent file of which half was read could lack just the
row that withdraws. What a row leaves out is not granted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from curate.consent.assurance import Proof, assurance
from curate.errors import CurateError, InvalidFileError, InvalidRowError, ManyErrors
from curate.model.instants import parse_instant, print_instant
from curate.model.territories import territories
from curate.rows import Row, cells, kept, read_rows
from curate.schema import json_schema, key_of, problems

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
_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# Columns that say something of the subject rather than of a consent.
_OF_SUBJECT = frozenset(
    ("subject_kind", "minor_at_capture", "guardian", "majority_on", "deceased_on", "destroy_by")
)

# A file is held in memory until all of it is known to be right.
MAX_BYTES = 1 << 30

Record = dict[str, Any]
# What was said first, by table and key, and where.
FirstSaid = dict[tuple[str, str], tuple[Record, str]]


@dataclass
class Statements:
    """Records by table of the ledger, ready to be recorded.

    Attributes:
        records: The records by table.
        mentioned: Subjects whom a consent names without saying anything about them: they
            are recorded as unknown adults or minors only if the ledger does not know them.
        notes: What a reader should know of them, though nothing is wrong.
    """

    records: dict[str, list[Record]] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def add(self, kind: str, record: Record) -> None:
        """Keep `record` for table `kind`."""
        self.records.setdefault(kind, []).append(record)


def read_statements(
    path: Path, *, purposes: Iterable[str], on_file: Mapping[str, str] | None = None
) -> Statements:
    """Return the statements in a file of consents, subjects, sources or notices.

    What a file holds is told from its columns: ``purposes`` marks consents,
    ``consent_claim`` sources, ``text``, ``text_file`` or ``text_sha256`` notices, and
    ``subject`` alone subjects. A TOML file holds ``[[sources]]`` or ``[[notices]]``; JSON may
    be consent records in JSON-LD or Kantara receipts (docs/consent-formats.md).

    Args:
        path: CSV, TSV, JSON, JSON Lines, Parquet or TOML.
        purposes: The purposes that are known.
        on_file: The digest of each notice on file, by its id; assurance 4 needs it.

    Raises:
        InvalidFileError: The file cannot be read, or holds none of these.
        ManyErrors: Rows break the schema; each is told, and nothing is returned.
    """
    # The readers of documents make the values declared here, so they cannot come before.
    from curate.consent.dispatch import read_document, read_rows_of_notices

    _refuse_huge(path)
    purposes = frozenset(purposes)
    document = read_document(path, purposes=purposes, on_file=on_file or {})
    if document is not None:
        return document
    rows = list(_toml_rows(path) if path.suffix.lower() == ".toml" else read_rows(path))
    if not rows:
        raise InvalidFileError("the file has no rows", where=str(path))
    columns = {name for row in rows for name in row.values}
    if (found := read_rows_of_notices(rows, path, purposes)) is not None:
        return found
    reader = _reader_for(columns, path, purposes)
    statements, errors = Statements(), list[CurateError]()
    first_said: FirstSaid = {}
    for row in rows:
        try:
            if row.problem:
                raise InvalidRowError(row.problem, where=row.place)
            of_row = Statements(mentioned=statements.mentioned)
            reader(row, of_row)
            _join(of_row, statements, first_said, row.place)
        except CurateError as error:
            errors.extend(error.errors if isinstance(error, ManyErrors) else [error])
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    return statements


def _refuse_huge(path: Path) -> None:
    """Refuse a file that would be read whole and does not fit: it is taken whole or not at all."""
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise InvalidFileError(
            f"{path.stat().st_size:,} bytes; files of up to {MAX_BYTES:,} are read",
            where=str(path),
            hint="split it by subject, so that each person's rows stay in one file",
        )


def _reader_for(
    columns: set[str], path: Path, purposes: frozenset[str]
) -> Callable[[Row, Statements], None]:
    if path.suffix.lower() == ".toml":
        return _source
    if "purposes" in columns:
        _require(columns, "consent_row", path)
        counts: dict[str, int] = {}
        return lambda row, into: _consent(row, into, purposes, counts)
    if "consent_claim" in columns:
        return _source
    if "subject" in columns:
        return _subject
    raise InvalidFileError(
        f"columns are {', '.join(sorted(columns))}; expected 'purposes' for consents, "
        "'consent_claim' for sources or 'subject' for subjects",
        where=str(path),
        hint="docs/consent-columns.md lists the columns",
    )


def _require(columns: set[str], schema: str, path: Path) -> None:
    missing = [name for name in json_schema(schema)["required"] if name not in columns]
    if missing:
        raise InvalidFileError(
            f"columns are missing: {', '.join(missing)}",
            where=str(path),
            hint="docs/consent-columns.md lists the columns",
        )


def _consent(row: Row, into: Statements, purposes: frozenset[str], counts: dict[str, int]) -> None:
    values, extra = _checked(row, "consent_row")
    instants = _instants(row.place, values, ("valid_from", "valid_until", "state_at", "given_at"))
    _check_purposes(row.place, values, purposes)
    for column in ("territories", "territories_excluded"):
        if column in values:
            values[column] = _territories(row.place, column, values[column])
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
        "notice_id": values.get("notice"),
        "legal_basis": values.get("legal_basis"),
        "consent_type": values.get("consent_type"),
        "purposes": values["purposes"],
        "purposes_excluded": values.get("purposes_excluded"),
        "operations": values["operations"],
        "roles_permitted": values["roles"],
        "manipulations_permitted": values.get("manipulations"),
        "audience_max": values.get("audience", "internal"),
        "commercial_use": values.get("commercial", "unstated"),
        "territories": values.get("territories"),
        "territories_excluded": values.get("territories_excluded"),
        "contexts_forbidden": values.get("contexts_forbidden"),
        "valid_from": start,
        "valid_until": end,
        "withdrawal_method": values.get("withdrawal_method"),
        "document_sha256": digest,
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
    for column in ("purposes", "purposes_excluded"):
        for purpose in values.get(column, ()):
            if purpose not in purposes:
                raise InvalidRowError(
                    f"{column}: {purpose!r} is not a known purpose",
                    where=place,
                    hint=f"use one of: {', '.join(sorted(purposes))}",
                )


def _subject(row: Row, into: Statements) -> None:
    values, _ = _checked(row, "consent_row", required=("subject",))
    into.add("subjects", subject_record(values["subject"], values, where=row.place))


def subject_record(subject: str, values: Record, *, where: str = "") -> Record:
    """Return a subject's record; what `values` does not say of them is unknown.

    Raises:
        InvalidRowError: A date is none.
    """
    dates = _instants(where, values, ("majority_on", "deceased_on", "destroy_by"))
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


def _source(row: Row, into: Statements) -> None:
    values = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.values.items()}
    values.setdefault("source_id", values.pop("source", None))
    for name, default in (("kind", "unknown"), ("status", "active"), ("consent_claim", "none")):
        values.setdefault(name, default)
    if isinstance(values.get("terms_flags"), str):
        values["terms_flags"] = cells(values["terms_flags"])
    instants = _instants(row.place, values, ("acquired_at",))
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
        if declared[name].get("type") == "array" and isinstance(value, str):
            values[name] = cells(value)
        elif declared[name].get("type") == "string" and not isinstance(value, str | list | dict):
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


def _instants(place: str, values: Record, names: tuple[str, ...]) -> dict[str, datetime]:
    found = {}
    for name in names:
        if values.get(name):
            try:
                found[name] = parse_instant(str(values[name]))
            except ValueError as error:
                raise InvalidRowError(f"{name}: {error}", where=place) from None
    return found


def _join(of_row: Statements, into: Statements, first_said: FirstSaid, place: str) -> None:
    """Add what a row says to what rows before it said.

    Raises:
        InvalidRowError: Another row has the id, or says otherwise of the person.
    """
    for kind, records in of_row.records.items():
        for record in records:
            key = record[key_of(kind)[0]]
            record_before, first = first_said.setdefault((kind, key), (record, place))
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


def _toml_rows(path: Path) -> list[Row]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidFileError(f"this is not TOML: {error}", where=str(path)) from None
    sources = document.get("sources")
    if not isinstance(sources, list):
        raise InvalidFileError("expected a list of [[sources]]", where=str(path))
    return [_toml_row(f"{path.name}: sources[{i}]", item) for i, item in enumerate(sources)]


def _toml_row(place: str, item: object) -> Row:
    if isinstance(item, dict):
        return Row(place, item)
    return Row(place, problem=f"expected an object, found {type(item).__name__}")
