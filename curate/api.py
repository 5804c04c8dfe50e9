"""The verbs of curate, for Python: what the command line does, as calls on a project.

Each method is one line onto the function of `curate.verbs` that does it.

>>> import curate
>>> project = curate.open("ws")  # doctest: +SKIP
>>> project.ingest("media/")  # doctest: +SKIP
>>> project.run()  # doctest: +SKIP
>>> project.audit(use="detector-training").verdicts.to_pandas()  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.engine.pipeline import Progress, silent
from curate.verbs import (
    audit,
    bundle,
    consent,
    decide,
    erase,
    explain,
    identify,
    ingest,
    names,
    release,
    report,
    review,
    reviewers,
    run,
    split,
    statements,
    status,
    vault,
)
from curate.verbs import init as init_verb
from curate.verbs.context import Context, open_workspace, utc_now
from curate.verbs.release import recall
from curate.workspace import DEFAULT_USE, Workspace

if TYPE_CHECKING:
    from curate.audit.correct import Conflict
    from curate.audit.explain import Explanation
    from curate.audit.rule import Rule
    from curate.catalog.audits import Audited
    from curate.catalog.impact import Impact
    from curate.catalog.ledger import Ledger
    from curate.catalog.tables import Catalog
    from curate.engine.pipeline import StageRun
    from curate.ingest.run import Ingested
    from curate.model.config import Config
    from curate.release.build import Release
    from curate.report.lint import DocumentFinding
    from curate.review.page import Handout
    from curate.review.returned import Checked
    from curate.review.work import Work
    from curate.signing import PublicKey, SigningKey
    from curate.splits.assign import Plan
    from curate.splits.lint import Lint
    from curate.splits.maker import Made
    from curate.verbs.bundle import Bundled, BundleOrder
    from curate.verbs.identify import Exported, Named
    from curate.verbs.names import Said
    from curate.verbs.release import Order
    from curate.verbs.release.recall import Recalled
    from curate.verbs.report import About
    from curate.verbs.statements import Recorded
    from curate.verbs.status import Status

__all__ = ["Project", "init", "open"]


def init(root: str | Path) -> Project:
    """Make a workspace in `root` and open it. See `curate.verbs.init.init`."""
    return Project(init_verb.init(Path(root)).workspace)


def open(root: str | Path | None = None) -> Project:
    """Open the workspace in `root` or above it; from the current folder when None.

    Raises:
        NoWorkspaceError: There is none.
    """
    return Project(open_workspace(None if root is None else Path(root)).workspace)


class Project:
    """One workspace, and what can be done with it.

    Args:
        workspace: Its places.
        clock: Gives the present instant, in UTC.
        progress: Is called with how far a stage is.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        clock: Callable[[], datetime] = utc_now,
        progress: Progress = silent,
    ) -> None:
        self.context = Context(workspace, clock, progress)

    @property
    def workspace(self) -> Workspace:
        """Its places."""
        return self.context.workspace

    @property
    def config(self) -> Config:
        """The settings in `curate.toml`."""
        return self.context.config

    @property
    def catalog(self) -> Catalog:
        """The tables of observations."""
        return self.context.catalog

    @property
    def ledger(self) -> Ledger:
        """The statements of people."""
        return self.context.ledger

    @property
    def clock(self) -> Callable[[], datetime]:
        """Gives the present instant, in UTC."""
        return self.context.clock

    @clock.setter
    def clock(self, clock: Callable[[], datetime]) -> None:
        self.context.clock = clock

    def ingest(
        self,
        path: str | Path,
        *,
        layout: str = "auto",
        dataset: str | None = None,
        media_root: str | Path | None = None,
        recipe: str | Path | None = None,
        dry_run: bool = False,
    ) -> Ingested:
        """List the media of a dataset. See `curate.verbs.ingest.ingest`."""
        return ingest.ingest(
            self.context, path, layout=layout, dataset=dataset, media_root=media_root,
            recipe=recipe, dry_run=dry_run,
        )  # fmt: skip

    def import_statements(self, path: str | Path) -> Recorded:
        """Record consents, subjects, notices or sources. See `curate.verbs.statements`."""
        return statements.import_statements(self.context, path)

    def run(
        self,
        stages: Iterable[str] | None = None,
        *,
        jobs: int = 0,
        exact: bool = False,
        keep_embeddings: bool = False,
        scores: str | Path | None = None,
        hash_only: bool = False,
    ) -> list[StageRun]:
        """Run what stages still have to do. See `curate.verbs.run.run`."""
        return run.run(
            self.context, stages, jobs=jobs, exact=exact, keep_embeddings=keep_embeddings,
            scores=scores, hash_only=hash_only,
        )  # fmt: skip

    def audit(
        self,
        *,
        use: str = DEFAULT_USE,
        as_of: datetime | None = None,
        rules: Iterable[Rule] | None = None,
        assignment: str | None = None,
    ) -> Audited:
        """Judge every entry for a use. See `curate.verbs.audit.audit`."""
        return audit.audit(self.context, use=use, as_of=as_of, rules=rules, assignment=assignment)

    def latest_audit(self, *, use: str | None = None, run_id: str | None = None) -> Audited:
        """Return the last audit, or one by its run. See `Context.latest_audit`."""
        return self.context.latest_audit(use=use, run_id=run_id)

    def explain(self, locator: str) -> Explanation:
        """Return what is known of an entry. See `curate.verbs.explain.explain`."""
        return explain.explain(self.context, locator)

    def entry(self, locator: str) -> dict[str, Any]:
        """Return an entry's row by its locator or id. See `Context.entry`."""
        return self.context.entry(locator)

    def status(self) -> Status:
        """Return what the workspace holds. See `curate.verbs.status.status`."""
        return status.status(self.context)

    def impact(self, subject: str) -> Impact:
        """Return what a withdrawal of `subject` would touch. See `curate.verbs.consent.impact`."""
        return consent.impact(self.context, subject)

    def withdraw(
        self, subject: str, *, effective_at: datetime | None = None, purpose: str | None = None
    ) -> Recorded:
        """Record that `subject` withdrew. See `curate.verbs.consent.withdraw`."""
        return consent.withdraw(self.context, subject, effective_at=effective_at, purpose=purpose)

    def erase(
        self,
        subject: str,
        *,
        delete_files: bool = False,
        known_only: bool = False,
        keys: Sequence[SigningKey] = (),
    ) -> tuple[Path, dict[str, Any]]:
        """Destroy what is held of a person. See `curate.verbs.erase.erase`."""
        return erase.erase(
            self.context, subject, delete_files=delete_files, known_only=known_only, keys=keys
        )

    def shred(self, subject: str) -> int:
        """Destroy the keys of a subject's embeddings. See `curate.verbs.vault.shred`."""
        return vault.shred(self.context, subject)

    def merge_subjects(self, one: str, other: str, *, reviewer: str, reason: str) -> Said:
        """Say that two pseudonyms are one person. See `curate.verbs.names.merge`."""
        return names.merge(self.context, one, other, reviewer=reviewer, reason=reason)

    def part_subjects(self, one: str, other: str, *, reviewer: str, reason: str) -> Said:
        """Take back that two pseudonyms are one person. See `curate.verbs.names.part`."""
        return names.part(self.context, one, other, reviewer=reviewer, reason=reason)

    def identify_export(self, folder: str | Path, *, limit: int = 100) -> Exported:
        """Write a draft of names for identities. See `curate.verbs.identify`."""
        return identify.export_identities(self.context, folder, limit=limit)

    def identify_import(self, path: str | Path, *, reviewer: str) -> Named:
        """Record the names that a person filled in. See `curate.verbs.identify`."""
        return identify.import_names(self.context, path, reviewer=reviewer)

    def decide(
        self,
        locator: str,
        verdict: str,
        *,
        reviewer: str,
        reason: str,
        use: str = DEFAULT_USE,
        key: SigningKey | None = None,
    ) -> str:
        """Record a reviewer's decision on an entry. See `curate.verbs.decide.decide`."""
        return decide.decide(
            self.context, locator, verdict, reviewer=reviewer, reason=reason, use=use, key=key
        )

    def reviewers(self) -> list[dict[str, Any]]:
        """Return the register of reviewers. See `curate.verbs.reviewers.register`."""
        return reviewers.register(self.context)

    def add_reviewer(
        self, reviewer_id: str, *, name: str, key: PublicKey | None = None
    ) -> dict[str, Any]:
        """Put a person on the register. See `curate.verbs.reviewers.add_reviewer`."""
        return reviewers.add_reviewer(self.context, reviewer_id, name=name, key=key)

    def remove_reviewer(self, reviewer_id: str) -> dict[str, Any]:
        """Take a person off the register. See `curate.verbs.reviewers.remove_reviewer`."""
        return reviewers.remove_reviewer(self.context, reviewer_id)

    def release(self, name: str, order: Order | None = None) -> Release:
        """Audit, and write what is cleared. See `curate.verbs.release.build_release`."""
        return release.build_release(self.context, name, order)

    def recall(
        self,
        name: str | None = None,
        *,
        subject: str | None = None,
        use: str = DEFAULT_USE,
        keys: Sequence[SigningKey] = (),
        tsa: str | None = None,
    ) -> Recalled:
        """Make the next release without what must go. See `curate.verbs.release.recall.recall`."""
        return recall.recall(self.context, name, subject=subject, use=use, keys=keys, tsa=tsa)

    def report(self, kind: str, about: About | None = None, *, pdf: bool = False) -> list[Path]:
        """Write a document, and return its files. See `curate.verbs.report.report`."""
        return report.report(self.context, kind, about, pdf=pdf)

    def bundle(self, folder: Path, order: BundleOrder | None = None) -> Bundled:
        """Write an audit with all it rests on, to hand over. See `curate.verbs.bundle.bundle`."""
        return bundle.bundle(self.context, folder, order)

    def lint_documents(self, about: About | None = None) -> list[DocumentFinding]:
        """Hold what authors claim against the facts. See `curate.verbs.report.lint_documents`."""
        return report.lint_documents(self.context, about)

    def lint_splits(
        self, *, by: Iterable[str] | None = None, assignment: str | None = None
    ) -> Lint:
        """Return what stands in two splits at once. See `curate.verbs.split.lint_splits`."""
        return split.lint_splits(self.context, by=by, assignment=assignment)

    def split(
        self,
        plan: Plan,
        *,
        name: str = "split",
        extend: str | None = None,
        cut: bool = False,
        tolerance: float = 0.05,
    ) -> Made:
        """Make splits that do not leak, and keep them. See `curate.verbs.split.split`."""
        return split.split(
            self.context, plan, name=name, extend=extend, cut=cut, tolerance=tolerance
        )

    def review_list(
        self, queues: Iterable[str] = (), *, use: str = DEFAULT_USE, limit: int = 500
    ) -> Work:
        """Return what waits in queues. See `curate.verbs.review.waiting`."""
        return review.waiting(self.context, queues, use=use, limit=limit)

    def review_conflicts(self) -> list[Conflict]:
        """Return what reviewers decided differently. See `curate.verbs.review.conflicts`."""
        return review.conflicts(self.context)

    def review_export(
        self,
        folder: str | Path,
        reviewer: str,
        queues: Iterable[str] = (),
        *,
        use: str = DEFAULT_USE,
        limit: int = 500,
    ) -> Handout:
        """Write a folder with one page for a reviewer. See `curate.verbs.review.hand_out`."""
        return review.hand_out(self.context, folder, reviewer, queues, use=use, limit=limit)

    def review_import(self, path: str | Path, key: PublicKey | None = None) -> Checked:
        """Record the decisions in a reviewer's file. See `curate.verbs.review.bring_back`."""
        return review.bring_back(self.context, path, key)

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
        """Record whether a subject is shown. See `curate.verbs.review.correct_subject`."""
        return review.correct_subject(
            self.context, locator, subject, value, reviewer=reviewer, reason=reason, role=role
        )

    def review_link(
        self, faces: Iterable[str], value: str, *, reviewer: str, reason: str
    ) -> list[str]:
        """Record that faces are one person, or not. See `curate.verbs.review.correct_link`."""
        return review.correct_link(self.context, faces, value, reviewer=reviewer, reason=reason)

    def review_label(
        self, locator: str, value: str, *, reviewer: str, reason: str, name: str = "authenticity"
    ) -> str:
        """Record what an entry's label is. See `curate.verbs.review.correct_label`."""
        return review.correct_label(
            self.context, locator, value, reviewer=reviewer, reason=reason, name=name
        )

    def review_keep(self, locator: str, *, reviewer: str, reason: str) -> str:
        """Record which copy of a group to keep. See `curate.verbs.review.keep`."""
        return review.keep(self.context, locator, reviewer=reviewer, reason=reason)

    def review_waive(
        self,
        locator: str,
        code: str,
        expires_at: datetime,
        *,
        reviewer: str,
        reason: str,
        key: SigningKey | None = None,
    ) -> str:
        """Record a waiver of a finding. See `curate.verbs.review.waive`."""
        return review.waive(
            self.context, locator, code, expires_at, reviewer=reviewer, reason=reason, key=key
        )

    def review_undo(
        self, reviewer: str, *, reason: str = "a slip", decision_id: str | None = None
    ) -> dict[str, Any]:
        """Take back a reviewer's decision. See `curate.verbs.review.undo`."""
        return review.undo(self.context, reviewer, reason=reason, decision_id=decision_id)
