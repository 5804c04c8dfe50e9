"""Faces of one person are told together, over all frames of a video."""

from __future__ import annotations

from curate.audit.explain import explain_people
from tests.factories import digest, face, identity

A = digest("a.mp4")


def _row(number: int, subject: str | None, height: float, similarity: float) -> dict[str, object]:
    found = face(A, number, frame=number, track_id=None, face_height_px=height, poor_reason=None)
    told = identity(found, subject, similarity=similarity, unlike_subject_id=None)
    return {**found, **told, "supported": subject is not None}


def test_faces_of_one_person_are_one_line() -> None:
    """Their sizes and similarities are told as they range."""
    rows = [
        _row(2, "p01", 226.2, 0.97),
        _row(0, "p01", 220.4, 0.991),
        _row(1, "p02", 238, 0.9),
    ]
    assert explain_people(rows) == [
        (
            "a face in 2 frames, 220 to 226 pixels high, which the model finds like the faces of "
            "p01 in other files (similarity 0.97 to 0.99; too few entries agree to say more)"
        ),
        (
            "a face 238 pixels high, which the model finds like the faces of p02 in other files "
            "(similarity 0.90; too few entries agree to say more)"
        ),
    ]


def test_faces_of_nobody_are_told_apart() -> None:
    """Nobody says that two faces without an identity are one person."""
    rows = [_row(n, None, 80, 0) | {"identity_id": None, "similarity": None} for n in range(2)]

    assert explain_people(rows) == ["a face 80 pixels high, linked to nobody"] * 2


def test_a_face_of_a_still_picture_is_told_with_the_ways_that_show_it() -> None:
    """Whoever opens the file may see none of it: then how it shows is what they need to know."""
    rows = [
        _row(0, "p01", 297, 0.99) | {"part": "the picture"},
        _row(1, "p01", 296, 0.99) | {"part": "the picture, on black"},
        _row(2, None, 283, 0) | {"part": "the picture, without its transparency"},
    ]

    one, other = explain_people(rows)

    assert one.startswith(
        "a face 296 to 297 pixels high (in the picture; in the picture, on black)"
    )
    assert other == (
        "a face 283 pixels high (in the picture, without its transparency), linked to nobody"
    )
    assert explain_people([_row(0, None, 90, 0) | {"part": "the picture"}]) == [
        "a face 90 pixels high, linked to nobody"
    ]
