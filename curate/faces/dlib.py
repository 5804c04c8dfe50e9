"""The embedded default: dlib's HOG detector, 5-point predictor and ResNet recogniser.

Its model files ship inside the package face_recognition_models, so it works on a fresh
machine without a download. That package is located, never imported: its code needs
pkg_resources, which newer setuptools no longer bring.
"""

from __future__ import annotations

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
from curate.faces.warp import fitted

CROP = 150
PADDING = 0.25
_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
_RECOGNISER = "dlib_face_recognition_resnet_model_v1.dat"
# The HOG detector is trained on faces of 80 px: in a picture brought to 640 px it misses the
# people of a group photo, so its detection size is doubled.
_DETECTION_FACTOR = 2
_SMALLEST = 80.0
_THRESHOLD = 0.0
# Mean places in the chips of a public set's portraits; dlib's own mean face has no mouth.
_TEMPLATE = ((0.309, 0.3), (0.677, 0.302), (0.493, 0.497), (0.338, 0.681), (0.646, 0.684))


class DlibAnalyzer:
    """dlib behind the protocol.

    Landmarks follow dlib's 5-point order (see `ModelInfo.landmarks`) and are whole pixels, as
    the predictor gives them.

    Raises:
        DependencyError: dlib is not installed.
        MissingModelError: The model files are not there.
    """

    def __init__(self, spec: AnalyzerSpec) -> None:
        folder = model_folder(spec.path)
        try:
            import dlib
        except ImportError as error:
            raise DependencyError("dlib is not installed") from error
        self._dlib: Any = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(folder / _PREDICTOR))
        self._recogniser = dlib.face_recognition_model_v1(str(folder / _RECOGNISER))
        self._size = spec.det_size * _DETECTION_FACTOR
        self._threshold = _THRESHOLD if spec.det_threshold is None else spec.det_threshold
        self._batch = spec.batch_size or CPU_BATCH
        self.info = ModelInfo(
            name="dlib-resnet",
            digest=digest_files([folder / _PREDICTOR, folder / _RECOGNISER]),
            licence="CC0-1.0 (dlib-models; trained on web-scraped data)",
            non_commercial=False,
            embedding_dim=128,
            preprocessing=f"HOG at {self._size} px; 5 points; {CROP} px chip, padding {PADDING}",
            landmarks="dlib-5",
            template=_TEMPLATE,
            default_threshold=0.935,
            default_strict=0.943,
            threshold_basis="measured on two public sets at a false match rate of 0.001",
            sure_score=0.1,
        )

    def detect(self, image: Image) -> Detections:
        """Return the faces in `image`; scores are the HOG detector's margins, from 0."""
        scaled, scale = fitted(image, self._size)
        rects, scores, _ = self._detector.run(scaled, 0, self._threshold)
        if not rects:
            return Detections.none(smallest_px=_SMALLEST / scale)
        boxes = np.array(
            [[r.left(), r.top(), r.right() + 1, r.bottom() + 1] for r in rects], np.float32
        )
        # Landmarks come from the original pixels, where the crop is taken.
        boxes /= np.float32(scale)
        points = np.array([self._points(image, box) for box in boxes], np.float32)
        return Detections(boxes, points, np.array(scores, np.float32), _SMALLEST / scale)

    def _points(self, image: Image, box: Floats) -> list[tuple[int, int]]:
        rect = self._dlib.rectangle(*(round(float(v)) for v in box))
        return [(p.x, p.y) for p in self._predictor(image, rect).parts()]

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
