"""The contract that every analyzer keeps."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from curate.errors import MissingModelError, UnknownNameError
from curate.faces.analyzer import AnalyzerSpec, Detections, FaceAnalyzer, Image
from curate.faces.load import load

from .conftest import standing


def test_detect_on_a_group_photo_finds_all_six(analyzer: FaceAnalyzer, group: Image) -> None:
    found = standing(analyzer.detect(group))

    assert len(found) == 6
    assert found.boxes.shape == (6, 4)
    assert found.landmarks.shape == (6, 5, 2)
    assert {a.dtype for a in (found.boxes, found.landmarks, found.det_score)} == {np.dtype("f4")}


def test_detect_puts_landmarks_inside_their_boxes(analyzer: FaceAnalyzer, group: Image) -> None:
    found = standing(analyzer.detect(group))

    centre = found.landmarks.mean(axis=1)

    assert (centre > found.boxes[:, :2]).all()
    assert (centre < found.boxes[:, 2:]).all()


def test_detect_without_a_face_returns_nothing(analyzer: FaceAnalyzer) -> None:
    blank = np.full((300, 400, 3), 128, np.uint8)

    found = analyzer.detect(blank)

    assert len(found) == 0
    assert found.landmarks.shape == (0, 5, 2)


def test_embed_gives_unit_rows_of_the_declared_width(analyzer: FaceAnalyzer, group: Image) -> None:
    crops = analyzer.align(group, standing(analyzer.detect(group)).landmarks)

    rows = analyzer.embed(crops)

    assert rows.shape == (6, analyzer.info.embedding_dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_embed_together_equals_embed_one_by_one(analyzer: FaceAnalyzer, group: Image) -> None:
    crops = analyzer.align(group, standing(analyzer.detect(group)).landmarks)

    together = analyzer.embed(crops)
    alone = np.concatenate([analyzer.embed(crop[None]) for crop in crops])

    assert (together * alone).sum(axis=1).min() > 1 - 1e-3


def test_embed_tells_the_six_people_apart(analyzer: FaceAnalyzer, group: Image) -> None:
    rows = analyzer.embed(analyzer.align(group, standing(analyzer.detect(group)).landmarks))

    strangers = (rows @ rows.T)[np.triu_indices(6, 1)]

    assert strangers.mean() < analyzer.info.default_threshold


def test_align_and_embed_take_no_faces(analyzer: FaceAnalyzer, group: Image) -> None:
    crops = analyzer.align(group, np.empty((0, 5, 2), np.float32))

    assert len(crops) == 0
    assert analyzer.embed(crops).shape == (0, analyzer.info.embedding_dim)


def test_info_names_model_digest_and_licence(analyzer: FaceAnalyzer) -> None:
    info = analyzer.info

    assert info.model_id == f"{info.name}@{info.digest[:12]}"
    assert len(info.digest) == 64
    assert info.licence
    assert info.default_threshold < info.default_strict < 1


def test_spec_crosses_processes() -> None:
    spec = AnalyzerSpec("insightface", "some/folder", threads=1)

    assert pickle.loads(pickle.dumps(spec)) == spec


def test_load_twice_returns_one_analyzer() -> None:
    assert load(AnalyzerSpec("dlib")) is load(AnalyzerSpec("dlib"))


def test_load_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        load(AnalyzerSpec("facenet"))  # type: ignore[arg-type]  # what a typo in a file gives

    assert "dlib, insightface, openmodelzoo" in caught.value.hint


@pytest.mark.parametrize("kind", ["dlib", "insightface", "openmodelzoo"])
def test_load_from_an_empty_folder_says_what_is_missing(kind, tmp_path) -> None:
    with pytest.raises(MissingModelError) as caught:
        load(AnalyzerSpec(kind, str(tmp_path)))

    assert caught.value.exit_status == 3
    assert caught.value.hint


def test_moved_scales_then_shifts() -> None:
    one = Detections(
        np.array([[1, 2, 3, 4]], np.float32),
        np.ones((1, 5, 2), np.float32),
        np.ones(1, np.float32),
    )

    moved = one.moved(dx=10, dy=20, scale=2)

    assert moved.boxes.tolist() == [[12, 24, 16, 28]]
    assert moved.landmarks[0, 0].tolist() == [12, 22]
