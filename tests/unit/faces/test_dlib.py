"""dlib behind the protocol, against the library's own calls."""

from __future__ import annotations

import numpy as np

from curate.faces.analyzer import Image
from curate.faces.dlib import model_folder
from curate.faces.load import load

from .conftest import spec_of


def test_embed_equals_the_librarys_own_descriptor(group: Image) -> None:
    import dlib

    analyzer = load(spec_of("dlib"))
    folder = model_folder()
    predictor = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(
        str(folder / "dlib_face_recognition_resnet_model_v1.dat")
    )
    found = analyzer.detect(group)

    ours = analyzer.embed(analyzer.align(group, found.landmarks))
    theirs = []
    for box in found.boxes:
        shape = predictor(group, dlib.rectangle(*(round(float(v)) for v in box)))
        theirs.append(network.compute_face_descriptor(group, shape))

    unit = np.array(theirs) / np.linalg.norm(np.array(theirs), axis=1, keepdims=True)
    assert (ours * unit).sum(axis=1).min() > 1 - 1e-3


def test_model_folder_is_found_without_importing_the_package() -> None:
    import sys

    folder = model_folder()

    assert (folder / "shape_predictor_5_face_landmarks.dat").is_file()
    assert "face_recognition_models" not in sys.modules
