"""Files of statements read: consents with their states, subjects, sources and notices.

A file is taken whole or not at all: a consent file of which half was read could lack just the
row that withdraws.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curate.consent.dispatch import is_table_of_notices, read_document
from curate.consent.known_columns import ALSO, kept_only, renamed, unknown_columns
from curate.consent.notices import COLUMNS as NOTICE_COLUMNS
from curate.consent.notices import read_notices
from curate.consent.partial import without_doubted
from curate.consent.records import (
    OF_SUBJECT,
    join,
    read_consent_row,
    read_source_row,
    read_subject_row,
    takes_back_everything,
)
from curate.consent.statements import FirstRecords, Statements
from curate.errors import CurateError, InvalidFileError, InvalidRowError, ManyErrors
from curate.model.instants import parse_instant, print_instant
from curate.model.pseudonyms import cleaned
from curate.rows import Row, read_rows
from curate.schema import json_schema

# Refuses what a row adds, by an error; it gets the row's place too.
Check = Callable[[Statements, str], None]

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
    keep: Collection[str] = (),
    check: Check | None = None,
    partial: bool = False,
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
        keep: Columns that are kept though nobody knows what they say.
        check: Is told what each row of a table adds, and its place; refuses it by an error.
        partial: Leave out rows that are wrong, and tell of them in ``left_out``. Of a person of
            whom a row is wrong, only rows that restrict are taken. Documents are taken whole.

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
        document.spell(cleaned)
        return document
    rows = list(_toml_rows(path) if path.suffix.lower() == ".toml" else read_rows(path))
    if not rows:
        raise InvalidFileError("the file has no rows", where=str(path))
    columns = {name for row in rows for name in (*row.values, *row.empty, *row.blank)}
    filled = {name for row in rows for name in row.values}
    if is_table_of_notices(rows):
        _refuse_unknown(rows, NOTICE_COLUMNS, "notices", keep, path)
        rows = [kept_only(row, NOTICE_COLUMNS) for row in rows]
        return read_notices(rows, folder=path.parent, purposes=purposes)
    columns |= {ALSO.get(name, name) for name in columns}
    table = _table_of(columns, filled | {ALSO.get(name, name) for name in filled}, path)
    rows = renamed(rows, table.columns)
    _refuse_unknown(rows, table.columns, table.what, keep, path)
    _require(columns, table, path)
    return _read_table(rows, table, purposes, now, check=check, partial=partial)


def _read_table(
    rows: Sequence[Row],
    table: _Table,
    purposes: frozenset[str],
    now: datetime | None,
    *,
    check: Check | None,
    partial: bool,
) -> Statements:
    reader = table.reader(purposes)
    errors: list[CurateError] = []
    first_records: FirstRecords = {}
    read: list[tuple[Row, Statements]] = []
    wrong: list[Row] = []
    for row in rows:
        of_row = Statements()
        try:
            _refuse_unreadable(row)
            reader(row, of_row)
            _check_past_row(row, now)
            if check is not None:
                check(of_row, row.place)
        except CurateError as error:
            several = error.errors if isinstance(error, ManyErrors) else [error]
            errors += [table.hinted(one) for one in several]
            wrong.append(row)
        else:
            read.append((row, of_row))
    if partial and wrong:
        read = without_doubted(read, wrong, errors)
    statements = Statements()
    for row, of_row in read:
        try:
            join(of_row, statements, first_records, row.place)
            statements.take(of_row)
        except CurateError as error:
            errors.append(error)
    if errors and not partial:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    statements.left_out = errors
    return statements


def _refuse_unreadable(row: Row) -> None:
    """Refuse a row that cannot be read, or of which a cell stands below no name.

    Raises:
        InvalidRowError: It is so.
    """
    if row.problem:
        raise InvalidRowError(row.problem, where=row.place)
    if row.unnamed:
        raise InvalidRowError(
            f"column {row.unnamed} has no name, and something stands in it",
            where=row.place,
            hint="name the column in the first line; docs/consent-columns.md lists the columns",
        )


def _refuse_unknown(
    rows: Sequence[Row], known: Collection[str], what: str, keep: Collection[str], path: Path
) -> None:
    """Refuse columns that are not known, and that the settings do not keep.

    Raises:
        CurateError: There is one; ManyErrors where there are several.
    """
    error = unknown_columns(rows, known, keep=keep, path=path, what=what)
    if error is not None:
        raise error


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


@dataclass(frozen=True)
class _Table:
    """What the rows of a file are, which columns they may and must have, and their reader."""

    what: str
    columns: frozenset[str]
    required: tuple[str, ...]
    reader: Callable[[frozenset[str]], Callable[[Row, Statements], None]]

    def hinted(self, error: CurateError) -> CurateError:
        """Return an error of a row that says where its columns are described."""
        if error.hint == InvalidRowError.default_hint:
            described = "schemas/sources.schema.json" if self.what == "sources" else (
                "docs/consent-columns.md"
            )  # fmt: skip
            error.hint = f"correct the row; {described} describes the columns"
        return error


def _consents(purposes: frozenset[str]) -> Callable[[Row, Statements], None]:
    counts: dict[str, int] = {}
    return lambda row, into: read_consent_row(row, into, purposes, counts)


def _tables() -> dict[str, _Table]:
    row = json_schema("consent_row")
    consents, sources = frozenset(row["properties"]), json_schema("sources")["properties"]
    return {
        "purposes": _Table("consents", consents, tuple(row["required"]), _consents),
        "consent_claim": _Table(
            "sources", frozenset((*sources, "source")), (), lambda _: read_source_row
        ),
        "subject": _Table(
            "subjects", frozenset(("subject", *OF_SUBJECT)), (), lambda _: read_subject_row
        ),
    }


def _table_of(columns: Collection[str], filled: Collection[str], path: Path) -> _Table:
    """Return what the rows of a file are, told from their columns.

    Args:
        columns: All columns of the file.
        filled: Those of them in which something stands.
        path: The file.

    Raises:
        InvalidFileError: They are no table of statements.
    """
    tables = _tables()
    if path.suffix.lower() == ".toml":
        return tables["consent_claim"]
    for sign, table in tables.items():
        if sign in columns:
            if sign == "subject" and {"state", "state_at"} <= set(filled):
                return _withdrawals(tables["purposes"])
            if sign == "subject":
                _refuse_half_a_consent(filled, tables["purposes"], path)
            return table
    raise InvalidFileError(
        f"columns are {', '.join(sorted(columns))}; expected 'purposes' for consents, "
        "'consent_claim' for sources or 'subject' for subjects",
        where=str(path),
        hint="docs/consent-columns.md lists the columns",
    )


def _withdrawals(consents: _Table) -> _Table:
    """Return the table whose rows take back everything: they say who, how and from when."""
    required = ("subject", "state", "state_at")

    def reader(purposes: frozenset[str]) -> Callable[[Row, Statements], None]:
        read = consents.reader(purposes)

        def checked(row: Row, into: Statements) -> None:
            if not takes_back_everything(row):
                state = row.values.get("state")
                raise InvalidRowError(
                    f"state: {'nothing' if state is None else repr(state)}, in a table without "
                    "purposes, operations and roles: each of its rows takes something back",
                    where=row.place,
                    hint="write withdrawn, refused, revoked, expired or invalidated; a grant needs "
                    "these columns",
                )
            read(row, into)

        return checked

    return _Table("withdrawals", consents.columns, required, reader)


def _refuse_half_a_consent(columns: Collection[str], consents: _Table, path: Path) -> None:
    """Refuse a table of subjects that says something of consents, which nobody would hear.

    Raises:
        InvalidFileError: It does.
    """
    said = sorted((consents.columns - OF_SUBJECT - {"subject"}) & set(columns))
    if said:
        missing = [name for name in consents.required if name not in columns]
        raise InvalidFileError(
            f"the columns {', '.join(said)} are about consents, and the table lacks the column"
            f"{'' if len(missing) == 1 else 's'} {', '.join(missing)}",
            where=str(path),
            hint="a consent names its purposes, operations and roles. Who only withdraws is "
            "recorded with `curate consent withdraw SUBJECT --from INSTANT`",
        )


def _require(columns: Collection[str], table: _Table, path: Path) -> None:
    missing = [name for name in table.required if name not in columns]
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
    if others := sorted(document.keys() - {"sources"}):
        listed = ", ".join(repr(name) for name in others)
        raise InvalidFileError(
            f"{listed} at the top of the file: a TOML file holds [[sources]] or [[notices]] alone",
            where=str(path),
            hint="put subjects, consents and withdrawals into a CSV or JSON file of their own; "
            "nothing of this file was recorded",
        )
    if not isinstance(sources, list):
        raise InvalidFileError("expected a list of [[sources]]", where=str(path))
    return [_toml_row(f"{path.name}: sources[{i}]", item) for i, item in enumerate(sources)]


def _toml_row(place: str, item: object) -> Row:
    if isinstance(item, dict):
        return Row(place, item)
    return Row(place, problem=f"expected an object, found {type(item).__name__}")
