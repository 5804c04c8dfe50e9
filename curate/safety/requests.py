"""Requests with clocks: takedowns, erasure, objection, restriction, access.

A request is a statement of the ledger: it drives verdicts from the instant it was received. A
takedown covers known identical copies, and its hashes go to a deny list of the workspace's own,
so that what comes back is found. Closing a request gives a receipt, which names nobody.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import rfc8785

from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import InputError, UnknownNameError
from curate.media.hash_kinds import BYTE_KINDS, PDQ
from curate.model.instants import print_instant
from curate.model.people import person_of
from curate.safety.entries import SCHEMA
from curate.safety.lists import HashList, ListInfo, ListStore
from curate.signing import SigningKey, sign, statement
from curate.vault.envelope import write_whole

TAKEDOWNS = ("takedown_ncii", "takedown_likeness")
KINDS = (*TAKEDOWNS, "erasure", "objection", "restriction", "access", "rectification",
         "portability")  # fmt: skip
OPEN = ("received", "id_check", "in_progress")
CLOSED = ("fulfilled", "refused", "expired")
# What the TAKE IT DOWN Act asks of a valid notice.
NOTICE = ("signature", "identification", "good_faith", "contact")

DENY_LIST = "takedowns of this workspace"
RECEIPT = "curate:request-receipt/v1"
_LONGEST = 60
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

# Copies by bytes, or by pixels: the same picture in another wrapper.
_COPIES = """
WITH named AS (
    SELECT DISTINCT e.sha256, c.pixel_digest, c.pixel_digest_basis
    FROM entries e LEFT JOIN content c USING (sha256)
    WHERE list_contains(?, e.media_id) AND e.sha256 IS NOT NULL
)
SELECT DISTINCT e.media_id, {digests}, c.pdq, c.pdq_quality
FROM entries e LEFT JOIN content c USING (sha256)
LEFT JOIN sightings s ON s.media_id = e.media_id AND s.sha256 = e.sha256
WHERE EXISTS (
    SELECT 1 FROM named n WHERE n.sha256 = e.sha256
    OR (n.pixel_digest = c.pixel_digest AND n.pixel_digest_basis = c.pixel_digest_basis)
)
ORDER BY ALL
""".format(
    digests=", ".join(
        "e.sha256" if kind.column == "sha256" else f"coalesce(c.{kind.column}, s.{kind.column})"
        for kind in BYTE_KINDS
    )
)


@dataclass(frozen=True)
class Requests:
    """Where requests are kept and worked on.

    Attributes:
        ledger: Keeps them.
        catalog: Says which entries are copies.
        lists: Holds the deny list.
        receipts: The folder of receipts.
    """

    ledger: Ledger
    catalog: Catalog
    lists: ListStore
    receipts: Path

    def open(
        self,
        kind: str,
        *,
        now: datetime,
        received_at: datetime,
        subject: str = "",
        locators: Sequence[str] = (),
        notice: Collection[str] = NOTICE,
        request_id: str = "",
        hashes: Collection[tuple[str, bytes]] = (),
        doubted: Collection[tuple[str, bytes]] = (),
        media_ids: Collection[str] = (),
        identified_by: Collection[str] = (),
    ) -> dict[str, Any]:
        """Record a request, and what a takedown covers; return it.

        Args:
            kind: One of `KINDS`.
            now: The present instant, in UTC.
            received_at: When it was received: the clock runs from then.
            subject: Whom it is about, by pseudonym.
            locators: The entries it is about; all of the subject's when there are none.
            notice: What of `NOTICE` a takedown notice has.
            request_id: Its id; one is drawn when empty.
            hashes: Hashes of what a takedown is about, kind and bytes, for the deny list.
            doubted: Hashes of what may be it: what matches them goes to review.
            media_ids: Entries that were found to be it, beside those that are named.
            identified_by: What beside entries says what it is about, though nothing of it may be
                catalogued: ``file``, ``byte_hash``, ``perceptual_hash``, ``url``.

        Raises:
            InputError: It is about nobody and nothing, was received later than now, or its id
                is taken.
            UnknownNameError: There is no such kind or entry.
        """
        if kind not in KINDS:
            raise UnknownNameError(f"no kind of request is called {kind!r}",
                                   hint=f"kinds are: {', '.join(KINDS)}")  # fmt: skip
        if not (subject or locators or identified_by):
            raise InputError("the request is about nobody and nothing",
                             hint="name --subject, --entry, --file, --hash or --url")  # fmt: skip
        if identified_by and kind not in TAKEDOWNS:
            raise InputError(
                f"a request of kind {kind} is about a person or entries", where="KIND",
                hint="name --subject or --entry; what a file, hash or address shows is taken down "
                "with takedown_ncii or takedown_likeness",
            )  # fmt: skip
        if received_at > now:
            raise InputError("the request was received later than now", where="--received-at")
        request_id = request_id or f"q-{uuid.uuid4().hex[:12]}"
        if len(request_id) > _LONGEST or not request_id.isprintable() or not request_id.strip():
            raise InputError(
                f"an id is 1 to {_LONGEST} letters that can be printed", where="--id",
                hint="leave it out, and one is drawn",
            )  # fmt: skip
        if any(row["request_id"] == request_id for row in self._all()):
            raise InputError("a request of that id is there already", where=request_id)
        media = sorted({*self._entries(locators), *media_ids})
        takedown = kind in TAKEDOWNS
        lacks = [part for part in NOTICE if part not in notice] if takedown else []
        if takedown and (media or hashes):
            media = self._deny(media, request_id, now, hashes, doubted)
        record = {
            "request_id": request_id,
            "kind": kind,
            "received_at": received_at,
            "due_at": due(kind, received_at),
            "subject_id": subject or None,
            "media_ids": media or None,
            "identified_by": sorted({*identified_by, *(["entry"] if locators else [])}) or None,
            "state": "id_check" if lacks else "received",
            "notice_lacks": lacks or None,
        }
        self.ledger.record("requests", [_without_none(record)], recorded_at=now)
        return record

    def move(
        self, request_id: str, state: str, *, now: datetime, outcome: str = "", reason: str = "",
        keys: Sequence[SigningKey] = (),
    ) -> Path | None:  # fmt: skip
        """Say where a request stands; return the receipt when that closes it.

        Args:
            request_id: The request.
            state: Where it stands now.
            now: The present instant, in UTC.
            outcome: What was done; a fulfilled request needs it.
            reason: Why it was not fulfilled, a term of DPV; a refused one needs it.
            keys: The first signs the receipt.

        Raises:
            UnknownNameError: There is no such request or state.
            InputError: It is closed, or what closing needs is missing.
        """
        row = next((r for r in self._all() if r["request_id"] == request_id), None)
        if row is None:
            raise UnknownNameError(f"no request is called {request_id!r}")
        if state not in (*OPEN, *CLOSED):
            raise UnknownNameError(f"no state is called {state!r}",
                                   hint=f"states are: {', '.join((*OPEN, *CLOSED))}")  # fmt: skip
        if row["state"] in CLOSED:
            raise InputError(f"the request is {row['state']} already", where=request_id,
                             hint="what is asked again is a new request")  # fmt: skip
        if state == "fulfilled" and not outcome:
            raise InputError("say what was done", where="--outcome")
        if state in ("refused", "expired") and not reason:
            raise InputError("say why it was not fulfilled", where="--reason",
                             hint="for example IdentityVerificationFailure")  # fmt: skip
        closed = state in CLOSED
        row |= {
            "state": state,
            "outcome": outcome or None,
            "nonfulfilment_reason": reason or None,
            "closed_at": now if closed else None,
        }
        if closed and state != "fulfilled" and row["kind"] in TAKEDOWNS:
            self._take_back(request_id)
        self.ledger.record("requests", [_without_none(row)], recorded_at=now)
        return self._receipt(row, now, keys) if closed else None

    def lift(
        self, request_id: str, *, now: datetime, by: str, reason: str, since: datetime | None = None
    ) -> dict[str, Any]:
        """Lift a restriction that was granted; return the request. GDPR Art. 18(3).

        Args:
            request_id: The request.
            now: The present instant, in UTC.
            by: Who lifts it, a person on the register of reviewers.
            reason: Why, in words for the person.
            since: From when on it no longer holds; now when None.

        Raises:
            UnknownNameError: There is no such request, or the person is not on the register.
            InputError: It is no restriction that was granted, was lifted already, nobody says why,
                or it would be lifted in the past.
        """
        row = next((r for r in self._all() if r["request_id"] == request_id), None)
        if row is None:
            raise UnknownNameError(f"no request is called {request_id!r}", where="REQUEST")
        if row["kind"] != "restriction" or row["state"] != "fulfilled":
            raise InputError(
                f"this is no restriction that was granted: {row['kind']}, {row['state']}",
                where=request_id, hint="what is open is closed with `curate requests move`",
            )  # fmt: skip
        if row["lifted_at"] is not None:
            raise InputError(
                f"the restriction was lifted by {row['lifted_by']} already, from "
                f"{print_instant(row['lifted_at'])} on", where=request_id,
            )  # fmt: skip
        if not reason.strip():
            raise InputError(
                "say why it is lifted", where="--reason",
                hint="in words for the person: the letter gives the reason",
            )  # fmt: skip
        if since is not None and since < now:
            raise InputError("a restriction is not lifted in the past", where="--from")
        known = [
            one["reviewer_id"] for one in self.ledger.read("reviewers").to_pylist()
            if person_of(one["reviewer_id"]) == person_of(by)
            and one["registered_at"] <= now < (one["removed_at"] or _NEVER)
        ]  # fmt: skip
        if not known:
            raise UnknownNameError(
                f"{by!r} is not on the register of reviewers", where="--by",
                hint="`curate review reviewers add` puts a person on it",
            )  # fmt: skip
        row |= {"lifted_at": since or now, "lifted_by": known[0], "lifted_reason": reason.strip()}
        self.ledger.record("requests", [_without_none(row)], recorded_at=now)
        return row

    def waiting(self, now: datetime) -> list[dict[str, Any]]:
        """Return open requests, the most urgent first, with the hours that are left."""
        rows = [row for row in self._all() if row["state"] in OPEN]
        for row in rows:
            left = None if row["due_at"] is None else row["due_at"] - now
            row["hours_left"] = None if left is None else round(left / timedelta(hours=1), 1)
        return sorted(rows, key=lambda row: (row["due_at"] or _NEVER, row["request_id"]))

    def _all(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ledger.read("requests").to_pylist()
        return rows

    def _entries(self, locators: Iterable[str]) -> list[str]:
        connection = self.catalog.connect("media")
        found = set()
        for locator in locators:
            sql = "SELECT media_id FROM media WHERE locator = ? OR media_id = ?"
            rows = connection.execute(sql, [locator, locator]).fetchall()
            if not rows:
                raise UnknownNameError("no entry is called that", where=locator)
            found |= {row[0] for row in rows}
        return sorted(found)

    def _deny(
        self,
        media: list[str],
        request_id: str,
        now: datetime,
        hashes: Collection[tuple[str, bytes]],
        doubted: Collection[tuple[str, bytes]],
    ) -> list[str]:
        """Put hashes, and those of entries, on the deny list; return entries and their copies."""
        connection = self.catalog.connect("media", "sightings", "content")
        create_entries(connection)
        rows = connection.execute(_COPIES, [media]).fetchall()
        hashes = set(hashes)
        for _, *digests, pdq, quality in rows:
            hashes |= {
                (kind.name, bytes.fromhex(digest))
                for kind, digest in zip(BYTE_KINDS, digests, strict=True) if digest is not None
            }  # fmt: skip
            if pdq is not None and (quality or 0) >= PDQ.min_quality:
                hashes.add(("pdq", pdq))
        plain = {"case_ref": request_id, "quality": 100, "video": -1}
        added = [
            {"signal": s, "value": v, "status": status, **plain}
            for status, some in (("active", hashes), ("disputed", set(doubted) - hashes))
            for s, v in sorted(some)
        ]
        if added:
            held = self._denied(now)
            table = pa.concat_tables([held.entries.cast(SCHEMA),
                                      pa.Table.from_pylist(added, schema=SCHEMA)])  # fmt: skip
            self.lists.put(replace(held, entries=table.unify_dictionaries().combine_chunks()))
        return sorted({row[0] for row in rows} | set(media))

    def _denied(self, now: datetime) -> HashList:
        try:
            return self.lists.get(DENY_LIST)
        except UnknownNameError:
            info = ListInfo(DENY_LIST, "this workspace", "takedown", now, _NEVER)
            return HashList(info, SCHEMA.empty_table())

    def _take_back(self, request_id: str) -> None:
        """Withdraw the hashes of a takedown that was turned down."""
        try:
            held = self.lists.get(DENY_LIST)
        except UnknownNameError:
            return
        rows = [{**row, "status": "withdrawn"} if row["case_ref"] == request_id else row
                for row in held.entries.to_pylist()]  # fmt: skip
        self.lists.put(replace(held, entries=pa.Table.from_pylist(rows, schema=SCHEMA)))

    def _receipt(self, row: dict[str, Any], now: datetime, keys: Sequence[SigningKey]) -> Path:
        """Write the receipt of a closed request, once the ledger has the digest of what it says."""
        size, root = self.ledger.root()
        told = {**receipt_of(row), "ledger": {"size": size, "root": root}}
        digest = hashlib.sha256(rfc8785.dumps(told)).hexdigest()
        given = {**row, "receipts": [*(row.get("receipts") or ()), digest]}
        self.ledger.record("requests", [_without_none(given)], recorded_at=now)
        # An id is no path: it may hold slashes and dots.
        path = self.receipts / f"{quote(row['request_id'], safe='')}.json"
        whole = sign(statement([("receipt", digest)], RECEIPT, told), keys[0]) if keys else told
        write_whole(path, (json.dumps(whole, indent=2, sort_keys=True) + "\n").encode())
        return path


def receipt_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the receipt of a closed request says of it; it names nobody."""
    due_at = row["due_at"]
    return {
        "request_id": row["request_id"],
        "kind": row["kind"],
        "received_at": print_instant(row["received_at"]),
        "due_at": None if due_at is None else print_instant(due_at),
        "closed_at": print_instant(row["closed_at"]),
        "in_time": due_at is None or row["closed_at"] <= due_at,
        "state": row["state"],
        "outcome": row["outcome"],
        "nonfulfilment_reason": row["nonfulfilment_reason"],
        "entries": len(row["media_ids"] or []),
    }


def due(kind: str, received_at: datetime) -> datetime:
    """Return by when a request must be answered.

    A takedown within 48 hours (TAKE IT DOWN Act); whatever else a person asks within a month
    (GDPR Art. 12(3)), whose last day is that of a shorter month.

    >>> due("erasure", datetime(2026, 1, 31, 9, tzinfo=UTC)).isoformat()
    '2026-02-28T09:00:00+00:00'
    """
    if kind in TAKEDOWNS:
        return received_at + timedelta(hours=48)
    year, month = divmod(12 * received_at.year + received_at.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return received_at.replace(year=year, month=month + 1, day=min(received_at.day, last))


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}
