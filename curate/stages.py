"""Which stages there are and what each needs: models are loaded only for stages that run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from curate.model.config import Config
from curate.pipeline import Pipeline, StageRun

if TYPE_CHECKING:
    from curate.faces.analyzer import AnalyzerSpec


def run_stages(pipeline: Pipeline, config: Config, names: list[str]) -> list[StageRun]:
    """Run the named stages in the order given; what is not pending is skipped.

    Raises:
        DependencyError: A package or model that a stage needs is missing.
    """
    return [_STAGES[name](pipeline, config) for name in names]


def _probe(pipeline: Pipeline, config: Config) -> StageRun:
    from curate.media.stage import probe_stage

    return pipeline.run(probe_stage(exact=config.exact))


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
    if not pipeline.is_current(stage):
        pipeline.run(embed_stage(spec, model.model_id))
    return pipeline.run(stage)


def _analyzer(config: Config) -> AnalyzerSpec:
    from curate.faces.analyzer import AnalyzerSpec

    return AnalyzerSpec(kind=config.analyzer, path=config.model, threads=1)  # type: ignore[arg-type]


_STAGES = {"probe": _probe, "faces": _faces, "identity": _identity, "dedup": _dedup}
