"""What reviewers say of faces is heeded: those set apart never meet, those joined are one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.identity.clusters import Clusters
from curate.identity.fakes import Scene, cluster_with_fakes
from curate.identity.reviewed import linked, with_links

from .people import embed, names
from .test_fakes import scenes


def clustered(scene: Scene) -> Clusters:
    return cluster_with_fakes(scene, threshold=0.4, strict=0.5)


def scene_of(person: list[int], **columns: npt.NDArray[np.int64]) -> Scene:
    """Return genuine faces of people who are nothing like one another."""
    n = len(person)
    none, each = np.full(n, -1), np.arange(n)
    return Scene(**{
        "rows": embed(np.array(person), spread=0.2, width=24, seed=1),
        "face_ids": np.array(names(n)), "fake": np.zeros(n, bool), "subject": none,
        "track": none, "frame": each, "judgeable": np.ones(n, bool), "target": none,
        "content": each, "footage": none, **columns,
    })  # fmt: skip


@given(scene=scenes(), data=st.data())
@settings(max_examples=40)
def test_faces_that_a_reviewer_set_apart_are_two_people(scene: Scene, data: st.DataObject) -> None:
    """However alike they are, genuine or not; only what is declared joins them still."""
    row = st.integers(0, len(scene.rows) - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(row, row), min_size=1, max_size=6)))
    found = clustered(replace(scene, apart=pairs)).identity

    for one, other in pairs.tolist():
        declared = scene.subject[one] >= 0 and scene.subject[one] == scene.subject[other]
        if one != other and not declared:
            assert found[one] < 0 or found[one] != found[other]


def test_a_link_joins_two_identities_whole() -> None:
    """All faces of both are one person then, and the others stay as they were."""
    scene = scene_of([0, 0, 0, 1, 1, 2, 2])
    before = clustered(scene)
    found, refused = with_links(scene, before, np.array([[0, 4]]))

    assert len(set(before.identity.tolist())) == 3
    assert refused == 0
    assert found.identity.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert (found.similarity[:5] < before.similarity[:5]).all()
    assert (found.similarity[5:] == before.similarity[5:]).all()


def test_a_link_that_cannot_be_is_refused() -> None:
    """Two of one picture, two declared subjects, and two that somebody set apart."""
    one_picture = scene_of([0, 0, 1], frame=np.array([0, 1, 0]))
    two_subjects = scene_of([0, 0, 1], subject=np.array([0, -1, 1]))
    apart = scene_of([0, 0, 1], apart=np.array([[0, 2]]))
    for scene in (one_picture, two_subjects, apart):
        before = clustered(scene)
        found, refused = with_links(scene, before, np.array([[1, 2]]))
        assert refused == 1
        assert (found.identity == before.identity).all()


def test_a_face_of_nobody_is_taken_in() -> None:
    """A face too poor to judge is whose a reviewer says it is."""
    scene = replace(scene_of([0, 0, 1]), judgeable=np.array([True, True, False]))
    before = clustered(scene)

    assert before.identity[2] == -1
    assert with_links(scene, before, np.array([[0, 2]]))[0].identity.tolist() == [0, 0, 0]


def test_links_name_rows_and_leave_out_faces_that_are_gone() -> None:
    said = ["same_person", "same_person", "different_people"]
    links = pa.table({"left": ["a", "a", "b"], "relation": said,
                      "right": ["c", "x", "c"]})  # fmt: skip
    faces = pa.chunked_array([["a", "b", "c"]])

    assert linked(links, faces, "same_person").tolist() == [[0, 2]]
    assert linked(links, faces, "different_people").tolist() == [[1, 2]]
    assert linked(links.slice(0, 0), faces, "same_person").shape == (0, 2)
