"""The ledger's SQLite file: its shape, how it is made and opened, and how entries get in.

Triggers refuse every change but one: an entry may lose its id, record and salt together. Each
append also writes a head: the size, the root and the right edge of the tree as it then stood,
so that the next append needs no other leaf and a check can tell where a change begins.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from urllib.parse import quote

from curate.catalog.entries import new_entry, sortable
from curate.catalog.merkle import Frontier
from curate.errors import (
    InputError,
    InvalidFileError,
    StorageError,
    VerificationError,
    WorkspaceBusyError,
)
from curate.workspace import Workspace

APPLICATION_ID = 0x43555241  # "CURA"
FORMAT = 1
# Set with an erasure and taken back when no trace of it is left in the file: whoever writes
# next finishes what a crash interrupted.
FORMAT_TO_SCRUB = 2

# Finds the records of one person among a million. A ledger that an older version made gets it with
# its next entry, and is whole without.
BY_SUBJECT = "entries_by_subject"
_BY_SUBJECT = f"{BY_SUBJECT} ON entries (kind, json_extract(record, '$.subject_id'))"
SCHEMA = """
CREATE TABLE entries (
    log_index INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    record_id TEXT,
    recorded_at TEXT NOT NULL,
    record TEXT,
    salt BLOB,
    commitment BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE INDEX entries_by_record ON entries (kind, record_id, log_index);
CREATE INDEX {by_subject};
CREATE TABLE heads (size INTEGER PRIMARY KEY, root BLOB NOT NULL, edge BLOB NOT NULL) STRICT;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entries_only_lose_their_record BEFORE UPDATE ON entries
WHEN NOT (
    OLD.record IS NOT NULL
    AND NEW.record_id IS NULL AND NEW.record IS NULL AND NEW.salt IS NULL
    AND NEW.log_index IS OLD.log_index AND NEW.kind IS OLD.kind
    AND NEW.recorded_at IS OLD.recorded_at
    AND NEW.commitment IS OLD.commitment AND NEW.leaf IS OLD.leaf
)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER entries_follow BEFORE INSERT ON entries
WHEN NEW.log_index IS NOT (SELECT coalesce(max(log_index), -1) + 1 FROM entries)
    OR NEW.record_id IS NULL OR NEW.record IS NULL OR NEW.salt IS NULL
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER heads_do_not_change BEFORE UPDATE ON heads
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER heads_follow BEFORE INSERT ON heads
WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM heads)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
""".replace("{by_subject}", _BY_SUBJECT)

# Writers wait for one another; one that took the time before it waited may come late by this.
PATIENCE_S = 60
LATEST_LATENESS = timedelta(minutes=5)


def create(path: Path) -> None:
    """Make an empty ledger at `path`, unless a file is there.

    It appears whole or not at all, however many processes make it at once.

    Raises:
        InvalidFileError: The folder is not there, or there was a ledger and it is gone.
        InputError: Another workspace goes on from this one.
        StorageError: The disk is full, or the folder cannot be written to.
    """
    if is_there(path):
        return
    Workspace(path.parent).refuse_continued()
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise _cannot_be_used(path, str(error)) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not is_there(path):
            waiting = path.with_name(f".{path.name}.new")
            for left in (waiting, *(waiting.with_name(waiting.name + s) for s in ("-wal", "-shm"))):
                left.unlink(missing_ok=True)
            with _explained(path), closing(sqlite3.connect(waiting)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.executescript(SCHEMA)
            with waiting.open("rb") as file:
                os.fsync(file.fileno())
            waiting.rename(path)
            os.fsync(folder)
    finally:
        os.close(folder)


def is_there(path: Path) -> bool:
    """Tell whether a ledger is at `path`: false only where there has never been one.

    Raises:
        InvalidFileError: There was a ledger, and it is gone: an empty one must not take its place.
        ConfigError: The workspace does not say whether it has one.
    """
    if path.exists():
        return True
    if Workspace(path.parent).ledger_must_be_there():
        raise InvalidFileError(
            "the ledger is missing: what people said, what was erased and what went out is in it. "
            "Nothing was read or recorded",
            where=str(path),
            hint=f"restore {path.name} from a backup. An empty one would say that nobody withdrew "
            "and that nothing was released. Only where nothing was ever recorded, make a new "
            "workspace with `curate init` and ingest again",
        )
    return False


@contextmanager
def connect(path: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the ledger at `path`, which must be there; each commit is on disk when it returns.

    Where the file or its folder cannot be written to, it is opened for reading alone.

    Args:
        path: The file.
        write: Whether it must be possible to write.

    Raises:
        InvalidFileError: The file is no ledger, is damaged or missing, or cannot be read.
        StorageError: The disk is full, or the file cannot be written to.
        WorkspaceBusyError: Another process held it for a minute.
    """
    if not path.exists():
        is_there(path)
        raise _cannot_be_used(path, "no such file")
    place = f"file:{quote(os.fsencode(path.absolute()))}?{_mode(path, write=write)}"
    with _explained(path):
        opened = sqlite3.connect(place, uri=True, timeout=PATIENCE_S, isolation_level=None)
        with closing(opened) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            application, version = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            )
            if application != APPLICATION_ID or version not in {FORMAT, FORMAT_TO_SCRUB}:
                raise _cannot_be_used(path, "this is no ledger, or one of another version")
            yield connection


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger and hold it for writing: what is done within is kept whole, or not at all.

    Raises:
        InvalidFileError: As `connect` says.
        StorageError: As `connect` says.
        WorkspaceBusyError: As `connect` says.
        InputError: Another workspace goes on from this one.
        ConfigError: Whether one does cannot be told.
    """
    with connect(path, write=True) as connection:
        # A long read is no reason to refuse a statement: a later writer will rewrite the file.
        with suppress(WorkspaceBusyError):
            scrub(connection)
        connection.execute("BEGIN IMMEDIATE")
        # Asked while nobody else can append: who goes on from here holds the ledger while copying.
        Workspace(path.parent).refuse_continued()
        connection.execute(f"CREATE INDEX IF NOT EXISTS {_BY_SUBJECT}")
        yield connection
        connection.execute("COMMIT")


def append(
    connection: sqlite3.Connection, kind: str, texts: Mapping[str, str], recorded_at: datetime
) -> None:
    """Append an entry for each text, by record id, and a head over all; within a transaction.

    Raises:
        InputError: `recorded_at` is well before the last entry.
        VerificationError: The last head does not fit the entries.
    """
    if not texts:
        return
    frontier = last_frontier(connection)
    at = _not_before_last(connection, recorded_at)
    rows = []
    for record_id, text in texts.items():
        entry = new_entry(frontier.size, kind, record_id, text, at)
        frontier.append(entry.leaf)
        rows.append(entry)
    connection.executemany("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?)", rows)
    head = (frontier.size, frontier.root(), frontier.edge)
    connection.execute("INSERT INTO heads VALUES (?,?,?)", head)


def last_frontier(connection: sqlite3.Connection) -> Frontier:
    """Return the right edge of the tree as the last head keeps it.

    Raises:
        VerificationError: It does not fit its root, or the number of entries.
    """
    found = connection.execute("SELECT size, root, edge FROM heads ORDER BY size DESC LIMIT 1")
    size, root, edge = found.fetchone() or (0, Frontier().root(), b"")
    (count,) = connection.execute("SELECT coalesce(max(log_index) + 1, 0) FROM entries").fetchone()
    try:
        frontier = Frontier.parse(size, edge)
    except ValueError:
        frontier = Frontier()
    if frontier.size != count or frontier.root() != root:
        raise VerificationError(
            f"the ledger's last head does not fit its {count} entries",
            hint="`curate consent verify` tells what was changed; restore it from a backup",
        )
    return frontier


def scrub(connection: sqlite3.Connection) -> None:
    """Rewrite the file without what an erasure destroyed, if one left that to be done.

    Freed pages, the slack of others and the write-ahead log still hold the old bytes.

    Raises:
        WorkspaceBusyError: A reader still needs the old pages.
    """
    if connection.execute("PRAGMA user_version").fetchone() == (FORMAT_TO_SCRUB,):
        connection.execute("VACUUM")
        flush(connection)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def flush(connection: sqlite3.Connection) -> None:
    """Move everything from the write-ahead log into the file, and empty the log.

    Raises:
        WorkspaceBusyError: Others kept using it.
    """
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise WorkspaceBusyError("the ledger is in use, and its log cannot be emptied")


def copy(connection: sqlite3.Connection, place: Path) -> None:
    """Write a copy of an open ledger to a new file, whole or not at all."""
    waiting = place.with_name(f".{place.name}.new")
    waiting.unlink(missing_ok=True)
    with _explained(place), closing(sqlite3.connect(waiting)) as target:
        connection.backup(target)
    with waiting.open("rb") as file:
        os.fsync(file.fileno())
    waiting.rename(place)


def digest_of_file(connection: sqlite3.Connection, path: Path) -> str:
    """Begin a transaction that keeps writers out, and return the SHA-256 of the whole file.

    Raises:
        WorkspaceBusyError: Writers came between again and again.
    """
    # SQLite follows a link, and keeps its log beside the file itself.
    log = Path(f"{path.resolve()}-wal")
    for _ in range(50 if can_be_written(path) else 0):
        flush(connection)
        connection.execute("BEGIN IMMEDIATE")
        if not log.exists() or not log.stat().st_size:
            return _digest(path)
        connection.execute("ROLLBACK")
    if not can_be_written(path):
        # Nobody can write to it here; what is in the log alone is not in the file.
        connection.execute("BEGIN")
        return _digest(path)
    raise WorkspaceBusyError("others keep writing to the ledger", where=str(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def last_instant(
    connection: sqlite3.Connection, *, besides: Collection[str] = ()
) -> datetime | None:
    """Return when the last entry was recorded, but for kinds that do not count; None without."""
    left_out = ", ".join("?" * len(besides))
    last = connection.execute(
        f"SELECT recorded_at FROM entries WHERE kind NOT IN ({left_out}) "
        "ORDER BY log_index DESC LIMIT 1",
        list(besides),
    )
    (before,) = last.fetchone() or (None,)
    return None if before is None else datetime.fromisoformat(before)


def can_be_written(path: Path) -> bool:
    """Tell whether a file and its folder, in which SQLite keeps its log, can be written to."""
    return os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)


def _mode(path: Path, *, write: bool) -> str:
    """Return how SQLite is to open a ledger."""
    if write:
        return "mode=rw"
    log, shared = (Path(f"{path.resolve()}-{end}") for end in ("wal", "shm"))
    pending = log.exists() and log.stat().st_size
    # Immutable, it needs no files beside it, which a full disk has no room for; but it would not
    # see what is in the log alone, nor a writer who is at work.
    if can_be_written(path):
        return "mode=ro&immutable=1" if _is_full(path) and not pending else "mode=rw"
    return "mode=ro" if pending or shared.exists() else "mode=ro&immutable=1"


def _not_before_last(connection: sqlite3.Connection, moment: datetime) -> str:
    """Return when an entry is recorded: no earlier than the one before it."""
    last = connection.execute("SELECT recorded_at FROM entries ORDER BY log_index DESC LIMIT 1")
    (before,) = last.fetchone() or ("",)
    if before and datetime.fromisoformat(before) - moment > LATEST_LATENESS:
        raise InputError(
            f"the clock says {sortable(moment)}, and the ledger's last entry is of {before}",
            hint="set the clock right: what was known when could not be told otherwise",
        )
    return max(before, sortable(moment))


def _cannot_be_used(path: Path, why: str) -> InvalidFileError:
    return InvalidFileError(
        f"the ledger cannot be used: {why}",
        where=str(path),
        hint="restore it from a backup; nothing was written",
    )


def _cannot_be_written(path: Path, why: str) -> StorageError:
    return StorageError(
        f"the ledger cannot be written: {why}",
        where=str(path),
        hint="nothing was recorded, and what is in the ledger is as it was. Make room, or make the "
        "file and its folder writable, and run the command again",
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Tell an error of SQLite as one of ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_BUSY:
            raise WorkspaceBusyError("another command holds the ledger", where=str(path)) from error
        if code == sqlite3.SQLITE_FULL or (code in _ON_DISK and _is_full(path)):
            raise _cannot_be_written(path, "the disk is full") from error
        if code == sqlite3.SQLITE_READONLY or (code in _ON_DISK and not can_be_written(path)):
            raise _cannot_be_written(path, "the file or its folder is not writable") from error
        raise _cannot_be_used(path, str(error)) from error
    except UnicodeDecodeError as error:
        # A message of SQLite's quotes the damaged schema.
        raise _cannot_be_used(path, "its schema is damaged") from error


# What SQLite says of a log that it cannot make or grow, among other things.
_ON_DISK = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
# SQLite's log begins with so much.
_LEAST_ROOM = 1 << 16


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_ROOM
    except OSError:
        return False
