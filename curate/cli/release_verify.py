"""`curate release verify`: check a release with nothing but its folder and a public key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JsonOption
from curate.cli.output import note, say, say_json
from curate.cli.signing import public_keys
from curate.errors import ExitStatus, PathNotFoundError, printable
from curate.model.instants import print_instant

PublicOption = Annotated[
    list[str] | None,
    typer.Option("--key", help="A public key that is trusted: a PEM file, or a name of yours."),
]
SHOWN = 50


def verify_command(
    folder: Annotated[Path, typer.Argument(help="The folder of the release.")],
    key: PublicOption = None,
    previous: Annotated[
        Path | None,
        typer.Option(help="The folder of the release before, which this one must go on from."),
    ] = None,
    tsa_certificate: Annotated[
        Path | None,
        typer.Option(
            help="A PEM file of the root that vouches for the time-stamp authority: the release "
            "must bear its stamp."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Check every file, signature, proof and verdict of a release; exit 4 when one fails."""
    from curate.release.timestamp import read_certificates
    from curate.release.verify import verify
    from curate.verbs.context import utc_now

    for named in (folder, previous):
        if named is not None and not named.is_dir():
            raise PathNotFoundError("there is no such folder", where=str(named))
    trusted = [] if tsa_certificate is None else read_certificates(tsa_certificate)
    found = verify(folder, public_keys(key), previous, authorities=trusted, now=utc_now())
    said = {} if found.manifest is None else found.manifest.said
    if as_json:
        say_json({
            "verified": bool(found),
            "failures": [vars(failure) for failure in found.failures],
            "warnings": list(found.warnings),
            "stamped": None if found.stamped is None else print_instant(found.stamped),
            **{name: said.get(name) for name in ("name", "version", "items", "merkle_root")},
        })  # fmt: skip
    else:
        for warning in found.warnings:
            note(f"note: {warning}")
        for failure in found.failures[:SHOWN]:
            say(printable(f"{failure.where}: {failure.problem}"))
        if len(found.failures) > SHOWN:
            say(f"... and {len(found.failures) - SHOWN:,} more")
        count = len(found.failures)
        if found.stamped is not None:
            say(f"stamped {found.stamped:%Y-%m-%d %H:%M:%S} UTC by an authority that you trust")
        what = f"{said.get('name', folder.name)} {said.get('version', '')}".rstrip()
        say(f"{what}: " + (f"{count:,} things are wrong" if count else _verified(said, key)))
    return ExitStatus.GOOD if found else ExitStatus.UNVERIFIED


def _verified(said: object, key: list[str] | None) -> str:
    assert isinstance(said, dict)
    who = "signed by a key you trust" if key else "whole, by an unknown hand"
    return f"verified, {said.get('items', 0):,} items, {who}"
