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
        np.zeros(n, np.bool_),
    )


def others(claims: Claims, *, together: object = NOBODY) -> Confronted:
    return confront(claims, doubt=0.6, together=np.array(together))


def nearest(found: Confronted, faces: int) -> list[int]:
    """Return the most similar face that was found for each, -1 for none."""
    best = [-1] * faces
    for face, other in zip(found.face[::-1].tolist(), found.other[::-1].tolist(), strict=True):
        best[face] = other
    return best


def slowly(claims: Claims, doubt: float) -> list[list[int]]:
    """Return the most similar face of each other subject by a loop over all, nearest first."""
    cosines, said = claims.rows @ claims.rows.T, speakers(claims).tolist()
    found = []
    for one in range(len(claims.rows)):
        names = set(claims.names(one).tolist())
        best: dict[int, tuple[float, int]] = {}
        for other in said if claims.judged[one] else []:
            whose, like = int(claims.subject[other]), -float(cosines[one, other])
            explained = whose in names or (
                claims.fake[other] and names & set(claims.names(other).tolist())
            )
            if other != one and not explained and -like >= doubt:
                best[whose] = min(best.get(whose, (2.0, -1)), (like, other))
        found.append([other for _, other in sorted(best.values())])
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


@given(claims=claimed(), block=st.sampled_from([3, 16, 2048]), most=st.sampled_from([1, 2, 16]))
@settings(max_examples=60)
def test_the_most_similar_face_of_everybody_else_is_found(
    claims: Claims, block: int, most: int
) -> None:
    """Of so many people as are kept, and it is told where there are more."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(neighbours, "_BLOCK", block)
        patched.setattr(neighbours.most_alike_of_others, "__kwdefaults__", {"most": most})
        found = others(claims)

    expected = slowly(claims, 0.6)
    pairs = [(one, other) for one, own in enumerate(expected) for other in own[:most]]
    assert sorted(zip(found.face.tolist(), found.other.tolist(), strict=True)) == sorted(pairs)
    assert found.more.tolist() == [len(own) > most for own in expected]
    assert np.allclose(
        found.similarity, [claims.rows[a] @ claims.rows[b] for a, b in
                           zip(found.face, found.other, strict=True)], atol=1e-6,
    )  # fmt: skip


def test_a_second_name_is_told_on_both_sides_and_nobody_else() -> None:
    found = others(claims_of([0, 0, 1, 1], [[0], [1], [2], [2]]))

    assert (found.face.tolist(), found.other.tolist()) == ([0, 1], [1, 0])


def test_a_third_name_is_told_beside_a_nearer_one() -> None:
    """Whoever settles whose the nearest is has said nothing of the others."""
    claims = claims_of([0, 0, 0], [[0], [1], [2]])

    found = others(claims)

    assert sorted(zip(found.face.tolist(), found.other.tolist(), strict=True)) == [
        (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1),
    ]  # fmt: skip


def test_who_is_named_in_the_same_entry_is_no_other() -> None:
    """A face of two declared people may be either; put down to neither, it accuses nobody."""
    assert not len(others(claims_of([0, 0], [[0, 1], [1]])).other)


def test_a_face_too_poor_to_judge_is_neither_held_nor_held_against() -> None:
    found = others(claims_of([0, 0, 0], [[0], [1], [2]], judged=[1, 0, 1]))

    assert nearest(found, 3) == [2, -1, 0]


def test_a_fake_speaks_only_for_whom_nothing_genuine_shows() -> None:
    """A swap of donor 0 onto target 1: the target's own pictures are not accused of it."""
    names = [[0, 1], [0], [1], [2]]
    known = claims_of([1, 0, 1, 1], names, fake=[1, 0, 0, 0], subject=[0, 0, 1, 2])
    alone = replace(known, subject=np.array([0, -1, 1, 2]), judged=np.array([1, 0, 1, 1], bool))

    assert nearest(others(known), 4) == [3, -1, 3, 2]
    assert nearest(others(alone), 4)[2] == 3
    assert nearest(others(alone), 4)[3] in {0, 2}


def test_reviewers_say_that_two_faces_are_one_person() -> None:
    """However unlike they are; of two people nobody's word changes what the faces are like."""
    claims = claims_of([0, 0, 0, 1], [[0], [0], [1], [2]])

    joined = others(claims, together=[[3, 0]])

    pairs = dict(zip(zip(joined.face.tolist(), joined.other.tolist(), strict=True),
                     joined.similarity.tolist(), strict=True))  # fmt: skip
    assert pairs[3, 0] == pairs[0, 3] == pytest.approx(float(claims.rows[3] @ claims.rows[0]))
    assert {(0, 2), (1, 2)} < pairs.keys()


def test_search_by_cells_finds_nearly_all_and_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claims = claims_of([i // 4 for i in range(4000)], [[i // 2] for i in range(4000)])
    exact = others(claims)
    monkeypatch.setattr(neighbours, "HELD_LIMIT", 100)

    found = others(claims)

    assert found.recall > 0.98
    same = np.array(nearest(found, 4000)) == np.array(nearest(exact, 4000))
    assert same.mean() > 0.98
