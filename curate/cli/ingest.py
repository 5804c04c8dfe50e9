"""`curate ingest`: list media in the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json


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
) -> None:
    """List the media of a dataset as it lies on disk. Doing it again changes nothing.

    Nothing reaches the network unless a URL is named here; files of it are read by `curate run`.
    """
    from curate.verbs.ingest import ingest

    context = open_context(workspace)
    found = [
        ingest(context, path, layout=layout, dataset=dataset, media_root=media_root)
        for path in paths
    ]
    if as_json:
        say_json([asdict(one) for one in found])
        return
    for one in found:
        missing = f", {one.missing:,} of them missing" if one.missing else ""
        say(f"{one.dataset}: {one.entries:,} entries by layout {one.layout}{missing}; "
            f"{one.changed:,} new or changed")  # fmt: skip
        for reason, count in sorted(one.rejections.items()):
            say(f"  rejected {count:,}: {reason}")
        if one.rejections:
            say("  `curate status --rejections` lists them with place and reason")
