"""`curate init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.output import say


def command(
    workspace: Annotated[Path, typer.Argument(help="The folder to make it in.")] = Path(),
) -> None:
    """Make a workspace: a folder with curate.toml, a catalogue and a ledger."""
    from curate.verbs.init import init

    context = init(workspace)
    say(f"made a workspace in {context.workspace.root}")
    say("next: curate ingest PATH, curate consent import FILE, curate run, curate audit")
