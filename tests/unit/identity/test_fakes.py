"""Faces of manipulated media never change who genuine faces are."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.identity.clusters import Clusters, identity_ids
from curate.identity.fakes import Scene, cluster_with_fakes
from curate.identity.naming import with_names

from .people import embed, names, same_partition

THRESHOLD, STRICT = 0.4, 0.5


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Return genuine faces of up to six people, and swaps between them of every strength."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    real, fakes = draw(st.integers(2, 24)), draw(st.integers(1, 24))
    person = rng.integers(0, 6, real)
    rows = embed(person, spread=0.7, width=24, seed=int(rng.integers(1000)))
    donor, base = rng.integers(0, real, fakes), rng.integers(0, real, fakes)
    share = rng.uniform(0.2, 1.0, (fakes, 1))
    mixed = share * rows[donor] + (1 - share) * rows[base] + rng.normal(0, 0.02, (fakes, 24))
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    declared = rng.random(6) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    true = np.concatenate([person, person[donor]])
    fake = np.arange(real + fakes) >= real
    none = np.full(real + fakes, -1)
    subject = np.where(declared[true] & (~fake | (rng.random(real + fakes) < 0.5)), true, -1)
    target, footage = none.copy(), none.copy()
    told = rng.random(fakes)
    target[real:] = np.where(declared[person[base]] & (told < 0.5), person[base], -1)
    footage[real:] = np.where(told > 0.3, base, -1)
    same = person[donor] == person[base]
    target[real:][same], footage[real:][same] = -1, -1
    frame = np.arange(real + fakes)
    return Scene(
        rows=np.concatenate([rows, mixed]).astype(np.float32),
        face_ids=np.array(names(real + fakes))[rng.permutation(real + fakes)],
        fake=fake,
        subject=subject,
        track=none,
        frame=frame,
        judgeable=rng.random(real + fakes) < 0.9,
        target=target,
        content=frame,
        footage=footage,
    )


def clustered(scene: Scene) -> Clusters:
    naming = partial(with_names, scene, doubt=0.9, settled=lambda _: ())
    return cluster_with_fakes(scene, threshold=THRESHOLD, strict=STRICT, naming=naming)


def part(scene: Scene, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Scene:
    """Return some faces of a scene."""
    columns = [f.name for f in dataclasses.fields(scene) if f.name != "apart"]
    return Scene(**{name: getattr(scene, name)[rows] for name in columns})


@given(scene=scenes())
@settings(max_examples=150)
def test_no_fake_changes_which_genuine_faces_are_one_person(scene: Scene) -> None:
    """Donor and target stay apart, whatever was made of them, and however much of it."""
    real = ~scene.fake

    alone = clustered(part(scene, real))
    together = clustered(scene)

    np.testing.assert_array_equal(together.identity[real], alone.identity)
    np.testing.assert_array_equal(together.similarity[real], alone.similarity)
    named = identity_ids(together.identity, scene.face_ids, counts=real)
    assert [n for n, r in zip(named, real, strict=True) if r] == identity_ids(
        alone.identity, scene.face_ids[real]
    )


@given(scene=scenes())
@settings(max_examples=150)
def test_no_fake_stands_with_the_target_it_was_put_on(scene: Scene) -> None:
    """Neither with the subject declared as its target, nor with the face in its footage."""
    found = clustered(scene).identity

    for place in np.flatnonzero(scene.fake & (found >= 0)):
        beside = np.flatnonzero((found == found[place]) & ~scene.fake)
        if scene.target[place] >= 0:
            assert scene.target[place] not in scene.subject[beside]
        if scene.footage[place] >= 0 and scene.subject[place] < 0:
            assert scene.footage[place] not in scene.content[beside]


@given(scene=scenes())
@settings(max_examples=60)
def test_a_declared_donor_has_their_fakes_beside_them(scene: Scene) -> None:
    """One subject is one identity, whoever else the faces are like."""
    found = clustered(scene).identity

    for donor in set(scene.subject[scene.subject >= 0].tolist()):
        assert len(set(found[scene.subject == donor].tolist())) == 1


@given(scene=scenes(), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_places_do_not_depend_on_the_order_of_rows(scene: Scene, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(scene.rows))

    straight, mixed = clustered(scene), clustered(part(scene, order))

    assert same_partition(mixed.identity, straight.identity[order])


def test_a_fake_is_placed_with_whom_it_is_like_where_no_donor_is_declared() -> None:
    """A swap that shows its donor well is evidence of the donor, and no more than that."""
    person = np.array([0, 0, 1, 1])
    rows = embed(person, spread=0.3)
    swap = 0.8 * rows[0] + 0.2 * rows[2]
    none = np.full(5, -1)
    scene = Scene(
        rows=np.concatenate([rows, [swap / np.linalg.norm(swap)]]).astype(np.float32),
        face_ids=np.array(names(5)),
        fake=np.arange(5) == 4,
        subject=none,
        track=none,
        frame=np.arange(5),
        judgeable=np.ones(5, np.bool_),
        target=none,
        content=np.arange(5),
        footage=np.array([-1, -1, -1, -1, 2]),
    )

    found = clustered(scene)

    assert found.identity.tolist() == [0, 0, 1, 1, 0]
    assert found.similarity[4] > STRICT


def test_a_track_of_a_fake_is_placed_whole_and_beside_no_face_of_its_frames() -> None:
    """The donor's own face in one of the frames keeps all of the track from the donor."""
    person = np.array([0, 0, 1, 1])
    rows = embed(person, spread=0.3)
    none = np.full(8, -1)
    scene = Scene(
        rows=np.concatenate([rows, rows[[0, 0, 0, 0]]]),
        face_ids=np.array(names(8)),
        fake=np.arange(8) >= 4,
        subject=none,
        track=np.array([-1, -1, -1, -1, 7, 7, 8, 8]),
        frame=np.array([0, 1, 2, 3, 4, 5, 6, 1]),
        judgeable=np.array([1, 1, 1, 1, 1, 0, 1, 0], np.bool_),
        target=none,
        content=np.arange(8),
        footage=none,
    )

    found = clustered(scene).identity.tolist()

    assert found[4] == found[5] == found[0]
    assert found[6] == found[7] not in found[:6]
