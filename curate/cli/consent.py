"""`curate consent`: records of what people said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli import consent_export
from curate.cli.consent_verify import verify_command
from curate.cli.erase import erase_command
from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, table
from curate.cli.withdraw import withdraw_command

app = typer.Typer(no_args_is_help=True, help="Record and show what people said.")


@app.command("import")
def import_command(
    files: Annotated[
        list[Path], typer.Argument(help="CSV, TSV, JSON, JSON Lines, Parquet or TOML files.")
    ],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record consents, subjects or sources from files, each whole or not at all."""
    from curate.verbs.consent import import_statements

    context = open_context(workspace)
    found = {str(path): import_statements(context, path) for path in files}
    if as_json:
        say_json({path: one.entries for path, one in found.items()})
        return
    for path, one in found.items():
        counts = one.entries
        for text in one.notes:
            note(text)
        counted = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in counts.items() if n)
        say(f"{path}: recorded {counted or 'nothing new: everything in it was on record already'}")


@app.command("show")
def show_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a subject's consents and what happened to them.

    Raises:
        UnknownNameError: No record names the subject.
    """
    from curate.verbs.consent import records_of

    rows = records_of(open_context(workspace), subject)
    if as_json:
        say_json(rows)
        return
    for row in rows["subjects"]:
        say(f"{subject}: {row['subject_kind']}, minor when recorded: {row['is_minor_at_capture']}")
    for row in rows["consents"]:
        until = f" until {row['valid_until']:%Y-%m-%d}" if row["valid_until"] else ""
        roles, operations = (", ".join(row[k]) for k in ("roles_permitted", "operations"))
        say(f"consent {row['consent_id']}: {', '.join(row['purposes'])}{until}")
        say(f"  roles {roles}; operations {operations}")
    events = sorted(rows["consent_events"], key=lambda row: (row["effective_at"], row["event_id"]))
    told = [{**row, "effective_at": f"{row['effective_at']:%Y-%m-%d}"} for row in events]
    table(told, ["effective_at", "consent_id", "state", "indicated_by"])


app.command("withdraw")(withdraw_command)
app.command("erase")(erase_command)
app.command("verify")(verify_command)
app.add_typer(consent_export.app, name="export")
