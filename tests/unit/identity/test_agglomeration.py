"""Clusters under construction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from curate.identity.agglomeration import Agglomeration
from curate.identity.constraints import atoms
from curate.identity.neighbours import similar_pairs
from curate.identity.packing import distinct, ends, packed

from .people import embed, names, same_partition


def state_of(rows: np.ndarray, frame: np.ndarray | None = None) -> Agglomeration:
    """Return every face as a cluster of its own."""
    n = len(rows)
    none = np.full(n, -1)
    frame = none if frame is None else frame
    made = atoms(none, frame, none, np.array(names(n)))
    return Agglomeration(rows, np.ones(n, np.bool_), made, frame)


def pairs_of(state: Agglomeration, floor: float) -> np.ndarray:
    """Return all pairs of faces at or above `floor`."""
    return state.pairs_of(similar_pairs(state.rows, floor=floor, k=len(state.rows)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5])
def test_all_pairs_give_average_linkage(seed, threshold, monkeypatch) -> None:
    monkeypatch.setattr("curate.identity.agglomeration._MUCH_LARGER", 10**9)
    rows = embed(np.arange(80) // 5, spread=1.0, width=24, seed=seed)
    state = state_of(rows)

    state.link(pairs_of(state, -1.0), threshold)

    peer = AgglomerativeClustering(
        n_clusters=None, distance_threshold=1 - threshold, metric="cosine", linkage="average"
    ).fit_predict(rows)
    assert same_partition(state.root, peer)


def test_sums_sizes_and_squares_are_those_of_the_members() -> None:
    rows = embed(np.arange(60) // 6)
    state = state_of(rows)

    state.link(pairs_of(state, 0.3), 0.3)

    for name in np.unique(state.root):
        members = rows[state.root == name]
        assert state.size[name] == len(members)
        np.testing.assert_allclose(state.sums[name], members.sum(axis=0), atol=1e-5)
        assert state.squares[name] == pytest.approx((members.sum(axis=0) ** 2).sum(), abs=1e-4)


def test_a_cluster_is_named_by_its_first_face() -> None:
    state = state_of(embed(np.arange(60) % 6))

    state.link(pairs_of(state, 0.3), 0.3)

    for name in np.unique(state.root):
        assert name == np.flatnonzero(state.root == name)[0]


def test_clusters_of_one_frame_stay_apart_after_they_grow() -> None:
    rows = embed(np.zeros(20, np.int64))
    state = state_of(rows, np.r_[7, 7, np.full(18, -1)])

    state.link(pairs_of(state, -1.0), 0.0)

    assert state.root[0] != state.root[1]
    assert len(np.unique(state.root)) == 2


def test_reset_takes_every_cluster_apart() -> None:
    state = state_of(embed(np.zeros(8, np.int64)))
    state.link(pairs_of(state, -1.0), 0.0)

    state.reset()

    np.testing.assert_array_equal(state.root, np.arange(8))
    np.testing.assert_array_equal(state.size, np.ones(8))


def test_clusters_that_no_search_compared_meet_by_their_means() -> None:
    person = np.arange(120) % 10
    rows = embed(person)
    state = state_of(rows)
    pairs = pairs_of(state, 0.3)
    left, right = ends(pairs)
    inside = pairs[(left < 60) == (right < 60)]
    state.link(inside, 0.3)
    assert len(np.unique(state.root)) == 20

    looked_at = state.meet(0.3, state.noise(0.3, None), 64)

    assert same_partition(state.root, person)
    assert np.isin(packed(np.arange(10), np.arange(60, 70)), looked_at).all()


def test_the_guard_releases_who_is_unlike_the_others_and_names_again() -> None:
    rows = embed(np.r_[1, np.zeros(9, np.int64)])
    state = state_of(rows)
    into = np.zeros(10, np.int64)
    state._join(into)

    state.guard(0.3)

    np.testing.assert_array_equal(state.root, np.r_[0, np.ones(9)])
    assert state.size.tolist() == [1, 9, *[0] * 8]
    np.testing.assert_allclose(state.sums[1], rows[1:].sum(axis=0), atol=1e-5)


def test_packed_pairs_come_apart_again_each_once() -> None:
    left, right = np.array([5, 2, 2, 3]), np.array([2, 5, 2, 4_000_000_000])

    one, other = ends(distinct(packed(left, right)))

    assert one.tolist() == [2, 3]
    assert other.tolist() == [5, 4_000_000_000]
