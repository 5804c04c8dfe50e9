"""`curate report`: write a document on the last audit."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_project, say, say_json


def command(
    kind: Annotated[str, typer.Argument(help="audit or datasheet.")],
    use: Annotated[
        str | None, typer.Option("--use", help="The use whose last audit it is about.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a document on the last audit into the workspace's reports."""
    written = open_project(workspace).report(kind, use=use)
    if as_json:
        say_json([str(path) for path in written])
        return
    for path in written:
        say(f"wrote {path}")
