"""What is due: what must go of each release, and what of it no recall has called back yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record, of_releases
from curate.catalog.views import read_entries
from curate.consent.statements import moment_of
from curate.consent.vocabulary import PERMITTING
from curate.errors import CurateError
from curate.media.refuse import Guard
from curate.release.feed import Feed, Tombstone
from curate.verbs.consent import impact
from curate.verbs.release.lineage import must_go, released_files

if TYPE_CHECKING:
    import pyarrow as pa

    from curate.verbs.context import Context

# What a person asks when they no longer want to be shown.
_ASKED = frozenset({
    "withdrawal", "erasure", "objection", "restriction", "takedown_ncii", "takedown_likeness",
})  # fmt: skip
_TURNED_DOWN = frozenset({"refused", "expired"})
RESTRICTING = frozenset({
    "ConsentWithdrawn", "ConsentRevoked", "ConsentRefused", "ConsentInvalidated",
})  # fmt: skip


@dataclass(frozen=True)
class Due:
    """What must go of one release.

    Attributes:
        files: How many of its files must go, whether a feed names them or not.
        fresh: How many of these no feed names yet.
    """

    files: int
    fresh: int


def due_releases(context: Context) -> dict[str, Due]:
    """Return what must go of each release of which anything must, by id of the release.

    A file must go that a feed named; that shows somebody who withdrew, asked not to be shown or
    was erased; and of whose entry the last audit of the use says what makes a recall call it back.

    Raises:
        CurateError: The record or the catalogue cannot be read.
    """
    record, guard = context.record, Guard(context.ledger)
    releases = record.releases()
    touched, found = _touched(context), {}
    for use in sorted({release["use"] for release in releases}):
        feed = announced_files(context.ledger, use)
        mine = [release for release in releases if release["use"] == use]
        items = record.items(mine)
        erased = set(guard.erased_among(released_files(items)))
        gone = erased | _judged(context, use, items, erased)
        for release in mine:
            files = {
                sha256
                for row in of_releases(items, [release]).to_pylist()
                for sha256 in (row["sha256"], *(row["crops"] or ()))
                if row["media_id"] in touched or sha256 in gone or feed.names(sha256)
            }
            fresh = sum(not feed.names(sha256) for sha256 in files)
            if files:
                found[release["release_id"]] = Due(len(files), fresh)
    return found


def last_judged(context: Context) -> dict[str, datetime]:
    """Return the instant of the last audit of each use that something was released for."""
    found = {}
    for use in sorted({release["use"] for release in context.record.releases()}):
        try:
            found[use] = context.latest_audit(use=use).as_of
        except CurateError:
            continue
    return found


def called_back_alone(context: Context) -> dict[str, datetime]:
    """Return since when a feed that went out without a release names files of each release.

    Raises:
        VerificationError: A file of items is missing or changed.
    """
    record, ledger = context.record, context.ledger
    releases = record.releases()
    newest = {row["use"]: row["built_at"] for row in releases}
    found: dict[str, datetime] = {}
    for stones in ledger.read("tombstones").to_pylist():
        mine = [row for row in releases if row["use"] == stones["use"]]
        if not mine or stones["recalled_at"] <= newest[stones["use"]]:
            continue
        feed = announced_files(ledger, stones["use"], only=stones)
        items = record.items(mine)
        for row in mine:
            files = of_releases(items, [row])["sha256"].to_pylist()
            if any(feed.names(sha256) for sha256 in files):
                last = found.get(row["release_id"], stones["recalled_at"])
                found[row["release_id"]] = max(last, stones["recalled_at"])
    return found


def announced_files(ledger: Ledger, use: str, *, only: dict[str, Any] | None = None) -> Feed:
    """Return what the feeds of a use told already, or one recall alone."""
    every = [only] if only is not None else ledger.read("tombstones").to_pylist()
    rows = [row for row in every if row["use"] == use]
    return Feed(tuple(Tombstone(d, row["salt"]) for row in rows for d in row["digests"]), {})


def called_back_entries(record: Record, use: str) -> set[str]:
    """Return the entries of which a feed of a use names a file that went out, by id.

    Raises:
        VerificationError: A file of items is missing or changed.
    """
    feed = announced_files(record.ledger, use)
    if not feed.tombstones:
        return set()
    items = record.items(row for row in record.releases() if row["use"] == use)
    return {
        row["media_id"]
        for row in items.select(["media_id", "sha256"]).to_pylist()
        if feed.names(row["sha256"])
    }


def gone_subjects(ledger: Ledger, now: datetime) -> set[str]:
    """Return who withdrew or asked not to be shown, and did not agree again since."""
    last: dict[tuple[str, bool], datetime] = {}
    for row in ledger.read("consent_events").to_pylist():
        permits, restricts = row["state"] in PERMITTING, row["state"] in RESTRICTING
        # Who withdrew from one purpose is not gone from others; what was annulled never was; and a
        # grant of which nobody knows when it was given was not given since.
        if row["annulled_at"] is not None or row["purposes"] or (permits and row["undated"]):
            continue
        if (permits or restricts) and row["effective_at"] <= now:
            key, at = (row["subject_id"], restricts), row["effective_at"]
            moment = at if permits else moment_of(row)
            last[key] = max(last.get(key, moment), moment)
    found = {
        subject for (subject, restricts), moment in last.items()
        if restricts and moment >= last.get((subject, False), moment)
    }  # fmt: skip
    return found | {row["subject_id"] for row in _standing(ledger, now) if row["subject_id"]}


def asking_to_go(ledger: Ledger, now: datetime) -> set[str]:
    """Return who has a standing request that keeps all that shows them from going out."""
    return {
        row["subject_id"] for row in _standing(ledger, now)
        if row["subject_id"] and not row["media_ids"]
    }  # fmt: skip


def _standing(ledger: Ledger, now: datetime) -> list[dict[str, Any]]:
    """Return requests that keep what they are about from going out."""
    return [
        row for row in ledger.read("requests").to_pylist()
        if row["kind"] in _ASKED and row["state"] not in _TURNED_DOWN
        and not (row["lifted_at"] is not None and row["lifted_at"] <= now)
    ]  # fmt: skip


def _touched(context: Context) -> set[str]:
    """Return the ids of entries that show whom nothing may show."""
    now = context.clock()
    found = {media for row in _standing(context.ledger, now) for media in row["media_ids"] or ()}
    for subject in sorted(gone_subjects(context.ledger, now)):
        found |= set(impact(context, subject).ids.to_pylist())
    return found


def _judged(context: Context, use: str, items: pa.Table, erased: set[str]) -> set[str]:
    """Return the released files that the last audit of a use calls back; none before one."""
    import pyarrow as pa

    try:
        audited = context.latest_audit(use=use)
    except CurateError:
        return set()
    told = pa.table({"sha256": pa.array(sorted(erased), pa.string())})
    barred = must_go(context.record, audited, read_entries(context.catalog), "", told)
    cleared = audited.verdicts.filter(pc.equal(audited.verdicts["verdict"], "cleared"))
    kept = items.filter(pc.is_in(items["media_id"], cleared["media_id"].combine_chunks()))
    # What is only in doubt stays where another entry with the same bytes is cleared.
    stays = set(kept["sha256"].to_pylist())
    return {sha256 for sha256, never in barred.items() if never or sha256 not in stays}
