"""The looks stage: each content that has none yet is opened once and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.engine.stage import UNMARKED, MapStage
from curate.labels.looks import measure
from curate.media import UnreadableError, load_rgb, sampled_frames
from curate.schema import conform

VERSION = "1"


def looks_stage() -> MapStage:
    """Return the stage."""
    mark = f"looks/{VERSION}"
    pending = f"""
        SELECT c.sha256, c.kind, arg_min(e.root, e.media_id) AS root,
               arg_min(e.locator, e.media_id) AS locator
        FROM content c JOIN entries e USING (sha256)
        WHERE e.state = 'present'
        AND NOT EXISTS (
            SELECT 1 FROM looks k WHERE k.sha256 = c.sha256 AND k.version = '{mark}'
        )
        GROUP BY c.sha256, c.kind ORDER BY c.sha256
    """
    return MapStage(
        name="looks",
        version=VERSION,
        pending=pending,
        work=look_at,
        lost=_failed,
        writes=("looks",),
        marks={"looks": ("version", mark)},
    )


def look_at(batch: pa.Table) -> dict[str, pa.Table]:
    """Return rows of `looks` for a batch of contents; of a video its first frame is measured."""
    return {"looks": conform([_row(item) for item in batch.to_pylist()], "looks")}


def _row(item: dict[str, Any]) -> dict[str, Any]:
    row = {"sha256": item["sha256"], "version": UNMARKED}
    root = Path(item["root"])
    place = root / item["locator"]
    try:
        if item["kind"] == "image":
            picture = load_rgb(place, root=root)
        else:
            first = next(sampled_frames(place, root=root), None)
            if first is None:
                return {**row, "error": "no frame"}
            picture = first[2]
    except UnreadableError as error:
        return {**row, "error": str(error.reason_code)}
    return {**row, "vector": measure(picture).tolist()}


def _failed(batch: pa.Table, reason: str) -> dict[str, pa.Table]:
    rows = [{"sha256": one, "version": UNMARKED, "error": reason}
            for one in batch["sha256"].to_pylist()]  # fmt: skip
    return {"looks": conform(rows, "looks")}
