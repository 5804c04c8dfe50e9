"""Work for reviewers: the entries of queues with the evidence that they are to judge by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from curate.audit.rules import BY_CODE
from curate.catalog.audits import Audited
from curate.catalog.memory import in_memory
from curate.model.verdict import Verdict
from curate.review.queues import WITHHELD, Queue, make_queues

# What an entry's findings may name beside it, such as the copy that stays: so many at most.
_MAX_BESIDE = 3
_EFFECTS = ("block", "review", "none")

_FOUND = """
SELECT f.media_id, f.code, f.effect, f.params, f.waiver
FROM findings f SEMI JOIN shown USING (media_id)
ORDER BY f.media_id, list_position($effects, f.effect), f.code, f.finding_id
"""
_ABOUT = """
SELECT s.media_id,
       (SELECT list(name || ' ' || value || ' (' || origin || ')' ORDER BY name)
        FROM labels l WHERE l.media_id = s.media_id) AS labels,
       (SELECT list(subject_id || ' as ' || role || ' (' || link_status || ')'
                    ORDER BY subject_id, role)
        FROM depictions d WHERE d.media_id = s.media_id) AS people
FROM shown s
"""
_NAMED = """
SELECT n.locator, any_value(e.media_id ORDER BY e.media_id) AS media_id,
       any_value(e.root ORDER BY e.media_id) AS root,
       any_value(e.sha256 ORDER BY e.media_id) AS sha256
FROM named n JOIN entries e USING (locator)
WHERE e.state = 'present'
AND e.media_id NOT IN (SELECT media_id FROM findings WHERE list_contains($withheld, code))
GROUP BY n.locator
"""


@dataclass(frozen=True)
class Work:
    """What is handed to a reviewer.

    Attributes:
        audited: The audit whose findings are to be reviewed.
        queues: The queues asked for.
        places: Rows of `curate.review.queues.make_queues`, each queue cut at a limit.
        left: How many more each queue has.
        items: Each entry once, by id, with its evidence in words.
    """

    audited: Audited
    queues: tuple[Queue, ...]
    places: list[dict[str, Any]]
    left: dict[str, int]
    items: dict[str, dict[str, Any]]


def make_work(
    tables: Mapping[str, pa.Table], audited: Audited, queues: tuple[Queue, ...], *, limit: int
) -> Work:
    """Return the first `limit` places of each queue, with the evidence of each entry.

    Args:
        tables: As `make_queues` takes them, and ``labels`` and ``depictions``.
        audited: The audit whose findings and verdicts they are.
        queues: The queues wanted.
        limit: How many places of each.
    """
    made = make_queues(tables, audited.use.name, queues)
    counts: dict[str, int] = {}
    places = []
    for row in made.to_pylist():
        counts[row["queue"]] = counts.get(row["queue"], 0) + 1
        if row["place"] <= limit:
            places.append(row)
    left = {name: count - limit for name, count in counts.items() if count > limit}
    items = {row["media_id"]: row for row in places if row["media_id"] is not None}
    return Work(audited, queues, places, left, _with_evidence(tables, items))


def _with_evidence(
    tables: Mapping[str, pa.Table], rows: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    connection = in_memory()
    for name in ("entries", "findings", "labels", "depictions"):
        connection.register(name, tables[name])
    connection.register("shown", pa.table({"media_id": pa.array(list(rows), pa.string())}))
    found: dict[str, list[dict[str, Any]]] = {}
    named: dict[str, list[str]] = {}
    said = connection.execute(_FOUND, {"effects": list(_EFFECTS)}).fetchall()
    for media_id, code, effect, params, waiver in said:
        told = json.loads(params)
        found.setdefault(media_id, []).append(_finding(code, effect, told, waiver))
        names = (value for value in told.values() if isinstance(value, str))
        named.setdefault(media_id, []).extend(names)
    places = _places(connection, {name for names in named.values() for name in names})
    about = {row[0]: row[1:] for row in connection.execute(_ABOUT).fetchall()}
    return {
        key: {
            **row,
            "findings": found.get(key, []),
            "labels": about[key][0] or [],
            "people": about[key][1] or [],
            "beside": _beside(row, named.get(key, []), places),
            "may_clear": row["verdict"] != Verdict.BLOCKED,
        }
        for key, row in rows.items()
    }


def _finding(code: str, effect: str, params: dict[str, Any], waiver: str | None) -> dict[str, Any]:
    rule = BY_CODE.get(code)
    if rule is None:
        return {"code": code, "effect": effect, "title": "This version does not know the rule.",
                "words": json.dumps(params), "remedy": "", "waiver": waiver}  # fmt: skip
    return {"code": code, "effect": effect, "title": rule.title, "words": rule.say(params),
            "remedy": rule.remedy, "waiver": waiver}  # fmt: skip


def _places(
    connection: duckdb.DuckDBPyConnection, names: set[str]
) -> dict[str, dict[str, str | None]]:
    """Return the readable entries that findings name by locator."""
    connection.register("named", pa.table({"locator": pa.array(sorted(names), pa.string())}))
    return {
        locator: {"media_id": media_id, "locator": locator, "root": root, "sha256": sha256}
        for locator, media_id, root, sha256 in connection.execute(
            _NAMED, {"withheld": list(WITHHELD)}
        ).fetchall()
    }


def _beside(
    row: Mapping[str, Any], names: list[str], places: Mapping[str, dict[str, str | None]]
) -> list[dict[str, str | None]]:
    others = dict.fromkeys(name for name in names if name in places and name != row["locator"])
    return [places[name] for name in list(others)[:_MAX_BESIDE]]
