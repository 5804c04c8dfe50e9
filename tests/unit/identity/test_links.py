"""Identities to subjects, and where declarations and faces disagree."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from curate.identity.links import Links, link_identities


def link(faces: list[tuple[Any, ...]], depictions: list[tuple[str, str]], **options: Any) -> Links:
    """Return the links of faces (media, identity, ...) and depictions (media, subject)."""
    columns = ("media_id", "identity_id", "judgeable", "frame")
    rows = [
        dict(zip(columns, (*face, True, 0)[: max(len(face), 3)], strict=False)) for face in faces
    ]
    schema = pa.schema(
        [
            ("media_id", pa.string()),
            ("identity_id", pa.string()),
            ("judgeable", pa.bool_()),
            ("frame", pa.int64()),
        ]
    )
    table = pa.Table.from_pylist([{"frame": 0, **row} for row in rows], schema)
    declared = pa.table(
        {
            "media_id": pa.array([m for m, _ in depictions], pa.string()),
            "subject_id": pa.array([s for _, s in depictions], pa.string()),
        }
    )
    return link_identities(table, declared, **options)


def statuses(links: Links) -> dict[str, tuple[str, str]]:
    return {
        row["identity_id"]: (row["subject_id"], row["status"]) for row in links.links.to_pylist()
    }


def found(links: Links, kind: str) -> list[dict[str, Any]]:
    rows = [row for row in links.contradictions.to_pylist() if row["kind"] == kind]
    return [{k: v for k, v in row.items() if v is not None and k != "kind"} for row in rows]


def test_two_entries_that_agree_confirm_a_link() -> None:
    links = link([("a", "i"), ("b", "i")], [("a", "p"), ("b", "p")])

    assert statuses(links) == {"i": ("p", "confirmed")}
    assert links.contradictions.num_rows == 0


def test_one_entry_proposes_a_link() -> None:
    assert statuses(link([("a", "i")], [("a", "p")])) == {"i": ("p", "proposed")}


def test_entries_that_disagree_dispute_a_link() -> None:
    links = link([("a", "i"), ("b", "i"), ("c", "i")], [("a", "p"), ("b", "p"), ("c", "q")])

    assert statuses(links) == {"i": ("p", "disputed")}
    assert found(links, "two_subjects_in_identity") == [
        {"identity_id": "i", "subject_id": "q", "count": 1}
    ]


def test_what_is_left_over_is_linked_by_exclusion() -> None:
    links = link([("a", "i"), ("ab", "i"), ("ab", "j")], [("a", "p"), ("ab", "p"), ("ab", "q")])

    assert statuses(links)["j"] == ("q", "proposed")
    assert links.links.to_pylist()[1]["basis"] == "exclusion"


def test_exclusion_goes_on_from_what_it_found() -> None:
    faces = [("a", "i"), ("ab", "i"), ("ab", "j"), ("bc", "j"), ("bc", "k")]
    declared = [("a", "p"), ("ab", "p"), ("ab", "q"), ("bc", "q"), ("bc", "r")]

    assert statuses(link(faces, declared))["k"] == ("r", "proposed")


def test_two_left_over_on_both_sides_stay_open() -> None:
    links = link([("ab", "i"), ("ab", "j")], [("ab", "p"), ("ab", "q")])

    assert statuses(links) == {}


def test_a_known_person_who_is_not_declared_is_listed() -> None:
    links = link(
        [("a", "i"), ("b", "j"), ("ab", "i"), ("ab", "j")], [("a", "p"), ("b", "q"), ("ab", "q")]
    )

    assert found(links, "undeclared_person") == [
        {"media_id": "ab", "identity_id": "i", "subject_id": "p"}
    ]


def test_a_known_person_in_an_entry_that_declares_nobody_is_listed() -> None:
    links = link([("a", "i"), ("b", "i")], [("a", "p")])

    assert found(links, "undeclared_person") == [
        {"media_id": "b", "identity_id": "i", "subject_id": "p"}
    ]


def test_more_people_than_declared_are_counted() -> None:
    links = link([("a", "i"), ("a", None), ("a", None)], [("a", "p")])

    assert found(links, "more_people_than_declared") == [{"media_id": "a", "count": 3}]


def test_faces_of_many_frames_are_not_many_people() -> None:
    links = link([("v", "i", True, 0), ("v", "i", True, 1), ("v", None, True, 2)], [("v", "p")])

    assert found(links, "more_people_than_declared") == []


def test_a_poor_face_is_nobodys_evidence() -> None:
    links = link([("a", "i"), ("a", "j", False)], [("a", "p")])

    assert statuses(links) == {"i": ("p", "proposed")}
    assert links.contradictions.num_rows == 0


def test_a_declared_subject_whose_face_is_elsewhere_is_listed() -> None:
    links = link([("a", "i"), ("b", "j")], [("a", "p"), ("b", "q"), ("b", "p")])

    assert found(links, "declared_without_face") == [{"media_id": "b", "subject_id": "p"}]


def test_a_declared_subject_of_an_entry_without_a_face_is_listed() -> None:
    links = link([("a", None, False)], [("a", "p")])

    assert found(links, "declared_without_face") == [{"media_id": "a", "subject_id": "p"}]


def test_an_entry_that_was_not_searched_misses_nobody() -> None:
    links = link([("a", "i")], [("a", "p"), ("b", "p")])

    assert found(links, "declared_without_face") == []


def test_one_subject_in_two_identities_is_listed_once() -> None:
    links = link([("a", "i"), ("b", "i"), ("c", "j")], [("a", "p"), ("b", "p"), ("c", "p")])

    assert found(links, "subject_in_two_identities") == [{"identity_id": "j", "subject_id": "p"}]


def test_nothing_in_gives_nothing_out() -> None:
    links = link([], [])

    assert links.links.num_rows == links.contradictions.num_rows == 0
