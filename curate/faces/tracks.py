"""Tracks: the same face from one sampled frame of a shot to the next.

A track is a promise that its faces are one person, which nothing later undoes, so two things must
speak for each step: the face is near where it was and about as large, and it is like itself, or,
where a face is too poor to judge by, it has hardly moved. Tracks end with the shot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid5

import numpy as np
import numpy.typing as npt

from curate.faces.analyzer import Floats
from curate.faces.scan import FACE_NAMESPACE, Scan

# Up to a second lies between searched frames: in it a head moves by its own width, seldom more.
MAX_MOVE = 1.0
MAX_GROWTH = 1.5
# Boxes that overlap so much are one face though nothing else can be told.
SAME_PLACE = 0.5
# A face that is missed for a moment, as in a blink of motion blur, is taken up again; while
# something moves, frames that are searched lie 0.2 seconds apart.
MAX_MISSED = 5


def track_faces(
    scan: Scan, shots: Mapping[int, int], *, threshold: float, by_place: bool = True
) -> None:
    """Give the faces of one video's frames their `track_id`, in place.

    Args:
        scan: All faces of the video, in the order of its frames, and their embeddings.
        shots: The shot of each frame; a frame that is not in it is a shot of its own.
        threshold: Cosine at or above which two faces are taken for one person.
        by_place: Whether a face too poor to judge by goes on where another overlaps it.
    """
    frames = [row["frame"] for row in scan.scans]
    by_frame: dict[int, list[int]] = {frame: [] for frame in frames}
    for place, face in enumerate(scan.faces):
        by_frame[face["frame"]].append(place)
    boxes = np.array([[f["x1"], f["y1"], f["x2"], f["y2"]] for f in scan.faces], np.float32)
    good = np.array([face["judgeable"] or not by_place for face in scan.faces], np.bool_)
    # The last face of each track that may go on, and the number of its frame.
    open_: dict[int, int] = {}
    shot: int | None = None
    for number, frame in enumerate(frames):
        now = shots.get(frame, -1 - number)
        if now != shot:
            open_, shot = {}, now
        open_ = {last: seen for last, seen in open_.items() if number - seen <= MAX_MISSED + 1}
        here = by_frame[frame]
        past = sorted(open_)
        allowed, gain = _steps(boxes, good, scan.embeddings, (past, here), threshold)
        before = {here[j]: past[i] for i, j in _best(allowed, gain)}
        for place in here:
            face = scan.faces[place]
            if place in before:
                face["track_id"] = scan.faces[before[place]]["track_id"]
                del open_[before[place]]
            else:
                face["track_id"] = str(uuid5(FACE_NAMESPACE, f"track/{face['face_id']}"))
            open_[place] = number


def representatives(faces: list[dict[str, Any]]) -> list[int]:
    """Return the place of the face that stands for each track, and of faces without a track.

    As `curate.catalog.views.REPRESENTED_BY` says it in SQL.
    """
    best: dict[str, int] = {}
    for place, face in enumerate(faces):
        track = face["track_id"] or face["face_id"]
        if track not in best or _rank(face) < _rank(faces[best[track]]):
            best[track] = place
    return sorted(best.values())


def _rank(face: dict[str, Any]) -> tuple[bool, float, str]:
    # As stored: a 32-bit number read back must rank as it did.
    return not face["judgeable"], -float(np.float32(face["quality"])), face["face_id"]


def _steps(
    boxes: Floats,
    good: npt.NDArray[np.bool_],
    embeddings: Floats,
    places: tuple[list[int], list[int]],
    threshold: float,
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return which earlier faces may go on as which later ones, and how much speaks for each."""
    before, here = places
    if not before or not here:
        empty = np.zeros((len(before), len(here)))
        return empty.astype(np.bool_), empty.astype(np.float32)
    near, overlap = _near(boxes[before], boxes[here])
    likeness = embeddings[before] @ embeddings[here].T
    judged = good[before][:, None] & good[here][None, :]
    allowed = np.where(judged, near & (likeness >= threshold), overlap >= SAME_PLACE)
    gain = np.where(allowed, 1 + np.where(judged, likeness, overlap), 0)
    return allowed, np.asarray(gain, np.float32)


def _best(allowed: npt.NDArray[np.bool_], gain: Floats) -> list[tuple[int, int]]:
    """Return the pairs that together gain most, each face in one at most."""
    if not allowed.any():
        return []
    from scipy.optimize import linear_sum_assignment

    left, right = linear_sum_assignment(gain, maximize=True)
    return [(i, j) for i, j in zip(left.tolist(), right.tolist(), strict=True) if allowed[i, j]]


def _near(left: Floats, right: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return whether boxes are near and of about one size, and their IoU, shape (n, m) each."""
    size = [np.maximum(b[:, 2:] - b[:, :2], 1e-6) for b in (left, right)]
    middle = [(b[:, :2] + b[:, 2:]) / 2 for b in (left, right)]
    apart = np.linalg.norm(middle[0][:, None] - middle[1][None, :], axis=2)
    wide = np.maximum(size[0][:, None, 0], size[1][None, :, 0])
    grown = size[1][None, :, 1] / size[0][:, None, 1]
    near = (apart <= MAX_MOVE * wide) & (np.maximum(grown, 1 / grown) <= MAX_GROWTH)
    low = np.maximum(left[:, None, :2], right[None, :, :2])
    high = np.minimum(left[:, None, 2:], right[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [s.prod(axis=1) for s in size]
    return near, np.asarray(shared / (areas[0][:, None] + areas[1][None, :] - shared), np.float32)
