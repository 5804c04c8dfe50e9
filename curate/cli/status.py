"""`curate status`: what the workspace holds and what is left to do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_project, say, say_json, table


def command(
    rejections: Annotated[
        bool, typer.Option("--rejections", help="List rows and files that became no entry.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the workspace holds: rows by table, and the ledger's root."""
    from curate.schema import table_names

    project = open_project(workspace)
    if rejections:
        rows = project.catalog.read("rejections").to_pylist()
        say_json(rows) if as_json else table(rows, ["dataset", "place", "reason", "detail"])
        return
    counts: dict[str, Any] = {name: project.catalog.count(name) for name in table_names("delta")}
    counts |= {name: project.ledger.read(name).num_rows for name in table_names("ledger")}
    states, reasons = project.entry_states()
    recorded, root = project.ledger.root()
    if as_json:
        ledger = {"entries": recorded, "root": root}
        say_json({"rows": counts, "entries": states, "unreadable": reasons, "ledger": ledger})
        return
    table([{"table": name, "rows": counts[name]} for name in sorted(counts)], ["table", "rows"])
    say(f"entries: {_counted({_STATES[name]: count for name, count in states.items()})}")
    if reasons:
        say(f"unreadable: {_counted(reasons)}")
    say(f"ledger: {recorded:,} entries, root {root}")


_STATES = {
    "missing": "missing",
    "present": "readable",
    "sealed": "sealed",
    "unreadable": "unreadable",
    "unseen": "not opened yet",
}


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
