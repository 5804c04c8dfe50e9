"""`curate init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.output import note, say


def command(
    workspace: Annotated[Path, typer.Argument(help="The folder to make it in.")] = Path(),
    old: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Go on from this workspace: its ledger, settings, keys and the record of what "
            "went out come along; the catalogue is made again.",
        ),
    ] = None,
) -> None:
    """Make a workspace: a folder with curate.toml, a catalogue and a ledger."""
    from curate.verbs.init import continue_from, init

    if old is None:
        context = init(workspace)
        say(f"made a workspace in {context.workspace.root}")
        say("next: curate ingest PATH, curate consent import FILE, curate run, curate audit")
        return
    context = continue_from(workspace, old)
    size, _ = context.ledger.root()
    releases = len(context.record.releases())
    say(f"made a workspace in {context.workspace.root} that continues {old}")
    say(f"its ledger has {size:,} {'entry' if size == 1 else 'entries'}, and {releases:,} "
        f"{'release is' if releases == 1 else 'releases are'} on record")  # fmt: skip
    note(f"{old} can be read and no longer written to; sealed files and kept embeddings stay there")
    note("check paths in curate.toml: they are as they were")
    say("next: curate ingest PATH for each dataset, curate run, curate audit")
