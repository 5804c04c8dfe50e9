"""`curate ingest`: list media in the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, write_text
from curate.errors import ExitStatus, InputError, printable
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curate.ingest.advice import Advice
    from curate.ingest.run import Ingested
    from curate.model.config import Config


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
    recipe: Annotated[
        Path | None,
        typer.Option(help="A TOML file that says how to read the folder; see docs/recipes.md."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Keep nothing; show three entries and what is rejected."),
    ] = False,
    write_recipe: Annotated[
        Path | None,
        typer.Option(help="Write a recipe to start from, and show what it gives; keep nothing."),
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

    _check_options(paths, layout, recipe, write_recipe)
    context = open_context(workspace)
    if write_recipe is not None:
        recipe, dry_run = _start(paths[0], write_recipe, context.config), True
    found = [
        ingest(context, path, layout=layout, dataset=dataset, media_root=media_root, recipe=recipe,
               dry_run=dry_run)
        for path in paths
    ]  # fmt: skip
    if as_json:
        say_json([asdict(one) for one in found])
    else:
        for one in found:
            _say(one, dry_run=dry_run)
    return ExitStatus.FINDINGS if any(one.too_many for one in found) else ExitStatus.GOOD


_ALWAYS = ("bad-label", "table-not-read", "unknown-value")


def _say_advice(found: Iterable[Advice]) -> None:
    for advice in found:
        words = f" ({', '.join(map(printable, advice.found))})" if advice.found else ""
        say(f"  {advice.count:,} {advice.reason}{words}: {advice.fix}")


def _check_options(
    paths: list[str], layout: str, recipe: Path | None, write_recipe: Path | None
) -> None:
    if recipe is not None and layout != "auto":
        raise InputError("a recipe takes the place of a layout", where="--recipe",
                         hint="leave out --layout")  # fmt: skip
    if write_recipe is None:
        return
    if recipe is not None or len(paths) != 1:
        raise InputError("a recipe is written for one folder, and not beside another recipe",
                         where="--write-recipe", hint="name one folder, no recipe")  # fmt: skip


def _start(folder: str, to: Path, config: Config) -> Path:
    from curate.ingest.recipe_start import starting_recipe

    if to.exists():
        raise InputError("the file is there already", where=str(to),
                         hint="name another, or remove it")  # fmt: skip
    if not Path(folder).is_dir():
        raise InputError("a recipe is written for a folder", where=folder, hint="name a folder")
    write_text(to, starting_recipe(Path(folder), config))
    note(f"wrote {to}: change it, then `curate ingest {folder} --recipe {to} --dry-run`")
    return to


def _say(one: Ingested, *, dry_run: bool) -> None:
    missing = f", {one.missing:,} of them missing" if one.missing else ""
    how = "a recipe" if one.layout == "recipe" else f"layout {one.layout}"
    changed = "nothing was kept" if dry_run else f"{one.changed:,} new or changed"
    say(f"{one.dataset}: {counted(one.entries, 'entry')} by {how}{missing}; {changed}")
    for example in one.examples:
        said = "; ".join(f"{k} {v}" for k, v in example.items() if k != "path")
        say(f"  {printable(str(example['path']))}")
        say(f"    {printable(said)}")
    for reason, count in sorted(one.rejections.items()):
        say(f"  rejected {count:,}: {reason}")
    if one.rejections and not dry_run:
        say("  `curate status --rejections` lists them with place and reason")
    if one.too_many or (dry_run and one.rejections):
        say()
        most = "Most of it was rejected:" if one.entries else "Everything was rejected:"
        say(most if one.too_many else "What was rejected, and what to do:")
        _say_advice(one.advice)
    else:
        # What was declared of others went unread with these: that is told, however few they are.
        _say_advice(advice for advice in one.advice if advice.reason in _ALWAYS)
    if one.unlabelled and not one.too_many:
        where = ""
        if one.folders:
            named = ", ".join(map(printable, one.folders))
            where = f"; folders are called {named}: where these mean real or fake, say so in "
            where += f'curate.toml, such as `[ingest] real = ["{printable(one.folders[0])}"]`'
        say(f"  {counted(one.unlabelled, 'entry')} {verb(one.unlabelled, 'has', 'have')} no label"
            f"{where}")  # fmt: skip
