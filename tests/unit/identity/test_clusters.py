"""Faces into identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import InputError
from curate.identity import clusters
from curate.identity.clusters import cluster_faces, identity_ids

from .people import embed, names, same_partition


@st.composite
def scenes(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """Return up to 40 faces of up to 6 people, close enough to be confused, with declarations.

    Declarations follow the truth, as must-link and cannot-link must not contradict.
    """
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    person = rng.integers(0, 6, n)
    frame = rng.integers(-1, 12, n)
    # Two faces of one person never share a frame.
    for i in range(n):
        if frame[i] >= 0 and ((person[:i] == person[i]) & (frame[:i] == frame[i])).any():
            frame[i] = -1
    declared = rng.random(n) < draw(st.sampled_from([0.0, 0.4]))
    subject = np.where(declared, person, -1)
    return {
        "embeddings": embed(person, spread=1.2, width=12, seed=int(rng.integers(1000))),
        "must_link": np.where(rng.random(n) < 0.7, subject, -1),
        "frame": frame,
        "subject": subject,
        "judgeable": rng.random(n) < 0.85,
    }


@given(scene=scenes(), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_identities_do_not_depend_on_the_order_of_rows(scene, seed) -> None:
    n = len(scene["frame"])
    order = np.random.default_rng(seed).permutation(n)

    straight = cluster_faces(face_ids=names(n), threshold=0.4, **scene)
    mixed = cluster_faces(
        face_ids=np.array(names(n))[order],
        threshold=0.4,
        **{k: v[order] for k, v in scene.items()},
    )

    np.testing.assert_array_equal(mixed.identity, straight.identity[order])
    np.testing.assert_array_equal(mixed.similarity, straight.similarity[order])


@given(scene=scenes(), threshold=st.floats(-0.5, 0.9))
@settings(max_examples=100)
def test_what_must_not_be_joined_never_is(scene, threshold) -> None:
    n = len(scene["frame"])
    found = cluster_faces(face_ids=names(n), threshold=threshold, **scene)

    together = (found.identity[:, None] == found.identity) & (found.identity >= 0)
    np.fill_diagonal(together, val=False)

    for column in ("frame", "subject"):
        values = scene[column]
        known = (values[:, None] >= 0) & (values >= 0)
        equal = values[:, None] == values
        assert not (together & known & (equal if column == "frame" else ~equal)).any()


@given(scene=scenes(), threshold=st.floats(-0.5, 0.9))
@settings(max_examples=100)
def test_what_must_be_joined_always_is(scene, threshold) -> None:
    must = scene["must_link"]

    found = cluster_faces(face_ids=names(len(must)), threshold=threshold, **scene).identity

    for group in np.unique(must[must >= 0]):
        assert len(set(found[must == group].tolist())) == 1


@given(scene=scenes())
@settings(max_examples=60)
def test_a_poor_face_changes_nothing_for_the_others(scene) -> None:
    good = scene["judgeable"] | (scene["must_link"] >= 0) | (scene["subject"] >= 0)
    scene["judgeable"] = good
    ids = np.array(names(len(good)))

    with_poor = cluster_faces(face_ids=ids, threshold=0.4, **scene).identity
    without = cluster_faces(
        face_ids=ids[good], threshold=0.4, **{k: v[good] for k, v in scene.items()}
    ).identity

    assert (with_poor[~good] == -1).all()
    np.testing.assert_array_equal(with_poor[good], without)


@given(scene=scenes())
@settings(max_examples=60)
def test_no_free_member_is_far_from_the_mean_of_the_others(scene) -> None:
    scene |= {name: np.full(len(scene["frame"]), -1) for name in ("must_link", "subject")}
    rows, good = scene["embeddings"].astype(np.float64), scene["judgeable"]

    found = cluster_faces(face_ids=names(len(good)), threshold=0.4, **scene).identity

    for i in np.flatnonzero(found >= 0):
        others = (found == found[i]) & good & (np.arange(len(good)) != i)
        if others.any():
            mean = rows[others].sum(axis=0)
            assert rows[i] @ mean / np.linalg.norm(mean) > 0.4 - 1e-5


def test_clear_people_are_found_exactly() -> None:
    person = np.repeat(np.arange(30), 5)

    found = cluster_faces(embed(person), names(150), threshold=0.4)

    assert same_partition(found.identity, person)
    assert (found.similarity > 0.5).all()


def test_adding_faces_then_clustering_equals_clustering_all_at_once() -> None:
    person = np.random.default_rng(3).permutation(np.repeat(np.arange(20), 6))
    rows, ids = embed(person, spread=0.8), np.array(names(120))
    late = np.r_[60:120, 0:60]

    at_once = cluster_faces(rows, ids, threshold=0.35)
    added = cluster_faces(rows[late], ids[late], threshold=0.35)

    assert identity_ids(at_once.identity, ids) == [
        identity_ids(added.identity, ids[late])[place] for place in np.argsort(late)
    ]


def test_new_people_leave_the_ids_of_known_ones_alone() -> None:
    person = np.repeat(np.arange(12), 4)
    rows, ids = embed(person), names(48)

    before = identity_ids(cluster_faces(rows[:40], ids[:40], threshold=0.4).identity, ids[:40])
    after = identity_ids(cluster_faces(rows, ids, threshold=0.4).identity, ids)

    assert after[:40] == before


def test_two_faces_of_one_frame_are_two_people_however_alike() -> None:
    rows = np.tile(embed(np.zeros(1, np.int64)), (2, 1))

    found = cluster_faces(rows, names(2), threshold=0.4, frame=np.array([7, 7]))

    assert found.identity.tolist() == [0, 1]


def test_a_chain_of_look_alikes_is_not_one_person() -> None:
    angles = np.radians(np.arange(0, 180, 30))
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    found = cluster_faces(rows, names(6), threshold=0.8)

    spans = [np.ptp(angles[found.identity == i]) for i in set(found.identity.tolist())]
    assert max(spans) < np.radians(61)


def test_tight_clusters_at_a_distance_are_two_people() -> None:
    person = np.repeat(np.arange(40), 6)
    rows = embed(person, spread=0.2, width=128)
    twin = rows[:6] * 0.55 + rows[6:12] * np.sqrt(1 - 0.55**2)
    rows[6:12] = twin / np.linalg.norm(twin, axis=1, keepdims=True)

    found = cluster_faces(rows, names(240), threshold=0.45, strict=0.6)

    assert found.identity[0] != found.identity[6]


def test_a_declared_poor_face_is_with_its_subject() -> None:
    person = np.array([0, 0, 0, 1, 1])
    subject = np.array([4, -1, 4, -1, -1])

    found = cluster_faces(
        embed(person),
        names(5),
        threshold=0.4,
        must_link=subject,
        subject=subject,
        judgeable=np.array([True, True, False, True, False]),
    )

    assert found.identity.tolist() == [0, 0, 0, 1, -1]
    assert np.isnan(found.similarity[4])


def test_contradicting_declarations_name_the_faces() -> None:
    with pytest.raises(InputError, match=r"face-000000 and face-000001 are in one frame"):
        cluster_faces(
            embed(np.zeros(2, np.int64)),
            names(2),
            threshold=0.4,
            must_link=np.array([1, 1]),
            frame=np.array([3, 3]),
        )


def test_a_track_of_two_subjects_is_refused() -> None:
    with pytest.raises(InputError, match="another declared subject"):
        cluster_faces(
            embed(np.zeros(2, np.int64)),
            names(2),
            threshold=0.4,
            must_link=np.array([1, 1]),
            subject=np.array([0, 1]),
        )


@pytest.mark.parametrize(
    ("ids", "columns"), [(["a", "a"], {}), (["a"], {}), (["a", "b"], {"frame": np.zeros(3)})]
)
def test_columns_that_do_not_fit_are_refused(ids, columns) -> None:
    with pytest.raises(InputError):
        cluster_faces(embed(np.zeros(2, np.int64)), ids, threshold=0.4, **columns)


def test_no_faces_are_no_identities() -> None:
    found = cluster_faces(np.empty((0, 8), np.float32), [], threshold=0.4)

    assert found.identity.shape == found.similarity.shape == (0,)


def test_identity_ids_follow_the_smallest_face_id() -> None:
    labels = np.array([0, 1, 0, -1])

    first = identity_ids(labels, ["b", "c", "a", "d"])
    again = identity_ids(np.array([5, 5]), ["a", "z"])

    assert first[0] == first[2] == again[0] == again[1]
    assert first[1] != first[0]
    assert first[3] is None


def test_a_person_with_very_many_faces_is_one_identity() -> None:
    person = np.r_[np.zeros(1500, np.int64), np.arange(1, 30).repeat(3)]

    found = cluster_faces(embed(person), names(len(person)), threshold=0.4)

    assert same_partition(found.identity, person)


def two_views(alike: int, *, noise: bool = False) -> np.ndarray:
    """Return 41 people x 6, each from two sides but the first two, who may be one in two views.

    Of 6 pairs of faces of those two `alike` are plain. With `noise`, nobody has sides.
    """
    person = np.repeat(np.arange(41), 6)
    rows = embed(person, spread=0.2, width=128).astype(np.float64)
    side = np.zeros(128)
    side[0] = 0 if noise else 0.3
    rows[12:] += np.where(np.arange(234) % 2, 1, -1)[:, None] * side
    rows[6:12] = rows[:6] * 0.5 + rows[6:12] * np.sqrt(1 - 0.5**2)
    between = rows[:alike] / 2 + rows[6 : 6 + alike] / 2
    rows[6 : 6 + alike] = between
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("alike", "joined"), [(0, False), (3, True)])
def test_two_views_of_a_person_join_when_several_faces_are_plainly_alike(alike, joined) -> None:
    found = cluster_faces(two_views(alike), names(246), threshold=0.4, strict=0.75).identity

    assert (found[0] == found[11]) is np.bool_(joined)


def test_look_alikes_stay_apart_where_nobody_is_seen_from_several_sides() -> None:
    found = cluster_faces(two_views(3, noise=True), names(246), threshold=0.4, strict=0.75).identity

    assert found[0] != found[11]


def test_faces_that_were_searched_in_chunks_meet_by_the_means_of_clusters(monkeypatch) -> None:
    monkeypatch.setattr(clusters, "_CHUNK", 30)
    person = np.arange(150) % 10

    found = cluster_faces(embed(person), names(150), threshold=0.4)

    assert same_partition(found.identity, person)
    assert found.recall == 1.0
