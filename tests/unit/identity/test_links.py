"""Identities to subjects, by what entries declare."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from curate.identity.links import link_identities


def link(
    faces: list[tuple[Any, ...]], depictions: list[tuple[str, str]], **options: Any
) -> pa.Table:
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


def statuses(links: pa.Table) -> dict[str, tuple[str, str]]:
    return {row["identity_id"]: (row["subject_id"], row["status"]) for row in links.to_pylist()}


def test_two_entries_that_agree_confirm_a_link() -> None:
    links = link([("a", "i"), ("b", "i")], [("a", "p"), ("b", "p")])

    assert statuses(links) == {"i": ("p", "confirmed")}


def test_one_entry_proposes_a_link() -> None:
    assert statuses(link([("a", "i")], [("a", "p")])) == {"i": ("p", "proposed")}


def test_entries_that_disagree_dispute_a_link() -> None:
    links = link([("a", "i"), ("b", "i"), ("c", "i")], [("a", "p"), ("b", "p"), ("c", "q")])

    assert statuses(links) == {"i": ("p", "disputed")}


def test_what_is_left_over_is_linked_by_exclusion() -> None:
    links = link([("a", "i"), ("ab", "i"), ("ab", "j")], [("a", "p"), ("ab", "p"), ("ab", "q")])

    assert statuses(links)["j"] == ("q", "proposed")
    assert links.to_pylist()[1]["basis"] == "exclusion"


def test_exclusion_goes_on_from_what_it_found() -> None:
    faces = [("a", "i"), ("ab", "i"), ("ab", "j"), ("bc", "j"), ("bc", "k")]
    declared = [("a", "p"), ("ab", "p"), ("ab", "q"), ("bc", "q"), ("bc", "r")]

    assert statuses(link(faces, declared))["k"] == ("r", "proposed")


def test_two_left_over_on_both_sides_stay_open() -> None:
    links = link([("ab", "i"), ("ab", "j")], [("ab", "p"), ("ab", "q")])

    assert statuses(links) == {}


def test_a_poor_face_is_nobodys_evidence() -> None:
    links = link([("a", "i"), ("a", "j", False)], [("a", "p")])

    assert statuses(links) == {"i": ("p", "proposed")}


def test_nothing_in_gives_nothing_out() -> None:
    links = link([], [])

    assert links.num_rows == 0
