"""`curate identify`: from faces without names to declared subjects."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, showing_progress, table
from curate.model.plural import counted, verb

app = typer.Typer(
    no_args_is_help=True,
    help="Name the people of a dataset that declares nobody, by looking at their faces.",
)


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    limit: Annotated[
        int, typer.Option(min=1, help="At most so many faces of an identity, one for each file.")
    ] = 100,
    everything: Annotated[
        bool, typer.Option("--all", help="Identities too that have a name already.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a draft of names: a table to fill in, and a page with the faces of each identity.

    In the column subject_id of identities.csv, write a pseudonym, or unknown, or nothing yet. The
    folder shows people's faces: keep it as safe as the media, and delete it when it is done.

    Raises:
        InputError: No identity is on record, or the folder holds something.
    """
    from curate.verbs.identify import export_identities

    context = open_context(workspace)
    with showing_progress(context):
        made = export_identities(context, folder, limit=limit, everything=everything)
    if as_json:
        say_json(asdict(made))
        return
    say(f"{made.page}: {counted(made.identities, 'identity')}, {counted(made.faces, 'face')} shown")
    if made.named:
        say(f"  {counted(made.named, 'identity')} {verb(made.named, 'has', 'have')} a name "
            "already; --all shows them too")  # fmt: skip
    if made.beyond:
        say(f"  {counted(made.beyond, 'file')} {verb(made.beyond, 'is', 'are')} beyond --limit, "
            "and not named by what is filled in")  # fmt: skip
    if made.lost:
        say(f"  {counted(made.lost, 'face')} cannot be cut out, and {verb(made.lost, 'is', 'are')} "
            "not named by what is filled in")  # fmt: skip
    if made.identities:
        say(f"fill in the column subject_id of {made.table}, then: "
            f"curate identify import {made.table} --by YOUR_NAME")  # fmt: skip
        note("the folder shows people's faces: keep it as safe as the media, and delete it when it "
             "is done")  # fmt: skip


@app.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(help="The table of an export, filled in.")],
    by: Annotated[str, typer.Option("--by", help="Who looked at the faces.")],
    reason: Annotated[
        str, typer.Option("--reason", help="How they know, in words that name nobody.")
    ] = "named by their faces",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Declare the people who were named, in the files whose faces were shown; all rows or none.

    An identity whose faces changed since the export is refused. A consent is not part of it: import
    what each person agreed to with `curate consent import`.

    Raises:
        InputError: A row is wrong, or the file is none of an export; nothing was recorded.
    """
    from curate.verbs.identify import import_names

    context = open_context(workspace)
    done = import_names(context, path, reviewer=by, reason=reason)
    if as_json:
        say_json(asdict(done))
        return
    if done.subjects:
        table([{"subject_id": k, "entries": n} for k, n in done.subjects.items()],
              ["subject_id", "entries"])  # fmt: skip
    for count, what in ((done.unknown, "not known to them"), (done.left, "left for later")):
        if count:
            say(f"{counted(count, 'identity')} {verb(count, 'is', 'are')} {what}")
    if not done.recorded:
        say("nothing new: all of it was on record already")
        return
    say(f"recorded: {counted(done.recorded, 'decision')} of {by.strip()}; `curate run identity` "
        "and `curate audit` go by them")  # fmt: skip
