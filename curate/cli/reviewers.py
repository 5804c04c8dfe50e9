"""`curate review reviewers`: who clears, on a register."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, table
from curate.model.instants import print_instant

app = typer.Typer(
    no_args_is_help=True,
    help="The register of reviewers: two of these people clear what needs review.",
)
IdArgument = Annotated[str, typer.Argument(help="The name they decide under.")]
_COLUMNS = ["id", "name", "key", "since", "until"]


@app.command("add")
def add_command(
    reviewer_id: IdArgument,
    name: Annotated[str, typer.Option("--name", help="The person's name.")],
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="Their public key: a PEM file, or a name of yours. Needed where the use's "
            "audience is wider than internal.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a person on the register.

    Raises:
        InputError: They are on it already, or another person has the id, the name or the key.
    """
    from curate.signing import KeyHome
    from curate.verbs.reviewers import add_reviewer

    context = open_context(workspace)
    public = None if key is None else KeyHome().public_key(key)
    row = add_reviewer(context, reviewer_id, name=name, key=public)
    if as_json:
        say_json(_told(row))
        return
    say(f"{row['reviewer_id']}: {row['name']} is on the register")
    if public is None:
        note("without a key they clear for internal use only")


@app.command("list")
def list_command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List who is on the register, and who was."""
    from curate.verbs.reviewers import register

    rows = [_told(row) for row in register(open_context(workspace))]
    if as_json:
        say_json(rows)
    elif rows:
        table([{**row, "key": (row["key"] or "")[:16]} for row in rows], _COLUMNS)
    else:
        say("nobody is on the register; `curate review reviewers add ID --name NAME` adds somebody")


@app.command("remove")
def remove_command(reviewer_id: IdArgument, workspace: WorkspaceOption = None) -> None:
    """Take a person off the register from now on; what they decided before remains.

    Raises:
        UnknownNameError: They are not on it.
    """
    from curate.verbs.reviewers import remove_reviewer

    row = remove_reviewer(open_context(workspace), reviewer_id)
    say(f"{row['reviewer_id']}: {row['name']} is off the register; what they decided remains")


def _told(row: dict[str, Any]) -> dict[str, str | None]:
    until = row.get("removed_at")
    return {
        "id": row["reviewer_id"],
        "name": row["name"],
        "key": row.get("key_id"),
        "since": print_instant(row["registered_at"]),
        "until": None if until is None else print_instant(until),
    }
