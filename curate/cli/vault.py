"""`curate vault`: embeddings that are kept, and destroying a person's."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json, table

app = typer.Typer(
    no_args_is_help=True,
    help="Embeddings kept by `curate run --keep-embeddings`, sealed per subject.",
)


@app.command("shred")
def shred_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy the key of a subject's embeddings, and with it the embeddings, for good.

    Raises:
        UnknownNameError: No record or entry names the subject.
        MissingKeyError: The workspace's key is not where it should be.
    """
    from curate.verbs.vault import shred

    destroyed = shred(open_context(workspace), subject)
    if as_json:
        say_json({"subject": subject, "keys_destroyed": destroyed})
        return
    say(f"{subject}: {destroyed:,} keys destroyed; nothing of theirs is kept again")


@app.command("status")
def status_command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show what is kept and until when; what has come to its date is destroyed first.

    Raises:
        MissingKeyError: The workspace's key is not where it should be.
    """
    from curate.verbs.vault import open_vault

    kept = open_vault(open_context(workspace)).vault.kept()
    found = Counter((one.model_id, f"{one.expires_at:%Y-%m-%d}") for one in kept)
    rows = [{"model": m, "owners": n, "until": at} for (m, at), n in sorted(found.items())]
    if as_json:
        say_json(rows)
    elif rows:
        table(rows, ["model", "owners", "until"])
    else:
        say("nothing is kept")
