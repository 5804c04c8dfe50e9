"""`curate status`: what the workspace holds and what is left to do."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json, table


def command(
    rejections: Annotated[
        bool, typer.Option("--rejections", help="List rows and files that became no entry.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the workspace holds: rows by table, and the ledger's root."""
    from curate.verbs import status

    context = open_context(workspace)
    if rejections:
        rows = status.rejections(context)
        say_json(rows) if as_json else table(rows, ["dataset", "place", "reason", "detail"])
        return
    found = status.status(context)
    if as_json:
        ledger = {"entries": found.ledger_entries, "root": found.ledger_root}
        say_json({"rows": found.rows, "entries": found.entries, "unreadable": found.unreadable,
                  "ledger": ledger, "gaps": list(found.gaps)})  # fmt: skip
        return
    rows = [{"table": name, "rows": found.rows[name]} for name in sorted(found.rows)]
    table(rows, ["table", "rows"])
    say(f"entries: {_counted({_STATES[name]: n for name, n in found.entries.items()})}")
    if found.unreadable:
        say(f"unreadable: {_counted(found.unreadable)}")
    say(f"ledger: {found.ledger_entries:,} entries, root {found.ledger_root}")
    for gap in found.gaps:
        say(f"warning: {gap}")


_STATES = {
    "missing": "missing",
    "present": "readable",
    "sealed": "sealed",
    "unreadable": "unreadable",
    "unseen": "not opened yet",
}


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
