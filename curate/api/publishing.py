"""Verbs that let something out: releases, recalls and documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.api.judging import Judging
from curate.api.places import TOOL
from curate.catalog.audits import Audited
from curate.errors import InputError
from curate.files import write_whole
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.documenting import About
    from curate.release.build import Release
    from curate.release.select import Selection
    from curate.releasing import Issue, Order
    from curate.releasing.recall import Recalled
    from curate.report.inputs import ReportInputs
    from curate.report.lint import DocumentFinding
    from curate.report.written import Written
    from curate.signing import SigningKey


@dataclass
class Publishing(Judging):
    """Lets releases and documents out."""

    def release(self, name: str, order: Order | None = None) -> Release:
        """Audit for a use and write what it clears as a release called `name`.

        Args:
            name: The release's name.
            order: What is asked for; plain files for the default use when None.

        Raises:
            InputError: The name is taken or cannot be one, a file cannot be read, or nothing was
                cleared.
            UnknownNameError: There is no such use, assignment or format.
            VerificationError: A file changed since it was probed.
        """
        return self.issue(name, order)[0]

    def recall(
        self,
        name: str | None = None,
        *,
        subject: str | None = None,
        use: str = DEFAULT_USE,
        keys: Sequence[SigningKey] = (),
        tsa: str | None = None,
    ) -> Recalled:
        """Make the next release of a use, without what must go, and the feed that names it.

        Args:
            name: The new release's name; ``v`` and its version when None.
            subject: Whose withdrawal must have arrived in it; nobody's in particular when None.
            use: The use whose releases are called back.
            keys: What signs it and its feed.
            tsa: A time-stamp authority to ask; see `Order`.

        Raises:
            InputError: Nothing of the use went out, nothing of it must go, or what shows the
                subject may go out still.
        """
        from curate.releasing.recall import (
            Recalled,
            check_recall,
            held,
            last_of,
            next_name,
            order_again,
        )
        from curate.releasing.recipients import Desk

        last = last_of(self.catalog, use)
        theirs = pa.array([], pa.string())
        if subject is not None:
            theirs = self.impact(subject).entries["media_id"].combine_chunks()
            if not len(held(self.catalog, use, theirs)):
                raise InputError(f"no release of {use} holds anything of {subject!r}")
        order = replace(order_again(last, keys), tsa=tsa)
        issue, selection = self._ordered(name or next_name(last), order)
        check_recall(issue, selection, set(theirs.to_pylist()))
        releases = self.workspace.releases
        if selection.items.num_rows:
            built = self._issued(issue, selection)
            done = Recalled.of(built, issue, releases)
        else:
            # Nobody is left to release: the feed goes out alone.
            with self.workspace.writing():
                done = Recalled.of(None, issue, releases)
        behind = [(who, row["name"]) for row in Desk(self.catalog, self.ledger).overview()
                  if row["use"] == use for who in row["behind"]]  # fmt: skip
        return replace(done, behind=tuple(behind))

    def issue(self, name: str, order: Order | None = None) -> tuple[Release, Issue]:
        """Build a release as `release` does; return it, and what is known of its issue."""
        from curate.releasing import Order

        issue, selection = self._ordered(name, order or Order(DEFAULT_USE))
        return self._issued(issue, selection), issue

    def _ordered(self, name: str, order: Order) -> tuple[Issue, Selection]:
        """Audit for a release, and return what may go out in it."""
        from curate.releasing import Issue, check_instant, check_new, cleared
        from curate.safety.gate import check_gate

        check_new(name, self.workspace.releases, self.catalog)
        check_instant(order, self.clock())
        check_gate(self.workspace, self.catalog, self.clock())
        audit = partial(self.audit, use=order.use, assignment=order.assignment)
        # The present one comes last: it is the one that other verbs find.
        then = None if order.as_of is None else audit(as_of=order.as_of)
        present = audit()
        audited = then or present
        facts = self.facts(known_at=audited.as_of, assignment=order.assignment)
        selection = cleared(facts, audited, present, order)
        days = self.config.supersede_days
        issue = Issue(
            name, order, audited, facts, self.catalog, self.ledger, self.clock(), days, present
        )
        return issue, selection

    def _issued(self, issue: Issue, selection: Selection) -> Release:
        from curate.documenting import promised
        from curate.release.build import Steps, build
        from curate.releasing import went_out
        from curate.report.bundle import late_documents

        name, audited = issue.name, issue.audited
        promises = promised(self.workspace) if self.config.release_documents else {}

        def documents(written: Written) -> dict[str, str | bytes]:
            inputs = self._made_of(issue.facts, audited, went_out(selection, written))
            return {**promises, **late_documents(inputs, written), **issue.documents(written)}

        steps = Steps(
            tell=issue.tell,
            documents=documents,
            seal=issue.seal,
            announce=issue.announce,
            report=lambda done, total: self.progress("release", done, total),
        )
        told = {"use": asdict(audited.use), "policy": self.policy_digest(), "tool": TOOL}
        with self.workspace.writing(), self._record("release build", {"name": name}) as record:
            built = build(
                name,
                selection,
                self.workspace.releases,
                facts=told,
                form=issue.order.form,
                steps=steps,
            )
            record["counts"] = {"items": built.items.num_rows, "left_out": built.left_out}
        return built

    def report(self, kind: str, about: About | None = None, *, pdf: bool = False) -> list[Path]:
        """Write a document on the last audit or on a release, and return the files.

        Args:
            kind: One of `curate.documenting.KINDS`, or ``safety``, which is about no audit.
            about: What it is about; the last audit when None.
            pdf: Whether to print pages as PDF beside them.

        Raises:
            UnknownNameError: There is no such document or release.
            InputError: No audit has run yet.
            ConfigError: `datasheet.toml` does not say what it should.
            DependencyError: Nothing here can print a page.
        """
        from curate.documenting import documents
        from curate.report.pdf import pdf_of

        if kind == "safety":
            found = self._safety_report()
        else:
            found = documents(kind, self._inputs_about(about))
        folder = self.workspace.reports
        written = [write_whole(folder / name, found[name]) for name in found]
        for name in [name for name in found if pdf and name.endswith(".html")]:
            place = (folder / name).with_suffix(".pdf")
            written.append(write_whole(place, pdf_of(found[name])))
        return written

    def _safety_report(self) -> dict[str, str]:
        from curate.report.safety import safety_report
        from curate.safety.report import figures, keyed

        place = self.workspace
        found = figures(place, self.catalog, self.ledger, self.clock())
        return safety_report(
            found,
            project=self.config.name or place.root.name,
            tool=TOOL,
            name=lambda kind, name: keyed(place, kind, name),
        )

    def lint_documents(self, about: About | None = None) -> list[DocumentFinding]:
        """Return what the rules DOC find in what the authors say.

        Args:
            about: What it is held against; the last audit when None.

        Raises:
            InputError: No audit has run yet.
            ConfigError: `datasheet.toml` does not say what it should.
            UnknownNameError: It states a number of something that nobody counts, or there is no
                such release.
        """
        from curate.report.lint import lint

        inputs = self._inputs_about(about)
        return lint(inputs, self.workspace.root, waivers=self.config.waivers)

    def _inputs_about(self, about: About | None) -> ReportInputs:
        from curate.documenting import About, released

        about = about or About()
        if about.release is None:
            return self.report_inputs(self.latest_audit(use=about.use))
        out = released(self.catalog, about.release)
        audited = self.latest_audit(run_id=out.audit_run_id)
        return replace(self.report_inputs(audited), items=out.items, left_out=out.left_out)

    def report_inputs(self, audited: Audited, selection: Selection | None = None) -> ReportInputs:
        """Return what documents about an audit, or about a release of it, are made from."""
        facts = self.facts(known_at=audited.as_of, assignment=audited.assignment)
        return self._made_of(facts, audited, selection)

    def _made_of(
        self, facts: Mapping[str, pa.Table], audited: Audited, selection: Selection | None
    ) -> ReportInputs:
        from curate.documenting import read_authored
        from curate.report.inputs import ReportInputs

        tables = {
            **facts,
            "findings": audited.findings,
            "verdicts": audited.verdicts,
            "rejections": self.catalog.read("rejections"),
            "runs": self.catalog.read("runs"),
            "label_noise": self.catalog.read("label_noise"),
        }
        return ReportInputs(
            project=self.config.name or self.workspace.root.name,
            notice=self.config.notice,
            tool=TOOL,
            run_id=audited.run_id,
            use=audited.use,
            as_of=audited.as_of,
            tables=tables,
            items=None if selection is None else selection.items,
            left_out={} if selection is None else selection.left_out,
            authored=read_authored(self.workspace),
            assignment=audited.assignment,
        )
