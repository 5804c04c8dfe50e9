"""`curate seal`: what hash lists name, under the safety officer's key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.keys import chosen_passphrase, passphrase_of
from curate.cli.options import JsonOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json, table
from curate.cli.signing import signing_keys
from curate.errors import ExitStatus, InputError

if TYPE_CHECKING:
    from curate.safety.seal.custody import Held
    from curate.safety.seal.open import Opening
    from curate.verbs.context import Context

app = typer.Typer(
    no_args_is_help=True,
    help="What hash lists name, under the safety officer's key; two people open it.",
)
IdArgument = Annotated[str, typer.Argument(help="The seal's id, as `curate seal list` shows it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays on record.")]
ByOption = Annotated[str, typer.Option("--by", help="Your signing key: a name or a PEM file.")]
SecondOption = Annotated[str, typer.Option("--second", help="The other person's signing key.")]
OfficerOption = Annotated[
    str, typer.Option("--officer-key", help="The officer's private key: a PEM file or a place.")
]


@app.command("keys")
def keys_command(
    place: Annotated[Path, typer.Argument(help="Where, without an ending: PLACE.pem, PLACE.pub.")],
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Encrypt the private half; asked for.")
    ] = False,
) -> None:
    """Make the safety officer's pair of keys; the private half belongs on another machine.

    Raises:
        InputError: Something is there already.
    """
    from curate.safety.seal.keys import make_pair

    made = make_pair(place, chosen_passphrase() if passphrase else None)
    say(f"{place}.pem opens, {place}.pub seals: sealing key {made.keyid[:16]}")
    note(f"keep {place}.pem away from the workspace, and a copy of it in a safe: without it "
         "nobody opens what is sealed")  # fmt: skip


@app.command("run")
def run_command(
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Copy and remove nothing: hide names and hashes.")
    ] = False,
    officer_key: Annotated[
        Path | None,
        typer.Option(
            "--officer-key", help="The officer's public key; else what curate.toml names."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Seal what matches, and finish what was begun; `curate run hashlists` does so by itself.

    Raises:
        InputError: No officer's key is named in curate.toml.
    """
    from curate.verbs.seal import seal

    context = open_context(workspace)
    done = seal(context, in_place=in_place, officer_key=officer_key)
    if as_json:
        say_json(vars(done))
    else:
        say(f"{len(done.sealed):,} sealed, {len(done.in_place):,} left in place, "
            f"{len(done.problems):,} not finished")  # fmt: skip
        print_sealed(context, vars(done))
    return ExitStatus.USAGE if done.problems else ExitStatus.GOOD


@app.command("list")
def list_command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List what is sealed: ids, and never a name."""
    from curate.verbs.seal import seals

    rows = [_row(one) for one in seals(open_context(workspace))]
    if as_json:
        say_json(rows)
    elif rows:
        table(rows, ["seal", "state", "category", "entries", "since", "report", "preserve until",
                     "opened"])  # fmt: skip
    else:
        say("nothing is sealed")


@app.command("status")
def status_command(
    seal: IdArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Tell what was done to one seal, act by act, and whether its lists name it still.

    Raises:
        UnknownNameError: There is no such seal.
        MissingKeyError: The workspace's key is not where it should be.
    """
    from curate.verbs.seal import seal_state

    state = seal_state(open_context(workspace), seal)
    held, named, whole = state.held, state.listed, state.whole
    if as_json:
        say_json({**_row(held), "listed": named, "whole": whole, "acts": held.acts})
        return
    for name, value in _row(held).items():
        say(f"{name:<16} {'' if value is None else value}")
    say(f"{'listed':<16} {f'{named:,} hashes name it still' if named else 'no list names it now'}")
    say(f"{'sealed file':<16} {'whole' if whole else 'GONE OR CHANGED'}")
    for left in held.first["left"] or ():
        say(f"{'out of reach':<16} {left}")
    for act in held.acts:
        by = " and ".join(keyid[:16] for keyid in act["by"] or ())
        words = [act["event"], by and f"by {by}", act["reason"] or ""]
        say(f"{act['happened_at']:%Y-%m-%d %H:%M}  {'  '.join(filter(None, words))}")


