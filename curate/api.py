"""The verbs of curate, for Python: what the command line does, as calls on a project.

>>> import curate
>>> project = curate.open("ws")  # doctest: +SKIP
>>> project.ingest("media/")  # doctest: +SKIP
>>> project.run()  # doctest: +SKIP
>>> project.audit(use="detector-training").verdicts.to_pandas()  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate import statements, workspace
from curate.catalog.audits import Audited, latest_audit, with_run
from curate.catalog.digest import joined_digest, tables_digest
from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import InputError, UnknownNameError
from curate.model.config import Config, UseProfile, parse_config
from curate.pipeline import Pipeline, Progress, StageRun, recorded, silent
from curate.reading import Reading
from curate.statements import Recorded
from curate.version import __version__
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.rule import Rule
    from curate.catalog.impact import Impact
    from curate.documenting import About
    from curate.ingest.run import Ingested
    from curate.keeping import Keeper
    from curate.release.build import Release
    from curate.release.select import Selection
    from curate.releasing import Issue, Order
    from curate.releasing.erase import Erasure
    from curate.releasing.recall import Recalled
    from curate.report.inputs import ReportInputs
    from curate.report.lint import DocumentFinding
    from curate.report.written import Written
    from curate.signing import SigningKey
    from curate.splits.assign import Plan
    from curate.splits.lint import Lint
    from curate.splits.maker import Made

TOOL = f"curate {__version__}"
STAGES = ("probe", "hashlists", "signals", "faces", "identity", "dedup", "labels")


def utc_now() -> datetime:
    """Return the present instant in UTC: the one place where the clock is read."""
    return datetime.now(UTC)


def init(root: str | Path) -> Project:
    """Make a workspace in `root` and open it.

    Raises:
        InputError: The folder already holds a workspace, or is a file.
    """
    return Project(workspace.create(Path(root)))


def open(root: str | Path | None = None) -> Project:
    """Open the workspace in `root` or above it; from the current folder when None.

    Raises:
        NoWorkspaceError: There is none.
    """
    return Project(workspace.find(None if root is None else Path(root)))


@dataclass
class Project:
    """One workspace, and what can be done with it.

    Attributes:
        workspace: Its places.
        clock: Gives the present instant.
        progress: Told how far a stage is.
    """

    workspace: workspace.Workspace
    clock: Callable[[], datetime] = utc_now
    progress: Progress = silent
    _memory: list[pa.Table] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        """The settings in `curate.toml`.

        Raises:
            ConfigError: They are not what they should be.
        """
        return parse_config(self.workspace.config_text(), where=str(self.workspace.config))

    @property
    def catalog(self) -> Catalog:
        """The tables of observations."""
        return Catalog(self.workspace.catalog)

    @property
    def ledger(self) -> Ledger:
        """The statements."""
        return Ledger(self.workspace.ledger)

    @property
    def reading(self) -> Reading:
        """The tables that audits and documents are made from."""
        return Reading(self.catalog, self.ledger, self.clock)

    def ingest(
        self,
        path: str | Path,
        *,
        layout: str = "auto",
        dataset: str | None = None,
        media_root: str | Path | None = None,
    ) -> Ingested:
        """List the media at `path`. See `curate.ingest.run.ingest`."""
        from curate.ingest.run import ingest

        with self.workspace.writing(), self._record("ingest", {"layout": layout}) as record:
            found = ingest(
                path,
                self.catalog,
                self.config,
                layout=layout,
                dataset=dataset,
                media_root=media_root,
            )
            record["counts"] = {k: v for k, v in asdict(found).items() if k != "rejections"}
        return found

    def import_statements(self, path: str | Path) -> Recorded:
        """Record the consents, subjects or sources in a file, all of them or none.

        Raises:
            InputError: The file cannot be read, or rows of it are wrong; nothing was recorded.
        """
        return statements.import_statements(Path(path), self.ledger, self.config, now=self.clock())

    def run(
        self,
        stages: Iterable[str] = STAGES,
        *,
        jobs: int = 0,
        exact: bool = False,
        keep_embeddings: bool = False,
        scores: str | Path | None = None,
    ) -> list[StageRun]:
        """Run what the named stages still have to do, in their order.

        Args:
            stages: Names of stages.
            jobs: Worker processes; 0 for one per processor.
            exact: Probe by decoding pictures whole, whatever `curate.toml` says.
            keep_embeddings: Keep those of identities in the vault, and use what is kept there.
            scores: A file with your own classifier's scores, by which the stage `labels` doubts
                labels in this run; see docs/labels.md.

        Raises:
            UnknownNameError: There is no such stage.
            InputError: There are scores and `labels` is not to run, or they cannot be read.
            MissingKeyError: Embeddings are to be kept, and the vault's key is gone.
            DependencyError: A package or model that a stage needs is missing.
        """
        from curate.stages import run_stages

        wanted = set(stages)
        if unknown := sorted(wanted - set(STAGES)):
            raise UnknownNameError(
                f"no stage is called {unknown[0]!r}", hint=f"stages are: {', '.join(STAGES)}"
            )
        brought = None if scores is None else self._scores(Path(scores), wanted)
        with self.workspace.writing():
            pipeline = Pipeline(self.catalog, self.clock, jobs, self.progress)
            config = replace(self.config, exact=exact or self.config.exact)
            keeper = self.keeper() if keep_embeddings else None
            names = [stage for stage in STAGES if stage in wanted]
            return run_stages(pipeline, config, names, keeper, scores=brought)

    def _scores(self, file: Path, stages: set[str]) -> pa.Table:
        from curate.catalog.views import read_entries
        from curate.labels.scores import read_scores

        if "labels" not in stages:
            raise InputError(
                "scores are for the stage labels, which is not to run",
                where=str(file),
                hint="curate run labels --scores FILE",
            )
        return read_scores(file, read_entries(self.catalog))

    def keeper(self) -> Keeper:
        """Return what keeps embeddings in the vault, once what has come to its date is gone.

        Raises:
            MissingKeyError: The vault's key is not where it should be.
        """
        from curate.keeping import Keeper

        return Keeper.of(self.workspace, self.config, self.clock())

    def shred(self, subject: str) -> int:
        """Destroy the keys of a subject's embeddings for good; return how many there were.

        Raises:
            UnknownNameError: No record or entry names the subject.
            MissingKeyError: The vault's key is not where it should be.
        """
        with self.workspace.writing():
            return self.keeper().shred(subject)

    def entry_states(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many entries are in each state, and how many unreadable for each reason."""
        connection = self.catalog.connect("media", "sightings")
        create_entries(connection)
        counted = "SELECT {}, count(*) FROM entries {} GROUP BY 1 ORDER BY 1"
        states = connection.execute(counted.format("state", "")).fetchall()
        unread = counted.format("reason", "WHERE state = 'unreadable'")
        return dict(states), dict(connection.execute(unread).fetchall())

    def audit(
        self,
        *,
        use: str = DEFAULT_USE,
        as_of: datetime | None = None,
        rules: Iterable[Rule] | None = None,
        assignment: str | None = None,
    ) -> Audited:
        """Judge every entry for a use, and keep findings and verdicts.

        Args:
            use: The name of a use profile in `curate.toml`.
            as_of: The instant to judge at, by what was known then; now when None.
            rules: The rules to apply; all when None.
            assignment: Splits that `curate split` made, to judge by in the place of those declared.

        Raises:
            UnknownNameError: There is no such use or assignment.
            VerificationError: The ledger is not what was recorded.
        """
        from curate.audit.facts import Question
        from curate.audit.judge import judge
        from curate.audit.rules import ALL_RULES, RULESET_VERSION, check_waivers

        profile = self.use(use)
        check_waivers(self.config.waivers, where=str(self.workspace.config))
        moment = as_of or self.clock()
        chosen = tuple(ALL_RULES if rules is None else rules)
        told = {"use": use, "as_of": moment, "rules": [rule.code for rule in chosen]}
        told |= {} if assignment is None else {"assignment": assignment}
        question = Question(profile, self.config.purposes, moment, self.config.waivers)
        with self.workspace.writing(), self._record("audit", told) as record:
            # A ledger that someone changed must not clear anything.
            self.ledger.verify().demand(where=str(self.workspace.ledger))
            prepared, digest = self.reading.prepared(assignment=assignment)
            said = self.reading.statements(known_at=as_of)
            judged = judge(prepared, said, chosen, question)
            run_id = str(record["run_id"])
            findings = with_run(run_id, judged.findings)
            verdicts = with_run(run_id, judged.verdicts)
            self.catalog.append("findings", findings)
            self.catalog.append("verdicts", verdicts)
            result = Audited(run_id, profile, moment, findings, verdicts)
            record["counts"] = {**result.counts(), "findings": findings.num_rows}
            record["versions"] = {"ruleset": RULESET_VERSION, "policy": self.policy_digest()}
            record["inputs"] = joined_digest(digest, tables_digest(said))
        return result

    def lint_splits(
        self, *, by: Iterable[str] | None = None, assignment: str | None = None
    ) -> Lint:
        """Return what stands in two splits at once. See `curate.splitting.lint_splits`."""
        from curate.splits.kinds import kinds_of
        from curate.splitting import lint_splits

        kinds = None if by is None else kinds_of(by)
        return lint_splits(self.catalog, kinds=kinds, assignment=assignment)

    def split(
        self,
        plan: Plan,
        *,
        name: str = "split",
        extend: str | None = None,
        cut: bool = False,
        tolerance: float = 0.05,
    ) -> Made:
        """Make splits in which nothing that `plan` names crosses, and keep them as `name`.

        Splits that miss their shares by more than `tolerance` are not kept.

        Args:
            plan: What is wanted.
            name: What the assignment is called.
            extend: An assignment or a release whose entries stay where they are.
            cut: Leave out what must go for the shares to be met.
            tolerance: How far a split may be from its share, as a share of all.

        Raises:
            InputError: The name is taken by another assignment, or there is nothing to split.
        """
        from curate.splitting import check_name, keep_assignment, make_assignment

        told = {"name": name, "extend": extend, "cut": cut, **asdict(plan)}
        with self.workspace.writing(), self._record("split", told) as record:
            check_name(self.catalog, name, extend=extend)
            made, ids = make_assignment(self.catalog, plan, tolerance=tolerance, extend=extend)
            chosen = made.chosen(cut=cut)
            record["counts"] = {**chosen.sizes, "missed": chosen.missed, **chosen.left_out}
            if chosen.missed <= tolerance:
                rows = chosen.table(ids)
                keep_assignment(self.catalog, name, rows, run_id=str(record["run_id"]))
        return made

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
    ) -> Recalled:
        """Make the next release of a use, without what must go, and the feed that names it.

        Args:
            name: The new release's name; ``v`` and its version when None.
            subject: Whose withdrawal must have arrived in it; nobody's in particular when None.
            use: The use whose releases are called back.
            keys: What signs it and its feed.

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
        order = order_again(last, keys)
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
        from curate.release.build import check_name
        from curate.releasing import Issue, cleared
        from curate.safety.gate import check_gate

        check_name(name, self.workspace.releases)
        check_gate(self.workspace, self.catalog, self.clock())
        audited = self.audit(use=order.use, assignment=order.assignment)
        facts = self.facts(assignment=order.assignment)
        selection = cleared(facts, audited, order)
        days = self.config.supersede_days
        issue = Issue(name, order, audited, facts, self.catalog, self.ledger, self.clock(), days)
        return issue, selection

    def _issued(self, issue: Issue, selection: Selection) -> Release:
        from curate.release.build import Steps, build
        from curate.releasing import went_out
        from curate.report.bundle import late_documents

        name, audited = issue.name, issue.audited

        def documents(written: Written) -> dict[str, str | bytes]:
            inputs = self.report_inputs(audited, went_out(selection, written))
            return {**late_documents(inputs, written), **issue.documents(written)}

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
            kind: One of `curate.documenting.KINDS`.
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

        found = documents(kind, self._inputs_about(about))
        folder = self.workspace.reports
        written = [self._write_whole(folder / name, found[name]) for name in found]
        for name in [name for name in found if pdf and name.endswith(".html")]:
            place = (folder / name).with_suffix(".pdf")
            written.append(self._write_whole(place, pdf_of(found[name])))
        return written

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
        from curate.documenting import read_authored
        from curate.report.inputs import ReportInputs

        tables = {
            **self.facts(known_at=audited.as_of),
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
        )

    def use(self, name: str) -> UseProfile:
        """Return the use profile called `name`.

        Raises:
            UnknownNameError: `curate.toml` has none of that name.
        """
        if name not in self.config.uses:
            known = ", ".join(sorted(self.config.uses)) or "none"
            raise UnknownNameError(
                f"no use is called {name!r}",
                where=str(self.workspace.config),
                hint=f"uses are: {known}; add one under [uses.{name}]",
            )
        return self.config.uses[name]

    def policy_digest(self) -> str:
        """Return the SHA-256 of the settings that verdicts depend on."""
        text = json.dumps(
            {"uses": {k: asdict(v) for k, v in self.config.uses.items()},
             "purposes": self.config.purposes,
             "waivers": [asdict(waiver) for waiver in self.config.waivers]},
            sort_keys=True, default=str,
        )  # fmt: skip
        return hashlib.sha256(text.encode()).hexdigest()

    def facts(
        self, *, known_at: datetime | None = None, assignment: str | None = None
    ) -> dict[str, pa.Table]:
        """Return the tables an audit reads, each sorted by its key.

        Args:
            known_at: For statements: the instant whose knowledge counts; now when None.
            assignment: Splits that were made, in the place of those declared.
        """
        observed = self.reading.observations(assignment=assignment)
        return observed | self.reading.statements(known_at=known_at)

    def latest_audit(self, *, use: str | None = None, run_id: str | None = None) -> Audited:
        """Return the last audit that ran, of a use or with a run id when one is named.

        Raises:
            InputError: None has run yet.
            UnknownNameError: No audit has that run id.
        """
        return latest_audit(self.catalog, self.config.uses, use=use, run_id=run_id)

    def impact(self, subject: str) -> Impact:
        """Return what a withdrawal of `subject` would touch."""
        return self.reading.impact(subject)

    def withdraw(
        self, subject: str, *, effective_at: datetime | None = None, purpose: str | None = None
    ) -> Recorded:
        """Record that `subject` withdrew. See `curate.consent.withdrawal.withdrawal`.

        Args:
            subject: The subject's pseudonym.
            effective_at: From when it holds, in UTC; now when None.
            purpose: Withdraw from this purpose alone; from everything when None.

        Raises:
            UnknownNameError: No record or entry names the subject, or no purpose is called so.
        """
        depicted = subject in set(self.catalog.read("depictions")["subject_id"].to_pylist())
        return statements.withdraw(
            subject,
            self.ledger,
            self.config,
            effective_at=effective_at,
            purpose=purpose,
            depicted=depicted,
            now=self.clock(),
        )

    def erasure(self, subject: str) -> Erasure:
        """Return what an erasure of `subject` would destroy, and whether they asked for it."""
        from curate.releasing.erase import Erasure

        return Erasure(self.impact(subject), self.catalog, self.ledger, self.clock())

    def erase(
        self, subject: str, *, delete_files: bool = False, keys: Sequence[SigningKey] = ()
    ) -> tuple[Path, dict[str, Any]]:
        """Destroy what is held of a person who asked for it; return the receipt, and what it says.

        Args:
            subject: The subject's pseudonym.
            delete_files: Delete the files that show them, too.
            keys: What signs the receipt.

        Raises:
            InputError: Neither a withdrawal nor a request of theirs is on record.
            MissingKeyError: The vault's key is not where it should be.
        """
        from curate.model.instants import print_instant
        from curate.releasing.erase import receipt_bytes

        erasure = self.erasure(subject)
        erasure.check_asked()
        erasure.record("in_progress")
        sealed = any((self.workspace.vault / "keys").glob("*.key"))
        vault_keys = self.shred(subject) if sealed else 0
        before = {use: self.audit(use=use) for use in self.config.uses}
        releases, files = erasure.releases(), erasure.files()
        told = {"request": erasure.request_id}
        with self.workspace.writing(), self._record("consent erase", told) as record:
            gone = erasure.destroy()
            record["counts"] = gone["rows"]
            for path in files if delete_files else ():
                path.unlink()
        held = erasure.hold(before, {use: self.audit(use=use) for use in self.config.uses})
        erasure.record("fulfilled")
        left = [str(path) for path in files if not delete_files]
        said = {
            "request": erasure.request_id,
            "subject": subject,
            "erased_at": print_instant(erasure.now),
            "tool": TOOL,
            "destroyed": {
                **{name: gone[name] for name in ("rows", "ledger", "refused_contents")},
                "vault_keys": vault_keys,
                "files": [str(path) for path in files if delete_files],
            },
            "not_destroyed": {
                **{name: gone[name] for name in ("never_read", "refused_as_alike")},
                "files": left,
                "held": held,
                "releases": releases,
            },
        }
        # Asked for again, it goes on, or tells of what came since: no receipt replaces another.
        name = f"erasure-{erasure.request_id}-{erasure.now:%Y%m%dT%H%M%S%fZ}.json"
        place = self.workspace.root / "receipts" / name
        return self._write_whole(place, receipt_bytes(said, keys)), said

    def decide(
        self, locator: str, verdict: str, *, reviewer: str, reason: str, use: str = DEFAULT_USE
    ) -> str:
        """Record a reviewer's decision on one entry, and return its id.

        Args:
            locator: The entry's locator or id.
            verdict: ``cleared``, ``blocked``, or ``undecided`` to take a decision back.
            reviewer: Who decides. Clearing takes two.
            reason: Why.
            use: The use it is decided for.

        Raises:
            InputError: The entry is blocked, which no reviewer clears, or no audit has run.
            UnknownNameError: No entry is called that.
        """
        from curate.audit.explain import find_entry

        return statements.decide(
            find_entry(locator, self.facts()["entries"]),
            verdict,
            self.latest_audit(use=use),
            self.ledger,
            reviewer=reviewer,
            reason=reason,
            now=self.clock(),
        )

    @staticmethod
    def _write_whole(path: Path, data: str | bytes) -> Path:
        """Write a file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_name(f".{path.name}.partial")
        waiting.write_bytes(data.encode() if isinstance(data, str) else data)
        return waiting.replace(path)

    def _record(self, verb: str, parameters: dict[str, Any]) -> recorded:
        return recorded(self.catalog, self.clock, verb, parameters)
