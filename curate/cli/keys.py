"""`curate keys`: make, list, show and export the keys that sign certificates and releases."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import JsonOption
from curate.cli.output import note, say, say_json, table, write_text
from curate.errors import InputError

if TYPE_CHECKING:
    from curate.signing import Named

app = typer.Typer(
    no_args_is_help=True,
    help="Keys that sign what curate states; private halves never leave their place.",
)
NameArgument = Annotated[str, typer.Argument(help="The key's name.")]
PASSPHRASE = "CURATE_PASSPHRASE"  # noqa: S105 - the name of a variable


@app.command("new")
def new_command(
    name: NameArgument,
    passphrase: Annotated[
        bool,
        typer.Option("--passphrase", help=f"Encrypt its file; asked for, or {PASSPHRASE}."),
    ] = False,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Keep it in the system's keyring, not in a file.")
    ] = False,
    algorithm: Annotated[
        str, typer.Option(help="ed25519, or ecdsa-p256 for tools that take no other.")
    ] = "ed25519",
    as_json: JsonOption = False,
) -> None:
    """Make a key pair among your settings, its private half for you alone."""
    from curate.signing import KeyHome, new_key

    if passphrase and keyring:
        raise InputError("a keyring needs no passphrase", where="--passphrase",
                         hint="use one of --keyring and --passphrase")  # fmt: skip
    key = new_key(algorithm)
    secret = chosen_passphrase() if passphrase else None
    made = KeyHome().add(name, key, passphrase=secret, keyring=keyring)
    if as_json:
        say_json(_as_json(made))
        return
    say(f"{name}: {made.public.algorithm} key {made.public.keyid[:16]}, kept in {made.place}")
    note(f"`curate keys export {name}` gives the public half, which others need to verify")


@app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """List the keys you have."""
    from curate.signing import KeyHome

    rows = [_as_json(one) for one in KeyHome().all()]
    if as_json:
        say_json(rows)
    elif rows:
        table([{**row, "keyid": row["keyid"][:16]} for row in rows], _COLUMNS)
    else:
        say("no keys yet; `curate keys new NAME` makes one")


@app.command("show")
def show_command(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show one key: its kind, its whole id and where its private half is.

    Raises:
        UnknownNameError: There is no such key.
    """
    from curate.signing import KeyHome

    told = _as_json(KeyHome().find(name))
    if as_json:
        say_json(told)
        return
    for column in _COLUMNS:
        say(f"{column:<10} {told[column]}")


@app.command("export")
def export_command(
    name: NameArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file; printed when left out.")
    ] = None,
) -> None:
    """Give the public half of a key, in PEM form.

    Raises:
        UnknownNameError: There is no such key.
    """
    from curate.signing import KeyHome

    pem = KeyHome().find(name).public.pem()
    if output is None:
        say(pem.rstrip("\n"))
        return
    write_text(output, pem)
    note(f"wrote {output}")


_COLUMNS = ["name", "algorithm", "keyid", "private"]


def _as_json(one: Named) -> dict[str, Any]:
    return {"name": one.name, "algorithm": one.public.algorithm, "keyid": one.public.keyid,
            "private": one.place}  # fmt: skip


def passphrase_of(named: str) -> str | None:
    """Return the passphrase of a key: from the environment, or asked for on a terminal."""
    given = os.environ.get(PASSPHRASE)
    if given or not sys.stdin.isatty():
        return given
    return str(typer.prompt(f"passphrase of {named}", hide_input=True, err=True))


def chosen_passphrase() -> str:
    """Return a new key's passphrase: from the environment, or asked for twice on a terminal.

    Raises:
        InputError: It is in neither.
    """
    given = os.environ.get(PASSPHRASE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask on", where="--passphrase",
                         hint=f"set {PASSPHRASE}")  # fmt: skip
    return str(typer.prompt("passphrase", hide_input=True, confirmation_prompt=True, err=True))
