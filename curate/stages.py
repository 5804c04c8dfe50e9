"""Which stages there are and what each needs: models are loaded only for stages that run."""

from __future__ import annotations

from dataclasses import replace
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
    ran = []
    for name in names:
        if name == "identity" and keeper is not None:
            ran.append(_kept_identity(pipeline, config, keeper))
        elif name == "labels":
            ran.append(_labels(pipeline, scores))
        elif name in _PLACED:
            ran.append(_PLACED[name](pipeline, config, place))
        else:
            ran.append(_STAGES[name](pipeline, config))
    return ran


def _probe(pipeline: Pipeline, config: Config) -> StageRun:
    from curate.media.refuse import refuse
    from curate.media.stage import probe_stage

    ran = pipeline.run(probe_stage(exact=config.exact))
    refused = refuse(pipeline.catalog)
    return replace(ran, notes={**ran.notes, "refused": refused}) if refused else ran


def _signals(pipeline: Pipeline, config: Config, place: Workspace) -> StageRun:
    from curate.catalog.views import read_entries
    from curate.signals.beside import beside_stage
    from curate.signals.stage import signals_stage
    from curate.signals.trust import read_anchors

    trust = read_anchors(config.trust, place.root)
    ran = pipeline.run(signals_stage(trust))
    beside = pipeline.run(beside_stage(read_entries(pipeline.catalog)))
    rows = {name: ran.rows.get(name, 0) + beside.rows.get(name, 0)
            for name in {**ran.rows, **beside.rows}}  # fmt: skip
    return replace(ran, done=ran.done + beside.done, rows=rows)


def _hashlists(pipeline: Pipeline, config: Config, place: Workspace) -> StageRun:
    from curate.safety.stage import hashlists_stage, lists_folder

    registered = any(lists_folder(place).glob("*.bin"))
    if not registered and not pipeline.catalog.count("hash_checks"):
        return StageRun("hashlists", 0, {})
    return pipeline.run(hashlists_stage(place, config))


def _dedup(pipeline: Pipeline, config: Config) -> StageRun:
    from curate.dedup.stage import dedup_stage

    stage = dedup_stage(radius=config.radius, min_quality=config.min_quality, turned=config.turned)
    return pipeline.run(stage)


def _faces(pipeline: Pipeline, config: Config) -> StageRun:
    from curate.faces.analyzer import load
    from curate.faces.stage import faces_stage

    spec = _analyzer(config)
    model = load(spec).info
    ran = pipeline.run(faces_stage(spec, model.model_id))
    terms = {"model": model.model_id, "licence": model.licence}
    return replace(ran, notes={**terms, "non_commercial": model.non_commercial})


def _identity(pipeline: Pipeline, config: Config) -> StageRun:
    from curate.faces.analyzer import load
    from curate.faces.stage import embed_stage
    from curate.identity.stage import identity_stage

    spec = _analyzer(config)
    model = load(spec).info
    stage = identity_stage(
        model_id=model.model_id,
        default_threshold=model.default_threshold,
        default_strict=model.default_strict,
        default_basis=model.threshold_basis,
        false_match_rate=config.false_match_rate,
    )
    # Embeddings are not kept: those that this run did not make are made again, if needed at all.
    if pipeline.is_current(stage):
        return StageRun(stage.name, 0, {})
    pipeline.run(embed_stage(spec, model.model_id))
    return pipeline.run(stage)


def _kept_identity(pipeline: Pipeline, config: Config, keeper: Keeper) -> StageRun:
    """Run the identity stage on what is kept and what is not, and keep it all."""
    from curate.faces.analyzer import load
    from curate.faces.stage import embed_stage

    spec = _analyzer(config)
    model_id = load(spec).info.model_id
    pipeline.memory += keeper.recalled(model_id)
    pipeline.run(embed_stage(spec, model_id))
    ran = _identity(pipeline, config)
    kept = keeper.keep(pipeline.embeddings(), model_id)
    return replace(ran, notes={**ran.notes, "kept": kept})


def _analyzer(config: Config) -> AnalyzerSpec:
    from curate.faces.analyzer import AnalyzerSpec

    return AnalyzerSpec(kind=config.analyzer, path=config.model, threads=1)  # type: ignore[arg-type]


def _labels(pipeline: Pipeline, scores: pa.Table | None) -> StageRun:
    from curate.labels.looks_stage import looks_stage
    from curate.labels.stage import labels_stage

    pipeline.run(looks_stage())
    return pipeline.run(labels_stage(scores))


_STAGES = {
    "probe": _probe,
    "faces": _faces,
    "identity": _identity,
    "dedup": _dedup,
}
# Those that read more of a workspace than its tables.
_PLACED = {"hashlists": _hashlists, "signals": _signals}
