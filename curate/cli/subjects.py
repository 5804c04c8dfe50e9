"""`curate subjects`: pseudonyms that are one person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, table
from curate.errors import InputError
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.verbs.names import Said

app = typer.Typer(
    no_args_is_help=True,
    help="Say which pseudonyms are one person, and find those that may be.",
)
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in words that name nobody.")]
_COLUMNS = ["subject_id", "other_subject_id", "state", "merged by", "parted by"]
_NEAR = ["subject_id", "entries", "records", "other_subject_id", "other_entries", "other_records",
         "difference", "state"]  # fmt: skip


@app.command("merge")
def merge_command(
    by: ByOption,
    reason: ReasonOption,
    one: Annotated[str | None, typer.Argument(help="A pseudonym.", metavar="SUBJECT")] = None,
    other: Annotated[
        str | None, typer.Argument(help="Another one of the same person.", metavar="OTHER")
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option("--from", help="A CSV file with the columns subject_id and alias_of."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that two pseudonyms are one person, or take such pairs from a file, all or none.

    What restricts one restricts the other from then on: withdrawals, refusals, erasures, requests
    and what a consent does not cover. What one agreed to clears nothing of the other. Once two
    reviewers on the register have said so, their faces are no longer taken for two people's.

    Raises:
        InputError: Neither two pseudonyms nor a file are given, or rows of it are wrong.
        UnknownNameError: No record or entry names one of them.
    """
    from curate.verbs.names import merge, merge_from
    from curate.verbs.reviewers import remark_on

    if (aliases is None) == (one is None or other is None) or (aliases and one):
        raise InputError("name two pseudonyms, or a file with --from", where="SUBJECT")
    context = open_context(workspace)
    if aliases is not None:
        said = merge_from(context, aliases, reviewer=by, reason=reason)
    else:
        said = merge(context, str(one), str(other), reviewer=by, reason=reason)
    _tell(said, "are one person", as_json=as_json)
    if as_json or not said.recorded:
        return
    say("what restricts one restricts the other from the next `curate audit` on")
    if remark := remark_on(context, by):
        note(f"{remark}. Restrictions are shared all the same")
    else:
        say("faces of the two are no longer held against each other once a second reviewer on the "
            "register has said the same")  # fmt: skip


@app.command("part")
def part_command(
    one: Annotated[str, typer.Argument(help="A pseudonym.", metavar="SUBJECT")],
    other: Annotated[str, typer.Argument(help="The other one.", metavar="OTHER")],
    by: ByOption,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back that two pseudonyms are one person, or say that a merge of them is wrong.

    Of two names that nobody merged `curate decide LOCATOR not-shown` says whose face is not shown.
    A merge ends when everybody who made it has taken it back, or when two reviewers on the register
    say that it is wrong: until then restrictions stay shared.

    Raises:
        UnknownNameError: Nobody said that they are one person.
    """
    from curate.verbs.names import merges_of, part

    context = open_context(workspace)
    said = part(context, one, other, reviewer=by, reason=reason)
    _tell(said, "are not one person", as_json=as_json)
    ends = {one.strip(), other.strip()}
    still = [
        row
        for row in merges_of(context)
        if {row["subject_id"], row["other_subject_id"]} == ends and row["state"] != "parted"
    ]
    if still and not as_json:
        others = ", ".join(still[0]["merged_by"])
        note(f"they stay merged, as {others} {verb(len(still[0]['merged_by']), 'says', 'say')}: a "
             "merge ends when everybody who made it has taken it back, or two reviewers on the "
             "register have parted the names")  # fmt: skip


@app.command("list")
def list_command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the pairs of pseudonyms that reviewers spoke of, and what they said."""
    from curate.verbs.names import merges_of

    rows = merges_of(open_context(workspace))
    if as_json:
        say_json(rows)
    elif rows:
        table(
            [{**row, "merged by": ", ".join(row["merged_by"]),
              "parted by": ", ".join(row["parted_by"])} for row in rows],
            _COLUMNS,
        )  # fmt: skip
    else:
        say("no pseudonyms are merged; `curate subjects near` lists those that may be one person")


@app.command("near")
def near_command(
    shown: Annotated[int, typer.Option("--limit", help="Pairs listed.")] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List pairs of pseudonyms that differ only in writing, or in one character.

    Capitals, Unicode forms, blanks and the width of letters are writing. Ids that differ in a digit
    count people, and are not listed; a zero before a number is.
    """
    from curate.verbs.names import near

    rows, numbered = near(open_context(workspace))
    if as_json:
        say_json({"pairs": rows, "numbered": numbered})
        return
    if rows:
        table(rows[:shown], _NEAR)
    else:
        say("no two pseudonyms are nearly one")
    if len(rows) > shown:
        say(f"... and {len(rows) - shown:,} more (--limit)")
    if numbered:
        note(f"{counted(numbered, 'further pair')} {verb(numbered, 'differs', 'differ')} in what "
             f"ids are numbered by, and {verb(numbered, 'is', 'are')} not listed")  # fmt: skip
    if rows:
        note("where two are one person, `curate subjects merge` says so; nothing is merged by "
             "itself")  # fmt: skip


def _tell(said: Said, what: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"recorded": list(said.recorded), "known": said.known})
        return
    for row in said.recorded:
        say(f"recorded: {row['reviewer']} says that {row['subject_id']} and "
            f"{row['other_subject_id']} {what}")  # fmt: skip
    if said.known:
        say(f"{counted(said.known, 'pair')} {verb(said.known, 'was', 'were')} on record already, "
            "by the same reviewer")  # fmt: skip
