"""The faces stage: find faces in each distinct content once, and embed them while it is open.

An image is searched in every way in which programs show it (`curate.media.looks`), each of them a
frame of its own. Of a video a frame is searched within 0.2 seconds of each change
(`curate.media.glances`); faces are tracked through each shot, and one of each track is embedded for
the run.

Embeddings are not a table: they go to whoever runs the stage, in memory, and are gone with it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.catalog.views import REPRESENTED_BY
from curate.engine.stage import MapStage
from curate.engine.watch import alive
from curate.faces.ahead import read_ahead
from curate.faces.analyzer import AnalyzerSpec, FaceAnalyzer, Floats, Image
from curate.faces.load import load
from curate.faces.looks import Pages, join_looks
from curate.faces.scan import Scan, embed_faces, joined, scan_images
from curate.faces.tracks import representatives, track_faces
from curate.media import Limits, UnreadableError, numbered_frames, searched_frames
from curate.media.looks import Look, looks
from curate.media.open import read_media
from curate.schema import conform

VERSION = "6"
EMBEDDINGS = "embeddings"
# Crops of so many frames of a video wait to be embedded together.
FRAMES_AT_ONCE = 32

# One place per content: any of the entries that hold it will do, and the first is stable.
_CONTENTS = """
SELECT c.sha256, c.kind, arg_min(e.root, e.media_id) AS root,
       arg_min(e.locator, e.media_id) AS locator
FROM content c JOIN entries e USING (sha256)
WHERE e.state = 'present' AND (c.kind = 'image' OR c.sha256 IN (SELECT sha256 FROM frames))
GROUP BY c.sha256, c.kind
"""
# A cut is the first frame of its shot.
_CUTS = "SELECT sha256, list(frame ORDER BY frame) AS cuts FROM frames WHERE reason = 'cut'"
# In which ways a still picture is shown, each under a frame.
_WAYS = "SELECT sha256, list(frame) AS frames FROM parts WHERE frame IS NOT NULL"


def faces_stage(spec: AnalyzerSpec, model_id: str) -> MapStage:
    """Return the stage that finds faces with the model that `spec` names."""
    mark = f"faces/{VERSION}"
    # A scan that found smaller faces than are asked for now serves as well.
    fine = f"AND coalesce(f.smallest_px <= {spec.smallest}, true)" if spec.kind == "dlib" else ""
    pending = f"""
        SELECT todo.*, s.cuts
        FROM ({_CONTENTS}) todo
        LEFT JOIN ({_CUTS} GROUP BY sha256) s USING (sha256)
        LEFT JOIN (
            SELECT sha256, count(*) AS frames, max(looks) AS looks, list(frame) AS searched,
                   bool_or(error IS NOT NULL) AS failed
            FROM face_scans f WHERE f.model_id = '{model_id}' AND f.stage = '{mark}' {fine}
            GROUP BY sha256
        ) f USING (sha256)
        LEFT JOIN ({_WAYS} GROUP BY sha256) w USING (sha256)
        -- A row that is gone is searched for again, with the others of its content.
        WHERE f.sha256 IS NULL OR (NOT f.failed AND (
            f.frames <> coalesce(f.looks, f.frames)
            OR NOT list_has_all(f.searched, coalesce(w.frames, []))
        ))
        ORDER BY sha256
    """
    return MapStage(
        name="faces",
        version=VERSION,
        pending=pending,
        work=partial(scan_batch, spec=spec),
        lost=partial(scan_lost, model_id=model_id),
        writes=("faces", "face_scans"),
        marks={"face_scans": ("stage", mark)},
        drops=dict.fromkeys(
            ("face_scans", "faces"),
            f"model_id = '{model_id}' AND sha256 IN (SELECT sha256 FROM pending)",
        ),
        chunk=16,
        memory=0,  # inference runtimes reserve address space that they never touch
        parameters={
            "model": model_id,
            "detection_px": spec.det_size,
            "analyzer": spec.kind,
            "path": spec.path,
            "smallest_px": spec.smallest,
        },
    )


def embed_stage(spec: AnalyzerSpec, model_id: str) -> MapStage:
    """Return the stage that embeds again faces that an earlier run found."""
    pending = f"""
        SELECT f.sha256, any_value(p.root) AS root, any_value(p.locator) AS locator,
               any_value(p.kind) AS kind, list(f.face_id ORDER BY f.face_id) AS face_ids,
               list(f.frame ORDER BY f.face_id) AS frames,
               list(f.landmarks ORDER BY f.face_id) AS landmarks
        FROM (SELECT *, {REPRESENTED_BY} AS stands FROM faces) f
        JOIN ({_CONTENTS}) p USING (sha256)
        WHERE f.model_id = '{model_id}' AND f.face_id = f.stands
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
    items = batch.to_pylist()
    failed: list[dict[str, Any]] = []
    images = [item for item in items if item["kind"] == "image"]
    pages: Pages = {}
    pictures = read_ahead(_pictures(images, failed, analyzer.info.model_id, pages))
    parts = [scan_images(pictures, analyzer)]
    join_looks(parts[0], pages, threshold=analyzer.info.default_threshold)
    for item in items:
        if item["kind"] != "image":
            try:
                parts.append(scan_video(item, analyzer, spec.smallest))
            except UnreadableError as error:
                failed.append(_failure(item["sha256"], analyzer.info.model_id, _reason(error)))
    found = joined(parts)
    stand = representatives(found.faces)
    ids = [found.faces[place]["face_id"] for place in stand]
    return {**_tables(found, failed), EMBEDDINGS: embedding_table(ids, found.embeddings[stand])}


