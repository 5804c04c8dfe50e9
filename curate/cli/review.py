"""`curate review`: hand out what people should look at, and bring their decisions back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import reviewers
from curate.cli.keys import passphrase_of
from curate.cli.options import JsonOption, UseOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json, showing_progress, table, write_text
from curate.errors import ExitStatus, InputError, printable
from curate.model.plural import counted
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.verbs.context import Context

app = typer.Typer(no_args_is_help=True, help="Look at what the audit is unsure of, and decide.")
app.add_typer(reviewers.app, name="reviewers")
QueueOption = Annotated[
    list[str] | None,
    typer.Option("--queue", help="A queue, such as needs-review; all when left out."),
]
_SHOWN = 50


@app.command("list")
def list_command(
    use: UseOption = DEFAULT_USE,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="What reviewers say differently of one thing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the queues, with how many entries wait in each; or what reviewers disagree on."""
    from curate.review.queues import QUEUES
    from curate.verbs.review import unjudged, waiting

    context = open_context(workspace)
    if conflicts:
        _list_conflicts(context, as_json=as_json)
        return
    work = waiting(context, use=use, limit=0)
    rows = [{"queue": queue.name, "waiting": work.left.get(queue.name, 0), "what": queue.title}
            for queue in QUEUES]  # fmt: skip
    if as_json:
        say_json(rows)
    else:
        table(rows, ["queue", "waiting", "what"])
    if left := unjudged(context, use=use):
        note(f"{counted(left, 'entry')} {'was' if left == 1 else 'were'} not judged by the last "
             "audit, and no queue has them: run `curate audit`")  # fmt: skip


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    by: Annotated[str, typer.Option("--by", help="The reviewer's name.")],
    queue: QueueOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many entries of a queue.")] = 500,
    use: UseOption = DEFAULT_USE,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a folder with one page that needs no server and no network, for one reviewer."""
    from curate.verbs.review import hand_out

    context = open_context(workspace)
    with showing_progress(context):
        made = hand_out(context, folder, by, queue or (), use=use, limit=limit)
    if as_json:
        say_json(vars(made))
        return
    say(f"{made.page}: {made.entries:,} entries, {made.pictures:,} pictures")
    for name, count in made.left.items():
        say(f"  {name} has {count:,} more; raise --limit")
    say("open the page in a browser; it saves a file for `curate review import`")


@app.command("open")
def open_command(
    reviewer: Annotated[
        str, typer.Option("--reviewer", help="Who decides; the App asks when left out.")
    ] = "",
    port: Annotated[int, typer.Option(min=1024, max=65535, help="The App's port.")] = 5151,
    use: UseOption = DEFAULT_USE,
    workspace: WorkspaceOption = None,
) -> None:
    """Look at the last audit in FiftyOne and decide there, on this machine alone, until Ctrl-C.

    Raises:
        DependencyError: FiftyOne, or its database, cannot be had.
        InputError: No audit has run yet, or the port is taken.
    """
    from curate.viewing import opened

    context = open_context(workspace)
    note("starting FiftyOne and its database; this takes half a minute")
    with showing_progress(context), opened(context, use, port=port, reviewer=reviewer) as review:
        say(f"{review.address}: {review.samples:,} entries, {review.blurred:,} blurred; "
            "each queue is a saved view; Ctrl-C ends it")  # fmt: skip
        review.wait()


@app.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(help="The file that the page saved.")],
    key: Annotated[
        str | None,
        typer.Option("--key", help="The reviewer's public key: a PEM file, or a name of yours."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Record the decisions in a reviewer's file; exit 2 when some of them do not count.

    Raises:
        InputError: It is no file of a review.
        VerificationError: Its signature does not hold.
    """
    from curate.signing import KeyHome
    from curate.verbs.review import bring_back

    context = open_context(workspace)
    public = None if key is None else KeyHome().public_key(key)
    done = bring_back(context, path, public)
    if as_json:
        say_json({"decisions": len(done.decisions), "new": done.recorded,
                  "accesses": len(done.accesses), "remark": done.remark,
                  "rejected": [vars(one) for one in done.rejected]})  # fmt: skip
    else:
        say(f"{len(done.decisions):,} decisions hold, {done.recorded:,} of them new; "
            f"{len(done.accesses):,} looks at blurred pictures")  # fmt: skip
        if done.remark:
            note(printable(done.remark))
        for one in done.rejected[:_SHOWN]:
            note(printable(f"{one.where}: {one.reason}") + f"\n  hint: {printable(one.hint)}")
        if len(done.rejected) > _SHOWN:
            note(f"... and {len(done.rejected) - _SHOWN:,} more")
        if done.decisions:
            say("they count from the next `curate audit` on, while the evidence stays what it is")
    return ExitStatus.USAGE if done.rejected else ExitStatus.GOOD


