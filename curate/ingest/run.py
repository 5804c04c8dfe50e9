"""Ingest: find the layout, list the dataset, and put the listing into the catalogue.

Doing it twice changes nothing. Entries that a dataset no longer lists stay, as missing: what was
once declared is not forgotten.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.errors import (
    EmptyInputError,
    InputError,
    InvalidFileError,
    PathNotFoundError,
    UnknownNameError,
)
from curate.ingest.advice import Advice, advise, examples, folder_words, rejected_share
from curate.ingest.by_recipe import NAME as RECIPE
from curate.ingest.by_recipe import RecipeLayout
from curate.ingest.layout import Layout
from curate.ingest.layouts import LAYOUTS
from curate.ingest.listing import Listing, Target
from curate.ingest.recipe import Recipe
from curate.ingest.roots import Root, is_root_of_its_own
from curate.ingest.roots import media_root as media_root_of
from curate.model.config import Config
from curate.model.known_datasets import withdrawn_by_name
from curate.model.plural import counted, verb
from curate.safety.seal.hide import masked
from curate.schema import conform


@dataclass(frozen=True)
class Ingested:
    """What an ingest did.

    Attributes:
        dataset: The dataset's name.
        layout: The layout that read it.
        entries: Entries it lists.
        changed: Entries that are new or differ from before.
        missing: Entries whose file is not there.
        rejections: Rows and files that did not become entries, by reason.
        advice: The commonest of these reasons, with what to do.
        too_many: Whether more was rejected than the settings let pass.
        unlabelled: Entries of which nothing declares whether they are real or fake.
        folders: The commonest names of their folders, where folders are what names a label.
        examples: Of a dry run, some entries with what is declared of them.
    """

    dataset: str
    layout: str
    entries: int
    changed: int
    missing: int
    rejections: dict[str, int]
    advice: tuple[Advice, ...] = ()
    too_many: bool = False
    unlabelled: int = 0
    folders: tuple[str, ...] = ()
    examples: tuple[dict[str, Any], ...] = ()


def ingest(
    path: str | Path,
    catalog: Catalog,
    config: Config,
    *,
    layout: str = "auto",
    dataset: str | None = None,
    media_root: str | Path | None = None,
    sealed: Collection[str] = (),
    recipe: Recipe | None = None,
    dry_run: bool = False,
) -> Ingested:
    """List what is at `path` and keep it in the catalogue.

    Args:
        path: A folder, a manifest or a list; or a media root of another kind.
        catalog: The catalogue to keep it in.
        config: The workspace's settings.
        layout: A layout's name, or ``auto``.
        dataset: The dataset's name; the media root's own name when None.
        media_root: Where locators start from: a folder, a tar or zip, or a URL that fsspec
            opens. The folder, or the manifest's, when None.
        sealed: Ids of entries that are sealed: they stay hidden.
        recipe: How to read a folder, in the place of a layout.
        dry_run: Keep nothing, and tell what would be kept.

    Raises:
        PathNotFoundError: `path`, the media root or a list of the recipe is not there.
        InvalidFileError: The media root is a file of another kind, or the layout cannot read
            `path`.
        InputError: The root's name is no text, or it is the name of a dataset that lies
            elsewhere and no `dataset` is named.
        EmptyInputError: Nothing was listed and nothing was rejected.
        UnknownNameError: No layout has that name, or none recognises `path`.
        DependencyError: A package that the media root's protocol needs is not installed.
    """
    named = str(path)
    alone = is_root_of_its_own(named)
    if not alone and not Path(named).exists():
        raise PathNotFoundError("no such file or folder", where=named)
    above = named if alone or Path(named).is_dir() else str(Path(named).parent)
    with media_root_of(str(media_root or above), walk=alone) as root:
        place = root.folder if alone else Path(named)
        _check_text(root.kept_as)
        own = recipe.name if recipe is not None else ""
        target = Target(place, dataset or own or root.folder.name, root.folder, config)
        if dataset is None and not dry_run:
            _check_same_root(catalog, target.dataset, root.kept_as, sealed)
        reader = find_layout(place, layout) if recipe is None else _by_recipe(recipe, place)
        return _ingest(target, root, catalog, reader, sealed, dry_run=dry_run)


def _by_recipe(recipe: Recipe, place: Path) -> Layout:
    if not place.is_dir():
        raise InvalidFileError("a recipe reads a folder", where=str(place),
                               hint="name the folder of which it speaks")  # fmt: skip
    return RecipeLayout(recipe)


def _ingest(
    target: Target,
    root: Root,
    catalog: Catalog,
    reader: Layout,
    sealed: Collection[str],
    *,
    dry_run: bool,
) -> Ingested:
    listing = Listing(target.dataset, root.folder, reader.name, root.kept_as, root.look)
    root.reject_unread(listing)
    reader.read(target, listing)
    _name_withdrawn(listing)
    tables = listing.tables()
    counts = _counts(tables["rejections"]["reason"])
    if not tables["media"].num_rows and not counts.keys() - {"litter"}:
        raise EmptyInputError("there is no media here", where=str(target.path))
    unlabelled = tables["media"].filter(
        pc.invert(pc.is_in(tables["media"]["media_id"], value_set=tables["labels"]["media_id"]))
    )
    by_folders = reader.name == "folder"
    shown = masked(catalog, tables, sealed)
    changed = 0 if dry_run else _store(catalog, target.dataset, shown)
    return Ingested(
        dataset=target.dataset,
        layout=reader.name,
        entries=tables["media"].num_rows,
        changed=changed,
        missing=tables["media"]["status"].to_pylist().count("missing"),
        rejections=counts,
        advice=advise(tables["rejections"]),
        too_many=rejected_share(tables["media"].num_rows, counts) > target.config.rejected_share,
        unlabelled=unlabelled.num_rows,
        folders=folder_words(unlabelled["locator"].to_pylist(), target.config)
        if by_folders
        else (),
        examples=examples(shown) if dry_run else (),
    )


def _name_withdrawn(listing: Listing) -> None:
    """Give entries without a source that of a withdrawn dataset which goes by their name."""
    for name in (listing.dataset, listing.root.name):
        if (known := withdrawn_by_name(name)) is not None:
            for row in listing.rows["media"]:
                row.setdefault("source_id", known.source_id)


def _check_same_root(catalog: Catalog, dataset: str, root: str, sealed: Collection[str]) -> None:
    """Refuse to take a folder for another of its name: entries of that would all be missing."""
    connection = catalog.connect("media")
    # What is sealed was moved away by us, and says nothing of where the dataset lies.
    connection.register("put_away", pa.table({"media_id": pa.array(list(sealed), pa.string())}))
    found = connection.execute(
        f"SELECT root, count(*) FROM media WHERE dataset = {_sql(dataset)} AND status = 'present' "
        "AND media_id NOT IN (SELECT media_id FROM put_away) GROUP BY root ORDER BY 2 DESC, 1"
    ).fetchall()
    if found and root not in {one for one, _ in found}:
        elsewhere, count = found[0]
        raise InputError(
            f"a dataset is called {dataset!r} already: {counted(count, 'entry')} of it "
            f"{verb(count, 'lies', 'lie')} below {elsewhere}",
            where=root,
            hint=f"give this one a name of its own with --dataset NAME; if it is the same dataset "
            f"and was moved, say so with --dataset {shlex.quote(dataset)}",
        )


def _check_text(root: str) -> None:
    try:
        root.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            "the folder's name is no UTF-8 text, and cannot be kept",
            where=root,
            hint="rename the folder",
        ) from None


def find_layout(path: Path, name: str) -> Layout:
    """Return the layout called `name`, or the first that recognises `path` for ``auto``.

    Raises:
        UnknownNameError: There is none.
        InvalidFileError: `path` is a file, and not one that the layout called `name` reads.
    """
    for layout in LAYOUTS:
        if name == "auto" and layout.recognises(path):
            return layout
        if layout.name == name:
            # A folder may be less than the layout expects; a file of another kind is a mistake.
            if path.is_file() and not layout.recognises(path):
                problem = f"layout {name} does not read this file; it reads {layout.about.shape}"
                raise InvalidFileError(problem, where=str(path))
            return layout
    names = ", ".join(["auto", *(layout.name for layout in LAYOUTS)])
    problem = "no layout recognises this" if name == "auto" else f"no layout is called {name!r}"
    raise UnknownNameError(problem, where=str(path), hint=f"layouts are: {names}")


def _store(catalog: Catalog, dataset: str, tables: dict[str, pa.Table]) -> int:
    """Keep a listing; return how many entries are new, or differ in anything declared of them."""
    # Media last: until they are there, a killed ingest has left nothing that counts.
    changed = [
        _replace_declared(catalog, name, dataset, tables)
        for name in ("depictions", "labels", "relations", "rejections")
    ]
    gone = _no_longer_listed(catalog, dataset, tables["media"])
    media = catalog.changed("media", pa.concat_tables([tables["media"], gone]))
    catalog.put("media", media)
    ids = [column.cast(pa.string()) for column in (*changed, media["media_id"])]
    parts = [part for one in ids for part in one.chunks]
    return len(pc.unique(pa.chunked_array(parts, pa.string())))


def _replace_declared(
    catalog: Catalog, name: str, dataset: str, tables: dict[str, pa.Table]
) -> pa.ChunkedArray:
    """Put what is declared now in the place of what was declared of the same entries.

    What was said of entries that are listed no more stays, and so does what people and machines
    added to the declarations.

    Returns:
        The ids of entries of which something else is declared now.
    """
    connection = catalog.connect(name)
    connection.register("listed", tables["media"])
    connection.register("new_rows", tables[name])
    names = [*(layout.name for layout in LAYOUTS), RECIPE]
    stages = ", ".join(_sql(f"ingest:{dataset}/{one}") for one in names)
    owner = {
        "depictions": "media_id IN (SELECT media_id FROM listed) "
        "AND link_method IN ('declared', 'filename_convention')",
        "labels": "media_id IN (SELECT media_id FROM listed) AND origin = 'declared'",
        "relations": f'"left" IN (SELECT media_id FROM listed) AND stage IN ({stages})',
        "rejections": f"dataset = {_sql(dataset)}",
    }[name]
    kept = f"SELECT * FROM {name} WHERE NOT coalesce({owner}, FALSE)"
    wanted = conform(connection.sql(f"{kept} UNION SELECT * FROM new_rows").to_arrow_table(), name)
    connection.register("wanted", wanted)
    differ = connection.sql(
        f"(SELECT * FROM {name} EXCEPT SELECT * FROM wanted) "
        f"UNION ALL (SELECT * FROM wanted EXCEPT SELECT * FROM {name})"
    ).to_arrow_table()
    if differ.num_rows:
        catalog.replace(name, wanted)
    about = {"relations": "left", "rejections": None}.get(name, "media_id")
    return pa.chunked_array([], pa.string()) if about is None else differ[about]


def forget_undeclared(catalog: Catalog, dataset: str) -> None:
    """Take out what is said of a dataset's entries beside what it declares.

    For one whose rows were changed by other means: nobody can tell theirs from those that
    reviewers and stages wrote, which are made again from what is on record.
    """
    mine = f"IN (SELECT media_id FROM media WHERE dataset = {_sql(dataset)})"
    methods = "'declared', 'filename_convention'"
    catalog.drop("depictions", f"media_id {mine} AND link_method NOT IN ({methods})")
    catalog.drop("labels", f"media_id {mine} AND origin <> 'declared'")
    catalog.drop("signals", f"about_kind = 'media' AND about {mine}")


def _no_longer_listed(catalog: Catalog, dataset: str, listed: pa.Table) -> pa.Table:
    connection = catalog.connect("media")
    connection.register("listed", listed)
    gone = connection.sql(
        f"SELECT * REPLACE ('missing' AS status) FROM media WHERE dataset = {_sql(dataset)} "
        "AND media_id NOT IN (SELECT media_id FROM listed)"
    )
    return conform(gone.to_arrow_table(), "media")


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    return {item["values"]: item["counts"] for item in values.value_counts().to_pylist()}


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
