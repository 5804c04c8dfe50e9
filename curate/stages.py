"""Which stages there are and what each needs: models are loaded only for stages that run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from curate.model.config import Config
from curate.pipeline import Pipeline, StageRun

if TYPE_CHECKING:
    import pyarrow as pa

    from curate.faces.analyzer import AnalyzerSpec
    from curate.keeping import Keeper
    from curate.workspace import Workspace


def run_stages(
    pipeline: Pipeline,
    place: Workspace,
    config: Config,
    names: list[str],
    keeper: Keeper | None = None,
    *,
    scores: pa.Table | None = None,
) -> list[StageRun]:
    """Run the named stages in the order given; what is not pending is skipped.

    Args:
        pipeline: Runs them.
        place: The workspace.
        config: The settings.
        names: Names of stages.
        keeper: Keeps embeddings once the identity stage knows whose they are.
        scores: A user's own scores for the labels stage; see `labels_stage`.

    Raises:
        DependencyError: A package or model that a stage needs is missing.
    """
    run = _Run(pipeline, config, place, keeper, scores)
    return [_STAGES[name](run) for name in names]


@dataclass(frozen=True)
class _Run:
    """What the stages of one run work with."""

    pipeline: Pipeline
    config: Config
    place: Workspace
    keeper: Keeper | None
    scores: pa.Table | None


def _probe(run: _Run) -> StageRun:
    from curate.media.refuse import refuse
    from curate.media.stage import probe_stage
    from curate.safety.stage import listed_bytes

    listed = listed_bytes(run.place, run.config)
    ran = run.pipeline.run(probe_stage(exact=run.config.exact, listed=listed))
    refused = refuse(run.pipeline.catalog)
    return replace(ran, notes={**ran.notes, "refused": refused}) if refused else ran


def _signals(run: _Run) -> StageRun:
    from curate.catalog.views import read_entries
    from curate.signals.beside import beside_stage
    from curate.signals.stage import signals_stage
    from curate.signals.trust import read_anchors

    trust = read_anchors(run.config.trust, run.place.root)
    ran = run.pipeline.run(signals_stage(trust))
    beside = run.pipeline.run(beside_stage(read_entries(run.pipeline.catalog)))
    rows = {name: ran.rows.get(name, 0) + beside.rows.get(name, 0)
            for name in {**ran.rows, **beside.rows}}  # fmt: skip
    return replace(ran, done=ran.done + beside.done, rows=rows)


def _hashlists(run: _Run) -> StageRun:
    from curate.safety.seal import seal_matches
    from curate.safety.stage import hashlists_stage

    registered = any(run.place.lists.glob("*.bin"))
    if not registered and not run.pipeline.catalog.count("hash_checks"):
        return StageRun("hashlists", 0, {})
    ran = run.pipeline.run(hashlists_stage(run.place, run.config))
    done = seal_matches(run.place, run.config, run.pipeline.clock())
    return replace(ran, notes={**ran.notes, **asdict(done)})


def _dedup(run: _Run) -> StageRun:
    from curate.dedup.stage import dedup_stage

    config = run.config
    stage = dedup_stage(radius=config.radius, min_quality=config.min_quality, turned=config.turned)
    return run.pipeline.run(stage)


def _faces(run: _Run) -> StageRun:
    from curate.faces.analyzer import load
    from curate.faces.stage import faces_stage

    spec = _analyzer(run.config)
    model = load(spec).info
    ran = run.pipeline.run(faces_stage(spec, model.model_id))
    terms = {"model": model.model_id, "licence": model.licence}
    return replace(ran, notes={**terms, "non_commercial": model.non_commercial})


def _identity(run: _Run) -> StageRun:
    from curate.faces.analyzer import load
    from curate.faces.stage import embed_stage
    from curate.identity.stage import identity_stage

    spec = _analyzer(run.config)
    model = load(spec).info
    pipeline, keeper = run.pipeline, run.keeper
    stage = identity_stage(
        model_id=model.model_id,
        default_threshold=model.default_threshold,
        default_strict=model.default_strict,
        default_basis=model.threshold_basis,
        false_match_rate=run.config.false_match_rate,
    )
    if keeper is not None:
        pipeline.memory += keeper.recalled(model.model_id)
    # Embeddings that nobody keeps and this run did not make are made again, if needed at all.
    current = pipeline.is_current(stage)
    if keeper is not None or not current:
        pipeline.run(embed_stage(spec, model.model_id))
    ran = StageRun(stage.name, 0, {}) if current else pipeline.run(stage)
    if keeper is None:
        return ran
    kept = keeper.keep(pipeline.embeddings(), model.model_id)
    return replace(ran, notes={**ran.notes, "kept": kept})


def _analyzer(config: Config) -> AnalyzerSpec:
    from curate.faces.analyzer import AnalyzerSpec

    return AnalyzerSpec(kind=config.analyzer, path=config.model, threads=1)  # type: ignore[arg-type]


def _labels(run: _Run) -> StageRun:
    from curate.labels.looks_stage import looks_stage
    from curate.labels.stage import labels_stage

    run.pipeline.run(looks_stage())
    return run.pipeline.run(labels_stage(run.scores))


_STAGES = {
    "probe": _probe,
    "hashlists": _hashlists,
    "signals": _signals,
    "faces": _faces,
    "identity": _identity,
    "dedup": _dedup,
    "labels": _labels,
}