def scan_video(item: dict[str, Any], analyzer: FaceAnalyzer, smallest: int) -> Scan:
    """Return the faces of a video's searched frames, with their tracks.

    Args:
        item: A row of what is pending: sha256, root, locator, and cuts, the first frames of shots.
        analyzer: The model.
        smallest: The longer side of the smallest face that is looked for, in pixels.

    Raises:
        UnreadableError: The video cannot be read to its end.
    """
    cuts = item["cuts"] or []
    gaps: dict[int, float] = {}
    frames = read_ahead(_searched(item, smallest, gaps))
    parts = []
    while some := list(islice(frames, FRAMES_AT_ONCE)):
        parts.append(scan_images(some, analyzer))
    found = joined(parts)
    shots = {frame: bisect_right(cuts, frame) for frame in gaps}
    track_faces(found, shots, threshold=analyzer.info.default_threshold)
    for row in found.scans:
        row["gap_ms"], row["looks"] = round(1000 * gaps[row["frame"]]), len(found.scans)
    return found


def scan_lost(batch: pa.Table, reason: str, *, model_id: str) -> dict[str, pa.Table]:
    """Return the failed scan of a content whose worker died or hung."""
    failed = [_failure(item["sha256"], model_id, reason) for item in batch.to_pylist()]
    return _tables(Scan(), failed)


def embed_batch(batch: pa.Table, *, spec: AnalyzerSpec) -> dict[str, pa.Table]:
    """Return embeddings of faces that were found before."""
    analyzer = load(spec)
    ids: list[str] = []
    parts: list[Floats] = [np.empty((0, analyzer.info.embedding_dim), np.float32)]
    for item in batch.to_pylist():
        points = np.array(item["landmarks"], np.float32)
        numbers = np.array(item["frames"])
        # A content that cannot be read any more has no embeddings: its faces are unassigned.
        with suppress(UnreadableError):
            for _, frame, picture in read_ahead(_seen(item, set(item["frames"]))):
                here = np.flatnonzero(numbers == frame)
                parts.append(embed_faces(picture, points[here], analyzer))
                ids.extend(item["face_ids"][place] for place in here)
    return {EMBEDDINGS: embedding_table(ids, np.concatenate(parts))}


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
    items: list[dict[str, Any]], failed: list[dict[str, Any]], model_id: str, pages: Pages
) -> Iterator[tuple[str, int, Image]]:
    """Yield each look of each image; one that cannot be had is no scan, and hides no other."""
    for item in items:
        try:
            for look in _looks(item):
                if look.number is not None:
                    pages[item["sha256"], look.number] = look.page
                    yield item["sha256"], look.number, look.rgb()
        except UnreadableError as error:
            failed.append(_failure(item["sha256"], model_id, _reason(error)))


def _searched(
    item: dict[str, Any], smallest: int, gaps: dict[int, float]
) -> Iterator[tuple[str, int, Image]]:
    """Yield the frames of a video that are searched, and keep how far apart they are."""
    root = Path(item["root"])
    frames = searched_frames(
        root / item["locator"], root=root, smallest=smallest, wanted=frozenset(item["cuts"] or ())
    )
    for frame, gap, picture in frames:
        alive()
        gaps[frame] = gap
        yield item["sha256"], frame, picture


def _seen(item: dict[str, Any], wanted: set[int]) -> Iterator[tuple[str, int, Image]]:
    """Yield those looks of an image, or frames of a video, that are wanted."""
    if item["kind"] == "image":
        last = max(wanted)
        for look in _looks(item):
            if look.number is not None and look.number in wanted:
                yield item["sha256"], look.number, look.rgb()
            if look.number == last:
                return
        return
    root = Path(item["root"])
    for frame, picture in numbered_frames(root / item["locator"], wanted, root=root):
        alive()
        yield item["sha256"], frame, picture


def _looks(item: dict[str, Any]) -> Iterator[Look]:
    root = Path(item["root"])
    content = read_media(root / item["locator"], root=root, limits=Limits())
    return looks(content.data)


def _reason(error: UnreadableError) -> str:
    return str(error.reason_code)


def _failure(sha256: str, model_id: str, error: str) -> dict[str, Any]:
    return {"sha256": sha256, "frame": 0, "model_id": model_id, "faces": 0, "error": error}


def _tables(found: Scan, failed: list[dict[str, Any]]) -> dict[str, pa.Table]:
    return {
        "faces": conform(found.faces, "faces"),
        "face_scans": conform(found.scans + failed, "face_scans"),
    }
