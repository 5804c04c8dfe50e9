"""`curate release recall`, `deliver`, `acknowledge` and `list`: what went out, and to whom."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import JsonOption, KeyOption, TsaOption, UseOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, showing_progress, table
from curate.cli.signing import signing_keys
from curate.errors import CurateError, ExitStatus, InputError
from curate.model.plural import counted, verb
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from curate.verbs.context import Context
    from curate.verbs.release.due import Due
    from curate.verbs.release.recipients import Recipients

NameArgument = Annotated[str, typer.Argument(help="The release's name.")]
NoteOption = Annotated[str | None, typer.Option(help="A word on how.")]


def recall_command(
    subject: Annotated[
        str | None, typer.Argument(help="The pseudonym of who must be gone from it.")
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Whatever is not cleared any more, whosever it is.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="The new release's name, such as v2.")] = None,
    use: UseOption = DEFAULT_USE,
    key: KeyOption = None,
    tsa: TsaOption = None,
    feed: Annotated[
        Path | None, typer.Option("--feed", help="Write the feed to this file, too.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the next release without what must go, and the signed feed that tells holders.

    Raises:
        InputError: Nothing went out, or what shows the subject is still cleared.
        DependencyError: The time-stamp authority does not answer, or refuses.
    """
    from curate.verbs.release.recall import recall

    if (subject is None) != everyone:
        raise InputError("name a subject, or --all", where="SUBJECT")
    keys = signing_keys(key)
    context = open_context(workspace)
    with showing_progress(context):
        done = recall(context, name, subject=subject, use=use, keys=keys, tsa=tsa)
    if feed is not None:
        shutil.copyfile(done.feed, feed)
    if as_json:
        folder = None if done.folder is None else str(done.folder)
        say_json({"folder": folder, "version": done.version, "feed": str(done.feed),
                  "items": done.items, "gone": done.gone, "fresh": done.fresh,
                  "behind": [{"recipient": who, "release": has} for who, has in done.behind],
                  })  # fmt: skip
        return
    if done.folder is None:
        say("nothing is left to release: the feed goes out alone")
    else:
        say(f"released {done.items:,} items as {done.version} in {done.folder}")
    say(f"{done.gone:,} files of earlier releases must go, {done.fresh:,} of them since now")
    for who, has in done.behind:
        say(f"  tell {who}, who has {has}")
    say(f"the feed is {feed or done.feed}; holders run `curate release check-copy DIR --feed FEED`")
    _say_copies(context)
    if not keys:
        note("the feed is not signed: nothing shows who made it; `--key NAME` signs")


def _say_copies(context: Context) -> None:
    """Name copies of releases that lie in the workspace: nobody else knows of them."""
    from curate.verbs.gaps import copied_releases

    for folder, name in copied_releases(context).items():
        note(f"releases/{folder} is a copy of {name}: what must go of {name} must go of it, too. "
             "Delete it, or run `curate release check-copy` on it")  # fmt: skip


