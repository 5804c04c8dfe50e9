"""The ledger of statements: what people said, append-only, in one SQLite file.

Every statement is one entry: a record of a kind (a schema whose store is ``ledger``) with the
instant it was recorded. Saying something new about the same record is a new entry, and the
latest entry known at an instant counts at that instant. Nothing is changed or deleted: triggers
refuse it. Each entry has a leaf in a Merkle tree over salted commitments (STANDARDS section 6),
so that a record and its salt can be destroyed while every proof stays valid.
"""

from __future__ import annotations

import hmac
import io
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import rfc8785

from curate.catalog import merkle
from curate.errors import InvalidFileError, InvariantError
from curate.model.instants import print_instant
from curate.schema import arrow_schema, conform, key_of, table_names

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    log_index INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    record TEXT,
    salt BLOB,
    commitment BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entries_by_record ON entries (kind, record_id, log_index);
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_do_not_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER IF NOT EXISTS entries_follow BEFORE INSERT ON entries
WHEN NEW.log_index IS NOT (SELECT coalesce(max(log_index), -1) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""

_LATEST = """
SELECT record FROM entries e
WHERE kind = :kind AND record IS NOT NULL AND recorded_at <= :known_at
AND log_index = (
    SELECT max(log_index) FROM entries
    WHERE kind = e.kind AND record_id = e.record_id AND recorded_at <= :known_at
)
ORDER BY record_id
"""

END_OF_TIME = "9999-12-31T23:59:59.999999Z"


@dataclass(frozen=True)
class Ledger:
    """The statements in the SQLite file at `path`, which is created when first written."""

    path: Path

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as opened:
                opened.execute("PRAGMA journal_mode = WAL")
                opened.execute("PRAGMA synchronous = FULL")
                opened.executescript(_SCHEMA)
                yield opened
        except sqlite3.DatabaseError as error:
            raise InvalidFileError(
                f"the ledger cannot be used: {error}",
                where=str(self.path),
                hint="restore it from a backup; nothing was written",
            ) from error

    def record(
        self, kind: str, records: Iterable[Mapping[str, Any]], *, recorded_at: datetime
    ) -> int:
        """Append `records` of `kind`, leaving out those that say what the ledger says already.

        Args:
            kind: A schema of the ledger, for example ``consents``.
            records: The records; instants are `datetime`, absent fields may be left out.
            recorded_at: The instant of recording, in UTC.

        Returns:
            How many entries were appended. All of them are, or none is.
        """
        key = key_of(kind)
        texts = {}
        for row in conform([dict(r) for r in records], kind).to_pylist():
            plain = {k: _plain(v) for k, v in row.items() if v is not None}
            texts["/".join(str(row[column]) for column in key)] = _canonical(plain)
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            known = dict(
                connection.execute(
                    "SELECT record_id, record FROM entries WHERE kind = ? ORDER BY log_index",
                    (kind,),
                )
            )
            (index,) = connection.execute("SELECT count(*) FROM entries").fetchone()
            rows = [
                _entry(index + i, kind, record_id, text, _sortable(recorded_at))
                for i, (record_id, text) in enumerate(
                    (r, t) for r, t in texts.items() if known.get(r) != t
                )
            ]
            connection.executemany("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?)", rows)
            connection.execute("COMMIT")
        return len(rows)

    def read(self, kind: str, *, known_at: datetime | None = None) -> pa.Table:
        """Return the records of `kind` as they were known at an instant, sorted by key.

        Args:
            kind: A schema of the ledger.
            known_at: The instant, in UTC; everything recorded until now when None.
        """
        if kind not in table_names("ledger"):
            raise InvariantError(f"{kind!r} is no table of the ledger")
        if not self.path.exists():
            return arrow_schema(kind).empty_table()
        until = END_OF_TIME if known_at is None else _sortable(known_at)
        with self._connect() as connection:
            lines = [
                row[0] for row in connection.execute(_LATEST, {"kind": kind, "known_at": until})
            ]
        return _parse(lines, kind)

    def root(self) -> tuple[int, str]:
        """Return how many entries there are and the Merkle root over them, in hex."""
        if not self.path.exists():
            return 0, merkle.root([]).hex()
        with self._connect() as connection:
            leaves = [
                row[0] for row in connection.execute("SELECT leaf FROM entries ORDER BY log_index")
            ]
        return len(leaves), merkle.root(leaves).hex()


def _entry(index: int, kind: str, record_id: str, text: str, at: str) -> tuple[Any, ...]:
    salt = secrets.token_bytes(32)
    commitment = hmac.digest(salt, text.encode(), "sha256")
    return index, kind, record_id, at, text, salt, commitment, leaf(kind, index, at, commitment)


def leaf(kind: str, index: int, recorded_at: str, commitment: bytes) -> bytes:
    """Return the leaf hash of an entry: it commits to the record without showing it."""
    public: dict[str, Any] = {"c": commitment.hex(), "i": index, "kind": kind, "t": recorded_at}
    return merkle.leaf_hash(rfc8785.dumps(public))


def _canonical(record: Any) -> str:
    return rfc8785.dumps(record).decode()


def _sortable(moment: datetime) -> str:
    """Return `moment` with a fixed number of digits, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    return (
        print_instant(value)
        if isinstance(value, datetime)
        else (value.isoformat() if hasattr(value, "isoformat") else value)
    )


def _parse(lines: list[str], kind: str) -> pa.Table:
    schema = arrow_schema(kind)
    if not lines:
        return schema.empty_table()
    from pyarrow import json as arrow_json

    # Instants are read as text and cast: the reader knows no offset for a zoned type.
    texts = pa.schema(
        [f.with_type(pa.string()) if pa.types.is_temporal(f.type) else f for f in schema]
    ).remove_metadata()
    nullable = pa.schema([pa.field(f.name, f.type) for f in texts])
    options = arrow_json.ParseOptions(explicit_schema=nullable, unexpected_field_behavior="error")
    block = max(len(line) for line in lines) + 1
    table = arrow_json.read_json(
        io.BytesIO("\n".join(lines).encode()),
        read_options=arrow_json.ReadOptions(block_size=max(block, 1 << 20)),
        parse_options=options,
    )
    return conform(table.select(schema.names), kind)
