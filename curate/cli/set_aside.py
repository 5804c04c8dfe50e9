"""`curate set-aside`: let nothing go by a run that a clock which was ahead dated in the future."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json


def command(
    run_id: Annotated[str, typer.Argument(help="The run, as the error names it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")],
    by: Annotated[str, typer.Option("--by", help="Who decides it.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a run aside that a clock which was ahead dated in the future, so that work can go on.

    Check the clock first: where the run is right and the clock is behind, the last withdrawals
    would not be known. Who set it aside, and why, is recorded; nothing of the run is removed.
    """
    from curate.verbs.set_aside import set_aside

    said = set_aside(open_context(workspace), run_id, reason=reason, by=by)
    if as_json:
        say_json(said)
        return
    say(f"set aside and recorded: {run_id}; what it wrote stays, and nothing goes by it")
