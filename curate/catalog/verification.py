"""Checking a ledger: every entry, every head, and a checkpoint someone kept.

What each layer proves. The *commitments* and *leaves* prove that each entry is what was
recorded. The *heads* in the file prove that no entry was lost, added between or reordered,
unless whoever did it wrote all later heads anew: that is what a *checkpoint* kept elsewhere is
for, which no one can make fit another history. Its file digest proves the rest: bytes that no
entry uses. Without a checkpoint a ledger that was rewritten whole, or cut at a head together
with its later heads, is consistent in itself and cannot be told from a true one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from curate.catalog.checkpoints import ORIGIN, Checkpoint, origin_of
from curate.catalog.entries import KIND, commit, leaf_of_bytes, record_id_of
from curate.catalog.ledger_file import BY_SUBJECT, SCHEMA
from curate.catalog.merkle import Frontier
from curate.errors import VerificationError
from curate.schema import key_of, table_names

# A shifted ledger is wrong in every entry: the first ones tell enough.
MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Problem:
    """Something that is not right.

    Attributes:
        entry: The entry it begins at, from 0; None if it is about the whole file.
        text: What was found.
    """

    entry: int | None
    text: str

    def __str__(self) -> str:
        return self.text if self.entry is None else f"entry {self.entry}: {self.text}"


@dataclass(frozen=True)
class Verification:
    """What a check found; true if everything is right.

    Attributes:
        size: How many entries the ledger has.
        root: The Merkle root computed over them, 32 bytes.
        heads: How many heads were compared.
        erased: How many entries have lost their record by an erasure.
        since: The checkpoint it was compared with.
        problems: The first hundred problems, by entry; those about the whole file last.
    """

    size: int
    root: bytes
    heads: int
    erased: int
    since: Checkpoint | None
    problems: tuple[Problem, ...]

    def __bool__(self) -> bool:
        return not self.problems

    @property
    def first(self) -> Problem | None:
        """The problem at the first entry that is not right."""
        return self.problems[0] if self.problems else None

    def demand(self, *, where: str = "") -> None:
        """Do nothing if everything is right.

        Raises:
            VerificationError: Something is not; it names the first entry.
        """
        if self.first is not None:
            raise VerificationError(f"the ledger was changed: {self.first}", where=where)


def examine(connection: sqlite3.Connection, since: Checkpoint | None) -> Verification:
    """Check everything about a ledger but the bytes that no entry uses."""
    connection.text_factory = bytes
    walk = _Walk(since)
    for text in _damage(connection):
        walk.report(None, text)
    walk.read_heads(connection)
    walk.read_entries(connection)
    walk.compare_erasures()
    walk.compare_checkpoint()
    return walk.result()


@dataclass
class _Walk:
    """One pass over the entries, in order."""

    since: Checkpoint | None
    frontier: Frontier = field(default_factory=Frontier)
    heads: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    compared: int = 0
    last_good: int = 0
    before: bytes = b""
    first_leaf: bytes | None = None
    old_root: bytes | None = None
    lost: list[int] = field(default_factory=list)
    doubtful: bool = False
    erased_by: dict[int, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, entry: int | None, text: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(entry, text))

    def read_heads(self, connection: sqlite3.Connection) -> None:
        try:
            found = connection.execute("SELECT size, root, edge FROM heads ORDER BY size")
            self.heads = {size: (root, edge) for size, root, edge in found}
        except sqlite3.DatabaseError as error:
            self.report(None, f"the heads cannot be read: {error}")

    def read_entries(self, connection: sqlite3.Connection) -> None:
        try:
            for row in connection.execute("SELECT * FROM entries ORDER BY log_index"):
                self.take(row)
        except sqlite3.DatabaseError as error:
            self.report(self.frontier.size, f"it cannot be read: {error}")
            return
        size = self.frontier.size
        if later := [head for head in self.heads if head > size]:
            self.report(
                size, f"it is missing: a head covers {max(later)} entries, {size} are there"
            )
        elif size and size not in self.heads:
            known = max(self.heads, default=0)
            self.report(known, f"it stands under no head: the last one covers {known} entries")

    def take(self, row: tuple[Any, ...]) -> None:
        position = self.frontier.size
        if self.since is not None and position == self.since.size:
            self.old_root = self.frontier.root()
        index, at, kept = row[0], row[3], row[7]
        if index != position:
            self.report(position, f"it is missing: the next one is entry {index}")
        wrong = list(_entry_problems(row, self.before))
        for text in wrong:
            self.report(position, text)
        # What a damaged entry erased is not known: it is told, and what it erased is not.
        self.doubtful |= bool(wrong) and row[1] not in _kinds_that_erase_nothing()
        self.before = at if isinstance(at, bytes) else b""
        self.first_leaf = kept if position == 0 else self.first_leaf
        if row[4] is None:
            self.lost.append(position)
        elif row[1] == b"erasures":
            self.erased_by |= dict.fromkeys(_entries_of(row[4]), position)
        self.frontier.append(kept if isinstance(kept, bytes) else b"")
        self.compare_head()

    def compare_head(self) -> None:
        size = self.frontier.size
        if size not in self.heads:
            return
        root, edge = self.heads[size]
        self.compared += 1
        if root == self.frontier.root() and edge == self.frontier.edge:
            self.last_good = size
            return
        first, last = self.last_good, size - 1
        if not any(p.entry is not None and p.entry <= last for p in self.problems):
            span = "it is" if first == last else f"it, or one up to entry {last}, is"
            self.report(first, f"{span} not what the head over {size} entries says")

    def compare_erasures(self) -> None:
        for entry in () if self.doubtful else self.lost:
            if self.erased_by.get(entry, -1) <= entry:
                self.report(entry, "its record is gone, and no erasure names it")
        for entry in sorted(set(self.erased_by) - set(self.lost)):
            self.report(entry, f"entry {self.erased_by[entry]} erased it, and its record is there")

    def compare_checkpoint(self) -> None:
        since, size = self.since, self.frontier.size
        if since is None:
            return
        if since.size > size:
            text = f"it is missing: the checkpoint covers {since.size} entries, {size} are there"
            self.report(size, text)
            return
        root = self.frontier.root() if since.size == size else self.old_root
        if root == since.root:
            return
        if since.origin not in {ORIGIN, origin_of(self.first_leaf)}:
            self.report(0, f"the checkpoint is of another ledger, {since.origin}")
        elif not any(p.entry is not None and p.entry < since.size for p in self.problems):
            text = (
                f"it, or one up to entry {since.size - 1}, is not what the checkpoint says; the "
                "heads were rewritten to fit, and an older checkpoint would tell it more closely"
            )
            self.report(0, text)

    def result(self) -> Verification:
        size = self.frontier.size
        ordered = sorted(self.problems, key=lambda p: size + 1 if p.entry is None else p.entry)
        return Verification(
            size,
            self.frontier.root(),
            self.compared,
            len(self.lost),
            self.since,
            tuple(ordered),
        )


def _entry_problems(row: tuple[Any, ...], before: bytes) -> Iterator[str]:
    """Yield what is wrong with one entry by itself."""
    index, kind, record_id, at, record, salt, commitment, kept = row
    if not type(kind) is type(at) is type(commitment) is type(kept) is bytes:
        yield "a field of it is not of its type"
        return
    if not KIND.fullmatch(kind) or leaf_of_bytes(kind, index, at, commitment) != kept:
        yield "its kind, place, instant or commitment was changed"
    if at < before:
        yield f"it was recorded at {at.decode(errors='replace')}, before the one in front of it"
    if record is None:
        if salt is not None or record_id is not None:
            yield "its record is gone, and not its salt and id"
    elif not isinstance(record, bytes) or not isinstance(salt, bytes):
        yield "its record or salt is not of its type"
    elif commit(salt, record) != commitment:
        yield "its record or salt was changed"
    elif not _fits(kind.decode("ascii", "replace"), record, record_id):
        yield "its id is not that of its record"


@cache
def _kinds() -> frozenset[str]:
    return frozenset(table_names("ledger"))


@cache
def _kinds_that_erase_nothing() -> frozenset[bytes]:
    return frozenset(kind.encode() for kind in _kinds()) - {b"erasures"}


def _fits(kind: str, record: bytes, record_id: object) -> bool:
    if kind not in _kinds():
        return True
    try:
        # Told that it is text, the parser need not guess the encoding: a third of its time.
        said = record_id_of(json.loads(record.decode()), key_of(kind))
    except (ValueError, KeyError, TypeError):
        return False
    return said.encode() == record_id


def _entries_of(record: bytes) -> list[int]:
    """Return the entries that an erasure names; none if it cannot be read, which is told."""
    try:
        named = json.loads(record)["entries"]
        return [entry for entry in named if isinstance(entry, int)]
    except (ValueError, KeyError, TypeError):
        return []


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what SQLite itself finds wrong, and what differs from the ledger's shape."""
    try:
        for (found,) in connection.execute("PRAGMA integrity_check(10)"):
            if found != b"ok":
                yield f"the file is damaged: {found.decode(errors='replace')}"
        shape = frozenset(connection.execute(_SHAPE))
        # An index that older versions did not make decides nothing.
        if shape not in (_expected_shape(), _expected_shape(indexed=False)):
            yield "its tables, indexes or triggers are not those of a ledger"
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        yield f"the file is damaged: {error}"


_SHAPE = "SELECT type, name, tbl_name, sql FROM sqlite_schema"


@cache
def _expected_shape(*, indexed: bool = True) -> frozenset[Any]:
    connection = sqlite3.connect(":memory:")
    connection.text_factory = bytes
    connection.executescript(SCHEMA)
    if not indexed:
        connection.execute(f"DROP INDEX {BY_SUBJECT}")
    shape = frozenset(connection.execute(_SHAPE))
    connection.close()
    return shape
