"""`curate requests letter`: what became of a request or a withdrawal, for the person to read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.record import of_entries
from curate.consent.free_text import names_somebody
from curate.consent.statements import moment_of
from curate.consent.vocabulary import PERMITTING
from curate.errors import CurateError, InputError, UnknownNameError, VerificationError
from curate.media.refuse import Guard
from curate.model.ids import erasure_request_id
from curate.model.plural import counted, verb
from curate.report import letters, letters_erased
from curate.report.letters import Copies, Letter
from curate.report.letters_access import access
from curate.safety.requests import OPEN
from curate.verbs.consent import export_subject, impact, left_to_search
from curate.verbs.gaps import blind_spots
from curate.verbs.names import all_names
from curate.verbs.receipts import erasures_told
from curate.verbs.release.due import RESTRICTING, asking_to_go
from curate.verbs.release.handed_out import handed_out
from curate.verbs.release.lineage import released_files
from curate.verbs.report import read_authored
from curate.verbs.subjects import known_subjects

if TYPE_CHECKING:
    from curate.verbs.context import Context

Record = dict[str, Any]
# Codes of rules, ids and digests mean nothing to the reader of a letter.
_CODES = re.compile(
    r"\b(?:[A-Z]{3}\d{3}|E\d{3}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{64})\b"
)


@dataclass(frozen=True)
class Written:
    """A letter as it was written.

    Attributes:
        html: The page.
        notes: What whoever sends it should know.
    """

    html: str
    notes: tuple[str, ...]


def letter(context: Context, about: str) -> Written:
    """Return the letter on what became of a request, or of a withdrawal.

    Args:
        context: The workspace.
        about: The request's id, or the id of a withdrawal that `curate consent show` lists.

    Raises:
        UnknownNameError: There is no such request or event.
        InputError: It is about nobody outside, or an event that is no withdrawal.
        VerificationError: It says that somebody was erased, and no erasure is on record, or the
            receipt of it is not there or cannot be read.
    """
    return _Desk(context, context.clock(), []).write(about)


@dataclass
class _Desk:
    """Whoever writes a letter.

    Attributes:
        context: The workspace.
        now: The instant.
        notes: What they should know.
    """

    context: Context
    now: datetime
    notes: list[str]

    def write(self, about: str) -> Written:
        row = self._row("requests", "request_id", about)
        if row is not None:
            made = self._of_request(row)
        elif (row := self._row("consent_events", "event_id", about)) is not None:
            made = self._of_event(row)
        else:
            raise UnknownNameError(
                f"no request or withdrawal is called {about!r}", where="REQUEST",
                hint="`curate requests` lists the open requests, and `curate consent show SUBJECT` "
                "what a person asked and withdrew",
            )  # fmt: skip
        subject = row["subject_id"] or ""
        authored = read_authored(self.context.workspace)
        sender, contact = authored.text_of("controller"), authored.text_of("contact")
        if not (sender and contact):
            self.notes.append(
                "the letter does not name its sender in full: put `controller` and `contact` under "
                "[about] in datasheet.toml"
            )
        # Ids that the workspace makes from a pseudonym are no reference for anybody.
        own = about == row.get("request_id") and row["kind"] != "withdrawal"
        own &= not subject or about != erasure_request_id(subject)
        shown = {
            "sender": sender,
            "contact": contact,
            "officer": authored.text_of("data_protection_officer"),
            "reference": subject,
            "request": about if own else "",
        }
        return Written(letters.page(made, day=self.now, about=shown), tuple(self.notes))

    def _of_request(self, row: Record) -> Letter:
        if row["subject_id"] is None and row["due_at"] is None:
            raise InputError(
                "nobody asked for this: the workspace holds entries back by it", where="REQUEST",
                hint="a letter answers what a person asked",
            )  # fmt: skip
        subject = row["subject_id"]
        if row["state"] in ("refused", "expired"):
            reason = self._tellable(row, "nonfulfilment_reason", "reason")
            return letters.refused({**row, "nonfulfilment_reason": reason})
        if row["kind"] == "withdrawal" and subject:
            return self._withdrawn(subject, row["received_at"])
        if row["state"] in OPEN:
            return letters.received(row, now=self.now)
        if row["kind"] == "erasure" and subject:
            return self._erased(row)
        return self._access(row) if row["kind"] == "access" and subject else self._done(row)

    def _done(self, row: Record) -> Letter:
        if row["lifted_at"] is not None:
            return letters.lifted(row, self._tellable(row, "lifted_reason", "reason"))
        return letters.fulfilled(
            row, self._tellable(row, "outcome", "outcome"), self._of_takedown(row)
        )

    def _of_takedown(self, row: Record) -> Sequence[Mapping[str, Any]] | None:
        """Return who received what a takedown is about; None of another request, or of nothing."""
        if not row["kind"].startswith("takedown"):
            return None
        if row["media_ids"]:
            items = of_entries(self.context.record.items(), row["media_ids"])
            return handed_out(self.context, items)
        return self._copies(row["subject_id"]).handed_out if row["subject_id"] else None

    def _of_event(self, row: Record) -> Letter:
        if row["annulled_at"] is not None:
            return letters.annulled(row)
        if row["state"] != "ConsentWithdrawn":
            raise InputError(
                f"this event is {row['state']}, and no withdrawal", where="REQUEST",
                hint="letters are written of requests, of withdrawals, and of what was annulled",
            )  # fmt: skip
        return self._withdrawn(
            row["subject_id"], row["effective_at"], row["purposes"] or (), stated=moment_of(row)
        )

    def _withdrawn(
        self,
        subject: str,
        since: datetime,
        purposes: Any = (),
        *,
        stated: datetime | None = None,
    ) -> Letter:
        # What was agreed to before the withdrawal was stated is what it takes back.
        after = since if stated is None else max(since, stated)
        again = min(
            (
                event["effective_at"]
                for event in self.context.ledger.read("consent_events").to_pylist()
                if event["subject_id"] == subject and event["state"] in PERMITTING
                and event["annulled_at"] is None and not event["undated"]
                and event["effective_at"] > after
            ),
            default=None,
        )  # fmt: skip
        if again is not None:
            self.notes.append("they agreed again since, and the letter says so")
        return letters.withdrawn(
            since, self._copies(subject), now=self.now, purposes=purposes, again=again
        )

    def _erased(self, row: Record) -> Letter:
        """Return the letter on an erasure that this workspace did, or that somebody else did."""
        subject = row["subject_id"]
        ours = self._row("requests", "request_id", erasure_request_id(subject))
        if ours is None or ours["state"] != "fulfilled":
            raise VerificationError(
                f"no erasure of {subject} is on record, or it did not end: a letter says only what "
                "was erased", where="REQUEST",
                hint=f"`curate consent erase {subject}` erases what is held, and puts it on record",
            )  # fmt: skip
        told = self._receipts(subject)
        left = told[-1]["not_destroyed"]
        doubted = len(left.get("may_show", ()))
        if letters_erased.files_left(left) > doubted:
            self.notes.append(
                "files of theirs are still there, and the letter says so: `curate consent erase "
                f"{subject} --delete-files` deletes them, but for what is in archives"
            )
        if doubted:
            self.notes.append(
                f"{counted(doubted, 'file')} in the workspace may show them, and the letter says "
                f"so: look at {verb(doubted, 'it', 'them')}, delete or move away, and erase again"
            )
        for path in left.get("manifests", ()):
            self.notes.append(f"{path} still names them: edit it, and ingest again")
        self.notes += [f"the letter says that not all is known: {one}" for one in left["unknown"]]
        out = {one["name"] for said in told for one in said["not_destroyed"]["releases"]}
        items = self.context.record.items()
        guard, files = Guard(self.context.ledger), released_files(items)
        gone = [
            sha256 for request in sorted({said["request"] for said in told})
            for sha256 in guard.erased_among(files, request_id=request)
        ]  # fmt: skip
        mine = items.filter(pc.is_in(items["sha256"], value_set=pa.array(gone, pa.string())))
        return letters_erased.erased(row, told, handed_out(self.context, mine, out))

    def _access(self, row: Record) -> Letter:
        subject = row["subject_id"]
        held = export_subject(self.context, subject)
        # The person asked once; the request of the erasure itself is the workspace's own.
        own = erasure_request_id(subject)
        held["requests"] = [one for one in held["requests"] if one["request_id"] != own]
        self.notes.append(
            f"`curate consent export subject {subject} -o FOLDER` writes the copy that goes with "
            "the letter"
        )
        known = {subject, *held["other_names"]}
        if held["other_names"]:
            self.notes.append(
                f"what is held under {', '.join(held['other_names'])} is in the letter"
            )
        others = [name for name in all_names(self.context, subject) if name not in known]
        if others:
            self.notes.append(
                f"{subject} is merged with {', '.join(others)}, and that is not settled by two "
                "people of the register: what is held under these names is not in the letter, "
                "which says that there is more"
            )
        if texts := held["not_told"]["texts_by_staff"]:
            self.notes.append(
                f"{counted(texts, 'text')} that staff wrote, or that came with consents, "
                f"{verb(texts, 'is', 'are')} left out of the copy, and the letter says so"
            )
        sources = {
            one["source_id"]: one["name"] or one["source_id"]
            for one in self.context.ledger.read("sources").to_pylist()
        }
        used = {one.get("source_id") for one in held["media"]} - {None}
        ours = self._row("requests", "request_id", own)
        shown = of_entries(self.context.record.items(), [one["media_id"] for one in held["media"]])
        return access(
            row, held, now=self.now, copies=handed_out(self.context, shown),
            sources=sorted(sources.get(one, one) for one in used),
            keeping=read_authored(self.context.workspace).text_of("retention"),
            erased_at=None if ours is None else ours["closed_at"],
            ended=self._ended(subject, held["consents"]), doubted=bool(others),
        )  # fmt: skip

    def _ended(self, subject: str, consents: Sequence[Record]) -> set[str]:
        """Return which consents somebody's later words, under any name of theirs, put an end to."""
        ledger = self.context.ledger
        names = set(all_names(self.context, subject))
        if names & asking_to_go(ledger, self.now):
            return {row["consent_id"] for row in consents}
        events = [
            one for one in ledger.read("consent_events").to_pylist()
            if one["subject_id"] in names and one["annulled_at"] is None
            and not one["purposes"] and one["effective_at"] <= self.now
        ]  # fmt: skip
        # A withdrawal of a consent for listed entries says nothing of others.
        listed = {
            row["consent_id"] for row in ledger.read("consents").to_pylist()
            if row["scope_kind"] == "listed_media" or row["scope_media_ids"]
        }  # fmt: skip
        ended = set()
        for row in consents:
            own = row["consent_id"]
            given = [one["effective_at"] for one in events
                     if one["consent_id"] == own and one["state"] in PERMITTING
                     and not one["undated"]]  # fmt: skip
            against = [moment_of(one) for one in events if one["state"] in RESTRICTING
                       and one["consent_id"] not in listed - {own}]  # fmt: skip
            if against and (not given or max(against) >= max(given)):
                ended.add(own)
        return ended

    def _tellable(self, row: Record, column: str, name: str) -> str:
        """Return words of the record, unless they say what is nothing for the person."""
        text = (row[column] or "").strip()
        own = {row["subject_id"], *all_names(self.context, row["subject_id"] or "")}
        others = known_subjects(self.context) - own
        if _CODES.search(text) or names_somebody(text, others):
            self.notes.append(
                f"the {name} on record holds an internal code or the pseudonym of somebody else: "
                "the letter leaves it out"
            )
            return ""
        return text

    def _copies(self, subject: str) -> Copies:
        """Return what shows a person; nothing is claimed of what cannot be looked into."""
        try:
            touched = impact(self.context, subject)
            searched = not blind_spots(self.context) and not left_to_search(self.context)
        except CurateError as error:
            self.notes.append(f"what shows them cannot be told, and the letter says so: {error}")
            return Copies(0, 0, searched=False, handed_out=())
        if not searched:
            self.notes.append("not all is known, and the letter says so: `curate run` looks")
        items = of_entries(self.context.record.items(), touched.entries["media_id"].to_pylist())
        return Copies(
            touched.entries.num_rows, touched.maybe.num_rows, searched=searched,
            handed_out=handed_out(
                self.context, items, set(touched.releases["name"].to_pylist())
            ),
        )  # fmt: skip

    def _row(self, kind: str, key: str, value: str) -> Record | None:
        rows = self.context.ledger.read(kind).to_pylist()
        return next((row for row in rows if row[key] == value), None)

    def _receipts(self, subject: str) -> list[Record]:
        """Return what the receipts of a person's erasure say, the first of them first."""
        folder = self.context.workspace.root / "receipts"
        told = erasures_told(self.context)
        found = [
            said for said in told if subject in (said["subject"], *said.get("other_names", ()))
        ]
        if not found:
            raise VerificationError(
                f"the receipt of the erasure of {subject} is not there", where=str(folder),
                hint="restore the folder receipts/ from a backup; without it a letter cannot say "
                "what was erased",
            )  # fmt: skip
        return found
