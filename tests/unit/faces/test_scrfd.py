"""SCRFD's outputs read by us, against insightface's own reading of them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from curate.faces import openvino
from curate.faces.analyzer import AnalyzerSpec, Detections, Image
from curate.faces.insightface import InsightFaceAnalyzer, canvas
from curate.faces.load import load
from curate.faces.scrfd import Layout, found_faces

from .conftest import spec_of

LAYOUT = Layout(strides=(8, 16), anchors=1)


def outputs(*faces: tuple[int, int, float], size: int = 64) -> list[np.ndarray]:
    """Return the outputs of a network that sees boxes of two cells' side at cells of level 0."""
    cells = [(size // stride) ** 2 for stride in LAYOUT.strides]
    scores = [np.zeros((n, 1), np.float32) for n in cells]
    boxes = [np.ones((n, 4), np.float32) for n in cells]
    points = [np.tile(np.arange(10, dtype=np.float32), (n, 1)) for n in cells]
    for column, row, score in faces:
        scores[0][row * (size // 8) + column] = score
    return [*scores, *boxes, *points]


def read(*faces: tuple[int, int, float]) -> Detections:
    return found_faces(outputs(*faces), 64, LAYOUT, threshold=0.5, overlap=0.4)


def test_a_cell_gives_a_box_and_points_around_its_corner() -> None:
    found = read((3, 2, 0.9))

    assert found.boxes.tolist() == [[16, 8, 32, 24]]
    assert found.landmarks[0].tolist() == [[24 + 16 * i, 16 + 8 + 16 * i] for i in range(5)]
    assert found.det_score.tolist() == pytest.approx([0.9])


def test_a_score_below_the_threshold_is_no_face() -> None:
    assert len(read((3, 2, 0.49))) == 0


def test_of_boxes_that_overlap_the_surer_one_stays() -> None:
    found = read((3, 2, 0.6), (3, 3, 0.7), (3, 2, 0.8), (7, 7, 0.55))

    # One cell further the boxes share half their height: an IoU of a third stays.
    assert found.det_score.tolist() == pytest.approx([0.8, 0.7, 0.55])
    strict = found_faces(outputs((3, 3, 0.7), (3, 2, 0.8)), 64, LAYOUT, threshold=0.5, overlap=0.3)
    assert strict.det_score.tolist() == pytest.approx([0.8])


@pytest.mark.parametrize("shape", [(886, 1280), (640, 400), (200, 333), (777, 40), (19, 900)])
def test_faces_are_those_of_the_librarys_own_detector(shape, group: Image) -> None:
    analyzer = load(spec_of("insightface"))
    assert isinstance(analyzer, InsightFaceAnalyzer)
    picture = np.ascontiguousarray(group[: shape[0], : shape[1]])
    backwards = np.ascontiguousarray(picture[..., ::-1])
    size = canvas(picture.shape[1], picture.shape[0], 640)

    found = analyzer.detect(picture)
    theirs, points = analyzer._detector.detect(backwards, input_size=size)

    assert len(found) == len(theirs)
    if len(theirs):
        np.testing.assert_allclose(found.boxes, theirs[:, :4], atol=0.01)
        np.testing.assert_allclose(found.landmarks, points, atol=0.01)
        np.testing.assert_allclose(found.det_score, theirs[:, 4], atol=1e-4)


def test_without_openvino_onnxruntime_finds_the_same_faces(group: Image, monkeypatch) -> None:
    usual = load(spec_of("insightface")).detect(group)
    monkeypatch.setitem(sys.modules, "openvino", None)

    plain = InsightFaceAnalyzer(AnalyzerSpec("insightface", spec_of("insightface").path))
    found = plain.detect(group)

    np.testing.assert_allclose(found.boxes, usual.boxes, atol=0.01)
    np.testing.assert_allclose(found.det_score, usual.det_score, atol=1e-4)


def test_a_picture_after_a_larger_one_sees_nothing_of_it(group: Image) -> None:
    analyzer = load(spec_of("insightface"))
    blank = np.full((64, 640, 3), 128, np.uint8)

    analyzer.detect(group)

    assert len(analyzer.detect(blank)) == 0


def test_a_file_that_is_no_network_is_a_missing_model(tmp_path) -> None:
    pytest.importorskip("openvino")
    broken = tmp_path / "net.onnx"
    broken.write_bytes(b"not a network")

    with pytest.raises(openvino.MissingModelError, match="cannot read"):
        openvino.compiled(broken, [1, 3, 8, 8], threads=1)
