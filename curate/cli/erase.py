"""`curate consent erase`: show what goes, ask once, destroy, and write the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import (
    note,
    open_context,
    say,
    say_json,
    say_maybe,
    table_of_entries,
)
from curate.errors import InputError
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.verbs.erase import Erasure


def erase_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    delete_files: Annotated[
        bool, typer.Option("--delete-files", help="Delete their files too, where they lie.")
    ] = False,
    known_only: Annotated[
        bool,
        typer.Option(
            "--known-only",
            help="Go on although the record knows more than the catalogue does; the receipt says "
            "what could not be told.",
        ),
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
        UnknownNameError: No record or entry names them.
        VerificationError: It cannot be told all that shows them, without --known-only.
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
    if not known_only:
        planned.check_known()
    if not as_json:
        _show(planned, shown, delete_files=delete_files)
    if not yes and not typer.confirm("Erase all of this? It cannot be undone."):
        raise typer.Abort
    path, done = erase(
        context, subject, delete_files=delete_files, known_only=known_only, keys=keys
    )
    if as_json:
        say_json({"receipt": str(path), **done})
        return
    _tell(done)
    say(f"the receipt is {path}")
    if not keys:
        note("it is not signed: nothing shows who made it; `--key NAME` signs")


def _tell(done: dict[str, Any]) -> None:
    """Print what was destroyed, what is refused, and what is left."""
    gone = done["destroyed"]
    say(
        f"erased: {counted(gone['ledger']['entries'], 'record')}, "
        f"{counted(sum(gone['rows'].values()), 'computed row')}, "
        f"{counted(gone['vault_keys'], 'vault key')}, {counted(len(gone['files']), 'file')}, "
        f"{counted(len(gone['release_files']), 'file')} of releases, "
        f"{counted(len(gone['documents']), 'document')}, "
        f"{counted(len(gone['exports']), 'copy', 'copies')} elsewhere in the workspace"
    )
    if gone["refused_contents"]:
        say(
            f"refused from now on: {counted(gone['refused_contents'], 'content')}, and what looks "
            "like one of them"
        )
    else:
        say("no content is refused: no entry and no release is known to show them")
    for title in ("refused_as_alike", "never_read", "held"):
        if ids := done["not_destroyed"][title]:
            one, several = _LEFT[title]
            say(f"  {one if len(ids) == 1 else several.format(len(ids))}")
    for kind, words in _STILL.items():
        for left in done["not_destroyed"][kind]:
            say(f"  {words}: {left}")
    for sentence in done["not_destroyed"]["unknown"]:
        say(f"  not known: {sentence}")
    left = sum(len(done["not_destroyed"][kind]) for kind in _STILL)
    for request in done["closed_requests"]:
        say(f"the request {request} is closed: it is fulfilled" + (
            f", but for {counted(left, 'file')} above that {verb(left, 'is', 'are')} left"
            if left else ""
        ))  # fmt: skip
    if done["not_destroyed"]["releases"]:
        say("releases are out that show them: `curate release recall --all` calls them back")


_STILL = {
    "files": "still on disk",
    "release_files": "still in a release",
    "documents": "a document that holds pictures, which may show them, or lists their entries",
    "exports": "still in the workspace",
    "packed": "within an archive or at an address, where nothing is deleted",
    "may_show": "a picture or page in the workspace, which may show them: look at it",
    "manifests": "still names them, and is yours to edit",
}
_LEFT = {
    "refused_as_alike": (
        "1 other entry looks like it and is refused too",
        "{:,} other entries look like it and are refused too",
    ),
    "never_read": (
        "1 file could not be read: it is refused by entry, not by its bytes",
        "{:,} files could not be read: they are refused by entry, not by their bytes",
    ),
    "held": (
        "1 entry of others rested on it and is held back until somebody looks",
        "{:,} entries of others rested on it and are held back until somebody looks",
    ),
}


def _show(erasure: Erasure, limit: int, *, delete_files: bool) -> None:
    touched = erasure.impact
    count = touched.entries.num_rows
    if erasure.others:
        say(f"{touched.subject} is merged with {', '.join(erasure.others)}: all of these names are "
            "erased")  # fmt: skip
    if count:
        say(
            f"{touched.subject} is in {counted(count, 'entry')}, refused from now on, whoever else "
            f"{verb(count, 'it shows', 'they show')}:"
        )
        table_of_entries(touched.entries, limit)
    else:
        say(f"no entry of the catalogue shows {touched.subject}: no file will be refused")
    say_maybe(touched.maybe, touched.subject, limit)
    for sentence in erasure.unknown:
        note(f"not known: {sentence}")
    _show_files(erasure, limit, delete_files=delete_files)


def _show_files(erasure: Erasure, limit: int, *, delete_files: bool) -> None:
    there = erasure.held.places()
    copies, documents = there["release_files"], there["documents"]
    if count := len(copies):
        say(f"{counted(count, 'file')} of the releases here {verb(count, 'holds', 'hold')} them, "
            "archives and tables that hold others too among them:")  # fmt: skip
        for path in copies[:limit]:
            say(f"  {path}")
        if count > limit:
            say(f"  and {counted(count - limit, 'other file')}")
    if count := len(documents):
        say(f"{counted(count, 'document')} of the workspace {verb(count, 'holds', 'hold')} "
            "pictures, which may show them, or list their entries; `curate report` writes "
            "documents again")  # fmt: skip
    for kind, paths in (("exports", there["exports"]), ("packed", erasure.held.packed()),
                        ("may_show", erasure.held.may_show()),
                        ("manifests", erasure.held.manifests())):  # fmt: skip
        for left in paths[:limit]:
            say(f"{_STILL[kind]}: {left}")
    files = sum(map(len, there.values()))
    if delete_files:
        say(f"{counted(files, 'file')} will be deleted")
    elif files:
        say(
            f"{counted(files, 'file')} {verb(files, 'stays', 'stay')} in place; --delete-files "
            f"deletes {verb(files, 'it', 'them')}"
        )
