"""A face is held against its person's faces in other contents, and never against itself."""

from __future__ import annotations

import numpy as np
import pytest

from curate.identity.alike import MOST_COMPARED, likeness_to_others

from .people import Floats, Ints, embed


def likeness(
    rows: Floats,
    person: list[int],
    *,
    content: list[int] | None = None,
    fake: list[bool] | None = None,
    poor: tuple[int, ...] = (),
    turns: dict[int, bytes] | None = None,
) -> Floats:
    """Return what the faces are like, each in a content of its own unless said otherwise."""
    evidence = ~np.isin(np.arange(len(rows)), poor)
    return likeness_to_others(
        rows,
        np.array(person, np.int64),
        np.arange(len(rows)) if content is None else np.array(content),
        evidence=evidence,
        fake=np.zeros(len(rows), np.bool_) if fake is None else np.array(fake),
        turns=turns or {},
    )


def plain(rows: Floats, face: int, others: list[int]) -> float:
    """Return the median cosine of a face to others."""
    return float(np.median([rows[face] @ rows[other] for other in others]))


@pytest.fixture
def rows() -> Floats:
    """Four faces of one person, two of another."""
    return embed(np.array([0, 0, 0, 0, 1, 1]), seed=5)


def test_each_face_is_held_against_all_others_of_its_person(rows: Floats) -> None:
    found = likeness(rows, [0, 0, 0, 0, 1, -1])

    for face in range(4):
        others = [other for other in range(4) if other != face]
        assert found[face] == pytest.approx(plain(rows, face, others), abs=1e-5)
    # One has nobody to be compared with, the other is nobody's.
    assert np.isnan(found[4:]).all()


def test_a_stranger_under_the_name_is_unlike_and_spoils_nobody_else(rows: Floats) -> None:
    found = likeness(rows, [0, 0, 0, 0, 0, -1])

    assert found[4] < 0.4
    assert (found[:4] > 0.5).all()


def test_faces_of_one_content_tell_nothing_of_each_other(rows: Floats) -> None:
    found = likeness(rows, [0, 0, -1, -1, -1, -1], content=[7, 7, 1, 2, 3, 4])

    assert np.isnan(found).all()


@pytest.mark.parametrize("turn", range(8))
def test_copies_are_one_content_however_they_are_turned(turn: int, rows: Floats) -> None:
    """The hash of one is that of a turn of the other, but for a few bits."""
    rng = np.random.default_rng(turn)
    one = rng.integers(0, 256, (8, 32), dtype=np.uint8)
    other = rng.integers(0, 256, (8, 32), dtype=np.uint8)
    other[0] = one[turn]
    other[0, :3] ^= 0xFF
    other[turn, :] = one[0]

    found = likeness(rows, [0, 0, -1, -1, -1, -1], turns={0: one.tobytes(), 1: other.tobytes()})
    third = likeness(rows, [0, 0, 0, -1, -1, -1], turns={0: one.tobytes(), 1: other.tobytes()})

    assert np.isnan(found).all()
    assert third[0] == pytest.approx(rows[0] @ rows[2], abs=1e-5)
    # To a third the two are one picture, that which is the more alike.
    assert third[2] == pytest.approx(max(rows[2] @ rows[0], rows[2] @ rows[1]), abs=1e-5)


def test_what_cannot_be_judged_is_compared_with_nothing(rows: Floats) -> None:
    found = likeness(rows, [0, 0, 0, -1, -1, -1], poor=(2,))

    assert found[0] == pytest.approx(rows[0] @ rows[1], abs=1e-5)


def test_manipulated_faces_speak_only_where_nothing_genuine_is_there(rows: Floats) -> None:
    fake = [False, False, True, False, True, True]
    found = likeness(rows, [0, 0, 0, -1, 1, 1], fake=fake)

    assert found[0] == pytest.approx(rows[0] @ rows[1], abs=1e-5)
    assert found[4] == pytest.approx(rows[4] @ rows[5], abs=1e-5)


def test_of_very_many_faces_each_is_compared() -> None:
    person: Ints = np.zeros(3 * MOST_COMPARED, np.int64)
    person[5] = 1
    rows = embed(person, seed=8)

    found = likeness(rows, [0] * len(rows))

    assert np.isfinite(found).all()
    assert found[5] < 0.4 < np.delete(found, 5).min()


def test_without_faces_nothing_is_found() -> None:
    assert likeness(np.zeros((0, 8), np.float32), []).shape == (0,)
