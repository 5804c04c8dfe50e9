"""`curate decide`: a reviewer's word on one entry."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import UseOption, WorkspaceOption
from curate.cli.output import open_project, say
from curate.workspace import DEFAULT_USE


def command(
    locator: Annotated[str, typer.Argument(help="The entry's locator or id.")],
    verdict: Annotated[
        str, typer.Argument(help="cleared, blocked, or undecided to take a decision back.")
    ],
    by: Annotated[str, typer.Option("--by", help="The reviewer's name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    use: UseOption = DEFAULT_USE,
    workspace: WorkspaceOption = None,
) -> None:
    """Decide an entry that needs review. Clearing takes two reviewers and the same evidence."""
    project = open_project(workspace)
    project.decide(locator, verdict, reviewer=by, reason=reason, use=use)
    say(f"recorded: {by} says {verdict}")
    say("it counts from the next `curate audit` on, while the evidence stays what it is")
