"""Applying corrections: the catalogue follows what reviewers decided of facts.

Stages and audits read it afterwards.

Labels and depictions that a reviewer corrected stand in the place of those declared, and these
come back when the correction is taken back. What is said of faces and copies is in the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit import correct
from curate.audit.correct import CONFIRMED, DISPUTED, NOT_SHOWN
from curate.schema import conform

if TYPE_CHECKING:
    from curate.catalog.ledger import Ledger
    from curate.catalog.tables import Catalog

STAGE = "review/1"
_BASIS = "a reviewer's decision"


def apply_corrections(catalog: Catalog, ledger: Ledger) -> dict[str, int]:
    """Make the catalogue follow what reviewers decided of facts; return how many rows changed.

    Args:
        catalog: The tables; their workspace is held for writing.
        ledger: The decisions.
    """
    decisions = ledger.read("decisions")
    said = decisions.filter(pc.is_valid(decisions["kind"])).to_pylist()
    if not said:
        return {}
    counted, conflicts = correct.in_force(said)
    counted += [row for one in conflicts if (row := _doubted(one)) is not None]
    return {
        "labels": _follow(catalog, "labels", said, _labels(counted)),
        "depictions": _follow(catalog, "depictions", said, _depictions(counted)),
        "relations": _relate(catalog, counted),
    }


def _doubted(conflict: correct.Conflict) -> dict[str, Any] | None:
    """Return what holds while reviewers contradict one another: who was declared is disputed."""
    row = conflict.decisions[0]
    if conflict.kind == correct.SUBJECT and row["replaced"] is not None:
        return row | {"value": DISPUTED}
    return None


Key = tuple[str, ...]


def _labels(counted: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    return {
        (row["media_id"], row["label"]): {
            "media_id": row["media_id"], "name": row["label"], "origin": "reviewed",
            "value": row["value"],
            **{name: (correct.declared_before(row) or {}).get(name) for name in
               ("vocabulary", "raw")},
        }
        for row in counted if row["kind"] == correct.LABEL
    }  # fmt: skip


_STATUS = {CONFIRMED: "confirmed", DISPUTED: "disputed", NOT_SHOWN: "rejected"}


def _depictions(counted: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    return {
        (row["media_id"], row["subject_id"], role): {
            "media_id": row["media_id"], "subject_id": row["subject_id"], "role": role,
            "link_method": "reviewer", "link_status": _STATUS[row["value"]],
        }
        for row in counted if row["kind"] == correct.SUBJECT
        for role in _roles(row)
    }  # fmt: skip


def _roles(row: Mapping[str, Any]) -> list[str]:
    if row["role"] is not None:
        return [row["role"]]
    return [one["role"] for one in correct.declared_before(row) or [{"role": "depicted"}]]


def _before(said: list[dict[str, Any]], table: str) -> dict[Key, dict[str, Any] | None]:
    """Return what was declared under each key that reviewers ever spoke of, None for nothing."""
    found: dict[Key, dict[str, Any] | None] = {}
    for row in sorted(said, key=lambda row: row["decided_at"]):
        if row["withdraws"] is not None:
            continue
        before = correct.declared_before(row)
        if row["kind"] == correct.LABEL and table == "labels":
            key = {"media_id": row["media_id"], "name": row["label"]}
            found.setdefault((*key.values(),), None if before is None else key | before)
        elif row["kind"] == correct.SUBJECT and table == "depictions":
            key = {"media_id": row["media_id"], "subject_id": row["subject_id"]}
            declared = {one["role"]: key | one for one in before or ()}
            for role in {*declared, *_roles(row)}:
                found.setdefault((*key.values(), role), declared.get(role))
    return found


_KEYS = {"labels": ("media_id", "name"), "depictions": ("media_id", "subject_id", "role")}
_OURS = {"labels": ("origin", "reviewed"), "depictions": ("link_method", "reviewer")}


def _follow(
    catalog: Catalog, table: str, said: list[dict[str, Any]], wanted: dict[Key, dict[str, Any]]
) -> int:
    """Put the rows wanted into a table, and take out ours that nobody wants any more."""
    before = _before(said, table)
    if not before:
        return 0
    stored = catalog.read(table)
    column, ours = _OURS[table]
    keys = list(zip(*(stored[name].to_pylist() for name in _KEYS[table]), strict=True))
    is_ours = [value == ours for value in stored[column].to_pylist()]
    stale = {key for key, own in zip(keys, is_ours, strict=True)
             if own and key in before and key not in wanted}  # fmt: skip
    there = _there(catalog)
    rows = [row for key, row in wanted.items() if key[0] in there]
    rows += [row for key in stale if (row := before[key]) is not None]
    changed = catalog.upsert(table, conform(rows, table)) if rows else 0
    gone = {key for key in stale if before[key] is None}
    if gone:
        stored = catalog.read(table)
        keys = list(zip(*(stored[name].to_pylist() for name in _KEYS[table]), strict=True))
        catalog.replace(table, stored.filter(pa.array([key not in gone for key in keys])))
    return changed + len(gone)


def _there(catalog: Catalog) -> set[str]:
    found = catalog.connect("media").execute("SELECT media_id FROM media").fetchall()
    return {media_id for (media_id,) in found}


_CHOSEN = """
SELECT g.group_id, g.sha256 AS "left", o.sha256 AS "right", c.reviewer, c.decision_id
FROM chosen c JOIN groups g ON g.sha256 = c.sha256
JOIN groups o ON o.group_id = g.group_id AND o.sha256 <> g.sha256
QUALIFY c.decided_at = max(c.decided_at) OVER (PARTITION BY g.group_id, c.reviewer)
ORDER BY ALL
"""
_LINKED = """
SELECT l.* FROM linked l
WHERE l."left" IN (SELECT face_id FROM faces) AND l."right" IN (SELECT face_id FROM faces)
ORDER BY ALL
"""


def _relate(catalog: Catalog, counted: list[dict[str, Any]]) -> int:
    """Put what is said of faces and copies into the graph, in the place of what was."""
    connection = catalog.connect("faces", "relations")
    links = [(row["face_id"], row["value"], row["other_face_id"])
             for row in counted if row["kind"] == correct.LINK]  # fmt: skip
    connection.register("linked", _columns(links, ("left", "relation", "right")))
    rows = [row | {"left_kind": "face", "right_kind": "face"}
            for row in connection.sql(_LINKED).to_arrow_table().to_pylist()]  # fmt: skip
    for members in _chosen(catalog, counted):
        # Reviewers who chose different copies chose none.
        if len({row["left"] for row in members}) == 1:
            pairs = {(row["left"], row["right"]) for row in members}
            rows += [{"left": one, "right": other, "relation": "kept_over",
                      "left_kind": "content", "right_kind": "content"}
                     for one, other in sorted(pairs)]  # fmt: skip
    wanted = conform([row | {"basis": _BASIS, "stage": STAGE} for row in rows], "relations")
    stored = connection.sql("SELECT * FROM relations WHERE starts_with(stage, 'review/')")
    order = [(name, "ascending") for name in ("left", "relation", "right")]
    held = conform(stored.to_arrow_table(), "relations").sort_by(order)
    if held.equals(wanted.sort_by(order)):
        return 0
    return max(catalog.replace("relations", wanted, stage="review"), held.num_rows)


def _chosen(catalog: Catalog, counted: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return what reviewers chose to keep over what, group by group of copies."""
    keeps = [(row["value"], row["reviewer"], row["decided_at"], row["decision_id"])
             for row in counted if row["kind"] == correct.KEEP]  # fmt: skip
    names = ("sha256", "reviewer", "decided_at", "decision_id")
    connection = catalog.connect("groups")
    connection.register("chosen", _columns(keeps, names))
    by_group: dict[str, list[dict[str, Any]]] = {}
    for row in connection.sql(_CHOSEN).to_arrow_table().to_pylist():
        by_group.setdefault(row["group_id"], []).append(row)
    return list(by_group.values())


def contradictions(catalog: Catalog, decisions: list[dict[str, Any]]) -> list[correct.Conflict]:
    """Return what reviewers say differently of facts and entries, each by their last word.

    Args:
        catalog: Which contents are copies of one another.
        decisions: Rows of the table ``decisions``.
    """
    counted, conflicts = correct.in_force(decisions)
    rows = {row["decision_id"]: row for row in counted}
    for members in _chosen(catalog, counted):
        if len({row["left"] for row in members}) > 1:
            said = sorted({row["decision_id"] for row in members})
            conflicts.append(correct.Conflict(correct.KEEP, tuple(rows[one] for one in said)))
    return conflicts


def _columns(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> pa.Table:
    kinds = {"decided_at": pa.timestamp("us", tz="UTC")}
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table({
        name: pa.array(column, kinds.get(name, pa.string()))
        for name, column in zip(names, columns, strict=True)
    })  # fmt: skip
