"""Files of statements read: consents with their states, subjects, sources and notices.

A file is taken whole or not at all: a consent file of which half was read could lack just the
row that withdraws.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from curate.consent.dispatch import read_document, read_rows_of_notices
from curate.consent.records import join, read_consent_row, read_source_row, read_subject_row
from curate.consent.statements import FirstRecords, Statements
from curate.errors import CurateError, InvalidFileError, InvalidRowError, ManyErrors
from curate.model.instants import parse_instant, print_instant
from curate.rows import Row, read_rows
from curate.schema import json_schema

# A file is held in memory until all of it is known to be right.
MAX_BYTES = 1 << 30
# Columns that say when something happened, and not from or until when it holds.
_HAPPENED = ("given_at", "state_at", "happened_at")


def read_statements(
    path: Path,
    *,
    purposes: Iterable[str],
    on_file: Mapping[str, str] | None = None,
    now: datetime | None = None,
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
        now: The present instant, in UTC: nothing happened after it. Not asked when None.

    Raises:
        InvalidFileError: The file cannot be read, or holds none of these.
        InvalidRowError: Something is said to have happened later than now.
        ManyErrors: Rows break the schema; each is told, and nothing is returned.
    """
    _refuse_huge(path)
    purposes = frozenset(purposes)
    document = read_document(path, purposes=purposes, on_file=on_file or {})
    if document is not None:
        _check_past(document, now, where=str(path))
        return document
    rows = list(_toml_rows(path) if path.suffix.lower() == ".toml" else read_rows(path))
    if not rows:
        raise InvalidFileError("the file has no rows", where=str(path))
    columns = {name for row in rows for name in row.values}
    if (found := read_rows_of_notices(rows, path, purposes)) is not None:
        return found
    reader = _reader_for(columns, path, purposes)
    statements, errors = Statements(), list[CurateError]()
    first_records: FirstRecords = {}
    for row in rows:
        try:
            if row.problem:
                raise InvalidRowError(row.problem, where=row.place)
            of_row = Statements(mentioned=statements.mentioned)
            reader(row, of_row)
            _check_past_row(row, now)
            join(of_row, statements, first_records, row.place)
        except CurateError as error:
            errors.extend(error.errors if isinstance(error, ManyErrors) else [error])
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    return statements


def _check_past_row(row: Row, now: datetime | None) -> None:
    """Refuse a row that says that something happened which is still to come.

    Raises:
        InvalidRowError: It does.
    """
    for name in _HAPPENED:
        text = str(row.values.get(name) or "")
        if text and now is not None and parse_instant(text) > now:
            raise _to_come(name, text, now, row.place)


def _check_past(statements: Statements, now: datetime | None, *, where: str) -> None:
    """Refuse events of consents that are still to come, but for consents that begin then.

    Raises:
        InvalidRowError: There is one.
    """
    consents = {row["consent_id"]: row for row in statements.records.get("consents", ())}
    for event in statements.records.get("consent_events", ()):
        moment, consent = event["effective_at"], consents.get(event["consent_id"], {})
        if now is not None and moment > now and moment != consent.get("valid_from"):
            state = f"{event['state']} of consent {event['consent_id']}"
            raise _to_come(state, print_instant(moment), now, where)


def _to_come(name: str, text: str, now: datetime, place: str) -> InvalidRowError:
    return InvalidRowError(
        f"{name}: {text!r} is still to come: it is {print_instant(now)}",
        where=place,
        hint="give the instant at which it happened, with its offset from UTC where the date alone "
        "is that of tomorrow; a withdrawal that will hold later is recorded by "
        "`curate consent withdraw SUBJECT --from INSTANT`",
    )


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
        return read_source_row
    if "purposes" in columns:
        _require(columns, "consent_row", path)
        counts: dict[str, int] = {}
        return lambda row, into: read_consent_row(row, into, purposes, counts)
    if "consent_claim" in columns:
        return read_source_row
    if "subject" in columns:
        return read_subject_row
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
