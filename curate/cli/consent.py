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
from curate.errors import InputError
from curate.model.instants import print_instant
from curate.model.plural import counted

if TYPE_CHECKING:
    from curate.verbs.context import Context

app = typer.Typer(no_args_is_help=True, help="Record and show what people said.")


@app.command("import")
def import_command(
    files: Annotated[
        list[Path], typer.Argument(help="CSV, TSV, JSON, JSON Lines, Parquet or TOML files.")
    ],
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            help="Leave out the rows of tables that are wrong, and list them. Of a person of whom "
            "a row is wrong, only rows that take something back are recorded.",
        ),
    ] = False,
    supersede: Annotated[
        str | None,
        typer.Option(
            "--supersede",
            metavar="REASON",
            help="Let statements take the place of those on record that permit less, and keep "
            "the reason.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record consents, subjects or sources from files: all of them, or none where one is wrong.

    Raises:
        InputError: A file is wrong, or would permit more than what stands under the same id; or
            --supersede has no reason.
    """
    from curate.verbs.statements import import_files

    if supersede is not None and not supersede.strip():
        raise InputError("nobody says why", where="--supersede", hint="give a reason")
    context = open_context(workspace)
    found = import_files(context, files, partial=partial, supersede=(supersede or "").strip())
    if as_json:
        say_json({path: {**one.entries, "left_out": [str(e) for e in one.left_out]} if partial
                  else one.entries for path, one in found.items()})  # fmt: skip
        return
    for path, one in found.items():
        for text in one.notes:
            note(text)
        for error in one.left_out:
            note(str(error))
        if one.left_out:
            rows = len({error.where for error in one.left_out})
            note(f"{path}: {counted(rows, 'row')} left out")
        nothing = "nothing new: everything in it was on record already" if not one.left_out else (
            "nothing new of the other rows: they were on record already"
        )  # fmt: skip
        say(f"{path}: recorded {counts_of(one.entries) or nothing}")


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
        _show_consent(row)
    events = sorted(rows["consent_events"], key=lambda row: (row["effective_at"], row["event_id"]))
    if events:
        table([_shown(row) for row in events],
              ["effective_at", "event_id", "state", "indicated_by"])  # fmt: skip
    for row in events:
        if row["annulled_at"] is not None:
            say(f"{row['event_id']} was recorded by mistake, and annulled at "
                f"{print_instant(row['annulled_at'])} by {' and '.join(row['annulled_by'])}: "
                f"{row['annulled_reason']}")  # fmt: skip


def _show_consent(row: dict[str, Any]) -> None:
    """Print what a record grants."""
    until = f" until {row['valid_until']:%Y-%m-%d}" if row["valid_until"] else ""
    roles, operations = (", ".join(row[k]) for k in ("roles_permitted", "operations"))
    if not row["purposes"]:
        say(f"record {row['consent_id']}: grants nothing")
        return
    say(f"consent {row['consent_id']}: {', '.join(row['purposes'])}{until}")
    say(f"  roles {roles}; operations {operations}")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return an event as a line of a table."""
    at = f"{row['effective_at']:%Y-%m-%d}"
    state = row["state"] + (f" from {', '.join(row['purposes'])}" if row["purposes"] else "")
    return {
        "effective_at": f"from {at}" if row["undated"] else at,
        "event_id": row["event_id"],
        "state": f"{state} (annulled)" if row["annulled_at"] else state,
        "indicated_by": row["indicated_by"],
    }


@app.command("annul")
def annul_command(
    event: Annotated[str, typer.Argument(help="The event, as `curate consent show` lists it.")],
    by: Annotated[
        list[str],
        typer.Option("--by", help="Who annuls it: two people on the register of reviewers."),
    ],
    reason: Annotated[
        str, typer.Option("--reason", help="Why it was a mistake, in words that name nobody.")
    ],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Annul a withdrawal or refusal that was recorded by mistake: it then counts for nothing.

    Raises:
        UnknownNameError: There is no such event, or somebody is not on the register.
        InputError: It was annulled already, it permits something, or fewer than two people annul.
    """
    from curate.verbs.consent import annul

    row = annul(open_context(workspace), event, by=by, reason=reason)
    if as_json:
        say_json(row)
        return
    say(f"annulled: {row['event_id']} of {row['subject_id']} ({row['state']}) was recorded by "
        f"mistake, say {' and '.join(row['annulled_by'])}")  # fmt: skip
    say("it counts for nothing from now on; run `curate audit` again. Embeddings that a withdrawal "
        "destroyed are computed anew by `curate run --keep-embeddings`")  # fmt: skip


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
