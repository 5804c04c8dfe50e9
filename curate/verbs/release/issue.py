"""Issuing: what a release of a workspace has beside its data, and where it is recorded.

A release is put into the ledger, and its items beside it, before it has its name: a build that is
killed between is recorded again by the next one of that name, and what went out is never unknown.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from curate.audit.facts import LEDGER_INPUTS
from curate.catalog.audits import Audited
from curate.catalog.digest import tables_digest
from curate.catalog.ledger import Ledger
from curate.catalog.record import VOID, Record
from curate.errors import InputError, VerificationError
from curate.media.refuse import Guard
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.release.attest import TOKEN, attest, attestation_names
from curate.release.build import Release, check_name, unfinished
from curate.release.evidence import evidence_of
from curate.release.export import crops
from curate.release.feed import FEED, KEY, Feed, Tombstone, batch_salt, feed_bytes, tombstone
from curate.release.log import log_names, write_log
from curate.release.manifest import NAME as MANIFEST
from curate.release.manifest import read_manifest
from curate.release.timestamp import authority, stamp
from curate.release.version import next_version
from curate.report.written import Written
from curate.vault.keys import own_key
from curate.verbs.release.due import announced_files
from curate.verbs.release.lineage import (
    Earlier,
    latest,
    must_go,
    records_of,
    released_files,
)
from curate.verbs.release.order import Order

# What a manifest says of the release before.
_NAMED = ("name", "version", "merkle_root", "manifest_sha256")


@dataclass
class Issue:
    """One release on its way out.

    Attributes:
        name: The release's name.
        order: What was asked for.
        audited: The audit at the instant that it is judged at.
        facts: The tables that the audit read.
        ledger: Where it is recorded, its manifest too.
        now: The instant of the build, in UTC.
        supersede_days: After how many days a newer one should be looked for.
        present: The audit when it is built, by which it is decided what must go of earlier
            releases; `audited` when None.
        said: What `said_until_now` gave before the audit; not asked when empty.
        gone: Files of earlier releases that must go, by SHA-256, once its data are written.
    """

    name: str
    order: Order
    audited: Audited
    facts: Mapping[str, pa.Table]
    ledger: Ledger
    now: datetime
    supersede_days: int
    present: Audited | None = None
    said: str = ""

    def __post_init__(self) -> None:
        self.gone: frozenset[str] = frozenset()
        self._records: dict[str, str] = {}
        self._described: dict[str, Any] = {}
        self._crops: dict[str, list[str]] = {}
        self._checkpoint = self._manifest_sha256 = ""

    @property
    def record(self) -> Record:
        """What went out before."""
        return Record(self.ledger)

    @cached_property
    def before(self) -> Earlier | None:
        """The release of the same use before it."""
        return latest(self.record, self.audited.use.name, besides=self.name)

    @property
    def due(self) -> bool:
        """Whether files of earlier releases must go that no feed told before."""
        return bool(self._unannounced(self._called_back))

    @property
    def version(self) -> str:
        """The release's version, once its data are written."""
        return str(self._described["version"])

    @cached_property
    def fresh(self) -> list[Tombstone]:
        """Tombstones that no feed told before."""
        return self._unannounced(self.gone)

    def describe(self, written: Written) -> dict[str, Any]:
        """Return what the manifest says of the release among others.

        Raises:
            VerificationError: It holds a file that must go.
        """
        self.gone = self._leaving(written.items)
        self._records = records_of(written.items)
        before = self.before
        version = next_version(
            None if before is None else before.row["version"] or "1.0.0",
            {} if before is None else before.records,
            self._records,
        )
        since = None if before is None else before.checkpoint
        self._described = {
            "version": version,
            "as_of": self.audited.as_of,
            "supersede_by": self.audited.as_of + timedelta(days=self.supersede_days),
            "previous": None if before is None else {name: before.row[name] for name in _NAMED},
            "beside": sorted(
                (
                    *log_names(since),
                    *attestation_names(self.order.keys),
                    *((TOKEN,) if self.order.tsa else ()),
                )
            ),
            "signed_by": [key.public.keyid for key in self.order.keys],
        }
        if self.order.as_of is not None:
            self._described["judged_at"] = ["as_of", "build"]
        return self._described

    def documents(self, written: Written) -> dict[str, bytes]:
        """Return the evidence and the feed, by path."""
        from curate.audit.rules import ALL_RULES, RULESET_VERSION

        evidence = evidence_of(
            self.audited,
            written.items["media_id"].combine_chunks(),
            ALL_RULES,
            {
                name: self.ledger.read(name, known_at=self.audited.as_of)
                for name in ("decisions", "reviewers")
            },
            RULESET_VERSION,
        )
        return {**evidence, FEED: self._feed()}

    def feed_alone(self) -> bytes:
        """Return the feed of a use of which nothing is left to release, and record what it tells.

        It is of no version: there is no release that it lies in.
        """
        self.gone = frozenset(self._called_back)
        self._described = {"version": ""}
        feed = self._feed()
        self._bury()
        return feed

    def _feed(self) -> bytes:
        as_of = print_instant(self.audited.as_of)
        said = {"use": self.audited.use.name, "version": self.version, "as_of": as_of}
        keys = self.order.keys
        return feed_bytes(
            [*self._announced.tombstones, *self.fresh], said, keys[0] if keys else None
        )

    def _bury(self) -> None:
        if not self.fresh:
            return
        stones = {
            "use": self.audited.use.name,
            "salt": self.fresh[0].salt,
            "digests": [one.digest for one in self.fresh],
            "recalled_at": self.now,
        }
        self.ledger.record("tombstones", [stones], recorded_at=self.now)

    def seal(self, folder: Path) -> None:
        """Have the manifest stamped if asked to, put it into the ledger, and sign the release.

        Raises:
            VerificationError: People said something since the audit.
        """
        self._check_said()
        if tsa := self.order.tsa:
            # First of all: when nobody answers, nothing is on record.
            manifest = (folder / MANIFEST).read_bytes()
            (folder / TOKEN).write_bytes(stamp(manifest, authority(tsa), where=tsa))
        since = None if self.before is None else self.before.checkpoint
        self._checkpoint = str(write_log(folder, self.ledger, since=since, recorded_at=self.now))
        attest(folder, self.order.keys)
        self._manifest_sha256 = read_manifest(folder).sha256
        self._crops = crops_of(folder)

    def announce(self, built: Release) -> None:
        """Record the release.

        Raises:
            VerificationError: People said something since the audit; the release is void.
        """
        self._check_said()
        release_id = stable_id("release", self.name, built.merkle_root)
        row: dict[str, Any] = {
            "release_id": release_id,
            "name": self.name,
            "use": self.audited.use.name,
            "audit_run_id": self.audited.run_id,
            "built_at": self.now,
            "path": f"releases/{self.name}",
            "merkle_root": built.merkle_root,
            "item_count": built.items.num_rows,
            "left_out": json.dumps(built.left_out, sort_keys=True),
            "version": self.version,
            "manifest_sha256": self._manifest_sha256,
            "previous": None if self.before is None else self.before.row["release_id"],
            "supersede_by": self._described["supersede_by"],
            "checkpoint": self._checkpoint,
            "ordered": self.order.as_text(),
        }
        count = built.items.num_rows
        ids = built.items["media_id"].to_pylist()
        added = {
            "release_id": pa.array([release_id] * count, pa.string()),
            "record_sha256": pa.array([self._records[media] for media in ids], pa.string()),
            "crops": pa.array([self._crops.get(m) for m in ids], pa.list_(pa.string())),
        }
        items = built.items
        for column, values in added.items():
            items = items.append_column(column, values)
        self._bury()
        whole = self.record.add_release(row, items, recorded_at=self.now)
        try:
            # A withdrawal may have come while this was recorded: nothing may go out after it.
            self._check_said()
        except VerificationError:
            void = {**whole, "status": VOID}
            self.ledger.record("releases", [void], recorded_at=self.now)
            raise

    def _check_said(self) -> None:
        if self.said and said_until_now(self.ledger) != self.said:
            raise VerificationError(
                "something was recorded since the audit by which this release was chosen: a "
                "consent, a withdrawal, a request, an erasure or a decision",
                where=self.name,
                hint="nothing went out; run the command again: it audits anew",
            )

    def _unannounced(self, digests: Collection[str]) -> list[Tombstone]:
        if not digests:
            return []
        # The key is made when there is something to tell.
        key = own_key(self.ledger.path.parent / KEY)
        known = self._announced
        salt = batch_salt(key, self.audited.use.name, len(known.tombstones))
        return sorted(tombstone(sha256, salt) for sha256 in digests if not known.names(sha256))

    @cached_property
    def _called_back(self) -> dict[str, bool]:
        present, record = self.present or self.audited, self.record
        files = released_files(record.items())
        erased = pa.table({"sha256": pa.array(Guard(self.ledger).erased_among(files), pa.string())})
        return must_go(record, present, self.facts["entries"], self.name, erased)

    @cached_property
    def _announced(self) -> Feed:
        """What earlier feeds of this use told."""
        return announced_files(self.ledger, self.audited.use.name)

    def _leaving(self, items: pa.Table) -> frozenset[str]:
        """Return which files of earlier releases must go, now that those of this are known."""
        found = self._called_back
        out = set(items["sha256"].to_pylist())
        if kept := sorted(sha256 for sha256, barred in found.items() if barred and sha256 in out):
            again = items.filter(pc.equal(items["sha256"], kept[0]))
            raise VerificationError(
                "this entry goes out as the same file as one that must go",
                where=str(again["media_id"][0].as_py()),
                hint="`curate decide LOCATOR blocked` keeps it back",
            )
        if named := sorted(sha256 for sha256 in out if self._announced.names(sha256)):
            again = items.filter(pc.equal(items["sha256"], named[0]))
            raise VerificationError(
                "this entry goes out as a file that a feed of this use called back: who follows "
                "the feed would delete it",
                where=str(again["media_id"][0].as_py()),
                hint="`curate decide LOCATOR blocked` keeps it back",
            )
        return frozenset(found.keys() - out)


def said_until_now(ledger: Ledger) -> str:
    """Return a digest of all that people said and an audit or a refusal goes by."""
    return tables_digest({name: ledger.read(name) for name in (*LEDGER_INPUTS, "refusals")})


def crops_of(folder: Path) -> dict[str, list[str]]:
    """Return the SHA-256 of each crop of a release, by entry."""
    found: dict[str, list[str]] = {}
    for path in sorted((folder / crops.FOLDER).glob("*.parquet")):
        for row in parquet.ParquetFile(path).read(["media_id", "sha256"]).to_pylist():
            found.setdefault(row["media_id"], []).append(row["sha256"])
    return found


def check_new(name: str, releases: Path, record: Record) -> None:
    """Refuse a name that a release has or had: what went out is on record by its name.

    The record of a build that was killed before its folder had the name is no release's.

    Raises:
        InputError: The name cannot be a folder's, or is taken.
    """
    check_name(name, releases)
    known = any(row["name"] == name for row in record.releases())
    if known and not unfinished(name, releases).exists():
        raise InputError(
            "a release of that name went out, though its folder is gone",
            where=name,
            hint="what went out stays on record, so that it can be called back: "
            "choose another name",
        )
