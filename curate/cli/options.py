"""Options that every command has, so that they are spelled the same everywhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import InputError

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("-w", "--workspace", help="The workspace; found upwards from here when left out."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", min=0, help="Worker processes; 0 for one per processor.")
]
UseOption = Annotated[str, typer.Option("--use", help="A use profile of curate.toml.")]

KeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        help="Sign with this key: a name of `curate keys`, or a PEM file. Give one of "
        "ecdsa-p256 too for a signature that OpenSSF model-signing verifies.",
    ),
]
TsaOption = Annotated[
    str | None,
    typer.Option(
        "--tsa",
        help="Have an RFC 3161 authority stamp it: an http(s) address, or a command that reads "
        "the request and writes the answer. Nothing but the manifest's digest is sent.",
    ),
]


def instant(text: str | None, option: str) -> datetime | None:
    """Return the instant that an option names, or None when it was left out.

    Raises:
        InputError: The text is no date or date-time.
    """
    from curate.model.instants import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise InputError(str(error), where=option, hint="for example 2026-05-04") from None
