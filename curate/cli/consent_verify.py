"""`curate consent verify`: prove that the ledger says what it said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json
from curate.errors import VerificationError
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.catalog.ledger import Ledger
    from curate.catalog.verification import Verification


def verify_command(
    workspace: WorkspaceOption = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="A checkpoint kept elsewhere: prove that entries were only added since."),
    ] = None,
    write_checkpoint: Annotated[
        Path | None, typer.Option(help="Write a checkpoint to keep, once everything is right.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove the ledger unchanged: each entry, each head, and growth since a checkpoint.

    The files of items of each release, whose digests the ledger has, are proved with it; and
    nothing may lie in the workspace of which the ledger would know if it were the newest one.

    Raises:
        VerificationError: Something was changed; it names the first entry that is not right, or
            the file of items, or what the ledger does not know.
        InputError: The ledger or the checkpoint cannot be opened.
    """
    from curate.catalog.checkpoints import Checkpoint
    from curate.verbs.gaps import demand_none_unknown, unknown_to_ledger

    context = open_context(workspace)
    ledger = context.ledger
    since = None if checkpoint is None else Checkpoint.load(checkpoint)
    found = ledger.verify(since)
    lost = context.record.problems() if found else []
    older = unknown_to_ledger(context) if found else []
    if as_json:
        say_json({**_as_json(ledger, found), "items_of_releases": lost, "unknown": older})
    for problem in found.problems[1:]:
        note(f"also {problem}")
    found.demand(where=str(ledger.path))
    for lost_too in lost[1:]:
        note(f"also release {lost_too}")
    if lost:
        raise VerificationError(
            f"the ledger is as it was recorded, and a release's items are not: {lost[0]}",
            where=str(context.record.folder),
            hint="restore the folder record/ from the backup that belongs to this ledger",
        )
    for text in older[1:]:
        note(f"also {text}")
    demand_none_unknown(context, older)
    if not as_json:
        _say(found)
    if write_checkpoint is not None:
        kept = ledger.checkpoint()
        kept.save(write_checkpoint)
        note(
            f"{write_checkpoint}: a checkpoint of {counted(kept.size, 'entry')}; keep it elsewhere"
        )


def _say(found: Verification) -> None:
    say(f"{counted(found.size, 'entry')} {verb(found.size, 'is', 'are')} what was recorded, "
        f"in order, under {counted(found.heads, 'head')}")  # fmt: skip
    if found.erased:
        say(f"{found.erased:,} of them were erased, each by an entry that says so")
    say(f"root {found.root.hex()}")
    if found.since is None:
        say("not proved, because no checkpoint was given: that nothing was cut off its end, and "
            "that it was not rewritten whole. Give one with --checkpoint")  # fmt: skip
    else:
        say(f"since the checkpoint of {counted(found.since.size, 'entry')} it was only added to")


def _as_json(ledger: Ledger, found: Verification) -> dict[str, Any]:
    since = found.since
    return {
        "verified": bool(found),
        "entries": found.size,
        "erased": found.erased,
        "heads": found.heads,
        "root": found.root.hex(),
        "since": None if since is None else {"entries": since.size, "root": since.root.hex()},
        "consistency": (
            ledger.prove_consistency(since).as_json() if found and since is not None else None
        ),
        "problems": [{"entry": p.entry, "problem": p.text} for p in found.problems],
    }
