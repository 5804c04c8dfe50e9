"""`curate ingest`: list media in the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json
from curate.errors import ExitStatus, printable
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.ingest.run import Ingested


def command(
    paths: Annotated[
        list[str],
        typer.Argument(help="Folders, manifests, lists of datasets, zips, or URLs of fsspec."),
    ],
    layout: Annotated[
        str,
        typer.Option(
            help="auto, or a layout by name: faceforensics, celebdf, dfdc, deeperforensics, "
            "deepfakebench, fakeavceleb, wilddeepfake, forgerynet, df40, croissant, "
            "webdataset, huggingface, coco, fiftyone, manifest or folder."
        ),
    ] = "auto",
    dataset: Annotated[
        str | None, typer.Option(help="The dataset's name; the folder's when left out.")
    ] = None,
    media_root: Annotated[
        str | None,
        typer.Option(help="Where paths start from: a folder, a tar or zip, or a URL of fsspec."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the media of a dataset as it lies on disk. Doing it again changes nothing.

    Nothing reaches the network unless a URL is named here; files of it are read by `curate run`.
    The exit status is 1 where nothing became an entry, or more was rejected than
    `[ingest] rejected_share` lets pass.
    """
    from curate.verbs.ingest import ingest

    context = open_context(workspace)
    found = [
        ingest(context, path, layout=layout, dataset=dataset, media_root=media_root)
        for path in paths
    ]
    if as_json:
        say_json([asdict(one) for one in found])
    else:
        for one in found:
            _say(one)
    return ExitStatus.FINDINGS if any(one.too_many for one in found) else ExitStatus.GOOD


def _say(one: Ingested) -> None:
    missing = f", {one.missing:,} of them missing" if one.missing else ""
    say(f"{one.dataset}: {counted(one.entries, 'entry')} by layout {one.layout}{missing}; "
        f"{one.changed:,} new or changed")  # fmt: skip
    for reason, count in sorted(one.rejections.items()):
        say(f"  rejected {count:,}: {reason}")
    if one.rejections:
        say("  `curate status --rejections` lists them with place and reason")
    if one.too_many:
        say()
        say("Most of it was rejected:" if one.entries else "Everything was rejected:")
        for advice in one.advice:
            found = f" ({', '.join(map(printable, advice.found))})" if advice.found else ""
            say(f"  {advice.count:,} {advice.reason}{found}: {advice.fix}")
    if one.unlabelled and not one.too_many:
        where = ""
        if one.folders:
            named = ", ".join(map(printable, one.folders))
            where = f"; folders are called {named}: where these mean real or fake, say so in "
            where += f'curate.toml, such as `[ingest] real = ["{printable(one.folders[0])}"]`'
        say(f"  {counted(one.unlabelled, 'entry')} {verb(one.unlabelled, 'has', 'have')} no label"
            f"{where}")  # fmt: skip
