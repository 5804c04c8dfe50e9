"""`curate ingest`: list the media of a dataset in the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curate.catalog.listings import listings_kept
from curate.verbs.correct import apply_corrections

if TYPE_CHECKING:
    from curate.ingest.run import Ingested
    from curate.verbs.context import Context


def ingest(
    context: Context,
    path: str | Path,
    *,
    layout: str = "auto",
    dataset: str | None = None,
    media_root: str | Path | None = None,
    recipe: str | Path | None = None,
    dry_run: bool = False,
) -> Ingested:
    """List the media at `path`. See `curate.ingest.run.ingest`; `recipe` is a file."""
    from curate.ingest import run
    from curate.ingest.recipe import read_recipe
    from curate.ingest.run import forget_undeclared
    from curate.safety.seal.custody import Custody

    by = None if recipe is None else read_recipe(recipe)

    def listed() -> Ingested:
        return run.ingest(
            path,
            context.catalog,
            context.config,
            layout=layout,
            dataset=dataset,
            media_root=media_root,
            sealed=Custody(context.ledger).sealed_entries(),
            recipe=by,
            dry_run=dry_run,
        )

    if dry_run:
        return listed()
    asked = {"layout": layout} if recipe is None else {"recipe": Path(recipe).read_text("utf-8")}
    with (
        context.workspace.writing(),
        context.recorded("ingest", asked) as record,
        listings_kept(context.catalog, context.ledger, context.clock) as keeping,
    ):
        found = listed()
        if found.dataset in keeping.wrong:
            forget_undeclared(context.catalog, found.dataset)
            apply_corrections(context.catalog, context.ledger)
        keeping.anew.add(found.dataset)
        counted = ("dataset", "layout", "entries", "changed", "missing", "unlabelled")
        record["counts"] = {name: getattr(found, name) for name in counted}
    return found
