"""`curate fingerprint`: what another side needs to tell whether two catalogues share items."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json

app = typer.Typer(
    no_args_is_help=True,
    help="Tell whether two catalogues share items, without exchanging them.",
)


@app.command("key")
def key_command(
    file: Annotated[Path, typer.Argument(help="Where to write it; it must not be there yet.")],
) -> None:
    """Make a key for two sides to share, by a way that nobody else reads.

    Raises:
        InputError: The file is there already.
    """
    from curate.verbs.fingerprint import new_fingerprint_key

    new_fingerprint_key(file)
    say(f"{file}: a key for you and one other side; whoever has it can ask what you hold")


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    key: Annotated[str, typer.Option("--key", help="file:PATH, env:NAME or keyring:NAME.")],
    pdq: Annotated[
        bool,
        typer.Option(
            "--pdq", help="Perceptual hashes too: edited copies are found, and more is told."
        ),
    ] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the fingerprint of the catalogue: keyed digests, no media, no names.

    Raises:
        InputError: Nothing that may be told of was probed, or hash lists were not asked.
        MissingKeyError: There is no such key.
    """
    from curate.verbs.fingerprint import export_fingerprint

    made = export_fingerprint(open_context(workspace), out, key, pdq=pdq)
    if as_json:
        say_json({"file": str(out), "digests": len(made.digests), "pdq": len(made.codes)})
        return
    say(f"{out}: {len(made.digests):,} keyed digests, {len(made.codes):,} perceptual hashes")
    note("who has the key can ask of any file at hand whether you hold it: docs/safety.md")
