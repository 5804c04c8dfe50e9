"""Verbs that fill a workspace: listing, statements, stages and splits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate import statements
from curate.api.places import HASHING, STAGES, Places
from curate.catalog.views import create_entries
from curate.errors import InputError, UnknownNameError
from curate.pipeline import Pipeline, StageRun
from curate.statements import Recorded

if TYPE_CHECKING:
    from curate.ingest.run import Ingested
    from curate.splits.assign import Plan
    from curate.splits.lint import Lint
    from curate.splits.maker import Made


@dataclass
class Making(Places):
    """Fills a workspace."""

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
        hash_only: bool = False,
    ) -> list[StageRun]:
        """Run what the named stages still have to do, in their order.

        Args:
            stages: Names of stages.
            jobs: Worker processes; 0 for one per processor.
            exact: Probe by decoding pictures whole, whatever `curate.toml` says.
            keep_embeddings: Keep those of identities in the vault, and use what is kept there.
            scores: A file with your own classifier's scores, by which the stage `labels` doubts
                labels in this run; see docs/labels.md.
            hash_only: Decode for nothing but hashes, and hold these against lists, whatever
                `curate.toml` says.

        Raises:
            UnknownNameError: There is no such stage.
            InputError: Only hashes are to be made, and a stage was named that looks at pictures.
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
        if hash_only or self.config.hash_only:
            wanted = _hashing(wanted)
        brought = None if scores is None else self._scores(Path(scores), wanted)
        with self.workspace.writing():
            self.heed()
            pipeline = Pipeline(self.catalog, self.clock, jobs, self.progress)
            config = replace(self.config, exact=exact or self.config.exact)
            keeper = self.keeper() if keep_embeddings else None
            names = [stage for stage in STAGES if stage in wanted]
            return run_stages(pipeline, self.workspace, config, names, keeper, scores=brought)

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

    def entry_states(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many entries are in each state, and how many unreadable for each reason."""
        connection = self.catalog.connect("media", "sightings")
        create_entries(connection)
        counted = "SELECT {}, count(*) FROM entries {} GROUP BY 1 ORDER BY 1"
        states = connection.execute(counted.format("state", "")).fetchall()
        unread = counted.format("reason", "WHERE state = 'unreadable'")
        return dict(states), dict(connection.execute(unread).fetchall())

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


def _hashing(wanted: set[str]) -> set[str]:
    """Return those stages that decode for nothing but hashes."""
    others = sorted(wanted - set(HASHING))
    if others and wanted != set(STAGES):
        raise InputError(
            f"only hashes are to be made, and {others[0]!r} looks at more",
            hint="name no stage, or take hash_only out of curate.toml",
        )
    return wanted & set(HASHING)
