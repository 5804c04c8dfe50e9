"""`curate consent erase`: show what goes, ask once, destroy, and write the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, table_of_entries
from curate.errors import InputError

if TYPE_CHECKING:
    from curate.verbs.erase import Erasure


def erase_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    delete_files: Annotated[
        bool, typer.Option("--delete-files", help="Delete their files too, where they lie.")
    ] = False,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="Sign the receipt with this key.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    shown: Annotated[int, typer.Option("--limit", help="Entries listed.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy what is held of a person who asked for it, refuse it for good, and say so.

    Raises:
        InputError: They did not withdraw or ask, or --json without --yes.
        MissingKeyError: The vault's key is not there to destroy theirs; asking again goes on.
    """
    from curate.cli.signing import signing_keys
    from curate.verbs.erase import erase, erasure

    if as_json and not yes:
        raise InputError("--json does not ask", hint="add --yes to erase")
    keys = signing_keys(key)
    context = open_context(workspace)
    planned = erasure(context, subject)
    planned.check_asked()
    if not as_json:
        _show(planned, shown, delete_files=delete_files)
    if not yes and not typer.confirm("Erase all of this? It cannot be undone."):
        raise typer.Abort
    path, done = erase(context, subject, delete_files=delete_files, keys=keys)
    if as_json:
        say_json({"receipt": str(path), **done})
        return
    gone = done["destroyed"]
    say(f"erased: {gone['ledger']['entries']:,} records, {sum(gone['rows'].values()):,} computed "
        f"rows, {gone['vault_keys']:,} vault keys, {len(gone['files']):,} files")  # fmt: skip
    say(f"refused from now on: {gone['refused_contents']:,} contents, and what looks like them")
    for title in ("refused_as_alike", "never_read", "held"):
        if ids := done["not_destroyed"][title]:
            say(f"  {_LEFT[title].format(len(ids))}")
    for left in done["not_destroyed"]["files"]:
        say(f"  still on disk: {left}")
    if done["not_destroyed"]["releases"]:
        say("releases are out that show them: `curate release recall --all` calls them back")
    say(f"the receipt is {path}")
    if not keys:
        note("it is not signed: nothing shows who made it; `--key NAME` signs")


_LEFT = {
    "refused_as_alike": "{:,} other entries look like it and are refused too",
    "never_read": "{:,} files could not be read: they are refused by entry, not by their bytes",
    "held": "{:,} entries of others rested on it and are held back until somebody looks",
}


def _show(erasure: Erasure, limit: int, *, delete_files: bool) -> None:
    touched = erasure.impact
    count = touched.entries.num_rows
    say(f"{touched.subject} is in {count:,} entries; all of them are refused from now on, whoever "
        "else they show:")  # fmt: skip
    table_of_entries(touched.entries, limit)
    files = len(erasure.files())
    say(f"{files:,} files will be deleted" if delete_files else
        f"{files:,} files stay where they lie; --delete-files deletes them")  # fmt: skip
