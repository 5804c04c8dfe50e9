"""`curate fingerprint`: what another side needs to tell whether two catalogues share items."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_project, say, say_json, tell
from curate.errors import InputError

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
    from curate.vault import workspace_key

    if file.exists():
        raise InputError("there is a file already", where=str(file), hint="name another")
    workspace_key(f"file:{file}", create=True)
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
    from curate.safety.fingerprint import fingerprint, write_fingerprint
    from curate.safety.folder import hash_catalogue
    from curate.safety.gate import check_gate
    from curate.vault import workspace_key

    project = open_project(workspace)
    secret = workspace_key(key)
    check_gate(project.workspace, project.catalog, project.clock())
    held = hash_catalogue(project.catalog, told=True)
    if not held.digests:
        raise InputError("there is nothing to tell of", hint="`curate run probe` reads the files")
    made = fingerprint(held.items, held.frames, secret, now=project.clock(), pdq=pdq)
    write_fingerprint(out, made, secret)
    if as_json:
        say_json({"file": str(out), "digests": len(made.digests), "pdq": len(made.codes)})
        return
    say(f"{out}: {len(made.digests):,} keyed digests, {len(made.codes):,} perceptual hashes")
    tell("who has the key can ask of any file at hand whether you hold it: docs/safety.md")
