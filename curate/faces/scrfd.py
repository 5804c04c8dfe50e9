"""What an SCRFD detector's outputs say: boxes, landmarks and scores of faces.

Each level of the network looks at cells of a stride; for each anchor of a cell it gives a score,
the distances of the box's sides from the cell, and those of five landmarks, in strides. Only what
scores enough is looked at, and of boxes that overlap the surest stays. The numbers are those of
insightface's own detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.faces.analyzer import Detections, Floats


@dataclass(frozen=True)
class Layout:
    """How a detector's outputs are laid out: scores, boxes and landmarks, each of all levels.

    Attributes:
        strides: Pixels of a cell, level by level.
        anchors: Anchors of a cell.
    """

    strides: tuple[int, ...]
    anchors: int


def found_faces(
    outputs: Sequence[Floats], width: int, layout: Layout, *, threshold: float, overlap: float
) -> Detections:
    """Return the faces that a detector's outputs hold, the surest first, in pixels of its input.

    Args:
        outputs: Scores, boxes and landmarks, each of all levels in order.
        width: Of the input, in pixels.
        layout: How they are laid out.
        threshold: Least score.
        overlap: Of two boxes with a greater IoU only the surer one stays.
    """
    levels = len(layout.strides)
    boxes, points, scores = [], [], []
    for level, stride in enumerate(layout.strides):
        score = outputs[level].reshape(-1)
        at = np.flatnonzero(score >= threshold)
        if not len(at):
            continue
        row, column = np.divmod(at // layout.anchors, width // stride)
        cell = (np.stack([column, row], 1) * stride).astype(np.float32)
        sides = outputs[level + levels].reshape(-1, 4)[at] * np.float32(stride)
        moved = outputs[level + 2 * levels].reshape(-1, 5, 2)[at] * np.float32(stride)
        boxes.append(np.concatenate([cell - sides[:, :2], cell + sides[:, 2:]], axis=1))
        points.append(cell[:, None] + moved)
        scores.append(score[at])
    if not boxes:
        return Detections.none()
    found = Detections(np.concatenate(boxes), np.concatenate(points), np.concatenate(scores))
    return _apart(found, overlap)


def _apart(found: Detections, overlap: float) -> Detections:
    """Return the faces whose boxes do not overlap those of surer ones, the surest first."""
    left = np.argsort(-found.det_score, kind="stable")
    # A box holds its last pixel, as in the original.
    areas = (found.boxes[:, 2:] - found.boxes[:, :2] + 1).prod(axis=1)
    keep = []
    while len(left):
        best, left = left[0], left[1:]
        keep.append(best)
        low = np.maximum(found.boxes[best, :2], found.boxes[left, :2])
        high = np.minimum(found.boxes[best, 2:], found.boxes[left, 2:])
        shared = np.maximum(high - low + 1, 0).prod(axis=1)
        left = left[shared / (areas[best] + areas[left] - shared) <= overlap]
    return found.of(np.array(keep))