@app.command("sign")
def sign_command(
    path: Annotated[Path, typer.Argument(help="The file that the page saved.")],
    key: Annotated[
        str, typer.Option("--key", help="Your key's name; `curate keys new` makes one.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file; beside PATH when left out.")
    ] = None,
) -> None:
    """Sign a file of decisions, so that its import can prove who made them.

    Raises:
        InputError: It is no file of a review, or the envelope cannot be written.
        MissingKeyError: There is no such key.
    """
    import json

    from curate.review.returned import signed_review
    from curate.signing import KeyHome

    signing = KeyHome().signing_key(key, lambda: passphrase_of(key))
    place = output or path.with_suffix(".dsse.json")
    if place.exists():
        raise InputError("this file is there already", where=str(place), hint="name another")
    text = json.dumps(signed_review(path, signing), indent=1) + "\n"
    write_text(place, text)
    say(f"{place}: signed by {signing.public.keyid[:16]}")


@app.command("waive")
def waive_command(
    locator: Annotated[str, typer.Argument(help="The entry's locator or id.")],
    code: Annotated[str, typer.Argument(help="The rule, such as SIG017.")],
    by: Annotated[str, typer.Option("--by", help="The reviewer's name.")],
    until: Annotated[str, typer.Option("--until", help="A day within a year.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="Sign it with your key. Where the use's audience is wider than internal, only "
            "signed waivers hold.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Answer for a finding of one entry. It takes two people of the register to clear by it.

    Raises:
        ConfigError: Nobody waives the rule, or the day is more than a year ahead.
        InputError: The day is past.
    """
    from curate.signing import KeyHome
    from curate.verbs.review import waive

    context = open_context(workspace)
    signing = None if key is None else KeyHome().signing_key(key, lambda: passphrase_of(key))
    end = instant(until, "--until")
    if end is None:
        raise InputError("a waiver needs an end", where="--until")
    waive(context, locator, code, end, reviewer=by, reason=reason, key=signing)
    say(f"recorded: {by} answers for {code} until {until}")
    say("it counts from the next `curate audit` on, which tells which waivers do not hold")


def _list_conflicts(context: Context, *, as_json: bool) -> None:
    from curate.verbs.review import conflicts

    media = context.catalog.read("media")
    names = dict(zip(*(media[n].to_pylist() for n in ("media_id", "locator")), strict=True))
    rows = [
        {"about": _about(one, names), "reviewer": one["reviewer"],
         "says": one["value"] or one["verdict"], "reason": one["reason"],
         "decision": one["decision_id"]}
        for conflict in conflicts(context)
        for one in conflict.decisions
    ]  # fmt: skip
    if as_json:
        say_json(rows)
    elif rows:
        table(rows, ["about", "reviewer", "says", "reason"])
    else:
        say("reviewers say nothing differently")


def _about(row: dict[str, Any], names: dict[str, str]) -> str:
    """Return what a decision is about, in a few words."""
    told = [names.get(row["media_id"] or "", ""), row["subject_id"], row["label"],
            row["face_id"], row["other_face_id"], row["kind"] or "verdict"]  # fmt: skip
    return printable(" ".join(word for word in told if word))
