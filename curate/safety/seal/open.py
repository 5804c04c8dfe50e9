"""Opening what is sealed: two people, each with their own key, a reason, and a line in the log.

The log comes first: what was opened is on record before a byte of it is written. Putting a file
back is for what no list names any more; it is an opening too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.errors import InputError, VerificationError
from curate.model.instants import parse_instant, print_instant
from curate.safety.lists import HashList, ListStore
from curate.safety.seal.box import Box
from curate.safety.seal.custody import Custody, Held
from curate.safety.seal.keys import OpeningKey
from curate.safety.seal.places import digest_of, sealed_file
from curate.schema import arrow_schema, conform
from curate.signing import PublicKey, SigningKey, sign, statement
from curate.workspace import Workspace

PREDICATE = "curate:unsealing/v1"


@dataclass(frozen=True)
class Opening:
    """Two people's will to open one seal.

    Attributes:
        place: The workspace.
        custody: Where it is put on record.
        held: The seal.
        officer: The safety officer's key.
        signers: Those who open: two, with keys of their own.
        openers: The public keys of those who may.
        reason: Why.
        now: The present instant, in UTC.
    """

    place: Workspace
    custody: Custody
    held: Held
    officer: OpeningKey
    signers: Sequence[SigningKey]
    openers: Collection[PublicKey]
    reason: str
    now: datetime

    def open(self, folder: Path) -> dict[str, Any]:
        """Put the media and what was known of them into a new folder; return what was known.

        Args:
            folder: It is made, for its owner alone, and lies outside of the workspace.

        Raises:
            InputError: The reason, a signer or the folder is not as it must be.
            VerificationError: The sealed file changed, or is for another officer.
        """
        if folder.exists():
            raise InputError("this is there already", where=str(folder), hint="name a new folder")
        if folder.resolve().is_relative_to(self.place.root.resolve()):
            raise InputError("this lies in the workspace, which must not hold it",
                             where=str(folder), hint="name a folder elsewhere")  # fmt: skip
        record = self._read(None)
        self._state("opened")
        folder.mkdir(mode=0o700, parents=True)
        if self._has_media:
            with _fresh(folder / "media.bin") as sink:
                self._read(sink.write)
        with _fresh(folder / "record.json") as sink:
            sink.write(json.dumps(record, indent=2, sort_keys=True).encode())
        return record

    def restore(self, lists: Sequence[HashList], store: ListStore) -> int:
        """Put the files back where they were, and the entries into the catalogue; count the files.

        What was computed of them is gone: ingest and run again. Killed, it goes on when it is
        asked for again.

        Args:
            lists: The lists as they are.
            store: Says what their hashes are called.

        Raises:
            InputError: A list names it still, something stands where a file was, or the reason
                or a signer is not as it must be.
            VerificationError: The sealed file changed, or is for another officer.
        """
        if refs := still_listed(self.held, lists, store):
            raise InputError(f"{len(refs):,} hashes of lists name it still, and it would be sealed "
                             "again", where=self.held.seal_id,
                             hint="the list has to take them back first")  # fmt: skip
        record = self._read(None)
        paths = [Path(root) / locator for root, locator in record["files"]]
        wanted = paths if self._has_media else []
        for path in wanted:
            if path.exists() and digest_of(path) != record["sha256"]:
                raise InputError("another file stands where one was", where=self.held.seal_id,
                                 hint="move it away first")  # fmt: skip
        if self.held.state != "restored":
            self._state("restored")
        for path in wanted:
            if not path.exists():
                self._put_back(path)
        self._unhide(record["media"])
        return len(wanted)

    @property
    def _has_media(self) -> bool:
        return self.held.first["event"] == "sealed"

    def _state(self, event: str) -> None:
        """Put the opening on record, with both signatures."""
        if not self.reason.strip():
            raise InputError("say why it is opened", where="--reason")
        self._check_signers()
        digest = self.held.first["object_sha256"]
        said = statement([(self.held.seal_id, digest)], PREDICATE, {
            "act": event, "reason": self.reason, "at": print_instant(self.now),
            "by": sorted(key.public.keyid for key in self.signers),
        })  # fmt: skip
        signatures = [sign(said, key) for key in self.signers]
        self.custody.add(
            self.held.seal_id,
            event,
            at=self.now,
            by=[key.public.keyid for key in self.signers],
            reason=self.reason,
            signatures=json.dumps(signatures, sort_keys=True),
        )

    def _check_signers(self) -> None:
        allowed = {key.keyid for key in self.openers}
        signing = [key.public.keyid for key in self.signers]
        if len(set(signing)) < 2:
            raise InputError("it takes two people, each with a key of their own",
                             where="--second")  # fmt: skip
        if strangers := [keyid for keyid in signing if keyid not in allowed]:
            raise InputError(f"the key {strangers[0][:16]} is not one of those who may open",
                             where=str(self.place.config),
                             hint="[safety] openers names their public keys")  # fmt: skip

    def _read(self, take: Callable[[bytes], object] | None) -> dict[str, Any]:
        """Return what was known; give the media to `take` where there are any."""
        path = sealed_file(self.place, self.held.seal_id)
        first = self.held.first
        if not path.is_file() or digest_of(path) != first["object_sha256"]:
            raise VerificationError("the sealed file is gone, or is not what was put on record",
                                    where=str(path))  # fmt: skip
        if self.officer.public.keyid != first["officer"]:
            raise VerificationError("this is another officer's key", where=self.officer.where,
                                    hint=f"it was sealed for {first['officer'][:16]}")  # fmt: skip
        with path.open("rb") as stream:
            box = Box.opened(stream, self.officer, where=path)
            record = box.record(stream, where=path)
            if take is not None and box.media(stream, take, where=path) != record["sha256"]:
                raise VerificationError("this is not what was sealed", where=str(path))
        return record

    def _put_back(self, path: Path) -> None:
        """Write a file back, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_name(f".{self.held.seal_id}.partial")
        waiting.unlink(missing_ok=True)
        with _fresh(waiting) as sink:
            self._read(sink.write)
            sink.flush()
            os.fsync(sink.fileno())
        waiting.replace(path)

    def _unhide(self, rows: list[dict[str, Any]]) -> None:
        """Put entries back under their names; their files count as not opened yet."""
        catalog = Catalog(self.place.catalog)
        ids = pa.array([row["media_id"] for row in rows], pa.string())
        for name, back in (("media", [_parsed(row) for row in rows]), ("sightings", [])):
            stored = catalog.read(name)
            rest = stored.filter(pc.invert(pc.is_in(stored["media_id"], value_set=ids)))
            catalog.replace(name, pa.concat_tables([rest, conform(back, name)]))


def still_listed(held: Held, lists: Sequence[HashList], store: ListStore) -> set[str]:
    """Return which of the hashes that a seal matched its lists name still, by reference."""
    wanted = set(held.first["refs"] or ())
    named = set()
    for one in lists:
        if wanted and one.info.list_id in (held.first["lists"] or ()):
            rows = one.active.select(["signal", "value"]).to_pylist()
            named |= {store.ref(row["signal"], row["value"]) for row in rows}
    return wanted & named


def _parsed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of ``media`` as it was: instants are texts in a record."""
    schema = arrow_schema("media")
    timed = {name for name in row if pa.types.is_timestamp(schema.field(name).type)}
    return {name: parse_instant(value) if name in timed else value for name, value in row.items()}


def _fresh(path: Path) -> Any:
    """Return a file that was not there, open for writing, for its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
