"""Tracks: one face followed through a shot."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.faces.scan import Scan, face_id
from curate.faces.tracks import MAX_MISSED, representatives, track_faces

THRESHOLD = 0.6
AXES = np.eye(8, dtype=np.float32)


def scan(*frames: list[tuple[float, int]], poor: bool = False) -> Scan:
    """Return a scan: for each frame, its faces as place from the left and person."""
    made = Scan(embeddings=np.empty((0, 8), np.float32))
    rows: list[Any] = []
    for number, faces in enumerate(frames):
        made.scans.append({"frame": number, "faces": len(faces), "error": None})
        for ordinal, (x, person) in enumerate(faces):
            made.faces.append({
                "face_id": face_id("content", number, "model", ordinal), "frame": number,
                "x1": x, "y1": 0.0, "x2": x + 100, "y2": 120.0, "judgeable": not poor,
                "quality": 0.5 + number / 100, "track_id": None,
            })  # fmt: skip
            rows.append(AXES[person])
    made.embeddings = np.array(rows, np.float32).reshape(-1, 8)
    return made


def tracks(made: Scan, shots: dict[int, int] | None = None) -> list[int]:
    """Return the tracks of faces, numbered as they first come."""
    frames = [row["frame"] for row in made.scans]
    track_faces(made, dict.fromkeys(frames, 0) if shots is None else shots, threshold=THRESHOLD)
    names = [face["track_id"] for face in made.faces]
    return [list(dict.fromkeys(names)).index(name) for name in names]


def test_a_face_that_moves_by_its_width_is_one_track() -> None:
    assert tracks(scan([(0, 0)], [(90, 0)], [(180, 0)])) == [0, 0, 0]


def test_a_face_elsewhere_is_another_track_though_it_is_alike() -> None:
    assert tracks(scan([(0, 0)], [(400, 0)])) == [0, 1]


def test_another_person_in_the_same_place_is_another_track() -> None:
    assert tracks(scan([(0, 0)], [(0, 1)])) == [0, 1]


def test_two_people_who_change_places_keep_their_tracks() -> None:
    assert tracks(scan([(0, 0), (90, 1)], [(0, 1), (90, 0)])) == [0, 1, 1, 0]


def test_a_cut_ends_every_track() -> None:
    assert tracks(scan([(0, 0)], [(0, 0)]), {0: 0, 1: 1}) == [0, 1]


def test_a_frame_of_no_known_shot_is_its_own() -> None:
    assert tracks(scan([(0, 0)], [(0, 0)]), {}) == [0, 1]


def test_a_face_missed_for_a_moment_goes_on_and_missed_longer_does_not() -> None:
    assert tracks(scan([(0, 0)], *[[]] * MAX_MISSED, [(0, 0)])) == [0, 0]
    assert tracks(scan([(0, 0)], *[[]] * (MAX_MISSED + 1), [(0, 0)])) == [0, 1]


def test_a_face_too_poor_to_judge_goes_on_only_where_it_was() -> None:
    """Its embedding says nothing: overlap must."""
    assert tracks(scan([(0, 0)], [(20, 1)], poor=True)) == [0, 0]
    assert tracks(scan([(0, 0)], [(60, 0)], poor=True)) == [0, 1]


PLACES = st.lists(st.tuples(st.integers(0, 500).map(float), st.integers(0, 3)), max_size=4)


@given(frames=st.lists(PLACES, min_size=1, max_size=8))
def test_no_track_has_two_faces_of_one_frame_or_two_people(
    frames: list[list[tuple[float, int]]],
) -> None:
    made = scan(*frames)
    found = tracks(made)

    people = [person for faces in frames for _, person in faces]
    at = [(t, face["frame"]) for t, face in zip(found, made.faces, strict=True)]
    assert len(set(at)) == len(at)
    assert len(set(zip(found, people, strict=True))) == len(set(found))


def test_the_best_face_that_may_be_evidence_stands_for_its_track() -> None:
    made = scan([(0, 0), (300, 1)], [(0, 0), (300, 1)], [(0, 0)])
    tracks(made)
    made.faces[4]["judgeable"] = False

    assert representatives(made.faces) == [2, 3]
