"""Verbs of reviewers: what waits, what is decided of facts, and what they say differently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.api.places import Places
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.correct import Conflict
    from curate.correcting import Corrections
    from curate.review.page import Handout
    from curate.review.returned import Checked
    from curate.review.work import Work
    from curate.reviewing import Reviews
    from curate.signing import PublicKey


@dataclass
class Reviewing(Places):
    """Hands out work for reviewers, and hears what they say of facts."""

    @property
    def reviews(self) -> Reviews:
        """What can be reviewed."""
        from curate.reviewing import Reviews

        return Reviews(self.reading, self.config, self.config.name or self.workspace.root.name)

    def review(
        self, reviewer: str, reason: str, *, use: str = DEFAULT_USE, seen: str | None = None
    ) -> Corrections:
        """Return what says a reviewer's word on facts. See `curate.correcting.Corrections`.

        Args:
            reviewer: Who decides.
            reason: Why.
            use: The use whose audit was looked at.
            seen: That audit's run.
        """
        from curate.correcting import Corrections

        looked_at = {"use": use, "audit_run_id": seen}
        return Corrections(self.catalog, self.ledger, reviewer, reason, self.clock(), looked_at)

    def review_list(
        self, queues: Iterable[str] = (), *, use: str = DEFAULT_USE, limit: int = 500
    ) -> Work:
        """Return what waits in queues by the last audit of a use, in the order to look at it.

        Args:
            queues: Names of queues; all when empty.
            use: The use.
            limit: At most so many entries of a queue.

        Raises:
            InputError: No audit has run yet.
            UnknownNameError: There is no such queue.
        """
        from curate.review.queues import chosen

        return self.reviews.work(use, chosen(list(queues)), limit=limit)

    def review_conflicts(self) -> list[Conflict]:
        """Return what reviewers say differently of one thing, each by their last word.

        What was said of an entry on evidence that is no longer the last audit's is void.
        """
        from curate.audit.correct import VERDICT
        from curate.correcting import contradictions

        found = contradictions(self.catalog, self.ledger.read("decisions").to_pylist())
        uses = {one.said[0]["use"] for one in found if one.kind == VERDICT}
        rows = [self.latest_audit(use=use).verdicts for use in sorted(uses)]
        now = {(use, *pair) for use, table in zip(sorted(uses), rows, strict=True)
               for pair in zip(table["media_id"].to_pylist(), table["evidence"].to_pylist(),
                               strict=True)}  # fmt: skip
        return [
            one for one in found
            if one.kind != VERDICT
            or tuple(one.said[0][name] for name in ("use", "media_id", "evidence")) in now
        ]  # fmt: skip

    def review_export(
        self,
        folder: str | Path,
        reviewer: str,
        queues: Iterable[str] = (),
        *,
        use: str = DEFAULT_USE,
        limit: int = 500,
    ) -> Handout:
        """Write a folder with one page that needs no server, for one reviewer.

        Args:
            folder: A new folder.
            reviewer: The reviewer's name.
            queues: Names of queues; all when empty.
            use: The use whose last audit is reviewed.
            limit: At most so many entries of a queue.

        Raises:
            InputError: No audit has run yet, the name is empty, or the folder holds something.
            UnknownNameError: There is no such queue.
        """
        work = self.review_list(queues, use=use, limit=limit)
        with self.workspace.writing():
            return self.reviews.hand_out(Path(folder), reviewer, work, progress=self.progress)

    def review_import(self, path: str | Path, key: PublicKey | None = None) -> Checked:
        """Record the decisions in a file that a page saved: those that hold.

        Raises:
            InputError: It is no file of a review.
            VerificationError: Its signature does not hold.
        """
        with self.workspace.writing():
            return self.reviews.bring_back(Path(path), key)

    def review_subject(
        self,
        locator: str,
        subject: str,
        value: str,
        *,
        reviewer: str,
        reason: str,
        role: str | None = None,
    ) -> str:
        """Say whether a subject is shown in an entry. See `curate.correcting.Corrections`."""
        entry = self.entry(locator)
        return self.review(reviewer, reason).subject(entry, subject, value, role=role)

    def review_link(
        self, faces: Iterable[str], value: str, *, reviewer: str, reason: str
    ) -> list[str]:
        """Say of faces that they are one person, or each another; by their ids."""
        return self.review(reviewer, reason).link(faces, value)

    def review_label(
        self, locator: str, value: str, *, reviewer: str, reason: str, name: str = "authenticity"
    ) -> str:
        """Say what an entry's label is."""
        return self.review(reviewer, reason).label(self.entry(locator), value, name=name)

    def review_keep(self, locator: str, *, reviewer: str, reason: str) -> str:
        """Say that an entry is the copy to keep of its group."""
        return self.review(reviewer, reason).keep(self.entry(locator))

    def review_waive(
        self, locator: str, code: str, expires_at: datetime, *, reviewer: str, reason: str
    ) -> str:
        """Answer for a finding of an entry until an instant, in UTC."""
        return self.review(reviewer, reason).waive(self.entry(locator), code, expires_at)

    def review_undo(
        self, reviewer: str, *, reason: str = "a slip", decision_id: str | None = None
    ) -> dict[str, Any]:
        """Take back a reviewer's last decision, or one by its id; return that one."""
        return self.review(reviewer, reason).undo(decision_id)
