"""YuNet by OpenCV and face-reidentification-retail-0095 by OpenVINO: the licence-clean choice.

YuNet is MIT, the Open Model Zoo network Apache-2.0. The network was exported for one crop per
call and is reshaped to take batches; it wants BGR, raw 0 to 255, on a template of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curate.errors import MissingModelError
from curate.faces.analyzer import (
    CPU_BATCH,
    AnalyzerSpec,
    Detections,
    Floats,
    Image,
    ModelInfo,
    digest_files,
    shares,
    unit_rows,
)
from curate.faces.models import model_home
from curate.faces.openvino import compiled
from curate.faces.warp import aligned, fitted, swapped, yunet

CROP = 128
RECOGNISER = "face-reidentification-retail-0095"
DETECTOR = "face_detection_yunet_2023mar.onnx"
# Measured on portraits in scenes, as searched: 29 of 30 at 24 px, 30 of 30 at 28 px and more.
_SMALLEST = 28.0
# From the network's model card: shares of the crop's side, in the landmarks' order.
TEMPLATE = CROP * np.array(
    [
        [0.31556875, 0.4615741071428571],
        [0.6826229166666667, 0.4615741071428571],
        [0.5002625, 0.6405053571428571],
        [0.349471875, 0.8246919642857142],
        [0.6534364583333333, 0.8246919642857142],
    ],
    np.float32,
)


class OpenModelZooAnalyzer:
    """YuNet and the Open Model Zoo's face network behind the protocol.

    Raises:
        DependencyError: OpenCV or OpenVINO is not installed.
        MissingModelError: A model file is not below the folder.
    """

    needs_rim = True

    def __init__(self, spec: AnalyzerSpec) -> None:
        detector, network, weights = model_files(spec.path)
        threshold = 0.6 if spec.det_threshold is None else spec.det_threshold
        self._detector = yunet(str(detector), threshold=threshold)
        self._network = compiled(network, [-1, 3, CROP, CROP], threads=spec.threads)
        self._size = spec.det_size
        self._batch = spec.batch_size or CPU_BATCH
        self.info = ModelInfo(
            name="omz-retail-0095",
            digest=digest_files([detector, network, weights]),
            licence="YuNet: MIT; face-reidentification-retail-0095: Apache-2.0",
            non_commercial=False,
            embedding_dim=256,
            preprocessing=f"YuNet at {spec.det_size} px; own template, {CROP} px; BGR 0 to 255",
            landmarks="eyes-nose-mouth",
            template=shares(TEMPLATE, CROP),
            default_threshold=0.4,
            default_strict=0.47,
            threshold_basis="measured on two public sets at a false match rate of 0.001",
            sure_score=0.7,
        )

    def detect(self, image: Image) -> Detections:
        """Return the faces in `image`; scores are 0 to 1."""
        scaled, scale = fitted(image, self._size)
        self._detector.setInputSize((scaled.shape[1], scaled.shape[0]))
        _, found = self._detector.detect(swapped(scaled))
        if found is None:
            return Detections.none(smallest_px=_SMALLEST / scale)
        rows = np.asarray(found, np.float32)
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        points = rows[:, 4:14].reshape(-1, 5, 2)
        found = Detections(corners, points, rows[:, 14].copy(), _SMALLEST)
        return found.moved(scale=1 / scale)

    def align(self, image: Image, landmarks: Floats) -> Image:
        """Return crops on the network's own template, shape (n, 128, 128, 3)."""
        points = np.asarray(landmarks, np.float32).reshape(-1, 5, 2)
        return aligned(np.ascontiguousarray(image), points, TEMPLATE, CROP)

    def embed(self, crops: Image) -> Floats:
        """Return unit embeddings, shape (n, 256)."""
        rows = [np.empty((0, self.info.embedding_dim), np.float32)]
        for start in range(0, len(crops), self._batch):
            batch = crops[start : start + self._batch, ..., ::-1].transpose(0, 3, 1, 2)
            result = self._network(np.ascontiguousarray(batch, np.float32))[0]
            rows.append(np.asarray(result, np.float32).reshape(len(batch), -1))
        return unit_rows(np.concatenate(rows))


def model_files(path: str) -> tuple[Path, Path, Path]:
    """Return the detector, the network and its weights, found in a folder or below it.

    Args:
        path: The folder; empty for where `curate models pull` puts models.

    Raises:
        MissingModelError: There is no such folder, or a file is not there.
    """
    folder = Path(path).expanduser() if path else model_home()
    hint = f"run `curate models pull openmodelzoo`, or put {DETECTOR} and {RECOGNISER}.xml and "
    hint += ".bin below one folder, and name it in curate.toml under [faces] as model"
    found = []
    for name in (DETECTOR, f"{RECOGNISER}.xml", f"{RECOGNISER}.bin"):
        places = sorted(folder.rglob(name)) if folder.is_dir() else []
        if not places:
            raise MissingModelError(f"no {name}", where=str(folder), hint=hint)
        found.append(places[0])
    return found[0], found[1], found[2]
