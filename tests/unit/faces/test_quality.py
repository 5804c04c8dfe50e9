"""How usable a face is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from curate.faces.analyzer import AnalyzerSpec, ModelInfo
from curate.faces.load import load
from curate.faces.quality import _HEAD, face_quality, head_pose, laplacian_variance


def seen(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    """Return an average head's five points as a far camera sees them, shape (1, 5, 2)."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (_HEAD @ (about_z @ about_y @ about_x).T)[None, :, :2].astype(np.float32)


@pytest.fixture
def info() -> ModelInfo:
    return dataclasses.replace(load(AnalyzerSpec("dlib")).info, landmarks="eyes-nose-mouth")


@pytest.mark.parametrize("angles", [(0, 0, 0), (40, 0, 0), (-65, 0, 0), (0, 25, 0), (0, 0, -30)])
def test_head_pose_recovers_a_turned_head(angles) -> None:
    pose = head_pose(seen(*angles), "eyes-nose-mouth")[0]

    np.testing.assert_allclose(pose, angles, atol=0.5)


def test_head_pose_of_dlib_points_is_turned_to_where_the_nose_points() -> None:
    frontal = np.array([[30, 0], [14, 0], [-30, 0], [-14, 0], [0, 20]], np.float32)
    turned = frontal + np.array([[0, 0]] * 4 + [[12, 0]], np.float32)

    pose = head_pose(np.stack([frontal, turned]), "dlib-5")

    assert abs(pose[0, 0]) < 1
    assert pose[1, 0] > 20
    assert np.isnan(pose[:, 1]).all()


def test_laplacian_variance_of_a_blurred_crop_is_lower() -> None:
    sharp = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3), dtype=np.uint8)
    blurred = ((sharp.astype(int) + np.roll(sharp, 1, 1) + np.roll(sharp, 1, 2)) // 3).astype("u1")

    assert laplacian_variance(blurred)[0] < laplacian_variance(sharp)[0] / 2


def test_laplacian_variance_takes_crops_of_any_size() -> None:
    crops = np.zeros((2, 150, 150, 3), np.uint8)

    assert laplacian_variance(crops).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("height", "yaw", "score", "noise", "reason"),
    [
        (100, 0, 1.0, True, None),
        (20, 0, 1.0, True, "too_small"),
        (100, 75, 1.0, True, "turned_away"),
        (100, 0, 1.0, False, "blurred"),
        (100, 0, 0.01, True, "doubtful_detection"),
    ],
)
def test_face_quality_says_why_a_face_is_no_evidence(
    height, yaw, score, noise, reason, info
) -> None:
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256 if noise else 1, (1, 112, 112, 3), dtype=np.uint8)
    box = np.array([[0, 0, height, height]], np.float32)

    quality = face_quality(box, seen(yaw), np.array([score], np.float32), crop, info)

    assert quality.reason == [reason]
    assert 0 <= quality.score[0] <= 1
