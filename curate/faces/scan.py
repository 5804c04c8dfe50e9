"""From pictures to rows of the tables `faces` and `face_scans`, and embeddings beside them.

Embeddings never enter a row: they live in an array as long as the run that computed them
(`vault` keeps them, encrypted, only when asked). `embed_faces` computes them again from the
landmarks that a row keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import numpy as np

from curate.errors import InputError
from curate.faces.analyzer import Detections, FaceAnalyzer, Floats, Image
from curate.faces.quality import face_quality
from curate.faces.warp import padded

if TYPE_CHECKING:
    from collections.abc import Iterable

FACE_NAMESPACE = UUID("6b0c1f0e-5f6e-5d0a-9c55-3c6f0d1a7b21")
SMALL_PX = 256
MIN_PX = 16
_MARGIN = 0.5


@dataclass
class Scan:
    """What came of searching some pictures for faces.

    Attributes:
        faces: Rows of the table `faces`.
        scans: Rows of the table `face_scans`, one for each picture.
        embeddings: Unit embeddings in the order of `faces`, shape (N, D), dtype float32.
    """

    faces: list[dict[str, Any]] = field(default_factory=list)
    scans: list[dict[str, Any]] = field(default_factory=list)
    embeddings: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))


def scan_image(image: Image, analyzer: FaceAnalyzer, *, sha256: str, frame: int = 0) -> Scan:
    """Return the faces of one picture. See `scan_images`."""
    return scan_images([(sha256, frame, image)], analyzer)


def scan_images(pictures: Iterable[tuple[str, int, Image]], analyzer: FaceAnalyzer) -> Scan:
    """Return the faces of several pictures, embedded together.

    Where the model needs it, a picture of up to 256 px, and any in which nothing was found, is
    searched inside a rim of repeated edge pixels half as wide as its longer side: a crop that a
    face fills has no surroundings for a detector to go by. Boxes and landmarks are mapped back, so
    they may reach outside the picture. Alignment always takes the picture as it is.

    Args:
        pictures: SHA-256 of the content, frame (0 for an image) and upright RGB pixels,
            shape (H, W, 3), dtype uint8.
        analyzer: The model.

    Returns:
        Rows and embeddings. A picture that cannot be searched yields a row in `scans` with
        an error, and no faces.
    """
    scan = Scan()
    crops: list[Image] = []
    model_id = analyzer.info.model_id
    for sha256, frame, image in pictures:
        key = {"sha256": sha256, "frame": frame, "model_id": model_id}
        error = _unusable(image)
        found = Detections.none() if error else find_faces(image, analyzer)
        looked = {} if error else _looked(found)
        scan.scans.append({**key, "faces": len(found), **looked, "error": error})
        if len(found):
            aligned = analyzer.align(image, found.landmarks)
            scan.faces.extend(_rows(key, found, aligned, analyzer))
            crops.append(aligned)
    if crops:
        scan.embeddings = analyzer.embed(np.concatenate(crops))
    else:
        scan.embeddings = np.empty((0, analyzer.info.embedding_dim), np.float32)
    return scan


def joined(parts: list[Scan]) -> Scan:
    """Return scans by one model as one, in their order."""
    if not parts:
        return Scan()
    return Scan(
        [face for part in parts for face in part.faces],
        [scan for part in parts for scan in part.scans],
        np.concatenate([part.embeddings for part in parts]),
    )


def find_faces(image: Image, analyzer: FaceAnalyzer) -> Detections:
    """Return the faces of one picture from left to right, small pictures and crops included.

    Args:
        image: Upright RGB, shape (H, W, 3), dtype uint8, at least 16 px on each side.
        analyzer: The model.
    """
    found = Detections.none()
    if max(image.shape[:2]) > SMALL_PX or not analyzer.needs_rim:
        found = analyzer.detect(image)
    if len(found) == 0 and analyzer.needs_rim:
        wider, rim = padded(image, _MARGIN)
        within = analyzer.detect(wider).moved(dx=-rim, dy=-rim)
        # Two looks know what either knows: the finer one counts.
        found = replace(within, smallest_px=float(np.fmin(found.smallest_px, within.smallest_px)))
    return _inside(found, image).in_reading_order()


def embed_faces(image: Image, landmarks: Floats, analyzer: FaceAnalyzer) -> Floats:
    """Return the embeddings of faces that were found before, the same as `scan_image` gave.

    Args:
        image: The picture that was scanned, shape (H, W, 3), dtype uint8.
        landmarks: The rows' `landmarks`, shape (n, 10) or (n, 5, 2).
        analyzer: The model that found them.

    Returns:
        Unit embeddings, shape (n, D), dtype float32.

    Raises:
        InputError: `landmarks` are not five points each.
    """
    points = np.asarray(landmarks, np.float32)
    if points.size % 10:
        raise InputError(f"landmarks of shape {points.shape} are not five points for each face")
    return analyzer.embed(analyzer.align(image, points.reshape(-1, 5, 2)))


def face_id(sha256: str, frame: int, model_id: str, ordinal: int) -> str:
    """Return the face's id: the same content, frame and model give the same ids again.

    >>> face_id("9f86d0", 0, "dlib-resnet@0a1b2c3d4e5f", 0)
    '5b7a473c-0e67-55a2-adf9-717327b6de9f'
    """
    return str(uuid5(FACE_NAMESPACE, f"{sha256}/{frame}/{model_id}/{ordinal}"))


def _unusable(image: Image) -> str | None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        return f"the picture is {image.dtype} of shape {image.shape}, not 8-bit RGB"
    height, width = image.shape[:2]
    return f"the image is {width} x {height} px" if min(height, width) < MIN_PX else None


def _looked(found: Detections) -> dict[str, Any]:
    known = None if np.isnan(found.smallest_px) else float(found.smallest_px)
    return {"smallest_px": known, "turns": found.turns}


def _inside(found: Detections, image: Image) -> Detections:
    # A rim of repeated pixels can grow a mirage of a face: its centre lies in the rim.
    height, width = image.shape[:2]
    x, y = (found.boxes[:, :2] + found.boxes[:, 2:]).T / 2
    keep = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return found.of(keep)


def _rows(
    key: dict[str, Any], found: Detections, crops: Image, analyzer: FaceAnalyzer
) -> list[dict[str, Any]]:
    info = analyzer.info
    quality = face_quality(found.boxes, found.landmarks, found.det_score, crops, info)
    rows = []
    for i, (box, points) in enumerate(zip(found.boxes, found.landmarks, strict=True)):
        yaw, pitch, roll = (None if np.isnan(v) else float(v) for v in quality.pose[i])
        x1, y1, x2, y2 = (float(v) for v in box)
        rows.append(
            {
                "face_id": face_id(key["sha256"], key["frame"], key["model_id"], i),
                **key,
                "ordinal": i,
                "x1": x1,
                "y1": y1,
                "x2": x2,
                "y2": y2,
                "landmarks": [float(v) for v in points.ravel()],
                "det_score": float(found.det_score[i]),
                "face_height_px": float(quality.height_px[i]),
                "yaw": yaw,
                "pitch": pitch,
                "roll": roll,
                "blur": float(quality.blur[i]),
                "occlusion": float(quality.occlusion[i]),
                "quality": float(quality.score[i]),
                "judgeable": quality.reason[i] is None,
                "poor_reason": quality.reason[i],
                "track_id": None,
            }
        )
    return rows
