"""The record of what went out: releases with their items, and what was called back or erased.

Nothing here can be computed again, so nothing of it lies in the catalogue: statements are in the
ledger, and the items of a release, which may be millions, are a Parquet file under ``record/``
whose SHA-256 the ledger holds. A file that is missing or changed is an error, and never an empty
list: whoever asks what went out must not be told that nothing did.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from curate.catalog.ledger import Ledger
from curate.errors import UnknownNameError, VerificationError
from curate.schema import arrow_schema, conform, key_of

FOLDER = "record"
ITEMS = "release_items"
ISSUED, VOID = "issued", "void"


@dataclass(frozen=True)
class Record:
    """What went out of a workspace, and what must not come back.

    Attributes:
        ledger: The statements.
    """

    ledger: Ledger

    @property
    def folder(self) -> Path:
        """Where the items of releases lie, one file for each release."""
        return self.ledger.path.parent / FOLDER

    def releases(self) -> list[dict[str, Any]]:
        """Return the releases that went out, the earliest first."""
        issued = [row for row in self.rows() if row["status"] == ISSUED]
        return sorted(issued, key=lambda row: (row["built_at"], row["release_id"]))

    def release(self, name: str) -> dict[str, Any]:
        """Return the release called `name`.

        Raises:
            UnknownNameError: None went out under that name.
        """
        known = self.releases()
        for row in known:
            if row["name"] == name:
                return row
        names = ", ".join(row["name"] for row in known) or "none yet"
        raise UnknownNameError(f"no release is called {name!r}", hint=f"releases are: {names}")

    def latest(self, use: str, *, besides: str = "") -> dict[str, Any] | None:
        """Return the latest release of a use, or None.

        Args:
            use: The use's name.
            besides: The name of a release that does not count: one that is being built.
        """
        mine = [r for r in self.releases() if r["use"] == use and r["name"] != besides]
        return mine[-1] if mine else None

    def items(self, releases: Iterable[dict[str, Any]] | None = None) -> pa.Table:
        """Return the items of releases, those of all when None, sorted by release and entry.

        Raises:
            VerificationError: A file of items is missing, or is not what the ledger recorded.
        """
        asked = self.releases() if releases is None else list(releases)
        tables = [self._items_of(row) for row in asked]
        whole = pa.concat_tables([arrow_schema(ITEMS).empty_table(), *tables])
        order = [(column, "ascending") for column in key_of(ITEMS)]
        return whole.sort_by(order).combine_chunks()

    def state(self) -> str:
        """Return a digest of what went out: what is derived from it is keyed by this."""
        known = [(row["release_id"], row["items_sha256"]) for row in self.releases()]
        return hashlib.sha256(repr(known).encode()).hexdigest()

    def problems(self) -> list[str]:
        """Return a sentence for each release whose items are missing or changed."""
        found = []
        for row in self.releases():
            try:
                self._checked(row)
            except VerificationError as error:
                found.append(f"{row['name']}: {error.problem}")
        return found

    def unknown_to_ledger(self) -> list[str]:
        """Return the files of items, by name, that the ledger says nothing of.

        A list gets its name when the ledger has it: one that the ledger does not know is of a
        release that was recorded in another ledger, or in a later state of this one.
        """
        known = {self._place(row["release_id"]).name for row in self.rows()}
        return sorted({place.name for place in self.folder.glob("items-*.parquet")} - known)

    def rows(self) -> list[dict[str, Any]]:
        """Return every release that is on record, those that never went out included."""
        rows: list[dict[str, Any]] = self.ledger.read("releases").to_pylist()
        return rows

    def add_release(
        self, row: dict[str, Any], items: pa.Table, *, recorded_at: datetime
    ) -> dict[str, Any]:
        """Record a release and its items; those of that name that never went out are void.

        Args:
            row: Its row of ``releases``, without ``items_sha256`` and ``status``.
            items: Its rows of ``release_items``.
            recorded_at: The instant, in UTC.

        Returns:
            The row as it is recorded.
        """
        digest = self._write(row["release_id"], items)
        whole = {**row, "items_sha256": digest, "status": ISSUED}
        before = [
            {**other, "status": VOID}
            for other in self.releases()
            if other["name"] == row["name"] and other["release_id"] != row["release_id"]
        ]
        self.ledger.record("releases", [*before, whole], recorded_at=recorded_at)
        self._settle(row["release_id"])
        for other in before:
            self._place(other["release_id"]).unlink(missing_ok=True)
        return whole

    def _write(self, release_id: str, items: pa.Table) -> str:
        """Write a file of items under the name it has until it is on record; return its digest."""
        order = [(column, "ascending") for column in key_of(ITEMS)]
        self.folder.mkdir(exist_ok=True)
        waiting = self._waiting(release_id)
        parquet.write_table(conform(items, ITEMS).sort_by(order), waiting, compression="zstd")
        with waiting.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        self._sync()
        return digest

    def _settle(self, release_id: str) -> None:
        """Give a file of items, which is on record now, its name."""
        self._waiting(release_id).rename(self._place(release_id))
        self._sync()

    def _sync(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _items_of(self, row: dict[str, Any]) -> pa.Table:
        place = self._checked(row)
        return conform(parquet.read_table(place), ITEMS)

    def _checked(self, row: dict[str, Any]) -> Path:
        """Return the file of a release's items.

        Raises:
            VerificationError: It is missing, or is not what the ledger recorded.
        """
        place = self._place(row["release_id"])
        waiting = self._waiting(row["release_id"])
        if not place.exists() and waiting.exists():
            # Whoever recorded it was killed before the file had its name.
            place = waiting
        hint = (
            f"restore {FOLDER}/{place.name} from a backup: without it nobody can tell what that "
            "release holds"
        )
        try:
            with place.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise VerificationError(
                f"the list of what release {row['name']} holds cannot be read: {error.strerror}",
                where=str(place), hint=hint,
            ) from None  # fmt: skip
        if digest != row["items_sha256"]:
            raise VerificationError(
                f"the list of what release {row['name']} holds is not what was recorded",
                where=str(place), hint=hint,
            )  # fmt: skip
        return place

    def _place(self, release_id: str) -> Path:
        return self.folder / f"items-{release_id}.parquet"

    def _waiting(self, release_id: str) -> Path:
        place = self._place(release_id)
        return place.with_name(f".{place.name}.new")


def of_entries(items: pa.Table, media_ids: Iterable[str]) -> pa.Table:
    """Return those items that were made from some entries, whatever bytes they have."""
    return items.filter(pc.is_in(items["media_id"], pa.array(list(media_ids), pa.string())))


def of_releases(items: pa.Table, releases: Iterable[dict[str, Any]]) -> pa.Table:
    """Return those items that belong to some releases."""
    ids = pa.array([row["release_id"] for row in releases], pa.string())
    return items.filter(pc.is_in(items["release_id"], value_set=ids))
