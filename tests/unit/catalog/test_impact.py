"""What a withdrawal touches: every path from a person, and nothing else."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from curate.catalog.impact import INPUTS, Impact, draw_graph, impact
from curate.schema import arrow_schema, conform


def _graph(**tables: list[dict[str, Any]]) -> dict[str, pa.Table]:
    made = {name: conform(tables.get(name, []), name) for name in INPUTS if name != "entries"}
    rows = tables.get("entries", [])
    columns = ("media_id", "sha256", "locator", "manipulation_type")
    listed = {c: pa.array([row.get(c) for row in rows], "string") for c in columns}
    return draw_graph({**made, "entries": pa.table(listed)})


def _entry(name: str, sha256: str = "") -> dict[str, Any]:
    return {"media_id": name, "sha256": sha256 or name, "locator": f"{name}.jpg",
            "manipulation_type": "none"}  # fmt: skip


def _depicts(media: str, subject: str = "p01", role: str = "depicted") -> dict[str, Any]:
    return {"media_id": media, "subject_id": subject, "role": role, "link_method": "declared",
            "link_status": "confirmed"}  # fmt: skip


def _made(left: str, right: str) -> dict[str, Any]:
    return {"left": left, "relation": "derived_from", "right": right, "left_kind": "media",
            "right_kind": "media", "basis": "declared", "stage": "ingest:x/manifest"}  # fmt: skip


def _how(found: Impact) -> dict[str, str]:
    rows = found.entries.to_pylist()
    return {row["media_id"]: row["how"] for row in rows}


def test_walk_reaches_declared_copies_and_what_was_made_from_them() -> None:
    """A copy of a crop of a declared entry is three steps away, and is reached."""
    found = impact(
        _graph(
            entries=[_entry("a"), _entry("b"), _entry("c"), _entry("d", "b"), _entry("z")],
            depictions=[_depicts("a", role="donor"), _depicts("z", "p02")],
            relations=[_made("b", "a"), _made("c", "d")],
        ),
        "p01",
    )

    assert _how(found) == {
        "a": "declared as donor",
        "b": "made from a.jpg",
        "c": "made from d.jpg",
        "d": "copy of b.jpg",
    }


def test_walk_ends_where_entries_are_made_from_each_other() -> None:
    """A cycle in what people declared does not hang it."""
    found = impact(
        _graph(
            entries=[_entry("a"), _entry("b")],
            depictions=[_depicts("a")],
            relations=[_made("a", "b"), _made("b", "a")],
        ),
        "p01",
    )

    assert set(_how(found)) == {"a", "b"}


def test_walk_reaches_a_face_that_nobody_declared() -> None:
    """A person is found in an entry by the identity that their faces have."""
    face: dict[str, Any] = dict.fromkeys(arrow_schema("faces").names)
    face |= {"face_id": "f1", "sha256": "a", "frame": 0, "model_id": "m", "ordinal": 0, "x1": 0.0,
             "y1": 0.0, "x2": 1.0, "y2": 1.0, "landmarks": [0.0] * 10, "det_score": 1.0,
             "face_height_px": 50.0, "blur": 1.0, "quality": 1.0, "judgeable": True}  # fmt: skip
    found = impact(
        _graph(
            entries=[_entry("a")],
            faces=[face],
            identities=[
                {"face_id": "f1", "identity_id": "i", "subject_id": "p01", "model_id": "m"}
            ],
        ),
        "p01",
    )

    assert _how(found) == {"a": "by face"}
    assert found.counts == {"faces": 1, "labels": 0}


def test_walk_counts_what_releases_hold() -> None:
    """Each release that holds a touched entry is named with how many."""
    items = [{"release_id": "r1", "media_id": m, "path": m, "sha256": m} for m in ("a", "z")]
    release = {"release_id": "r1", "name": "v1", "use": "u", "audit_run_id": "x", "path": "p",
               "merkle_root": "0", "item_count": 2, "built_at": 0,
               "items_sha256": "0", "status": "issued"}  # fmt: skip
    found = impact(
        _graph(
            entries=[_entry("a"), _entry("z")],
            depictions=[_depicts("a")],
            releases=[release],
            release_items=items,
        ),
        "p01",
    )

    assert found.releases.to_pylist() == [{"name": "v1", "items": 1}]


@pytest.mark.parametrize("status", ["rejected"])
def test_walk_passes_over_links_that_were_rejected(status: str) -> None:
    """Whoever a reviewer found not to be there is not touched."""
    link = _depicts("a") | {"link_status": status}

    found = impact(_graph(entries=[_entry("a")], depictions=[link]), "p01")

    assert found.entries.num_rows == 0