def fingerprint_command(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    key: Annotated[str, typer.Option("--key", help="file:PATH, env:NAME or keyring:NAME.")],
    use: UseOption = DEFAULT_USE,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a fingerprint of what was called back, for `check-copy --near` of one holder.

    Raises:
        InputError: Nothing was called back that may be told by its looks.
        MissingKeyError: There is no such key.
    """
    from curate.verbs.release.fingerprint import export_called_back

    made, missing = export_called_back(open_context(workspace), out, key, use=use)
    if as_json:
        say_json({"file": str(out), "contents": len(made.digests), "pdq": len(made.codes),
                  "not_in_it": missing})  # fmt: skip
        return
    say(f"{out}: {counted(len(made.digests), 'content')} by {counted(len(made.codes), 'hash')} of "
        "their looks")  # fmt: skip
    if missing:
        note(
            f"{counted(missing, 'entry')} that {verb(missing, 'was', 'were')} called back "
            f"{verb(missing, 'is', 'are')} not in it: erased, sealed, or on a hash list"
        )
    note("who has the key sees a sketch of each picture that was called back: docs/safety.md")


def deliver_command(
    name: NameArgument,
    to: Annotated[str, typer.Option(help="Who has it: an organisation, or a pseudonym.")],
    note: NoteOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Record in the ledger that a recipient was given a release.

    Raises:
        UnknownNameError: There is no such release.
    """
    context = open_context(workspace)
    new = _recipients(workspace).deliver(name, to, now=context.clock(), note=note)
    say(f"recorded: {to} has {name}" if new else f"{to} has {name}, as is on record")


def acknowledge_command(
    name: NameArgument,
    by: Annotated[str, typer.Option("--from", help="Who says so, as named when it was given.")],
    outcome: Annotated[
        str, typer.Option(help="What they say: received, deleted or refused. It must be named.")
    ],
    note: NoteOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Record what a recipient said of a release and its feed.

    Raises:
        UnknownNameError: There is no such release.
        InputError: They were given none, or the outcome is none.
    """
    if outcome not in ("received", "deleted", "refused"):
        raise InputError(f"{outcome!r} is no outcome", where="--outcome",
                         hint="use received, deleted or refused")  # fmt: skip
    context = open_context(workspace)
    _recipients(workspace).acknowledge(name, by, outcome, now=context.clock(), note=note)
    what = {"received": "have received the notice", "deleted": "have deleted what must go",
            "refused": "refuse to delete what must go"}[outcome]  # fmt: skip
    say(f"recorded: of {name}, {by} says that they {what}")


def list_command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List what went out, who has it, and who is behind: exit 4 where the record is incomplete."""
    from curate.verbs.release.recipients import Recipients

    context = open_context(workspace)
    told, alone, problems = _due(context)
    due = None if told is None else {release: one.fresh for release, one in told.items()}
    rows = [
        {"name": row["name"], "version": row["version"], "use": row["use"],
         "items": row["item_count"], "built": f"{row['built_at']:%Y-%m-%d}",
         "look again": f"{row['supersede_by']:%Y-%m-%d}" if row["supersede_by"] else "",
         "recipients": row["recipients"],
         "answered": [f"{who}: {one['outcome']} {one['at']:%Y-%m-%d}"
                      for who, one in row["answered"].items()],
         "behind": row["behind"],
         "must go": None if told is None else _files(told, row),
         "in no feed": None if due is None else row["due"]}
        for row in Recipients(context.ledger).overview(due=due, alone=alone)
    ]  # fmt: skip
    for problem in problems:
        note(f"warning: {problem}")
    if as_json:
        say_json(rows)
    elif not rows:
        say("nothing went out yet; `curate release build NAME` makes a release")
    else:
        shown = [{k: ", ".join(v) if isinstance(v, list) else v for k, v in row.items()}
                 for row in rows]  # fmt: skip
        table(shown, list(rows[0]))
        _explain(rows, known=not problems)
        _say_copies(context)
        _say_when(context)
    return ExitStatus.UNVERIFIED if problems else ExitStatus.GOOD


def _files(told: Mapping[str, Due], row: Mapping[str, Any]) -> int:
    one = told.get(row["release_id"])
    return 0 if one is None else one.files


# What a release records by itself: it says nothing of what must go.
_OF_RELEASES = ("releases", "issuances", "tombstones", "deliveries", "acknowledgements",
                "listings", "accesses")  # fmt: skip


def _say_when(context: Context) -> None:
    """Say by which audits it was told what must go: a recall judges anew."""
    from curate.verbs.release.due import last_judged

    recorded = context.ledger.last_recorded_at(besides=_OF_RELEASES)
    for use, moment in last_judged(context).items():
        since = recorded is not None and recorded > moment
        say(f"what must go for {use} is told by its last audit, of {moment:%Y-%m-%d %H:%M} UTC"
            + ("; something was recorded since" if since else "")
            + "; `curate audit` and `curate release recall` judge anew")  # fmt: skip


def _due(context: Context) -> tuple[dict[str, Due] | None, dict[str, datetime], list[str]]:
    """Return what is due, or None; since when feeds went out alone; and why it is not known."""
    from curate.verbs.gaps import blind_spots
    from curate.verbs.release.due import called_back_alone, due_releases

    try:
        problems = blind_spots(context)
        return due_releases(context), called_back_alone(context), problems
    except CurateError as error:
        return (
            {},
            {},
            [
                f"{error.problem}: who is behind cannot be told in full",
                *(one for one in context.record.problems() if error.problem not in one),
            ],
        )


def _explain(rows: list[dict[str, Any]], *, known: bool) -> None:
    """Say in plain words what it means to be behind, where somebody is."""
    if any(row["must go"] for row in rows):
        say("must go: files that a feed called back, that show somebody who withdrew, objected or "
            "was erased, or that the last audit does not clear")  # fmt: skip
    if any(row["in no feed"] for row in rows):
        say("in no feed: those of them that no holder was told of yet: "
            "`curate release recall --all` calls them back")  # fmt: skip
        if not known:
            say("first make the catalogue whole, with `curate ingest` and `curate run`: "
                "`curate release recall --all` also calls back everything that the catalogue does "
                "not know, of people who agreed too")  # fmt: skip
    if any(row["behind"] for row in rows):
        say("behind: they hold files that must go, or an older release, and have not said that "
            "they have the newer one or deleted what must go; `curate release acknowledge` records "
            "what they say")  # fmt: skip


def _recipients(workspace: Path | None) -> Recipients:
    from curate.verbs.release.recipients import Recipients

    context = open_context(workspace)
    return Recipients(context.ledger)
