"""`curate release`: write what is cleared as a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import JsonOption, UseOption, WorkspaceOption
from curate.cli.output import open_project, say, say_json, showing_progress
from curate.workspace import DEFAULT_USE

app = typer.Typer(no_args_is_help=True, help="Build releases.")


@app.callback()
def _group() -> None:
    """Keep `build` a command of its own while it is the only one."""


@app.command("build")
def build_command(
    name: Annotated[str, typer.Argument(help="The release's name, such as v1.")],
    use: UseOption = DEFAULT_USE,
    assignment: Annotated[
        str | None, typer.Option(help="The splits that `curate split` made, by name.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="How it is written, such as webdataset; several may be."),
    ] = None,
    keep_metadata: Annotated[
        bool, typer.Option("--keep-metadata", help="Leave EXIF, XMP and the like in the files.")
    ] = False,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Let every near duplicate go out.")
    ] = False,
    crops: Annotated[
        float | None,
        typer.Option(min=0, max=5, help="Write each face too, with this margin, such as 0.3."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Audit for a use, and write what it clears: media, Parquet by split, manifest, datasheet."""
    from curate.release.build import Form
    from curate.release.export.formats import DEFAULT
    from curate.releasing import Order

    form = Form(tuple(formats or DEFAULT), keep_metadata, crops)
    project = open_project(workspace)
    with showing_progress(project):
        built = project.release(name, Order(use, assignment, keep_duplicates, form))
    if as_json:
        say_json({"folder": str(built.folder), "items": built.items.num_rows,
                  "merkle_root": built.merkle_root, "left_out": built.left_out})  # fmt: skip
        return
    say(f"released {built.items.num_rows:,} items in {built.folder}")
    from curate.audit.rules import BY_CODE

    for reason, count in sorted(built.left_out.items()):
        title = BY_CODE[reason].title if reason in BY_CODE else ""
        say(f"  left out {count:,}: {reason} {title}".rstrip())
