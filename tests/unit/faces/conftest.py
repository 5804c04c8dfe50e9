"""Analyzers and pictures that the tests of this room share; pictures are read in place."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from curate.faces.analyzer import AnalyzerSpec, Detections, FaceAnalyzer, Image, Kind
from curate.faces.load import load

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("CURATE_TEST_DATA", ROOT.parent / "shared" / "data"))
FOLDERS: dict[Kind, Path | None] = {
    "dlib": None,
    "insightface": DATA / "models" / "insightface" / "dev_mobile",
    "openmodelzoo": DATA / "models",
}


def spec_of(kind: Kind) -> AnalyzerSpec:
    """Return the spec of an analyzer on two threads, or skip where its model is absent."""
    folder = FOLDERS[kind]
    if folder is None:
        return AnalyzerSpec(kind, threads=2)
    if not folder.is_dir():
        pytest.skip(f"the {kind} model is absent ({folder}); set CURATE_TEST_DATA")
    return AnalyzerSpec(kind, str(folder), threads=2)


def read(path: Path) -> Image:
    """Return a picture as RGB, shape (H, W, 3), dtype uint8."""
    with Pictures.open(path) as picture:
        return np.asarray(picture.convert("RGB")).copy()


def packaged(name: str) -> Image:
    """Return a picture that ships inside the package insightface, or skip."""
    package = find_spec("insightface")
    if package is None or package.origin is None:
        pytest.skip("insightface, whose pictures this test reads, is not installed")
    return read(Path(package.origin).parent / "data" / "images" / name)


@pytest.fixture(params=["dlib", "insightface", "openmodelzoo"])
def analyzer(request: pytest.FixtureRequest) -> FaceAnalyzer:
    return load(spec_of(request.param))


@pytest.fixture(scope="session")
def group() -> Image:
    """A photo of six people, before a wall on which hangs a picture of one more, 12 px high."""
    return packaged("t1.jpg")


def standing(found: Detections) -> Detections:
    """Return who stands in the group's photo: not who hangs on the wall, where a model sees it."""
    size = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1)
    assert ((size > 80) | (size < 16)).all()
    return found.of(size > 80)


@pytest.fixture(scope="session")
def tight_crop() -> Image:
    """A face that fills its 112 x 112 picture."""
    return packaged("Tom_Hanks_54745.png")
