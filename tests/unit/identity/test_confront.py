"""Each face is held against the faces of all subjects whom its own entry does not name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.identity import neighbours
from curate.identity.confront import Claims, Confronted, confront, named_lists, speakers
from curate.identity.constraints import NOBODY

from .people import embed


def claims_of(person: list[int], names: list[list[int]], **columns: list[int]) -> Claims:
    """Return faces of people, put down to the one subject that is named beside each."""
    n = len(person)
    ends, named = named_lists(map(str, range(n)), {str(i): own for i, own in enumerate(names)})
    only = [own[0] if len(own) == 1 else -1 for own in names]
    return Claims(
        embed(np.array(person), spread=0.3, seed=3),
        np.array(columns.get("judged", [1] * n), np.bool_),
        np.array(columns.get("fake", [0] * n), np.bool_),
        np.array(columns.get("subject", only), np.int64),
        ends,
        named,
        np.arange(n),
    )


def others(claims: Claims, *, apart: object = NOBODY, together: object = NOBODY) -> Confronted:
    return confront(claims, doubt=0.6, apart=np.array(apart), together=np.array(together))


def slowly(claims: Claims, doubt: float) -> list[int]:
    """Return the same by a loop over all faces."""
    cosines, said = claims.rows @ claims.rows.T, speakers(claims).tolist()
    found = []
    for one in range(len(claims.rows)):
        names = set(claims.names(one).tolist())
        best = -1
        for other in said if claims.judged[one] else []:
            explained = int(claims.subject[other]) in names or (
                claims.fake[other] and names & set(claims.names(other).tolist())
            )
            if other != one and not explained and cosines[one, other] >= doubt:
                best = other if best < 0 or cosines[one, other] > cosines[one, best] else best
        found.append(best)
    return found


@st.composite
def claimed(draw: st.DrawFn) -> Claims:
    """Draw faces of a few people under a few names."""
    n = draw(st.integers(1, 40))
    people = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    names = [draw(st.lists(st.integers(0, 6), max_size=3, unique=True)) for _ in people]
    flags = st.lists(st.integers(0, 1), min_size=n, max_size=n)
    subject = [draw(st.sampled_from([-1, *own])) for own in names]
    return claims_of(people, names, judged=draw(flags), fake=draw(flags), subject=subject)


@given(claims=claimed(), block=st.sampled_from([3, 16, 2048]))
@settings(max_examples=60)
def test_the_most_similar_face_of_somebody_else_is_found(claims: Claims, block: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(neighbours, "_BLOCK", block)
        assert others(claims).other.tolist() == slowly(claims, 0.6)


def test_a_second_name_is_told_on_both_sides_and_nobody_else() -> None:
    found = others(claims_of([0, 0, 1, 1], [[0], [1], [2], [2]]))

    assert found.other.tolist() == [1, 0, -1, -1]
    assert np.isnan(found.similarity[2:]).all()


def test_who_is_named_in_the_same_entry_is_no_other() -> None:
    """A face of two declared people may be either; put down to neither, it accuses nobody."""
    assert others(claims_of([0, 0], [[0, 1], [1]])).other.tolist() == [-1, -1]


def test_a_face_too_poor_to_judge_is_neither_held_nor_held_against() -> None:
    found = others(claims_of([0, 0, 0], [[0], [1], [2]], judged=[1, 0, 1]))

    assert found.other.tolist() == [2, -1, 0]


def test_a_fake_speaks_only_for_whom_nothing_genuine_shows() -> None:
    """A swap of donor 0 onto target 1: the target's own pictures are not accused of it."""
    names = [[0, 1], [0], [1], [2]]
    known = claims_of([1, 0, 1, 1], names, fake=[1, 0, 0, 0], subject=[0, 0, 1, 2])
    alone = replace(known, subject=np.array([0, -1, 1, 2]), judged=np.array([1, 0, 1, 1], bool))

    assert others(known).other.tolist() == [3, -1, 3, 2]
    assert others(alone).other[2] == 3
    assert others(alone).other[3] in {0, 2}


def test_reviewers_settle_whom_two_faces_show() -> None:
    claims = claims_of([0, 0, 0, 1], [[0], [0], [1], [2]])

    parted = others(claims, apart=[[0, 2]])
    joined = others(claims, together=[[3, 0]])

    # Neither is the other's subject's by any face of theirs; nobody looked at face 1 itself.
    assert parted.other.tolist() == [-1, 2, -1, -1]
    assert joined.other.tolist() == [3, 2, joined.other[2], 0]
    assert joined.similarity[3] == pytest.approx(float(claims.rows[3] @ claims.rows[0]))


def test_search_by_cells_finds_nearly_all_and_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claims = claims_of([i // 4 for i in range(4000)], [[i // 2] for i in range(4000)])
    exact = others(claims)
    monkeypatch.setattr(neighbours, "HELD_LIMIT", 100)

    found = others(claims)

    assert found.recall > 0.98
    assert (found.other == exact.other).mean() > 0.98
