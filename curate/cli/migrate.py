"""`curate migrate`: show what a newer format asks for, ask once, and bring the workspace up."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, say, say_json
from curate.errors import InputError


def command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Go on although tables that held the record are gone."),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a workspace that an older version wrote up to this version's format.

    A copy of it is made first, under backups/. A migration that was stopped goes on when it is
    run again.
    """
    from curate.verbs.migrate import migrate, plan_migration
    from curate.workspace import find

    place = find(workspace)
    plan = plan_migration(place)
    needed = bool(plan.lines)
    if needed and not dry_run and as_json and not yes:
        raise InputError("--json does not ask", hint="add --yes to migrate, or --dry-run to look")
    if not as_json:
        _show(plan.start, plan.end, plan.lines, resumed=plan.resumed)
    for sentence in plan.lost:
        note(f"lost: {sentence}")
    if needed and not dry_run:
        asks = not as_json and not yes and (accept_loss or not plan.lost)
        if asks and not typer.confirm("Migrate the workspace?"):
            raise typer.Abort
        plan = migrate(place, accept_loss=accept_loss)
    if as_json:
        say_json({"from": plan.start, "to": plan.end, "lines": plan.lines, "lost": plan.lost,
                  "backup": None if plan.backup is None else str(plan.backup),
                  "done": needed and not dry_run})  # fmt: skip
    elif needed and not dry_run:
        say(f"done: the workspace has format {plan.end}")
        note(f"a copy of it as it was is in {plan.backup}; remove it when all is well")
        note("an erasure removes such copies too")


def _show(start: int, end: int, lines: tuple[str, ...], *, resumed: bool) -> None:
    if not lines:
        say(f"the workspace has format {end}, which is this version's: nothing is to do")
        return
    say(f"from format {start} to format {end}" + (" (interrupted; it goes on)" if resumed else ""))
    for line in lines:
        say(f"  {line}")
