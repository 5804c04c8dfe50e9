"""The desk: what a reviewer does in the App, said to the catalogue's ledger at once.

Each word is checked as `curate decide` checks it, against the evidence that was shown, and is on
disk before the App says so. What FiftyOne keeps is for the eye alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from curate.audit.correct import CONFIRMED, DISPUTED, NOT_SHOWN
from curate.errors import InputError, UnknownNameError
from curate.model.ids import stable_id
from curate.model.instants import parse_instant
from curate.review.viewer import clear_picture
from curate.verbs.context import Context, open_workspace
from curate.verbs.correct import Corrections
from curate.verbs.decide import decide

# How the server is told whose desk it is.
WORKSPACE, USE, AUDIT, REVIEWER, FOLDER = (
    f"CURATE_REVIEW_{name}" for name in ("WORKSPACE", "USE", "AUDIT", "REVIEWER", "FOLDER")
)


@dataclass
class Desk:
    """One App, over one audit of one workspace.

    Attributes:
        context: The workspace.
        use: The use that was judged for.
        audit: The run of the audit that is shown.
        folder: Where pictures that were asked for clearly are put.
        reviewer: Who sits here; nobody yet when empty.
    """

    context: Context
    use: str
    audit: str
    folder: Path
    reviewer: str = ""
    _evidence: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of_environment() -> Desk:
        """Return the desk that this process was started for."""
        environment = os.environ
        return Desk(
            open_workspace(Path(environment[WORKSPACE])), environment[USE], environment[AUDIT],
            Path(environment[FOLDER]),
            environment.get(REVIEWER, ""),
        )  # fmt: skip

    def sit(self, reviewer: str) -> None:
        """Say who decides here from now on.

        Raises:
            InputError: The name is empty.
        """
        if not reviewer.strip():
            raise InputError("a review needs its reviewer's name")
        self.reviewer = reviewer.strip()

    def decide(self, media_id: str, verdict: str, reason: str) -> str:
        """Clear or block an entry, or leave it undecided; return what was said, in words.

        Raises:
            InputError: The evidence is no longer what was shown, or it cannot be decided so.
        """
        last = self.context.latest_audit(use=self.use)
        seen = self.evidence(media_id)
        if last.run_id != self.audit:
            rows = zip(*(last.verdicts[n].to_pylist() for n in ("media_id", "evidence")),
                       strict=True)  # fmt: skip
            if dict(rows).get(media_id) != seen:
                raise InputError("the evidence has changed since this review was opened",
                                 hint="open the review again, and look at what is new")  # fmt: skip
        decide(self.context, media_id, verdict, reviewer=self.reviewer, reason=reason, use=self.use)
        return verdict

    def subject(self, media_id: str, subject: str, value: str, reason: str) -> str:
        """Confirm or dispute that a subject is shown in an entry, or name them.

        Disputing whom only a likeness proposed rules them out.

        Raises:
            CurateError: As `Corrections.subject` says.
        """
        entry, word = self.context.entry(media_id), self._word(media_id, reason)
        try:
            word.subject(entry, subject, value)
        except UnknownNameError:
            if value != DISPUTED:
                raise
            value = NOT_SHOWN
            word.subject(entry, subject, value)
        return f"{subject} {value.replace('_', ' ')}"

    def name(self, media_id: str, subject: str, reason: str) -> str:
        """Say who is shown in an entry, by pseudonym."""
        return self.subject(media_id, subject, CONFIRMED, reason)

    def link(self, faces: Iterable[str], value: str, reason: str) -> str:
        """Say of faces that they are one person, or each another."""
        made = self._word(None, reason).link(faces, value)
        return f"{value.replace('_', ' ')}, {len(made)} links"

    def label(self, media_id: str, value: str, reason: str, name: str = "authenticity") -> str:
        """Say what an entry's label is."""
        self._word(media_id, reason).label(self.context.entry(media_id), value, name=name)
        return f"{name} {value}"

    def keep(self, media_id: str, reason: str) -> str:
        """Say that an entry is the copy to keep of its group."""
        self._word(media_id, reason).keep(self.context.entry(media_id))
        return "keep this copy"

    def waive(self, media_id: str, code: str, until: str, reason: str) -> str:
        """Answer for a finding of an entry until the end of a day, such as 2027-01-31, in UTC.

        Raises:
            InputError: It is no day, or it cannot be waived.
        """
        try:
            day = parse_instant(until) if "T" in until else datetime.combine(
                datetime.fromisoformat(until).date(), time.max, UTC)  # fmt: skip
        except ValueError:
            raise InputError(f"{until!r} is no day", hint="write it as 2027-01-31") from None
        self._word(media_id, reason).waive(self.context.entry(media_id), code, day)
        return f"{code} waived until {until}"

    def undo(self, reason: str) -> Mapping[str, Any]:
        """Take back what was decided last here, and return it.

        Raises:
            InputError: Nothing stands.
        """
        return self._word(None, reason).undo()

    def unblur(self, media_id: str) -> Path:
        """Write down that the reviewer looks at a picture, and return the clear one.

        Raises:
            InputError: It is not to be shown, or nobody said who looks.
        """
        self.sit(self.reviewer)
        findings = self.context.latest_audit(run_id=self.audit).findings
        picture = clear_picture(self.context.entry(media_id), findings, self.folder)
        now = self.context.clock()
        look = {
            "access_id": stable_id("access", media_id, self.reviewer, now.isoformat()),
            "media_id": media_id, "reviewer": self.reviewer, "accessed_at": now,
            "audit_run_id": self.audit,
        }  # fmt: skip
        self.context.ledger.record("accesses", [look], recorded_at=now)
        return picture

    def evidence(self, media_id: str) -> str:
        """Return the digest of the evidence that was shown of an entry.

        Raises:
            UnknownNameError: The audit that is shown did not judge it.
        """
        if not self._evidence:
            rows = self.context.latest_audit(run_id=self.audit).verdicts
            self._evidence = dict(
                zip(rows["media_id"].to_pylist(), rows["evidence"].to_pylist(), strict=True)
            )
        if media_id not in self._evidence:
            raise UnknownNameError(f"no entry of this review has the id {media_id!r}")
        return self._evidence[media_id]

    def _word(self, media_id: str | None, reason: str) -> Corrections:
        seen = {"use": self.use, "audit_run_id": self.audit}
        seen |= {} if media_id is None else {"evidence": self.evidence(media_id)}
        context = self.context
        return Corrections(
            context.catalog, context.ledger, self.reviewer, reason, context.clock(), seen
        )
