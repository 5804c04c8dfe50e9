"""insightface packs behind the protocol, against the library's own calls."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from curate.errors import DependencyError, MissingModelError
from curate.faces.analyzer import CPU_BATCH, AnalyzerSpec, Image
from curate.faces.insightface import canvas, pack_folder
from curate.faces.load import load

from .conftest import FOLDERS, packaged, spec_of


def test_boxes_and_embeddings_equal_faceanalysis_get(group: Image) -> None:
    spec = spec_of("insightface")
    from insightface.app import FaceAnalysis

    app = FaceAnalysis(name=spec.path, providers=["CPUExecutionProvider"])
    app.prepare(-1, det_size=(640, 640))
    analyzer = load(spec)
    theirs = sorted(app.get(group[..., ::-1]), key=lambda face: float(face.bbox[0]))

    found = analyzer.detect(group).in_reading_order()
    ours = analyzer.embed(analyzer.align(group, found.landmarks))

    np.testing.assert_allclose(found.boxes, [f.bbox for f in theirs], atol=0.5)
    cosines = (ours * np.array([f.normed_embedding for f in theirs])).sum(axis=1)
    assert cosines.min() > 1 - 1e-3


def test_a_pack_exported_for_one_crop_takes_batches() -> None:
    analyzer = load(spec_of("insightface"))

    assert analyzer._batch == CPU_BATCH  # type: ignore[attr-defined]


def test_a_missing_pack_is_not_downloaded(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(MissingModelError, match="no such folder"):
        load(AnalyzerSpec("insightface", "buffalo_l"))

    assert not list(tmp_path.iterdir())


def test_a_pack_is_found_by_name_under_the_librarys_home(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    pack = tmp_path / ".insightface" / "models" / "mine"
    pack.mkdir(parents=True)
    (pack / "det.onnx").write_bytes(b"")

    assert pack_folder("mine") == pack


@pytest.mark.parametrize(
    ("kept", "missing"), [("det_2.5g.onnx", "recogniser"), ("mobilefacenet_128.onnx", "detector")]
)
def test_a_pack_without_one_of_its_two_models_is_refused(kept, missing, tmp_path) -> None:
    spec_of("insightface")
    folder = FOLDERS["insightface"]
    assert folder is not None
    shutil.copy(folder / kept, tmp_path)

    with pytest.raises(MissingModelError, match=f"no {missing}"):
        load(AnalyzerSpec("insightface", str(tmp_path)))


def test_cuda_asked_for_and_not_there_is_an_error() -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("onnxruntime here has CUDA")

    with pytest.raises(DependencyError, match="CUDA"):
        load(AnalyzerSpec("insightface", spec_of("insightface").path, device="cuda"))


def test_pretrained_packs_are_marked_non_commercial() -> None:
    assert load(spec_of("insightface")).info.non_commercial


def test_packaged_picture_is_rgb() -> None:
    assert packaged("t1.jpg").shape == (886, 1280, 3)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (1280, 720, (640, 384)),
        (100, 100, (640, 640)),
        (10, 2000, (32, 640)),
        (500, 640, (512, 640)),
    ],
)
def test_canvas_holds_the_picture_in_multiples_of_32(width, height, size) -> None:
    assert canvas(width, height, 640) == size
