"""`curate consent`: records of what people said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import consent_export
from curate.cli.consent_verify import verify_command
from curate.cli.erase import erase_command
from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import counts_of, note, open_context, say, say_json, table
from curate.cli.withdraw import withdraw_command
from curate.model.instants import print_instant

if TYPE_CHECKING:
    from curate.verbs.context import Context

app = typer.Typer(no_args_is_help=True, help="Record and show what people said.")


@app.command("import")
def import_command(
    files: Annotated[
        list[Path], typer.Argument(help="CSV, TSV, JSON, JSON Lines, Parquet or TOML files.")
    ],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record consents, subjects or sources from files: all of them, or none where one is wrong."""
    from curate.verbs.consent import import_files

    context = open_context(workspace)
    found = import_files(context, files)
    if as_json:
        say_json({path: one.entries for path, one in found.items()})
        return
    for path, one in found.items():
        for text in one.notes:
            note(text)
        said = counts_of(one.entries)
        say(f"{path}: recorded {said or 'nothing new: everything in it was on record already'}")


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

    context = open_context(workspace)
    rows = records_of(context, subject)
    if as_json:
        say_json(rows)
        return
    for row in rows["merges"]:
        ends = f"{row['subject_id']} and {row['other_subject_id']}"
        if row["state"] == "parted":
            say(f"{ends} were parted by {', '.join(row['parted_by'])}")
        else:
            say(f"{ends} are one person, by {', '.join(row['merged_by'])}: what restricts one "
                "restricts the other")  # fmt: skip
    for row in rows["requests"]:
        _show_request(context, row)
    for row in rows["subjects"]:
        say(
            f"{row['subject_id']}: {row['subject_kind']}, minor when recorded: "
            f"{row['is_minor_at_capture']}"
        )
    for row in rows["consents"]:
        until = f" until {row['valid_until']:%Y-%m-%d}" if row["valid_until"] else ""
        roles, operations = (", ".join(row[k]) for k in ("roles_permitted", "operations"))
        say(f"consent {row['consent_id']}: {', '.join(row['purposes'])}{until}")
        say(f"  roles {roles}; operations {operations}")
    events = sorted(rows["consent_events"], key=lambda row: (row["effective_at"], row["event_id"]))
    told = [{**row, "effective_at": f"{row['effective_at']:%Y-%m-%d}"} for row in events]
    if told:
        table(told, ["effective_at", "consent_id", "state", "indicated_by"])


def _show_request(context: Context, row: dict[str, Any]) -> None:
    """Print a request of a person, and of an erasure what became of it."""
    from curate.model.ids import erasure_request_id
    from curate.verbs.consent import receipts_of
    from curate.verbs.gaps import unfinished_erasure

    who = row["subject_id"]
    if row["request_id"] != erasure_request_id(who):
        until = f", closed on {row['closed_at']:%Y-%m-%d}" if row["closed_at"] else ""
        say(f"request {row['request_id']}: {row['kind']}, received on "
            f"{row['received_at']:%Y-%m-%d}, {row['state'].replace('_', ' ')}{until}")  # fmt: skip
    elif row["state"] != "fulfilled":
        say(unfinished_erasure(row))
    else:
        say(f"{who} was erased at {print_instant(row['closed_at'])}: no consent of theirs is kept, "
            "and what shows them is refused")  # fmt: skip
        for path in receipts_of(context, row["request_id"]):
            say(f"receipt: {path}")


app.command("withdraw")(withdraw_command)
app.command("erase")(erase_command)
app.command("verify")(verify_command)
app.add_typer(consent_export.app, name="export")
