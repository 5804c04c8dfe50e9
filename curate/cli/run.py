"""`curate run`: do what the stages still have to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.cli.options import JobsOption, JsonOption, WorkspaceOption
from curate.cli.output import open_project, say, say_json, showing_progress, tell


def command(
    stages: Annotated[
        list[str] | None,
        typer.Argument(
            help="probe, hashlists, signals, faces, identity, dedup, labels; all when left out."
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Probe: decode pictures whole, not at a smaller scale.")
    ] = False,
    keep_embeddings: Annotated[
        bool,
        typer.Option(
            "--keep-embeddings",
            help="Identity: keep embeddings in the vault, sealed per subject, and use those kept.",
        ),
    ] = False,
    scores: Annotated[
        Path | None,
        typer.Option(
            "--scores",
            help="Labels: doubt labels by these out-of-fold scores (CSV, Parquet: media_id or "
            "locator, fake) and not by the look of pictures.",
        ),
    ] = None,
    hash_only: Annotated[
        bool,
        typer.Option(
            "--hash-only",
            help="Decode for nothing but hashes, and hold these against hash lists.",
        ),
    ] = False,
    jobs: JobsOption = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the stages that have work. A run that was stopped goes on where it was."""
    from curate.api import STAGES

    project = open_project(workspace)
    with showing_progress(project):
        ran = project.run(
            stages or STAGES,
            jobs=jobs,
            exact=exact,
            keep_embeddings=keep_embeddings,
            scores=scores,
            hash_only=hash_only,
        )
    if as_json:
        say_json([asdict(one) for one in ran])
        return
    for one in ran:
        if one.notes.get("non_commercial"):
            tell(f"licence of {one.notes['model']}: {one.notes['licence']}")
        rows = ", ".join(f"{count:,} {name}" for name, count in one.rows.items())
        say(f"{one.stage}: {rows}" if one.done else f"{one.stage}: nothing to do")
        if one.notes.get("chains_split"):
            say(f"  {one.notes['chains_split']:,} chains of look-alikes were split into groups")
        if one.notes.get("people_apart"):
            say(f"  {one.notes['people_apart']:,} groups of look-alikes showed different people")
        if "kept" in one.notes:
            say(f"  {one.notes['kept']:,} embeddings kept in the vault, sealed")
        if one.done and "threshold" in one.notes:
            say(f"  {one.notes['identities']:,} identities at cosine {one.notes['threshold']}: "
                f"{one.notes['note']}")  # fmt: skip
        if "matched" in one.notes:
            _tell_of_lists(one.notes)
        if one.stage == "labels":
            _tell_of_labels(one.notes)


def _tell_of_lists(notes: Mapping[str, Any]) -> None:
    """Tell what is on the hash lists: counts, and listed hashes that say nothing."""
    say(f"  {notes['matched']:,} match, {notes['near']:,} near, "
        f"{notes['not_checkable']:,} not checkable, against {notes['lists']:,} lists")  # fmt: skip
    for flood in notes["floods"]:
        tell(f"this hash matches far too much: {flood}")


def _tell_of_labels(notes: Mapping[str, Any]) -> None:
    for told, note in notes.items():
        say(f"  {told}: {note}")
