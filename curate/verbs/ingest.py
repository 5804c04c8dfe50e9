"""`curate ingest`: list the media of a dataset in the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

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
) -> Ingested:
    """List the media at `path`. See `curate.ingest.run.ingest`."""
    from curate.ingest import run
    from curate.safety.seal.custody import Custody

    with context.workspace.writing(), context.recorded("ingest", {"layout": layout}) as record:
        found = run.ingest(
            path,
            context.catalog,
            context.config,
            layout=layout,
            dataset=dataset,
            media_root=media_root,
            sealed=Custody(context.ledger).sealed_entries(),
        )
        record["counts"] = {k: v for k, v in asdict(found).items() if k != "rejections"}
    return found
