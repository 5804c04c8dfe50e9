"""Names part and join blind identities, and no more than that."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.identity.fakes import Scene, cluster_with_fakes
from curate.identity.naming import with_names

from .people import embed, names, same_partition

THRESHOLD, STRICT, NEVER = 0.4, 0.5, 2.0

Ints = npt.NDArray[np.int64]


def scene_of(person: Ints, subject: Ints, *, spread: float = 0.5, seed: int = 0) -> Scene:
    """Return genuine faces of some people, each alone in its picture."""
    count = len(person)
    none, each = np.full(count, -1), np.arange(count)
    return Scene(
        rows=embed(person, spread=spread, seed=seed),
        face_ids=np.array(names(count)),
        fake=np.zeros(count, np.bool_),
        subject=subject,
        track=none,
        frame=each,
        judgeable=np.ones(count, np.bool_),
        target=none,
        content=each,
        footage=none,
    )


def named(scene: Scene, doubt: float = NEVER) -> Ints:
    naming = partial(with_names, scene, doubt=doubt, settled=lambda _: ())
    found = cluster_with_fakes(scene, threshold=THRESHOLD, strict=STRICT, naming=naming)
    return found.identity


@st.composite
def honest(draw: st.DrawFn) -> Scene:
    """Return faces of up to six people, some of them declared, with their own names."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    person = rng.integers(0, 6, draw(st.integers(2, 24)))
    subject = np.where(rng.random(len(person)) < draw(st.sampled_from([0.3, 1.0])), person, -1)
    return scene_of(person, subject, spread=draw(st.sampled_from([0.4, 0.9])))


@given(scene=honest())
@settings(max_examples=100)
def test_without_a_likeness_beyond_doubt_each_subject_is_one_identity(scene: Scene) -> None:
    """However alike two subjects are below that, and however unlike one's faces are."""
    found = named(scene)

    for identity in np.unique(found[found >= 0]).tolist():
        assert len(set(scene.subject[found == identity].tolist()) - {-1}) <= 1
    for subject in set(scene.subject.tolist()) - {-1}:
        assert len(set(found[scene.subject == subject].tolist())) == 1


@given(scene=honest(), seed=st.integers(0, 99))
@settings(max_examples=50)
def test_the_order_of_rows_changes_nothing(scene: Scene, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(scene.rows))
    columns = ("rows", "face_ids", "fake", "subject", "track", "frame", "judgeable", "target",
               "content", "footage")  # fmt: skip
    turned = replace(scene, **{name: getattr(scene, name)[order] for name in columns})

    assert same_partition(named(turned, doubt=0.8), named(scene, doubt=0.8)[order])


def test_one_person_under_two_names_stays_one_identity_and_joins_nobody_else() -> None:
    """The second name's own pictures stay theirs; a fragment of the first name is joined."""
    person = np.array([0, 0, 0, 1, 1, 1, 0])
    scene = scene_of(person, np.array([0, 0, 0, 1, 1, 1, 1]), spread=0.3)

    found = named(scene, doubt=0.5)

    assert same_partition(found, person)


def test_two_names_with_a_face_each_are_one_identity_by_likeness_alone() -> None:
    scene = scene_of(np.array([0, 0, 1]), np.array([5, 7, 7]), spread=0.3)

    found = named(scene, doubt=0.5)

    assert found[0] == found[1] != found[2]


def test_a_picture_that_shows_two_people_never_makes_them_one() -> None:
    """Not even where one name is declared for both: then the two stay apart."""
    scene = scene_of(np.array([0, 0, 1, 1]), np.array([3, -1, -1, 3]), spread=0.3)
    together = replace(scene, frame=np.array([0, 1, 1, 2]))

    found = named(together)

    assert found[1] != found[2]
