"""dlib behind the protocol, seen by CenterFace, against the library's own calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.faces.analyzer import Image
from curate.faces.dlib import model_folder
from curate.faces.load import load

from .conftest import read, spec_of, standing


def _library() -> tuple[Any, Any, Any]:
    import dlib

    folder = model_folder()
    return (
        dlib.get_frontal_face_detector(),
        dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat")),
        dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat")),
    )


def test_embed_equals_the_librarys_own_descriptor_at_the_same_points(group: Image) -> None:
    import dlib

    analyzer = load(spec_of("dlib"))
    _, _, network = _library()
    found = standing(analyzer.detect(group))

    ours = analyzer.embed(analyzer.align(group, found.landmarks))
    theirs = []
    for points in found.landmarks:
        parts = dlib.points([dlib.point(round(float(x)), round(float(y))) for x, y in points])
        shape = dlib.full_object_detection(dlib.rectangle(), parts)
        theirs.append(network.compute_face_descriptor(group, shape))

    unit = np.array(theirs) / np.linalg.norm(np.array(theirs), axis=1, keepdims=True)
    assert (ours * unit).sum(axis=1).min() > 1 - 1e-3


def test_faces_embed_as_those_in_the_boxes_of_the_librarys_own_detector(group: Image) -> None:
    """The points come from a crop of our own making: they are as good as the library's."""
    analyzer = load(spec_of("dlib"))
    detector, predictor, network = _library()
    found = standing(analyzer.detect(group)).in_reading_order()
    rects = sorted(detector(group, 1), key=lambda rect: rect.left())

    ours = analyzer.embed(analyzer.align(group, found.landmarks))
    theirs = [network.compute_face_descriptor(group, predictor(group, rect)) for rect in rects]

    unit = np.array(theirs) / np.linalg.norm(np.array(theirs), axis=1, keepdims=True)
    assert len(unit) == len(ours) == 6
    assert (ours * unit).sum(axis=1).min() > 0.97


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_face_embeds_as_the_upright_one(turn: int, shared_data: Path) -> None:
    """In any quarter turn the points are those of the same places of the face."""
    analyzer = load(spec_of("dlib"))
    upright = read(shared_data / "faces" / "london" / "neutral_front" / "001_03.jpg")
    turned = np.ascontiguousarray(np.rot90(upright, turn))

    one, other = (
        analyzer.embed(analyzer.align(picture, analyzer.detect(picture).landmarks))
        for picture in (upright, turned)
    )

    assert one.shape == other.shape == (1, 128)
    assert (one @ other.T).item() > 0.99


def test_model_folder_is_found_without_importing_the_package() -> None:
    import sys

    folder = model_folder()

    assert (folder / "shape_predictor_5_face_landmarks.dat").is_file()
    assert "face_recognition_models" not in sys.modules
