"""The ledger of statements: what people said, append-only, in one SQLite file.

Every statement is one entry: a record of a kind (a schema whose store is ``ledger``) with the
instant it was recorded. Saying something new about the same record is a new entry, and the
latest entry known at an instant counts at that instant. Nothing is changed or deleted, except
that an erasure destroys a person's records and their salts. Each entry has a leaf in a Merkle
tree over salted commitments (STANDARDS section 6), so that every proof outlives the erasure.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.catalog import ledger_file, merkle
from curate.catalog.checkpoints import Checkpoint, origin_of
from curate.catalog.entries import canonical_texts, leaf, sortable
from curate.catalog.erasure import Erased, check_request, erase_entries
from curate.catalog.proofs import ConsistencyProof, InclusionProof
from curate.catalog.verification import Problem, Verification, examine
from curate.errors import InvariantError, UnknownNameError, VerificationError
from curate.schema import arrow_schema, conform, table_names

__all__ = ["END_OF_TIME", "Erased", "Ledger", "leaf"]

_LATEST = """
SELECT record FROM entries e
WHERE kind = :kind AND record IS NOT NULL AND recorded_at <= :known_at {some}
AND log_index = (
    SELECT max(log_index) FROM entries
    WHERE kind = e.kind AND record_id = e.record_id AND recorded_at <= :known_at
)
ORDER BY {order}
"""
_LAST_RECORD = """
SELECT record FROM entries WHERE kind = ? AND record_id = ? ORDER BY log_index DESC LIMIT 1
"""

END_OF_TIME = "9999-12-31T23:59:59.999999Z"


@dataclass(frozen=True)
class Ledger:
    """The statements in the SQLite file at `path`, which is created when first written."""

    path: Path

    def record(
        self, kind: str, records: Iterable[Mapping[str, Any]], *, recorded_at: datetime
    ) -> int:
        """Append `records` of `kind`, leaving out those that say what the ledger says already.

        Args:
            kind: A schema of the ledger, for example ``consents``.
            records: The records; instants are `datetime`, absent fields may be left out. Of
                several with one key the last counts.
            recorded_at: The instant of recording, in UTC; one a little before the last entry's,
                as when a writer had to wait, is taken as that one's.

        Returns:
            How many entries were appended. All of them are on disk, or none is.

        Raises:
            InputError: `recorded_at` is more than minutes before the last entry's.
            InputError: Another workspace goes on from this one.
            InvalidFileError: The ledger cannot be read, or is gone.
            StorageError: The disk is full, or the ledger cannot be written to.
            VerificationError: The ledger was changed by other means.
            WorkspaceBusyError: Others held the ledger for a minute.
        """
        return self.record_all({kind: records}, recorded_at=recorded_at)[kind]

    def record_all(
        self, statements: Mapping[str, Iterable[Mapping[str, Any]]], *, recorded_at: datetime
    ) -> dict[str, int]:
        """Append records of several kinds, in the order given: all of them, or none.

        Args:
            statements: The records by kind, each as `record` takes them.
            recorded_at: As `record` takes it.

        Returns:
            How many entries were appended, by kind.

        Raises:
            CurateError: As `record` says; nothing was appended.
        """
        texts = {kind: canonical_texts(kind, records) for kind, records in statements.items()}
        counts = dict.fromkeys(texts, 0)
        ledger_file.create(self.path)
        with ledger_file.writing(self.path) as connection:
            for kind, said in texts.items():
                new = {k: t for k, t in said.items() if _last_record(connection, kind, k) != t}
                ledger_file.append(connection, kind, new, recorded_at)
                counts[kind] = len(new)
        return counts

    def create(self) -> None:
        """Make the file, without entries, unless it is there.

        Raises:
            InvalidFileError: There was one, and it is gone.
        """
        ledger_file.create(self.path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep all others from appending; it can be read meanwhile.

        Raises:
            CurateError: As `record` says.
        """
        self.create()
        with ledger_file.writing(self.path):
            yield

    def read(
        self,
        kind: str,
        *,
        known_at: datetime | None = None,
        where: tuple[str, Collection[str]] | None = None,
    ) -> pa.Table:
        """Return the records of `kind` as they were known at an instant, sorted by key.

        Args:
            kind: A schema of the ledger.
            known_at: The instant, in UTC; everything recorded until now when None.
            where: A field, and its values: other records are left out. The field of a record
                never changes; none are left out when None.
        """
        if kind not in table_names("ledger"):
            raise InvariantError(f"{kind!r} is no table of the ledger")
        if not ledger_file.is_there(self.path):
            return arrow_schema(kind).empty_table()
        until = END_OF_TIME if known_at is None else sortable(known_at)
        given = {"kind": kind, "known_at": until}
        some, order = "", "record_id"
        if where is not None:
            field, values = where
            if field not in arrow_schema(kind).names:
                raise InvariantError(f"{kind} has no field {field!r}")
            # The path is part of the text: only so does an index over it apply.
            path = f"json_extract(record, '$.{field}')"
            order = "+record_id"  # few are sorted; the index of the order is not walked for it
            some = f"AND {path} IN (SELECT value FROM json_each(:values))"
            given |= {"values": json.dumps(sorted(values))}
        with ledger_file.connect(self.path) as connection:
            lines = [
                row[0] for row in connection.execute(_LATEST.format(some=some, order=order), given)
            ]
        return _parse(lines, kind)

    def root(self) -> tuple[int, str]:
        """Return how many entries there are and the Merkle root over them, in hex.

        Raises:
            VerificationError: The last head does not fit the entries.
        """
        if not ledger_file.is_there(self.path):
            return 0, merkle.EMPTY_ROOT.hex()
        with ledger_file.connect(self.path) as connection:
            frontier = ledger_file.last_frontier(connection)
        return frontier.size, frontier.root().hex()

    def had(self, size: int, root: str) -> bool:
        """Tell whether the ledger had that root, in hex, when it had `size` entries."""
        if size == 0 or not ledger_file.is_there(self.path):
            return size == 0
        with ledger_file.connect(self.path) as connection:
            found = connection.execute("SELECT root FROM heads WHERE size = ?", (size,)).fetchone()
        return found is not None and found[0].hex() == root

    def last_recorded_at(self, *, besides: Collection[str] = ()) -> datetime | None:
        """Return when the last entry was recorded, in UTC; None without one.

        Args:
            besides: Kinds of entries that do not count.
        """
        if not ledger_file.is_there(self.path):
            return None
        with ledger_file.connect(self.path) as connection:
            return ledger_file.last_instant(connection, besides=besides)

    def checkpoint(self) -> Checkpoint:
        """Return what to keep elsewhere, to prove later that the ledger was only added to.

        Raises:
            VerificationError: The last head does not fit the entries.
            WorkspaceBusyError: Others kept writing.
        """
        if not ledger_file.is_there(self.path):
            return Checkpoint(origin_of(None), 0, merkle.EMPTY_ROOT)
        with ledger_file.connect(self.path) as connection:
            digest = ledger_file.digest_of_file(connection, self.path)
            frontier = ledger_file.last_frontier(connection)
            first = connection.execute("SELECT leaf FROM entries WHERE log_index = 0").fetchone()
        origin = origin_of(first[0] if first else None)
        return Checkpoint(origin, frontier.size, frontier.root(), digest)

    def verify(self, since: Checkpoint | None = None) -> Verification:
        """Check every entry and head, and that the ledger only grew since a checkpoint.

        Args:
            since: A checkpoint that was kept elsewhere. `curate.catalog.verification` says what
                can be proved without one.

        Raises:
            InvalidFileError: The file cannot be opened as a ledger.
        """
        if not ledger_file.is_there(self.path):
            lost = since is not None and since.size > 0
            problems = (Problem(0, "it is missing: there is no ledger"),) if lost else ()
            return Verification(0, merkle.EMPTY_ROOT, 0, 0, since, problems)
        with ledger_file.connect(self.path) as connection:
            connection.execute("BEGIN")
            found = examine(connection, since)
            connection.execute("ROLLBACK")
            if not found or since is None or since.file_sha256 is None or since.size != found.size:
                return found
            digest = ledger_file.digest_of_file(connection, self.path)
            (size,) = connection.execute("SELECT coalesce(max(size), 0) FROM heads").fetchone()
        if digest == since.file_sha256 or size != found.size:
            return found
        text = "the file's bytes differ from the checkpoint's, though every entry is intact"
        return replace(found, problems=(Problem(None, text),))

    def prove_inclusion(self, index: int) -> InclusionProof:
        """Return the proof that an entry stands at `index` of the ledger as it is.

        Raises:
            UnknownNameError: There is no such entry.
        """
        leaves = self._leaves()
        if not 0 <= index < len(leaves):
            raise UnknownNameError(f"the ledger has {len(leaves)} entries, and no entry {index}")
        path = tuple(merkle.inclusion_proof(leaves, index))
        return InclusionProof(index, len(leaves), leaves[index], path, merkle.root(leaves))

    def prove_consistency(self, since: Checkpoint) -> ConsistencyProof:
        """Return the proof that the ledger as it is extends the one of a checkpoint.

        Raises:
            VerificationError: It does not.
        """
        leaves = self._leaves()
        size = min(since.size, len(leaves))
        proof = ConsistencyProof(
            since.size,
            since.root,
            len(leaves),
            merkle.root(leaves),
            tuple(merkle.consistency_proof(leaves, size)),
        )
        if not proof:
            raise VerificationError("the ledger does not extend the checkpoint's")
        return proof

    def erase(
        self, subject: str, *, basis: str, recorded_at: datetime, keep: Collection[str] = ()
    ) -> Erased:
        """Destroy what the ledger says of a subject: ids, records and salts of all entries.

        Commitments and leaves stay, so every proof stays valid. An entry of kind ``erasures``
        says which entries, when and why. The file is rewritten, so that its bytes hold no trace
        either; backups, and what the disk keeps of overwritten blocks, are beyond reach.

        Args:
            subject: The subject's pseudonym.
            basis: Why, in words that name nobody.
            recorded_at: The instant, in UTC.
            keep: Kinds to leave as they are, for example ``requests``.

        Raises:
            UnknownNameError: No entry is about the subject.
            InputError: The basis names the subject.
            InvariantError: A kind to keep may not be kept: a withdrawal goes with its grant.
            WorkspaceBusyError: A reader kept old pages alive: the erasure is recorded, and the
                next writer rewrites the file.
        """
        check_request(subject, basis, keep)
        if not ledger_file.is_there(self.path):
            raise UnknownNameError(f"no entry of the ledger is about the subject {subject!r}")
        with ledger_file.writing(self.path) as connection:
            erased = erase_entries(
                connection, subject, basis=basis, recorded_at=recorded_at, keep=keep
            )
        with ledger_file.connect(self.path) as connection:
            ledger_file.scrub(connection)
        return erased

    def copy_to(self, place: Path) -> None:
        """Write a copy of the ledger as it is to a new file, whole or not at all.

        Raises:
            InvalidFileError: The ledger cannot be read.
        """
        with ledger_file.connect(self.path) as connection:
            ledger_file.copy(connection, place)

    def _leaves(self) -> list[bytes]:
        if not ledger_file.is_there(self.path):
            return []
        with ledger_file.connect(self.path) as connection:
            found = connection.execute("SELECT leaf FROM entries ORDER BY log_index")
            return [row[0] for row in found]


def _last_record(connection: sqlite3.Connection, kind: str, record_id: str) -> str | None:
    found = connection.execute(_LAST_RECORD, (kind, record_id)).fetchone()
    return found[0] if found else None


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
