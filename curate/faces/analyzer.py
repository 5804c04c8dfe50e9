"""What a face analyzer is: a detector, an alignment and a recogniser, and which one is wanted.

An `AnalyzerSpec` is a small value that crosses process boundaries; `curate.faces.load` turns it
into an analyzer.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Points = tuple[tuple[float, float], ...]
Kind = Literal["dlib", "insightface", "openmodelzoo"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class ModelInfo:
    """What a model is, and under which terms it may be used.

    Attributes:
        name: Short name of the family and recogniser.
        digest: SHA-256, lowercase hex, over the SHA-256 of each model file in use.
        licence: Licence of the weights, in words.
        non_commercial: Whether those terms rule out commercial use.
        embedding_dim: D of the embeddings.
        preprocessing: Detection size, alignment and normalisation, in words.
        landmarks: ``eyes-nose-mouth`` (left eye, right eye, nose, left and right mouth corner,
            as seen in the picture) or ``dlib-5`` (corners of the right eye, outer then inner,
            of the left eye likewise, and the base of the nose).
        template: Where the eyes, the nose and the corners of the mouth lie in an aligned crop: x
            and y as shares of its side.
        default_threshold: Cosine at or above which two faces are taken for one person when a
            dataset has too little evidence of its own.
        default_strict: The same at a tenth of the false match rate.
        threshold_basis: Where those two come from.
        sure_score: Detector score below which a detection is doubtful, on the model's scale.
    """

    name: str
    digest: str
    licence: str
    non_commercial: bool
    embedding_dim: int
    preprocessing: str
    landmarks: Literal["eyes-nose-mouth", "dlib-5"]
    template: Points
    default_threshold: float
    default_strict: float
    threshold_basis: str
    sure_score: float

    @property
    def model_id(self) -> str:
        """Name and the first 12 digits of the digest, for example ``dlib-resnet@0a1b2c3d4e5f``."""
        return f"{self.name}@{self.digest[:12]}"


@dataclass(frozen=True)
class Detections:
    """Faces found in one picture, n of them, in pixels of that picture.

    Attributes:
        boxes: x1, y1, x2, y2, shape (n, 4), dtype float32; may reach outside the picture.
        landmarks: Five points as x, y in the model's order, shape (n, 5, 2), dtype float32.
        det_score: The detector's confidence, shape (n,), dtype float32.
        smallest_px: The smallest longer side of a box, in pixels of that picture, down to which
            the detector is known to find faces; NaN where nobody knows.
        turns: In how many of the four quarter turns faces were sought.
    """

    boxes: Floats
    landmarks: Floats
    det_score: Floats
    smallest_px: float = math.nan
    turns: int = 1

    def __len__(self) -> int:
        return len(self.boxes)

    @staticmethod
    def none(*, smallest_px: float = math.nan, turns: int = 1) -> Detections:
        """Return the detections of a picture without faces."""
        return Detections(
            np.empty((0, 4), np.float32),
            np.empty((0, 5, 2), np.float32),
            np.empty(0, np.float32),
            smallest_px,
            turns,
        )

    def moved(self, *, dx: float = 0.0, dy: float = 0.0, scale: float = 1.0) -> Detections:
        """Return the detections with every coordinate multiplied by `scale`, then shifted."""
        shift = np.array([dx, dy], np.float32)
        return Detections(
            (self.boxes * np.float32(scale) + np.tile(shift, 2)).astype(np.float32),
            (self.landmarks * np.float32(scale) + shift).astype(np.float32),
            self.det_score,
            self.smallest_px * scale,
            self.turns,
        )

    def of(self, chosen: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Detections:
        """Return the detections at places, or those that are true, in that order."""
        return replace(
            self,
            boxes=self.boxes[chosen],
            landmarks=self.landmarks[chosen],
            det_score=self.det_score[chosen],
        )

    def in_reading_order(self) -> Detections:
        """Return the detections from left to right, then from top to bottom."""
        return self.of(np.lexsort((self.boxes[:, 1], self.boxes[:, 0])))


class FaceAnalyzer(Protocol):
    """A detector, an alignment and a recogniser that belong together.

    Pictures are upright, dtype uint8, RGB, shape (H, W, 3). An analyzer keeps no state between
    calls; one instance serves one thread.
    """

    @property
    def info(self) -> ModelInfo:
        """What the model is."""

    @property
    def needs_rim(self) -> bool:
        """Whether a face that fills its picture is only found inside a rim around it."""

    def detect(self, image: Image) -> Detections:
        """Return the faces in `image`, and say how small a face it finds there."""

    def align(self, image: Image, landmarks: Floats) -> Image:
        """Return upright crops, shape (n, S, S, 3), for `landmarks` of shape (n, 5, 2)."""

    def embed(self, crops: Image) -> Floats:
        """Return unit embeddings, shape (n, D), of aligned `crops`, computed in batches."""


@dataclass(frozen=True)
class AnalyzerSpec:
    """Which analyzer to load; a picklable value.

    Attributes:
        kind: The family.
        path: Folder of the model files; empty for the family's usual place. For `insightface`
            the folder of a pack, or the name of one already under ``~/.insightface/models``.
        smallest: The smallest face to look for: the longer side of its box, in pixels of the
            original picture. Only `dlib` goes by it.
        det_size: Longer side to which a picture is brought before detection, in pixels.
        det_threshold: Least detector score; None for the family's own.
        device: ``cpu``, ``cuda``, or ``auto`` (CUDA where the runtime offers it).
        threads: Threads for inference in this process; 0 leaves it to the runtime.
        batch_size: Most faces per call of the recogniser; 0 for what suits the device: on a
            processor few, so that they stay in its cache, on a GPU many.
    """

    kind: Kind = "dlib"
    path: str = ""
    smallest: int = 24
    det_size: int = 640
    det_threshold: float | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0
    batch_size: int = 0


CPU_BATCH, GPU_BATCH = 4, 64


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, lowercase hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_files(paths: Iterable[Path]) -> str:
    """Return one SHA-256 for several model files: over their SHA-256, in the order given."""
    return hashlib.sha256("\n".join(digest_file(p) for p in paths).encode()).hexdigest()


def shares(template: Floats, size: int) -> Points:
    """Return the points of a template as shares of the crop's side."""
    return tuple((float(x) / size, float(y) / size) for x, y in template)


def unit_rows(values: npt.NDArray[np.floating]) -> Floats:
    """Return each row of `values`, shape (n, D), divided by its length; zero rows stay zero."""
    rows = np.asarray(values, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
