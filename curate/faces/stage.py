"""The faces stage: find faces in each distinct content once, and embed them while it is open.

Embeddings are not a table: they go to whoever runs the stage, in memory, and are gone with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.engine.stage import MapStage
from curate.faces.analyzer import AnalyzerSpec, Floats, Image, load
from curate.faces.scan import Scan, embed_faces, scan_images
from curate.media import UnreadableError, load_rgb
from curate.schema import conform

VERSION = "1"
EMBEDDINGS = "embeddings"

# One place per content: any of the entries that hold it will do, and the first is stable.
_CONTENTS = """
SELECT c.sha256, arg_min(e.root, e.media_id) AS root, arg_min(e.locator, e.media_id) AS locator
FROM content c JOIN entries e USING (sha256)
WHERE c.kind = 'image' AND e.state = 'present'
GROUP BY c.sha256
"""


def faces_stage(spec: AnalyzerSpec, model_id: str) -> MapStage:
    """Return the stage that finds faces with the model that `spec` names."""
    pending = f"""
        SELECT * FROM ({_CONTENTS}) todo
        WHERE NOT EXISTS (
            SELECT 1 FROM face_scans f
            WHERE f.sha256 = todo.sha256 AND f.frame = 0 AND f.model_id = '{model_id}'
        )
        ORDER BY sha256
    """
    return MapStage(
        name="faces",
        version=VERSION,
        pending=pending,
        work=partial(scan_batch, spec=spec),
        lost=partial(scan_lost, model_id=model_id),
        writes=("faces", "face_scans"),
        chunk=16,
        memory=0,  # inference runtimes reserve address space that they never touch
        parameters={"model": model_id, "detection_px": spec.det_size},
    )


def embed_stage(spec: AnalyzerSpec, model_id: str) -> MapStage:
    """Return the stage that embeds again faces that an earlier run found."""
    pending = f"""
        SELECT f.sha256, any_value(p.root) AS root, any_value(p.locator) AS locator,
               list(f.face_id ORDER BY f.face_id) AS face_ids,
               list(f.landmarks ORDER BY f.face_id) AS landmarks
        FROM faces f JOIN ({_CONTENTS}) p USING (sha256)
        WHERE f.model_id = '{model_id}' AND f.frame = 0
        AND NOT EXISTS (SELECT 1 FROM held WHERE held.face_id = f.face_id)
        GROUP BY f.sha256 ORDER BY f.sha256
    """
    return MapStage(
        name="embed",
        version=VERSION,
        pending=pending,
        work=partial(embed_batch, spec=spec),
        lost=lambda batch, reason: {},  # noqa: ARG005 - a face without embedding is unassigned
        writes=(),
        chunk=16,
        memory=0,
    )


def scan_batch(batch: pa.Table, *, spec: AnalyzerSpec) -> dict[str, pa.Table]:
    """Return rows of `faces` and `face_scans`, and embeddings, for a batch of contents."""
    analyzer = load(spec)
    failed: list[dict[str, Any]] = []
    found = scan_images(_pictures(batch, failed, analyzer.info.model_id), analyzer)
    return {**_tables(found, failed), EMBEDDINGS: embedding_table(_ids(found), found.embeddings)}


def scan_lost(batch: pa.Table, reason: str, *, model_id: str) -> dict[str, pa.Table]:
    """Return the failed scan of a content whose worker died or hung."""
    failed = [_failure(item["sha256"], model_id, reason) for item in batch.to_pylist()]
    return _tables(Scan(), failed)


def embed_batch(batch: pa.Table, *, spec: AnalyzerSpec) -> dict[str, pa.Table]:
    """Return embeddings of faces that were found before."""
    analyzer = load(spec)
    ids: list[str] = []
    parts: list[Floats] = []
    for item in batch.to_pylist():
        try:
            picture = _load(item)
        except UnreadableError:
            continue
        points = np.array(item["landmarks"], np.float32)
        parts.append(embed_faces(picture, points, analyzer))
        ids.extend(item["face_ids"])
    rows = np.concatenate(parts) if parts else np.empty((0, analyzer.info.embedding_dim), "f4")
    return {EMBEDDINGS: embedding_table(ids, rows)}


def embedding_table(face_ids: list[str], embeddings: Floats) -> pa.Table:
    """Return embeddings, shape (N, D), as a table of face_id and vector, for memory only."""
    width = embeddings.shape[1] if len(face_ids) else 0
    values = pa.array(embeddings.reshape(-1) if len(face_ids) else [], pa.float32())
    offsets = pa.array(np.arange(len(face_ids) + 1) * width, pa.int32())
    return pa.table(
        {
            "face_id": pa.array(face_ids, pa.string()),
            "vector": pa.ListArray.from_arrays(offsets, values),
        }
    )


def _pictures(
    batch: pa.Table, failed: list[dict[str, Any]], model_id: str
) -> Iterator[tuple[str, int, Image]]:
    for item in batch.to_pylist():
        try:
            yield item["sha256"], 0, _load(item)
        except UnreadableError as error:
            failed.append(_failure(item["sha256"], model_id, str(error.reason_code)))


def _load(item: dict[str, Any]) -> Image:
    root = Path(item["root"])
    return load_rgb(root / item["locator"], root=root)


def _failure(sha256: str, model_id: str, error: str) -> dict[str, Any]:
    return {"sha256": sha256, "frame": 0, "model_id": model_id, "faces": 0, "error": error}


def _tables(found: Scan, failed: list[dict[str, Any]]) -> dict[str, pa.Table]:
    return {
        "faces": conform(found.faces, "faces"),
        "face_scans": conform(found.scans + failed, "face_scans"),
    }


def _ids(found: Scan) -> list[str]:
    return [row["face_id"] for row in found.faces]
