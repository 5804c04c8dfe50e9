"""How usable a face is as evidence of identity: size, pose, sharpness, what is hidden, detection.

Pure: numbers from landmarks and aligned crops. A face too poor to judge is kept and marked,
never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.faces.analyzer import Floats, Image, ModelInfo
from curate.faces.occlusion import occlusion
from curate.faces.warp import grey, sampled

MIN_HEIGHT_PX = 32.0
MAX_YAW = 60.0
MIN_BLUR = 15.0
# An eye or the mouth: what covers them makes strangers alike. Of strangers under one kind of
# mask, bar or hand one pair in a hundred to one in ten reaches the threshold; bare, none did.
MAX_OCCLUSION = 0.25
# At these values a face is as good as the models can use.
_GOOD_HEIGHT_PX, _GOOD_BLUR = 112.0, 100.0

# Points of an average head: x to the picture's right, y down, z away from the viewer, origin at
# the tip of the nose; 5 units are about a millimetre. Proportions of the usual generic model
# for head pose, with eye centres between its corners.
_HEAD = np.array(
    [[-157, -170, 135], [157, -170, 135], [0, 0, 0], [-150, 150, 125], [150, 150, 125]],
    np.float64,
)
_FROM_HEAD = np.linalg.pinv(_HEAD - _HEAD.mean(axis=0))
# Distance of the eye centres over the depth of the nose's base before them, same head.
_EYES_TO_NOSE_DEPTH = 320 / 110


@dataclass(frozen=True)
class Quality:
    """Quality of n faces of one picture.

    Attributes:
        height_px: Height of the box, shape (n,), dtype float32.
        pose: Yaw, pitch and roll in degrees, shape (n, 3), dtype float32; NaN where unknown.
        blur: Variance of the Laplacian of the grey crop at 112 px, shape (n,), dtype float32.
        occlusion: Share of eyes and mouth that is hidden, shape (n,), dtype float32.
        score: 0 to 1, shape (n,), dtype float32.
        reason: Why a face may not be evidence, or None; n of them.
    """

    height_px: Floats
    pose: Floats
    blur: Floats
    occlusion: Floats
    score: Floats
    reason: list[str | None]


def face_quality(
    boxes: Floats, landmarks: Floats, det_score: Floats, crops: Image, info: ModelInfo
) -> Quality:
    """Return the quality of faces that were detected and aligned.

    Args:
        boxes: x1, y1, x2, y2 in pixels, shape (n, 4).
        landmarks: In the order that `info` names, shape (n, 5, 2).
        det_score: The detector's confidence, shape (n,).
        crops: Aligned RGB crops, shape (n, S, S, 3), dtype uint8.
        info: The model that found them.
    """
    height = (boxes[:, 3] - boxes[:, 1]).astype(np.float32)
    pose = head_pose(landmarks, info.landmarks)
    blur = laplacian_variance(crops)
    hidden = occlusion(crops, np.array(info.template, np.float32))
    yaw = np.abs(pose[:, 0])
    doubtful = det_score < info.sure_score
    tests = (
        ("too_small", height < MIN_HEIGHT_PX),
        ("doubtful_detection", doubtful),
        ("turned_away", yaw > MAX_YAW),
        ("blurred", blur < MIN_BLUR),
        ("occluded", hidden > MAX_OCCLUSION),
    )
    reason: list[str | None] = [
        next((name for name, failed in tests if failed[i]), None) for i in range(len(boxes))
    ]
    parts = np.stack(
        [
            height / _GOOD_HEIGHT_PX,
            1 - yaw / 90,
            blur / _GOOD_BLUR,
            1 - hidden,
            np.where(doubtful, 0.3, 1.0),
        ]
    )
    score = np.clip(parts, 0, 1).min(axis=0).astype(np.float32)
    return Quality(height, pose, blur, hidden, score, reason)


def head_pose(landmarks: Floats, scheme: str) -> Floats:
    """Return yaw, pitch and roll in degrees, estimated from five points.

    Good to some ten degrees, which is what a limit at 60 needs.

    Args:
        landmarks: Points in pixels, shape (n, 5, 2).
        scheme: Their order, as in `ModelInfo.landmarks`.

    Returns:
        Shape (n, 3), dtype float32. Yaw is positive when the nose points to the picture's right,
        pitch when the face looks up, roll when it is tilted clockwise. Pitch is NaN for
        ``dlib-5``: the eyes' corners and one point of the nose do not tell a nod from a long
        nose.
    """
    points = np.asarray(landmarks, np.float64).reshape(-1, 5, 2)
    angles = _pose_by_eyes_and_nose(points) if scheme == "dlib-5" else _pose_by_head(points)
    return np.degrees(angles).astype(np.float32)


def _pose_by_head(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return yaw, pitch, roll in radians by scaled orthography.

    The affine map from an average head to the picture in least squares, then the rotation
    nearest to it (DeMenthon and Davis 1995, without the iteration).
    """
    centred = points - points.mean(axis=1, keepdims=True)
    affine = np.einsum("ik,nkj->nji", _FROM_HEAD, centred)
    u, _, vt = np.linalg.svd(affine, full_matrices=False)
    across, down = np.moveaxis(u @ vt, 1, 0)
    forward = np.cross(across, down)
    yaw = np.arctan2(-across[:, 2], forward[:, 2])
    pitch = np.arctan2(down[:, 2], np.hypot(across[:, 2], forward[:, 2]))
    return np.stack([yaw, pitch, np.arctan2(down[:, 0], across[:, 0])], axis=1)


def _pose_by_eyes_and_nose(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return yaw and roll in radians from where the nose falls along the line of the eyes."""
    right, left = points[:, :2].mean(axis=1), points[:, 2:4].mean(axis=1)
    line = right - left
    length = np.maximum(np.linalg.norm(line, axis=1), 1e-6)
    aside = ((points[:, 4] - (left + right) / 2) * line).sum(axis=1) / length
    yaw = np.arctan(_EYES_TO_NOSE_DEPTH * aside / length)
    roll = np.arctan2(line[:, 1], line[:, 0])
    return np.stack([yaw, np.full_like(yaw, np.nan), roll], axis=1)


def laplacian_variance(crops: Image) -> Floats:
    """Return the variance of the Laplacian of each grey crop, resampled to 112 px, shape (n,).

    Crops of all models are brought to one size by linear sampling, so that one limit
    serves all.
    """
    if len(crops) == 0:
        return np.empty(0, np.float32)
    values = grey(crops)
    if values.shape[1] != 112:
        at = (np.arange(112) + 0.5) * values.shape[1] / 112 - 0.5
        values = sampled(sampled(values, at, axis=1), at, axis=2)
    inner = values[:, 1:-1, 1:-1]
    across = values[:, 1:-1, :-2] + values[:, 1:-1, 2:]
    laplacian = values[:, :-2, 1:-1] + values[:, 2:, 1:-1] + across - 4 * inner
    return laplacian.var(axis=(1, 2)).astype(np.float32)
