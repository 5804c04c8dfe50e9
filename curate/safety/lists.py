"""Hash lists of a workspace: what each is for, how old it is, and its hashes, encrypted.

A list is one file under ``safety/lists/``: a line of JSON that says what it is and holds no hash,
then its rows under a key derived from the workspace's. The line is associated data: a list cannot
be made to look fresher, or milder, than it was registered.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import InputError, UnknownNameError, VerificationError
from curate.media.hash_kinds import PDQ
from curate.model.instants import parse_instant, print_instant
from curate.vault.envelope import decrypt, derived_key, encrypt, write_whole

CATEGORIES = ("csam", "ncii", "takedown", "terror", "optout", "withdrawn_subject", "custom")

# StopNCII's client holds data for stale after this long.
STALE_DAYS = 30

_HINT = "name the key it was encrypted with in curate.toml under [vault], or register it again"


@dataclass(frozen=True)
class ListInfo:
    """What a list is.

    Attributes:
        list_id: Its name in this workspace.
        provider: Who keeps it.
        category: One of `CATEGORIES`.
        fetched_at: When it was fetched, in UTC.
        stale_after: When it is too old to be relied on.
        terms: Under which terms it is used: a reference, not a text.
        negative: Whether it lists what is known to be good.
        radius: Largest PDQ distance of a match, in bits.
        near: Largest PDQ distance of what a person has to decide on.
        min_quality: Least PDQ quality of a match.
        compared: Least share of a listed video that matches, in percent.
        query: Least share of the video at hand that matches, in percent.
        counts: Rows by kind of hash and status, as ``pdq active``.
        skipped: Rows of kinds that are not compared, by kind.
        left_out: Rows of such kinds that somebody left out, because they are asked elsewhere.
    """

    list_id: str
    provider: str
    category: str
    fetched_at: datetime
    stale_after: datetime
    terms: str = ""
    negative: bool = False
    radius: int = PDQ.radius
    near: int = PDQ.near
    min_quality: int = PDQ.min_quality
    compared: float = 80.0
    query: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, int]:
        """How many hashes it asks for that are not taken back, by kind, compared or not."""
        found: dict[str, int] = dict(self.skipped)
        for told, count in self.counts.items():
            kind, _, status = told.partition(" ")
            if status != "withdrawn":
                found[kind] = found.get(kind, 0) + count
        return found

    def is_stale(self, now: datetime) -> bool:
        """Return whether the list is too old to be relied on."""
        return now >= self.stale_after


@dataclass(frozen=True)
class HashList:
    """A list with its hashes.

    Attributes:
        info: What it is.
        entries: Rows as `curate.safety.entries` has them.
    """

    info: ListInfo
    entries: pa.Table

    @property
    def active(self) -> pa.Table:
        """Rows that may match: what was withdrawn never does."""
        return self.entries.filter(pc.not_equal(self.entries["status"], "withdrawn"))


@dataclass(frozen=True)
class ListStore:
    """The lists of one workspace.

    Attributes:
        folder: Where they lie.
        key: The workspace's key, 32 bytes.
        salt: The vault's salt.
    """

    folder: Path
    key: bytes
    salt: bytes

    def put(self, made: HashList) -> ListInfo:
        """Keep a list in the place of one of its name; return what is said of it.

        Raises:
            InputError: Its name, category or thresholds cannot be.
        """
        _check(made.info)
        pairs = zip(made.entries["signal"].to_pylist(), made.entries["status"].to_pylist(),
                    strict=True)  # fmt: skip
        counts: dict[str, int] = {}
        for signal, status in pairs:
            counts[f"{signal} {status}"] = counts.get(f"{signal} {status}", 0) + 1
        info = ListInfo(**{**vars(made.info), "counts": dict(sorted(counts.items()))})
        head = _head(info)
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, made.entries.schema) as writer:
            writer.write_table(made.entries)
        sealed = encrypt(self._derived, sink.getvalue(), head)
        write_whole(self._file(info.list_id), head + b"\n" + sealed)
        return info

    def get(self, list_id: str) -> HashList:
        """Return a list.

        Raises:
            UnknownNameError: There is none of that name.
            VerificationError: It does not open.
        """
        path = self._file(list_id)
        if not path.is_file():
            raise UnknownNameError(f"no list is called {list_id!r}", hint="see `curate lists list`")
        head, _, sealed = path.read_bytes().partition(b"\n")
        plain = decrypt(self._derived, sealed, head, where=path, hint=_HINT)
        return HashList(_info(head, path), pa.ipc.open_stream(plain).read_all())

    def all(self) -> list[HashList]:
        """Return every list, by name."""
        return [self.get(info.list_id) for info in infos(self.folder)]

    def drop(self, list_id: str, *, known: Collection[str] = ()) -> None:
        """Forget a list.

        Args:
            list_id: Its name.
            known: Names of lists whose files may be gone already.

        Raises:
            UnknownNameError: There is none of that name.
        """
        if list_id not in known and not self._file(list_id).is_file():
            raise UnknownNameError(f"no list is called {list_id!r}", hint="see `curate lists list`")
        self._file(list_id).unlink(missing_ok=True)

    def ref(self, signal: str, value: bytes) -> str:
        """Return what a hash is called where it must not be told: 32 hexadecimal digits."""
        told = hmac.new(self._ref_key, signal.encode() + b"\0" + value, hashlib.sha256)
        return told.hexdigest()[:32]

    @cached_property
    def _derived(self) -> bytes:
        return derived_key(self.key, self.salt, "lists")

    @cached_property
    def _ref_key(self) -> bytes:
        return derived_key(self.key, self.salt, "list refs")

    def _file(self, list_id: str) -> Path:
        name = hashlib.sha256(list_id.encode()).hexdigest()[:32]
        return self.folder / f"{name}.bin"


def infos(folder: Path) -> list[ListInfo]:
    """Return what is said of each list in a folder, by name, without a key."""
    found = []
    for path in folder.glob("*.bin"):
        with path.open("rb") as stream:
            found.append(_info(stream.readline().rstrip(b"\n"), path))
    return sorted(found, key=lambda info: info.list_id)


def lists_digest(folder: Path) -> str:
    """Return a digest of all lists: it changes when one is added, replaced or dropped."""
    told = hashlib.sha256()
    for path in sorted(folder.glob("*.bin")):
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def stale_from(fetched_at: datetime) -> datetime:
    """Return when a list becomes stale whose provider does not say."""
    return fetched_at + timedelta(days=STALE_DAYS)


def _check(info: ListInfo) -> None:
    if not info.list_id or not info.list_id.isprintable():
        raise InputError(f"{info.list_id!r} cannot be a list's name")
    if info.category not in CATEGORIES:
        raise InputError(f"{info.category!r} is no category of lists", where=info.list_id,
                         hint=f"categories are: {', '.join(CATEGORIES)}")  # fmt: skip
    if not 0 <= info.radius <= info.near <= 64:
        raise InputError(
            f"radius {info.radius} and near {info.near} are not in order, or above 64 bits",
            where=info.list_id,
        )


def _head(info: ListInfo) -> bytes:
    told = asdict(info)
    for name in ("fetched_at", "stale_after"):
        told[name] = print_instant(told[name])
    return json.dumps(told, sort_keys=True).encode()


def _info(head: bytes, path: Path) -> ListInfo:
    try:
        told: dict[str, Any] = json.loads(head)
        for name in ("fetched_at", "stale_after"):
            told[name] = parse_instant(told[name])
        return ListInfo(**told)
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError("this is no hash list of curate", where=str(path)) from error
