"""`curate consent erase`: what is destroyed of a person, what cannot be, and the receipt of both.

What shows them is refused from then on (`curate.media.refuse`), and nothing computed of it is
kept. The request stays on record, with their pseudonym: it is what blocks every entry that names
them. Entries of others that were held back only by what is gone are held by a request of their
own, so that nothing becomes more usable because somebody was erased.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.catalog.audits import Audited
from curate.catalog.forget import forget, purge
from curate.catalog.impact import Impact
from curate.catalog.ledger import Ledger
from curate.catalog.listings import listings_kept
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.engine.changed import sums_kept
from curate.errors import InputError, UnknownNameError, VerificationError
from curate.files import write_whole
from curate.media.refuse import REASON, REASON_ALIKE, Guard
from curate.model.ids import erasure_request_id, stable_id
from curate.model.instants import print_instant
from curate.model.plural import counted, verb
from curate.model.verdict import Verdict
from curate.safety.requests import OPEN
from curate.verbs.release.recipients import Recipients
from curate.verbs.vault import holds_embeddings, shred
from curate.version import TOOL

if TYPE_CHECKING:
    from curate.verbs.context import Context
from curate.signing import SigningKey
from curate.verbs.audit import audit
from curate.verbs.consent import impact, left_to_search
from curate.verbs.erased_files import ErasedFiles, Places, delete
from curate.verbs.gaps import blind_spots, demand_whole_ledger
from curate.verbs.likenesses import record_likenesses
from curate.verbs.names import all_names
from curate.verbs.receipts import digest_of, receipt_bytes, whole_receipt
from curate.verbs.subjects import named_subject

_ORDER = {Verdict.BLOCKED: 0, Verdict.NEEDS_REVIEW: 1, Verdict.CLEARED: 2}
_ASKED = frozenset({"erasure", "withdrawal", "objection"})


def erasure(context: Context, subject: str) -> Erasure:
    """Return what an erasure of `subject` would destroy, and whether they asked for it.

    Raises:
        UnknownNameError: No record or entry names the subject.
        VerificationError: An older ledger, or another workspace's, stands in its place.
    """
    who = named_subject(context, subject)
    demand_whole_ledger(context)
    return Erasure(
        impact(context, who), context.catalog, context.ledger, context.clock(),
        tuple(unknown_of(context)), tuple(n for n in all_names(context, who) if n != who),
    )  # fmt: skip


def unknown_of(context: Context) -> list[str]:
    """Return a sentence for each reason why it cannot be told all that shows a person."""
    rows = context.catalog.connect("media", "sightings")
    create_entries(rows)
    unseen = rows.execute("SELECT count(*) FROM entries WHERE state = 'unseen'").fetchone()
    count = 0 if unseen is None else int(unseen[0])
    unopened = [f"{counted(count, 'entry')} {verb(count, 'was', 'were')} not opened yet"]
    found = blind_spots(context) + (unopened if count else [])
    # Where faces are not sought at all nobody is known by face; there it is not asked.
    if left := left_to_search(context):
        found.append(
            f"{counted(left, 'file')} {verb(left, 'has', 'have')} not been searched for faces, or "
            "not been compared since people were named (`curate run` does both)"
        )
    return found


def erase(
    context: Context,
    subject: str,
    *,
    delete_files: bool = False,
    known_only: bool = False,
    keys: Sequence[SigningKey] = (),
) -> tuple[Path, dict[str, Any]]:
    """Destroy what is held of a person who asked for it; return the receipt, and what it says.

    Args:
        context: The workspace.
        subject: The subject's pseudonym.
        delete_files: Delete the files that show them, too.
        known_only: Go on although the record knows more than the catalogue does; the receipt says
            what could not be told.
        keys: What signs the receipt.

    Raises:
        InputError: Neither a withdrawal nor a request of theirs is on record.
        VerificationError: It cannot be told all that shows them; nothing was erased.
        MissingKeyError: The vault's key is not where it should be.
    """

    def audits() -> dict[str, Audited]:
        return {use: audit(context, use=use) for use in context.config.uses}

    @contextmanager
    def recording(request: str) -> Iterator[dict[str, Any]]:
        asked = {"request": request}
        with (
            context.workspace.writing(),
            sums_kept(context.catalog, context.clock, "consent erase"),
            listings_kept(context.catalog, context.ledger, context.clock),
            context.recorded("consent erase", asked) as record,
        ):
            yield record

    planned = erasure(context, subject)

    def destroy_keys() -> int:
        if not holds_embeddings(context):
            return 0
        count = shred(context, planned.impact.subject)
        for name in planned.others:
            # Of a name that no entry gives there is nothing to destroy.
            with suppress(UnknownNameError):
                count += shred(context, name)
        return count

    planned.check_asked()
    if not known_only:
        planned.check_known()
    acts = Acts(audits, recording, destroy_keys, partial(_remove_backups, context))
    done = {**planned.carry_out(acts, delete_files=delete_files), "tool": TOOL}
    return planned.write_receipt(context.workspace.root, done, keys), done


def _remove_backups(context: Context) -> int:
    """Remove copies of the workspace that hold what was erased; return how many."""
    copies = [path for path in context.workspace.backups.glob("*") if path.is_dir()]
    for path in copies:
        shutil.rmtree(path)
    return len(copies)


@dataclass(frozen=True)
class Acts:
    """What a workspace does for an erasure.

    Attributes:
        audits: Judges every entry for each use.
        recording: Holds the workspace while rows of it are destroyed, and keeps a record of that.
        shred: Destroys the person's keys in the vault; returns how many there were.
        remove_backups: Removes copies of the workspace that migrations made; returns how many.
    """

    audits: Callable[[], Mapping[str, Audited]]
    recording: Callable[[str], AbstractContextManager[dict[str, Any]]]
    shred: Callable[[], int]
    remove_backups: Callable[[], int]


@dataclass(frozen=True)
class Erasure:
    """One erasure in one workspace.

    Attributes:
        impact: What shows the person.
        catalog: The tables.
        ledger: The statements.
        now: The instant, in UTC.
        unknown: Why it cannot be told all that shows the person, in sentences.
        others: Further pseudonyms of the person, which are erased with this one.
    """

    impact: Impact
    catalog: Catalog
    ledger: Ledger
    now: datetime
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All pseudonyms of the person, the one that was given first."""
        return (self.impact.subject, *self.others)

    @property
    def request_id(self) -> str:
        """The id of the request that stays on record."""
        return erasure_request_id(self.impact.subject)

    def check_asked(self) -> None:
        """Refuse to erase who did not ask for it.

        Raises:
            InputError: Neither a withdrawal nor a request of theirs is on record.
        """
        subject = self.impact.subject
        events = self.ledger.read("consent_events").to_pylist()
        names = set(self.names)
        asked = any(
            r["subject_id"] in names and r["state"] == "ConsentWithdrawn"
            and r["annulled_at"] is None and not r["purposes"]
            for r in events
        )  # fmt: skip
        requests = self.ledger.read("requests").to_pylist()
        asked |= any(r["subject_id"] in names and r["kind"] in _ASKED for r in requests)
        if not asked:
            raise InputError(
                f"neither a withdrawal nor a request of {subject!r} is on record",
                where="SUBJECT",
                hint=f"`curate consent withdraw {subject}` records it; nothing was erased",
            )

    def check_known(self) -> None:
        """Refuse to erase a person while it cannot be told all that shows them.

        Their consents would be destroyed, and files that show them would be refused nowhere.

        Raises:
            VerificationError: It cannot be told.
        """
        if self.unknown:
            raise VerificationError(
                f"{'; '.join(self.unknown)}: which of them show {self.impact.subject!r} cannot be "
                "told, and nothing was erased",
                where="SUBJECT",
                hint="ingest and run what the catalogue was made from, then erase again; "
                "`--known-only` erases what is known, and the receipt says what was not",
            )

    def carry_out(self, acts: Acts, *, delete_files: bool) -> dict[str, Any]:
        """Destroy what is held of the person; return what was destroyed, and what was not.

        Args:
            acts: What the workspace does for it.
            delete_files: Delete the files that show them, too.

        Raises:
            InputError: They did not ask for it.
            MissingKeyError: The vault's key is not where it should be.
        """
        self.check_asked()
        self.record("in_progress")
        record_likenesses(self.catalog, self.ledger, self.now)
        vault_keys = acts.shred()
        before = acts.audits()
        releases, packed, there = self.releases(), self.held.packed(), self.held.places()
        beside = {"may_show": self.held.may_show(), "manifests": self.held.manifests()}
        with acts.recording(self.request_id) as record:
            gone = self.destroy(there if delete_files else {})
            record["counts"] = gone["rows"]
        backups = acts.remove_backups()
        held = self.hold(before, acts.audits())
        self.record("fulfilled")
        closed = self.close_requests()
        left = {
            kind: [str(path) for path in (gone["stuck"][kind] if delete_files else some)]
            for kind, some in there.items()
        }
        deleted = {
            kind: [str(path) for path in some if str(path) not in left[kind]]
            for kind, some in there.items()
        }
        return {
            "request": self.request_id,
            "closed_requests": closed,
            "subject": self.impact.subject,
            "other_names": list(self.others),
            "erased_at": print_instant(self.now),
            "destroyed": {
                **{name: gone[name] for name in ("rows", "ledger", "refused_contents")},
                "vault_keys": vault_keys,
                "backups": backups,
                **deleted,
            },
            "not_destroyed": {
                **{name: gone[name] for name in ("never_read", "refused_as_alike")},
                **left,
                "packed": packed,
                **beside,
                "held": held,
                "releases": releases,
                "unknown": list(self.unknown),
            },
        }

    def write_receipt(
        self, workspace: Path, told: Mapping[str, Any], keys: Sequence[SigningKey]
    ) -> Path:
        """Write a receipt of `told` under ``receipts/``, and return its place.

        An erasure that is asked for again goes on, or tells of what came since: no receipt
        replaces another. The ledger has the digest of what it says before the file is there.
        """
        said = whole_receipt(told)
        row = self._row_of(self.request_id)
        given = [*(row.get("receipts") or ()), digest_of(said)]
        self.ledger.record("requests", [{**row, "receipts": given}], recorded_at=self.now)
        name = f"erasure-{self.request_id}-{self.now:%Y%m%dT%H%M%S%fZ}.json"
        return write_whole(workspace / "receipts" / name, receipt_bytes(said, keys))

    @cached_property
    def held(self) -> ErasedFiles:
        """The files that show the person."""
        return ErasedFiles(
            self.catalog, self.ledger, frozenset(self.impact.entries["media_id"].to_pylist()),
            frozenset(self.impact.releases["name"].to_pylist()), self.request_id, self.names,
        )  # fmt: skip

    def record(self, state: str) -> None:
        """Keep the request on record, as far as it has come: one for each name of the person."""
        rows = [
            {
                "request_id": erasure_request_id(name), "kind": "erasure", "subject_id": name,
                "received_at": self._received(), "state": state,
                "closed_at": self.now if state == "fulfilled" else None,
                "receipts": self._row_of(erasure_request_id(name)).get("receipts"),
            }
            for name in self.names
        ]  # fmt: skip
        self.ledger.record("requests", rows, recorded_at=self.now)

    def close_requests(self) -> list[str]:
        """Close what the person asked for and is fulfilled by this; return the ids.

        The request of this erasure, which blocks what names them, is not among them.
        """
        open_ = [
            row for row in self.ledger.read("requests").to_pylist()
            if row["subject_id"] in self.names and row["kind"] == "erasure"
            and row["request_id"] not in map(erasure_request_id, self.names)
            and row["state"] in OPEN
        ]  # fmt: skip
        closed = {"state": "fulfilled", "closed_at": self.now,
                  "outcome": f"erased; request {self.request_id}"}  # fmt: skip
        self.ledger.record("requests", [{**row, **closed} for row in open_], recorded_at=self.now)
        return sorted(row["request_id"] for row in open_)

    def destroy(self, files: Places) -> dict[str, Any]:
        """Refuse what shows the person, forget what was computed of it, and erase their records.

        Each step can be done again: an erasure that was killed goes on when it is asked for again.
        Files go once their contents are refused, and while it is known whom they show.

        Args:
            files: The files to delete, by kind.
        """
        ids = set(self.held.ids)
        before = self._refused()
        contents, unread = self.held.contents()
        out = self.held.released()
        guard = Guard(self.ledger)
        guard.remember(
            self.catalog, contents=contents, released=out, entries=unread,
            request_id=self.request_id, now=self.now,
        )  # fmt: skip
        Guard(self.ledger).refuse(self.catalog)
        stuck = delete(files)
        rows = forget(self.catalog, contents, ids)
        purge(self.catalog)
        return {
            "rows": rows,
            "stuck": stuck,
            "refused_contents": len(contents | out),
            "never_read": sorted(unread),
            "refused_as_alike": sorted(self._refused() - before - ids),
            "ledger": self._erase_records(),
        }

    def hold(self, before: Mapping[str, Audited], after: Mapping[str, Audited]) -> list[str]:
        """Hold back entries that became more usable; return their ids.

        Args:
            before: Audits before the erasure, by use.
            after: Audits after it.
        """
        raised = {media for use in before for media in _raised(before[use], after[use])}
        if raised:
            row = {
                "request_id": stable_id("held", self.request_id, print_instant(self.now)),
                "kind": "restriction", "received_at": self.now, "state": "received",
                "media_ids": sorted(raised),
            }  # fmt: skip
            self.ledger.record("requests", [row], recorded_at=self.now)
        return sorted(raised)

    def releases(self) -> list[dict[str, Any]]:
        """Return releases that are out and hold what shows the person, and who has them."""
        said = self.ledger.read("acknowledgements").to_pylist()
        held = {row["name"]: row["items"] for row in self.impact.releases.to_pylist()}
        return [
            {"name": row["name"], "version": row["version"], "items": held[row["name"]],
             "recipients": row["recipients"],
             "acknowledged": [{"recipient": a["recipient"], "outcome": a["outcome"]}
                              for a in said if a["release_id"] == row["release_id"]]}
            for row in Recipients(self.ledger).overview() if row["name"] in held
        ]  # fmt: skip

    def _received(self) -> datetime:
        received: datetime = self._row_of(self.request_id).get("received_at", self.now)
        return received

    def _row_of(self, request_id: str) -> dict[str, Any]:
        """Return what is on record of a request; nothing where there is none."""
        rows = self.ledger.read("requests").to_pylist()
        return next((row for row in rows if row["request_id"] == request_id), {})

    def _refused(self) -> set[str]:
        rows = self.catalog.read("sightings").to_pylist()
        return {row["media_id"] for row in rows if row["reason"] in (REASON, REASON_ALIKE)}

    def _erase_records(self) -> dict[str, Any]:
        kinds: dict[int, str] = {}
        ids = []
        # What says that the names are one person goes last: an erasure that was killed goes on.
        first = [(name, {"requests", "merges"}) for name in self.others]
        for name, keep in [*first, *((name, {"requests"}) for name in self.names)]:
            with suppress(UnknownNameError):
                erased = self.ledger.erase(
                    name, basis="erasure on request", recorded_at=self.now, keep=keep
                )
                kinds |= erased.kinds
                ids.append(erased.erasure_id)
        if not ids:
            return {"entries": 0, "kinds": [], "erasure_id": None}
        told = {"entries": len(kinds), "kinds": sorted(set(kinds.values())), "erasure_id": ids[-1],
                "places": sorted(kinds)}  # fmt: skip
        return told | ({"erasure_ids": ids} if len(ids) > 1 else {})


def _raised(before: Audited, after: Audited) -> Iterator[str]:
    """Yield entries that an audit lets do more than the one before."""
    columns = ["media_id", "verdict"]
    was = {r["media_id"]: r["verdict"] for r in before.verdicts.select(columns).to_pylist()}
    for row in after.verdicts.select(columns).to_pylist():
        old = was.get(row["media_id"])
        if old is not None and _ORDER[Verdict(row["verdict"])] > _ORDER[Verdict(old)]:
            yield row["media_id"]
