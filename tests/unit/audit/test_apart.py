"""Faces that are told apart: two people on the register end the doubt, and nobody else."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from curate.audit.apart import NOBODY, told_apart_table
from curate.schema import conform
from tests.factories import AS_OF, Row, day, registered

FACES = ("face-1", "face-2")


def said(
    *by: str,
    value: str = "different_people",
    at: int = 2,
    of: dict[str, str] | None = None,
    **more: Any,
) -> list[Row]:
    """Return what reviewers said of two faces, or of a subject in an entry."""
    about = of or {"face_id": FACES[0], "other_face_id": FACES[1]}
    kind = "subject" if of else "link"
    return [
        {"decision_id": f"{who}-{value}-{at}-{kind}", "kind": kind, "value": value,
         "reviewer": who, "reason": "compared them", "decided_at": day(at), **about, **more}
        for who in by
    ]  # fmt: skip


def apart(*words: Row, register: list[Row], audience: str = "internal") -> pa.Table:
    return told_apart_table(
        conform(list(words), "decisions"), conform(register, "reviewers"),
        audience=audience, as_of=AS_OF,
    )  # fmt: skip


REGISTER = registered("ana", "ben", "eva")


def test_two_people_of_the_register_tell_two_faces_apart_in_both_orders() -> None:
    found = apart(*said("ana", "ben"), register=REGISTER)

    pairs = [(row["face_id"], row["other_face_id"]) for row in found.to_pylist()]
    assert sorted(pairs) == [FACES, FACES[::-1]]


@pytest.mark.parametrize(
    "words",
    [
        said("ana"),
        # Two spellings of one person, one of whom nobody knows, and one who came off the register.
        said("ana", "Ana"),
        said("ana", "stranger"),
        [*said("ana", "ben"), *said("eva", value="same_person", at=3)],
        [*said("ana", "ben"), *said("ben", value="same_person", at=3)],
        # What was said after the instant that is judged.
        [*said("ana"), *said("ben", at=12)],
    ],
)
def test_fewer_or_others_do_not(words: list[Row]) -> None:
    assert apart(*words, register=REGISTER).equals(NOBODY)


def test_a_word_taken_back_counts_no_more() -> None:
    words = said("ana", "ben")
    back = {**words[1], "decision_id": "back", "withdraws": words[1]["decision_id"],
            "decided_at": day(3)}  # fmt: skip

    assert not apart(*words, back, register=REGISTER).num_rows


def test_of_an_entry_and_a_subject_it_holds_for_these_alone() -> None:
    of = {"media_id": "m1", "subject_id": "p02"}

    (row,) = apart(*said("ana", "ben", value="not_shown", of=of), register=REGISTER).to_pylist()

    assert row == {"id": "m1", "subject_id": "p02", "face_id": None, "other_face_id": None}
    confirmed = said("ana", "ben", value="confirmed", of=of)
    assert not apart(*confirmed, register=REGISTER).num_rows


def test_for_a_wider_audience_only_signed_words_count() -> None:
    keys = [row | {"key_id": f"key of {row['reviewer_id']}"} for row in REGISTER]

    signed = [w | {"key_id": f"key of {w['reviewer']}"} for w in said("ana", "ben")]

    assert not apart(*said("ana", "ben"), register=keys, audience="public").num_rows
    assert apart(*signed, register=keys, audience="public").num_rows == 2
