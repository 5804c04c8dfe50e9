"""`curate run`: do what the stages still have to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import JobsOption, JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, showing_progress
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.engine.pipeline import StageRun
    from curate.verbs.context import Context


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
    from curate.verbs.run import run

    context = open_context(workspace)
    with showing_progress(context):
        ran = run(
            context,
            stages or None,
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
        _print(context, one)


def _print_loose(count: int, names: list[str]) -> None:
    """Print which files beside media belong to no entry."""
    more = f" and {count - len(names):,} more" if count > len(names) else ""
    verb = "file beside media belongs" if count == 1 else "files beside media belong"
    say(f"  {count:,} {verb} to no entry; restrictions in them concern the whole folder:")
    say(f"    {', '.join(names)}{more}")


def _print(context: Context, one: StageRun) -> None:
    """Print what a stage did."""
    notes = one.notes
    if "left_out" in notes:
        say(f"{one.stage}: left out: {notes['left_out']}")
        return
    if notes.get("non_commercial"):
        note(f"licence of {notes['model']}: {notes['licence']}")
    rows = ", ".join(f"{count:,} {name}" for name, count in one.rows.items())
    say(f"{one.stage}: {rows}" if one.done else f"{one.stage}: nothing to do")
    _print_changed(notes.get("changed_in_place", 0))
    if notes.get("chains_split"):
        say(f"  {notes['chains_split']:,} chains of look-alikes were split into groups")
    if notes.get("people_apart"):
        say(f"  {notes['people_apart']:,} groups of look-alikes showed different people")
    if "kept" in notes:
        say(f"  {notes['kept']:,} embeddings kept in the vault, sealed")
    if one.done and "threshold" in notes:
        say(f"  {notes['identities']:,} identities at cosine {notes['threshold']}: {notes['note']}")
        _print_misses(notes)
    if loose := notes.get("beside_no_entry"):
        _print_loose(loose, notes["beside_no_entry_names"])
    if one.stage == "hashlists":
        _print_lists(context, notes)
    if one.stage == "labels":
        _print_labels(notes)


def _print_changed(count: int) -> None:
    """Print how many files were not as they were listed."""
    if count:
        say(f"  {counted(count, 'file')} changed in place since the last listing, and "
            f"{verb(count, 'was', 'were')} read again")  # fmt: skip


def _print_misses(notes: Mapping[str, Any]) -> None:
    """Print how often pairs of one person's faces are missed, or that it is not known."""
    rate, pairs = notes["fnmr"], notes["mated_pairs"]
    if rate is None:
        say("  false non-match rate not known: too few people are declared with two faces")
        return
    low, high = notes["fnmr_interval"]
    say(f"  false non-match rate {rate:.2g} ({low:.2g} to {high:.2g}) over {pairs:,} mated pairs "
        f"of faces, of {notes['mated_people']:,} people")  # fmt: skip


def _print_lists(context: Context, notes: Mapping[str, Any]) -> None:
    """Print what is on the hash lists: counts, hashes that say nothing, and what is sealed."""
    if "matched" in notes:
        found, near, unclear = notes["matched"], notes["near"], notes["not_checkable"]
        say(f"  {found:,} match, {near:,} near, {unclear:,} not checkable, "
            f"against {counted(notes['lists'], 'list')}")  # fmt: skip
        for kind, asked in notes["kinds"].items():
            say(f"  {kind}: asked of {asked:,} of {counted(notes['contents'], 'content')}")
        for flood in notes["floods"]:
            note(f"this hash matches far too much: {flood}")
    if "sealed" in notes:
        _print_seals(context, notes)


_NO_OFFICER = "nothing is sealed: no safety officer's key is named in curate.toml under [safety]"


def _print_seals(context: Context, notes: Mapping[str, Any]) -> None:
    """Print what was sealed, or that nothing can be, and what to do."""
    from curate.cli.seal import print_sealed
    from curate.verbs.seal import runbook_of_matches

    seals = {name: notes[name] for name in ("sealed", "in_place", "left", "problems", "beside")}
    if notes["sealed"] or notes["in_place"]:
        say(f"  {len(notes['sealed']):,} sealed, {len(notes['in_place']):,} left in place")
    print_sealed(context, seals)
    if notes.get("matched") and not context.config.officer:
        lines = runbook_of_matches(context)
        for line in (_NO_OFFICER, *lines) if lines else ():
            note(line)


def _print_labels(notes: Mapping[str, Any]) -> None:
    for name, text in notes.items():
        say(f"  {name}: {text}")
