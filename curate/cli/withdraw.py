"""`curate consent withdraw`: show what it touches, ask once, record."""

from __future__ import annotations

from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption, instant
from curate.cli.output import (
    counts_of,
    note,
    open_context_to_hear,
    say,
    say_json,
    say_maybe,
    say_not_searched,
    table_of_entries,
)
from curate.errors import (
    CatalogError,
    ConfigError,
    CurateError,
    InputError,
    VerificationError,
)
from curate.model.instants import print_instant
from curate.model.plural import counted

if TYPE_CHECKING:
    from datetime import datetime

    from curate.catalog.impact import Impact
    from curate.verbs.context import Context


def withdraw_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    since: Annotated[
        str | None, typer.Option("--from", help="From when it holds; now when left out.")
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option("--scope", help="Withdraw from this purpose alone; from all when left out."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    shown: Annotated[int, typer.Option("--limit", help="Entries listed.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a person withdrew, after showing every entry and release it touches.

    It is recorded whatever else is broken; what cannot be told then is said, and the exit status
    is not 0. Who withdraws from everything takes along what the vault keeps of them.

    Raises:
        InputError: --json without --yes.
        UnknownNameError: Nothing names the subject, and the catalogue knows all that it should.
        MissingKeyError: It is recorded, and the vault's key is not there to destroy theirs.
        VerificationError: It is recorded, and what it touches cannot be told.
    """
    from curate.verbs.consent import unknown_reasons, whom_to_hear, withdraw
    from curate.verbs.names import all_names

    if as_json and not yes:
        raise InputError("--json does not ask", hint="add --yes to record the withdrawal")
    context = open_context_to_hear(workspace)
    effective = instant(since, "--from")
    who = whom_to_hear(context, subject)
    others = [name for name in all_names(context, who) if name != who]
    touched, unsearched, hidden = _touched(context, who)
    reasons = [hidden.problem] if hidden is not None else unknown_reasons(context)
    if not as_json:
        _show(who, others, touched, shown, reasons)
        say_not_searched(unsearched if touched is not None else 0, who)
        if not yes and not typer.confirm("Record the withdrawal?"):
            raise typer.Abort
    recorded = withdraw(context, who, effective_at=effective, purpose=scope)
    now = effective is None or effective <= context.clock()
    if not as_json:
        say(f"recorded: {counts_of(recorded.entries)}")
    destroyed = _destroyed(context, who, at_once=now and scope is None)
    if as_json:
        known = {} if touched is None else {
            "entries": touched.entries.to_pylist(), "maybe": touched.maybe.to_pylist(),
            "releases": touched.releases.to_pylist(),
            "counts": touched.counts, "not_searched": unsearched,
        }  # fmt: skip
        say_json({"recorded": recorded.entries, "ids": recorded.ids, "subject": who,
                  "other_names": others, **known,
                  "unknown": reasons, "keys_destroyed": destroyed})  # fmt: skip
    else:
        if destroyed:
            say(f"keys of kept embeddings of {who} destroyed: {destroyed:,}")
        if touched is not None and touched.entries.num_rows:
            _say_what_follows(context, effective if not now else None, scope)
            if touched.releases.num_rows:
                say(f"copies are out: `curate release recall {who}` calls them back")
        say(f"`curate requests letter {quote(recorded.ids[0])} --out FILE.pdf` writes the "
            "confirmation to send")  # fmt: skip
    if reasons:
        raise _recorded_blindly(who, reasons, hidden)


def _say_what_follows(context: Context, later: datetime | None, scope: str | None) -> None:
    """Say what the next audit makes of a withdrawal.

    Args:
        context: The workspace.
        later: From when it holds, where that is still to come.
        scope: The purpose that it is limited to; None where it is about all.
    """
    from curate.verbs.consent import uses_within

    for_uses = ""
    if scope is not None:
        touched = uses_within(context, scope)
        if not touched:
            say(f"no use in curate.toml has the purpose {scope} or one below it, so no verdict "
                "changes; other purposes are as before")  # fmt: skip
            return
        for_uses = f" for the {'use' if len(touched) == 1 else 'uses'} {', '.join(touched)}"
    if later is not None:
        say(f"it takes effect at {print_instant(later)}: from then on `curate audit` blocks these "
            f"entries{for_uses}; until then it sends them to review where the use goes on beyond "
            "that")  # fmt: skip
        return
    say(f"the next `curate audit` blocks these entries{for_uses}, and the next release leaves them "
        "out")  # fmt: skip


def _not_searched(context: Context) -> int | None:
    from curate.verbs.consent import not_searched

    with suppress(ConfigError):
        return not_searched(context)
    return None


def _touched(
    context: Context, subject: str
) -> tuple[Impact | None, int | None, CurateError | None]:
    """Return what a withdrawal touches, or why that cannot be told.

    Between the two is of how many files it is not known whom they show; None where the settings
    cannot be read, and so nobody can tell.
    """
    from curate.verbs.consent import impact

    try:
        return impact(context, subject), _not_searched(context), None
    except CurateError as error:
        return None, None, error
    except Exception as error:  # noqa: BLE001 - what a person says is recorded whatever is broken
        return None, None, CatalogError(f"the catalogue cannot be read: {error}")


def _recorded_blindly(
    subject: str, reasons: list[str], hidden: CurateError | None
) -> VerificationError:
    """Return the error that a withdrawal is recorded, and that nobody can tell what it touches."""
    first = f"{hidden.hint}; then run" if hidden is not None else (
        "ingest and run again what the catalogue was made from; then run"
    )  # fmt: skip
    return VerificationError(
        f"the withdrawal is recorded, and what it touches is not known: {'; '.join(reasons)}: "
        f"which of them hold {subject!r} cannot be told",
        where="" if hidden is None else hidden.where,
        hint=f"{first} `curate audit` and `curate release recall {subject}`",
    )


def _destroyed(context: Context, subject: str, *, at_once: bool) -> int:
    """Destroy what the vault keeps of a person, or tell how; return how many keys went."""
    from curate.verbs.consent import destroy_embeddings
    from curate.verbs.vault import holds_embeddings

    if not holds_embeddings(context):
        return 0
    if not at_once:
        note(f"embeddings of {subject} stay in the vault until `curate vault shred {subject}`")
        return 0
    return destroy_embeddings(context, subject)


def _show(
    subject: str, others: list[str], touched: Impact | None, limit: int, reasons: list[str]
) -> None:
    if touched is None:
        note(f"which entries and releases hold {subject} cannot be told: {'; '.join(reasons)}. "
             "The withdrawal can be recorded all the same")  # fmt: skip
        return
    count = touched.entries.num_rows
    if others:
        say(f"{touched.subject} is merged with {', '.join(others)}: the withdrawal holds for "
            "all of these names")  # fmt: skip
    say(f"{touched.subject} is in {counted(count, 'entry')} of the catalogue, with "
        f"{counted(touched.counts['faces'], 'face')} and "
        f"{counted(touched.counts['labels'], 'label')}" + (":" if count else ""))  # fmt: skip
    if count:
        table_of_entries(touched.entries, limit)
    say_maybe(touched.maybe, touched.subject, limit)
    for row in touched.releases.to_pylist():
        say(f"release {row['name']} holds {row['items']:,} of them")
    if reasons:
        note(f"the catalogue knows less than the record: {'; '.join(reasons)}. Which of them hold "
             f"{subject} cannot be told")  # fmt: skip
    elif not touched.releases.num_rows:
        say("no release holds any of them" if count else "no release holds anything of theirs")
