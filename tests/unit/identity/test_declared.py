"""Declared subjects tie faces together, unless the faces contradict the name."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curate.identity.declared import MOST_COMPARED, contradicted, declared_subjects

from .people import embed

THRESHOLD, STRICT = 0.4, 0.5


def wrong(person: list[int], subject: list[int], usable: list[bool] | None = None) -> list[int]:
    """Return the places of faces that contradict their declared subject."""
    rows = embed(np.array(person), width=256, seed=3)
    good = np.ones(len(person), np.bool_) if usable is None else np.array(usable)
    found = contradicted(rows, np.array(subject), good, threshold=THRESHOLD, strict=STRICT)
    return np.flatnonzero(found).tolist()


def test_faces_that_agree_contradict_nothing() -> None:
    assert wrong([0, 0, 0, 1, 1], [0, 0, 0, 1, 1]) == []


def test_the_one_face_that_most_others_are_unlike_is_contradicted() -> None:
    assert wrong([0, 0, 1, 1, 1], [0, 0, 0, 1, 1]) == [2]


def test_where_no_most_agree_all_are_contradicted() -> None:
    assert wrong([0, 2, 1, 1], [0, 0, 1, 1]) == [0, 1]


def test_two_against_two_are_all_contradicted() -> None:
    assert wrong([0, 0, 2, 2, 1], [0, 0, 0, 0, 1]) == [0, 1, 2, 3]


def test_a_face_that_is_no_evidence_contradicts_nothing() -> None:
    assert wrong([0, 0, 1, 1, 1], [0, 0, 0, 1, 1], [True, True, False, True, True]) == []


def test_of_one_subject_alone_the_model_tells_who_is_unlike() -> None:
    assert wrong([0, 0, 1], [0, 0, 0]) == [2]


def test_many_people_declared_as_the_only_subject_are_all_contradicted() -> None:
    """Two pictures of one person among twelve others: nobody can tell who is meant."""
    assert wrong([0, 0, *range(1, 13)], [0] * 14) == list(range(14))


def test_a_face_without_a_declared_subject_is_not_contradicted() -> None:
    assert wrong([0, 0, 3, 1, 1], [0, 0, -1, 1, 1]) == []


def test_of_very_many_faces_each_is_compared() -> None:
    count = 3 * MOST_COMPARED
    person = [0] * count + [1] * 8
    subject = [0] * count + [1] * 8
    person[7], person[count - 2] = 2, 1

    assert wrong(person, subject) == [7, count - 2]


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.45, 0.75))
def test_true_declarations_hold_however_much_faces_of_a_person_vary(seed, share) -> None:
    """Down to a mean cosine a little above the threshold."""
    rng = np.random.default_rng(seed)
    person = np.sort(rng.integers(0, 6, 40))
    rows = embed(person, spread=np.sqrt(1 / share - 1), width=256, seed=int(rng.integers(1e6)))

    found = contradicted(rows, person, np.ones(40, np.bool_), threshold=THRESHOLD, strict=STRICT)

    assert not found.any()


def test_a_content_that_two_entries_name_differently_has_no_declared_subject() -> None:
    faces = pa.table({"face_id": ["f1", "f2"], "stands": ["f1", "f2"], "sha256": ["a", "b"]})
    seen = pa.table(
        {
            "media_id": ["m1", "m2", "m3"],
            "sha256": ["a", "a", "b"],
            "subject_id": ["p01", "p02", "p02"],
        }
    )

    subject, names = declared_subjects(faces, seen)

    assert names == ["p02"]
    assert subject.tolist() == [-1, 0]