@app.command("note")
def note_command(
    seal: IdArgument,
    report: Annotated[
        str, typer.Option("--report", help="The reference of your report to a hotline.")
    ] = "",
    preserve_until: Annotated[
        str | None, typer.Option("--preserve-until", help="Until when it must be kept.")
    ] = None,
    destroy_order: Annotated[
        str, typer.Option("--destroy-order", help="The reference of an order to destroy it.")
    ] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Put on record what was reported, until when it is kept, or an order to destroy it.

    Raises:
        UnknownNameError: There is no such seal.
        InputError: There is nothing to note.
    """
    if not (report or preserve_until or destroy_order):
        raise InputError("there is nothing to note",
                         hint="--report, --preserve-until or --destroy-order")  # fmt: skip
    from curate.verbs.seal import note_seal

    note_seal(
        open_context(workspace), seal, report=report, destroy_order=destroy_order,
        preserve_until=instant(preserve_until, "--preserve-until"),
    )  # fmt: skip
    say(f"{seal}: noted")


@app.command("open")
def open_command(
    seal: IdArgument,
    reason: ReasonOption,
    by: ByOption,
    second: SecondOption,
    officer_key: OfficerOption,
    output: Annotated[Path, typer.Option("-o", "--output", help="A new folder elsewhere.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Open what is sealed into a new folder; it stays sealed here.

    Raises:
        InputError: The reason, a signer or the folder is not as it must be.
        VerificationError: The sealed file changed, or is for another officer.
    """
    from curate.verbs.seal import open_seal

    context = open_context(workspace)
    open_seal(context, _opening(context, seal, reason, by, second, officer_key), output)
    say(f"{seal}: opened into {output}; it is on record")


@app.command("restore")
def restore_command(
    seal: IdArgument,
    reason: ReasonOption,
    by: ByOption,
    second: SecondOption,
    officer_key: OfficerOption,
    workspace: WorkspaceOption = None,
) -> None:
    """Put back what no list names any more, under its name and where it was.

    Raises:
        InputError: A list names it still, or the reason or a signer is not as it must be.
        VerificationError: The sealed file changed, or is for another officer.
    """
    from curate.verbs.seal import restore_seal

    context = open_context(workspace)
    opening = _opening(context, seal, reason, by, second, officer_key)
    count = restore_seal(context, opening)
    say(f"{seal}: {count:,} files put back; it is on record")
    note("what was computed or declared of it is gone: `curate ingest` and `curate run` again")


def print_sealed(context: Context, done: dict[str, Any]) -> None:
    """Print what was sealed or could not be, by ids, and what to do now.

    Args:
        context: The workspace.
        done: The fields of `curate.safety.seal.run.Sealed`.
    """
    from curate.verbs.seal import runbook_of_seals

    for seal, why in done["problems"].items():
        note(f"{seal}: not sealed: {why}")
    for seal, left in done["left"].items():
        for text in left:
            note(f"{seal}: out of reach: {text}")
    for path in done["beside"]:
        note(f"{path} names what is sealed, and is yours to change")
    fresh = {*done["sealed"], *done["in_place"]}
    if fresh or done["problems"]:
        for line in runbook_of_seals(context, fresh):
            note(line)


def _opening(
    context: Context, seal: str, reason: str, by: str, second: str, officer_key: str
) -> Opening:
    from curate.safety.seal.keys import OpeningKey
    from curate.verbs.seal import prepare_opening

    return prepare_opening(
        context,
        seal,
        reason=reason,
        signers=signing_keys([by, second]),
        officer=lambda: OpeningKey.read(officer_key, lambda: passphrase_of("the officer's key")),
    )


def _row(held: Held) -> dict[str, Any]:
    until = held.noted("preserve_until")
    return {
        "seal": held.seal_id,
        "state": held.state.replace("_", " "),
        "category": held.first["category"],
        "entries": len(held.first["media_ids"] or ()),
        "since": f"{held.first['happened_at']:%Y-%m-%d}",
        "report": held.noted("report_reference"),
        "preserve until": None if until is None else f"{until:%Y-%m-%d}",
        "destroy order": held.noted("destroy_order"),
        "opened": held.opened,
    }
