"""Worlds for rule cases: a `world.toml` becomes the tables that an audit reads.

Media and consents go through the real readers of manifests and consent files; what a machine
would have observed (content, faces, groups) is stated in the file, because a case is about a rule
and not about a model. Keys of ``[[media]]`` beyond a manifest's columns: ``content`` (entries
with one value hold the same bytes), ``near`` (a duplicate group), ``chain`` (of look-alikes),
``turned`` (how it lies against the group's first), ``probed`` (what the probe says of the
content), ``dataset``, ``scanned = "no"``, ``read = "no"`` (for signals) or what the reader failed
with, ``unreadable``, ``missing``, ``unseen``. ``[[signals]]`` are statements found in the file at
``path``, or ``beside`` it; ``[[links]]`` says how a depiction is known, ``[[records]]`` states
consents as rows of the ledger, ``[[changed]]`` says what is not as a stage wrote it, and
``all_rules`` lets every rule speak, for a rule that asks the
verdicts of others.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.audit.facts import LEDGER_INPUTS, Question
from curate.catalog.views import create_entries
from curate.consent.read import read_statements
from curate.ingest.layouts.manifest import ManifestLayout
from curate.ingest.listing import Listing, Target
from curate.model.config import Config, UseProfile
from curate.model.instants import parse_instant
from curate.schema import conform, purpose_tree
from curate.signals.normal import CATEGORIES
from tests.factories import MODEL, PLAIN, STAGES, part, registered, scan, searched_beside

AS_OF = datetime(2026, 5, 1, tzinfo=UTC)
OBSERVED = (
    *("content", "near", "chain", "turned", "probed", "dataset", "scanned"),
    *("unreadable", "missing", "unseen", "read"),
)
SIGNALS = "signals/1"
NO_SIGNALS = {
    "c2pa_state": "none", "tool": "test", "stage": SIGNALS,
    **{f"optout_{name}": "none" for name in CATEGORIES},
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """The tables of a case, what it asks, and the entries in which its rule must find something."""

    tables: dict[str, pa.Table]
    question: Question
    expect: list[str]
    all_rules: bool = False

    def locator(self, media_id: str) -> str:
        """Return an entry's locator."""
        rows = self.tables["entries"].select(["media_id", "locator"]).to_pylist()
        return {row["media_id"]: row["locator"] for row in rows}[media_id]


def load_world(folder: Path, scratch: Path) -> World:
    """Return the world described in `folder`, using `scratch` for files."""
    said = tomllib.loads((folder / "world.toml").read_text(encoding="utf-8"))
    tables = _listed(said.get("media", []), scratch)
    tables["depictions"] = _linked(tables, said.get("links", []))
    tables |= _observed(said.get("media", []), tables["media"])
    tables["relations"] = _turned(said.get("media", []), tables["relations"])
    tables["relations"] = _shared(said.get("footage", []), tables["relations"])
    tables["relations"] = _related(said.get("relations", []), tables)
    tables |= _faces(said.get("faces", []), said.get("media", []))
    tables["relations"] = _reviewed(said.get("face_links", []), tables)
    tables["signals"] = _signals(said.get("signals", []), tables["media"])
    tables |= _told_of_labels(said, tables["media"])
    tables |= _held_against_lists(said)
    tables["changed"] = _changed(said.get("changed", []), tables["media"])
    tables |= _statements(said, scratch, tables["media"])
    tables |= _decided(said, tables)
    tables["entries"] = _entries(tables)
    tables["stages"] = conform(said.get("current_stages", list(STAGES)), "stages")
    tables["uncompared"] = conform([], "uncompared")
    use = UseProfile(
        "case", "train-detector", ("include", "train_detector"), horizon_days=1,
        legal_basis="A6-1-a",
    )  # fmt: skip
    asked = {k: tuple(v) if isinstance(v, list) else v for k, v in said.get("use", {}).items()}
    for name in {"starts_at", "ends_at"} & asked.keys():
        asked[name] = parse_instant(asked[name])
    asked = {k: None if v == "" else v for k, v in asked.items()}
    question = Question(
        replace(use, **asked),
        purpose_tree(),
        AS_OF,
        source_required=said.get("source", "required") == "required",
    )
    expect = sorted(said.get("expect", []))
    return World(tables, question, expect, all_rules=said.get("all_rules", False))


def _listed(media: list[dict[str, Any]], scratch: Path) -> dict[str, pa.Table]:
    for item in media:
        if "missing" not in item:
            (scratch / item["path"]).parent.mkdir(parents=True, exist_ok=True)
            (scratch / item["path"]).write_bytes(item["path"].encode())
    rows = [{k: v for k, v in item.items() if k not in OBSERVED} for item in media]
    manifest = scratch / "manifest.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    listing = Listing("case", scratch.resolve(), "manifest")
    ManifestLayout().read(Target(manifest, "case", scratch.resolve(), Config()), listing)
    tables = listing.tables()
    assert not tables["rejections"].num_rows, tables["rejections"].to_pylist()
    datasets = {item["path"]: item.get("dataset", "case") for item in media}
    rows = [{**row, "dataset": datasets[row["locator"]]} for row in tables["media"].to_pylist()]
    return tables | {"media": conform(rows, "media")}


def _linked(tables: dict[str, pa.Table], links: list[dict[str, str]]) -> pa.Table:
    """Return the depictions, with methods and states of links as the case says."""
    ids = {row["locator"]: row["media_id"] for row in tables["media"].to_pylist()}
    said = {(ids[link["path"]], link["subject"]): link for link in links}
    rows = [
        {**row, **{k: v for k, v in said.get((row["media_id"], row["subject_id"]), {}).items()
                   if k in row}}
        for row in tables["depictions"].to_pylist()
    ]  # fmt: skip
    return conform(rows, "depictions")


def _changed(rows: list[dict[str, Any]], media: pa.Table) -> pa.Table:
    """Return what is not as it was written: of a content, of an entry, or of a whole table."""
    ids = {row["locator"]: row["media_id"] for row in media.to_pylist()}
    return conform([
        {"written_in": row["written_in"],
         "about": f"dataset {row['dataset']}" if "dataset" in row else "*" if "path" not in row
         else ids[row["path"]] if row.get("entry") else digest_of(row)}
        for row in rows
    ], "changed")  # fmt: skip


def digest_of(item: dict[str, Any]) -> str:
    """Return the digest that an entry's content would have."""
    return hashlib.sha256(item.get("content", item["path"]).encode()).hexdigest()


def _observed(media: list[dict[str, Any]], listed: pa.Table) -> dict[str, pa.Table]:
    ids = {row["locator"]: row for row in listed.to_pylist()}
    sightings, contents, groups, scans, reads = [], {}, [], [], []
    compared = {
        (digest_of(item), item.get("chain"))
        for item in media
        if not {"missing", "unseen", "unreadable"} & item.keys()
    }
    for item in media:
        if "missing" in item or "unseen" in item:
            continue
        row = ids[item["path"]]
        seen = {k: row[k] for k in ("media_id", "listed_size", "listed_mtime_ns")}
        seen["probe_version"] = "probe/1"
        if "unreadable" in item:
            why = {"reason": item["unreadable"], "detail": "as the case says"}
            sightings.append({**seen, "status": "unreadable", **why})
            continue
        digest = digest_of(item)
        sightings.append({**seen, "status": "readable", "sha256": digest})
        contents[digest] = item.get("probed", {})
        if item.get("scanned") != "no":
            scans.append(scan(digest))
        if item.get("read") != "no":
            reads.append({"sha256": digest, **NO_SIGNALS, "error": item.get("read")})
        if "near" in item:
            groups.append({"sha256": digest, "group_id": item["near"], "medoid": digest,
                           "tier": "near", "keep": digest, "keep_reason": "kept"})  # fmt: skip
    plain = {f.name: None for f in conform([], "content").schema}
    need = {f.name for f in conform([], "content").schema if not f.nullable}
    filled = [
        {**plain, **_filled(need), **PLAIN, **told, "sha256": d} for d, told in contents.items()
    ]
    seen_before = [
        {"sha256": digest, "fingerprint": "", "chain": chain, "basis": "as the case says"}
        for digest, chain in sorted(compared, key=str)
    ]
    return {
        "beside_scans": conform(
            [searched_beside(ids[item["path"]]) for item in media], "beside_scans"
        ),
        "compared": conform(seen_before, "compared"),
        "sightings": conform(sightings, "sightings"),
        "content": conform(filled, "content"),
        "parts": conform([part(row["sha256"]) for row in filled], "parts"),
        "groups": conform(groups, "groups"),
        "face_scans": conform(list({s["sha256"]: s for s in scans}.values()), "face_scans"),
        "signal_scans": conform(list({s["sha256"]: s for s in reads}.values()), "signal_scans"),
    }


def _signals(said: list[dict[str, Any]], media: pa.Table) -> pa.Table:
    """Return statements found in files, or beside them."""
    ids = {row["locator"]: row["media_id"] for row in media.to_pylist()}
    rows = []
    for place, one in enumerate(said):
        beside = "beside" in one
        about = ids[one["beside"]] if beside else digest_of(one)
        told = {k: v for k, v in one.items() if k not in {"path", "beside", "content"}}
        rows.append({
            "about": about, "about_kind": "media" if beside else "content", "key": str(place),
            "reader": "xmp", "place": "plus:DataMining", "digest": "0" * 64, "tool": "test",
            "stage": SIGNALS, **told,
        })  # fmt: skip
    return conform(rows, "signals")


def _told_of_labels(said: dict[str, Any], media: pa.Table) -> dict[str, pa.Table]:
    """Return what the stage of labels would have found, as the case says."""
    ids = {row["locator"]: row["media_id"] for row in media.to_pylist()}
    known = {
        "rank": 1, "auc": 0.9, "balanced_accuracy": 0.9, "effect": 0.8, "margin": 0.1,
        "p_value": 0.01, "p_adjusted": 0.01, "flagged": True, "items": len(ids), "groups": 9,
        "exchangeable": True, "shape": "{}", "basis": "as the case says", "stage": "labels/1",
    }  # fmt: skip
    shortcuts, drops = [], []
    for one in said.get("shortcuts", []):
        left_out = one.get("drops", [])
        told = {k: v for k, v in one.items() if k != "drops"}
        shortcuts.append({**known, "match_loses": len(left_out), **told})
        drops += [{"media_id": ids[path], "target": one["target"], "feature": one["feature"],
                   "stage": "labels/1"} for path in left_out]  # fmt: skip
    doubts = [
        {"media_id": ids[one["path"]], "rank": place, "confidence": 0.1, "against": 0.9,
         "basis": "scores", "stage": "labels/1",
         **{k: v for k, v in one.items() if k != "path"}}
        for place, one in enumerate(said.get("doubts", []), 1)
    ]  # fmt: skip
    return {
        "doubts": conform(doubts, "doubts"),
        "shortcuts": conform(shortcuts, "shortcuts"),
        "shortcut_drops": conform(drops, "shortcut_drops"),
    }


def _held_against_lists(said: dict[str, Any]) -> dict[str, pa.Table]:
    """Return what the stage hashlists would have found, as the case says."""
    lists = [
        {
            "list_id": "a",
            "provider": "b",
            "category": "ncii",
            "negative": False,
            "state": "now",
            "fetched_at": AS_OF,
            **one,
            "stale_after": parse_instant(one["stale_after"]),
        }
        for one in said.get("hash_lists", [])
    ]
    matches = [
        {
            "sha256": digest_of(one),
            "list_id": "a",
            "category": "ncii",
            "ref": str(place),
            "basis": "pdq",
            **{k: v for k, v in one.items() if k not in {"path", "content"}},
        }
        for place, one in enumerate(said.get("hash_matches", []))
    ]
    checks = {
        digest_of(one): {"lists": "now", "checked": True,
                         **{k: v for k, v in one.items() if k not in {"path", "content"}}}
        for one in said.get("hash_checks", [])
    }  # fmt: skip
    return {
        "hash_lists": conform(lists, "hash_lists"),
        "hash_matches": conform(matches, "hash_matches"),
        "hash_checks": conform([{"sha256": d, **c} for d, c in checks.items()], "hash_checks"),
    }


def _turned(media: list[dict[str, Any]], declared: pa.Table) -> pa.Table:
    """Return the relations, with what is found between contents that lie otherwise."""
    first: dict[str, dict[str, Any]] = {}
    rows = declared.to_pylist()
    for item in media:
        if "near" not in item:
            continue
        medoid = first.setdefault(item["near"], item)
        if "turned" in item:
            basis = f"pdq<=31 quality>=50, right {item['turned']}"
            rows.append({
                "left": digest_of(medoid), "relation": "near_duplicate",
                "right": digest_of(item), "left_kind": "content", "right_kind": "content",
                "measure": 4.0, "basis": basis, "stage": "dedup/2",
            })  # fmt: skip
    return conform(rows, "relations")


def _shared(footage: list[dict[str, Any]], found: pa.Table) -> pa.Table:
    """Return the relations, with footage that the case says two videos share."""
    rows = [
        {
            **said,
            "left": digest_of({"path": said["left"]}),
            "right": digest_of({"path": said["right"]}),
            "left_kind": "content",
            "right_kind": "content",
            "basis": "as the case says",
            "stage": "dedup/3",
        }
        for said in footage
    ]
    return conform(found.to_pylist() + rows, "relations")


def _related(said: list[dict[str, Any]], tables: dict[str, pa.Table]) -> pa.Table:
    """Return the relations, with those a layout would have declared of entries.

    A right end that is no entry stays as it is written: a source, a split, or a clip that is not
    listed.
    """
    ids = {row["locator"]: row["media_id"] for row in tables["media"].to_pylist()}
    kinds = {"from_source": "source", "in_split": "split"}
    rows = [
        {
            "left": ids.get(one["left"], one["left"]),
            "relation": one["relation"],
            "right": ids.get(one["right"], one["right"]),
            "left_kind": "media",
            "right_kind": kinds.get(one["relation"], "media"),
            "basis": "as the case says",
            "stage": "ingest:case",
        }
        for one in said
    ]
    return conform(tables["relations"].to_pylist() + rows, "relations")


def _reviewed(said: list[dict[str, Any]], tables: dict[str, pa.Table]) -> pa.Table:
    """Return the relations, with what reviewers said of the first faces of two entries."""
    rows = [
        {
            "left": _first_face(tables["faces"], one["left"]),
            "relation": one["relation"],
            "right": _first_face(tables["faces"], one["right"]),
            "left_kind": "face",
            "right_kind": "face",
            "basis": "reviewer",
            "stage": "review/1",
        }
        for one in said
    ]
    return conform(tables["relations"].to_pylist() + rows, "relations")


def _decided(said: dict[str, Any], tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return what people of the register said: of two faces, and of whom a picture shows.

    A case names them as ``by``, where it tells of links.
    """
    ids = {row["locator"]: row["media_id"] for row in tables["media"].to_pylist()}
    words = [
        (who, {"kind": "link", "value": one["relation"]}
         | dict(zip(("face_id", "other_face_id"), sorted(
             _first_face(tables["faces"], one[end]) for end in ("left", "right")), strict=True)))
        for one in said.get("face_links", []) for who in one.get("by", [])
    ] + [
        (who, {"kind": "subject", "value": "not_shown", "media_id": ids[one["path"]],
               "subject_id": one["subject"]})
        for one in said.get("links", []) for who in one.get("by", [])
    ]  # fmt: skip
    rows = [
        {**about, "decision_id": f"d{number}", "reviewer": who, "reason": "compared both",
         "decided_at": datetime(2026, 2, 1, tzinfo=UTC)}
        for number, (who, about) in enumerate(words)
    ]  # fmt: skip
    return {"decisions": conform(rows, "decisions"),
            "reviewers": conform(registered(*(who for who, _ in words)), "reviewers")}  # fmt: skip


def _first_face(faces: pa.Table, path: str) -> str:
    return next(face for face in faces["face_id"].to_pylist() if face.startswith(f"{path}#"))


def _filled(names: set[str]) -> dict[str, Any]:
    """Return a value for each required column that a case does not speak of."""
    schema = conform([], "content").schema
    values: dict[str, Any] = {}
    for name in names:
        kind = schema.field(name).type
        zero = 0 if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "x"
        values[name] = False if pa.types.is_boolean(kind) else zero
    return values


def _faces(said: list[dict[str, Any]], media: list[dict[str, Any]]) -> dict[str, pa.Table]:
    digests = {item["path"]: digest_of(item) for item in media}
    faces, identities, alike = [], [], []
    for item in said:
        for place in range(item["count"]):
            face = f"{item['path']}#{len(faces)}"
            faces.append({
                "face_id": face, "sha256": digests[item["path"]], "frame": 0, "model_id": MODEL,
                "ordinal": place, "x1": 0.0, "y1": 0.0, "x2": 80.0, "y2": 80.0,
                "landmarks": [0.0] * 10, "det_score": 1.0, "face_height_px": 80.0, "blur": 1.0,
                "quality": 1.0, "judgeable": True,
            })  # fmt: skip
            known = "subject" in item or "identity" in item
            identities.append({
                "face_id": face,
                "identity_id": item.get("identity", face) if known else None,
                "subject_id": item.get("subject"),
                "similarity": 0.9 if known else None,
                "status": item.get("status", "proposed") if "subject" in item else None,
                "alike": item.get("alike", known),
                "unlike_subject_id": item.get("unlike"),
                "held": item.get("held", True),
                "others": int("other" in item),
                "model_id": MODEL,
            })  # fmt: skip
            if "other" in item:
                alike.append({
                    "face_id": face, "sha256": digests[item["path"]],
                    "other_subject_id": item["other"], "other_face_id": item.get("other_in"),
                    "similarity": item.get("other_similarity", 0.9), "state": "compared",
                    "model_id": MODEL,
                })  # fmt: skip
    table = conform(faces, "faces")
    for row in alike:
        if row["other_face_id"] is not None:
            row["other_face_id"] = _first_face(table, row["other_face_id"])
    return {"faces": table, "identities": conform(identities, "identities"),
            "resemblances": conform(alike, "resemblances")}  # fmt: skip


def _statements(said: dict[str, Any], scratch: Path, media: pa.Table) -> dict[str, pa.Table]:
    records: dict[str, list[dict[str, Any]]] = {}
    ids = {row["locator"]: row["media_id"] for row in media.to_pylist()}
    if consents := said.get("consents"):
        path = scratch / "consents.json"
        path.write_text(json.dumps([_with_ids(c, "media", ids) for c in consents]), "utf-8")
        records = read_statements(path, purposes=purpose_tree(), keep=("remark",)).records
    for name in ("sources", "notices", "requests", "custody", "consents"):
        key = "records" if name == "consents" else name
        rows = [_with_ids(row, "media_ids", ids) for row in said.get(key, [])]
        records[name] = records.get(name, []) + [_dated(row, name) for row in rows]
    return {name: conform(records.get(name, []), name) for name in LEDGER_INPUTS}


def _with_ids(row: dict[str, Any], column: str, ids: dict[str, str]) -> dict[str, Any]:
    """Return a row that names entries by locator with their ids."""
    return {**row, column: [ids.get(x, x) for x in row[column]]} if column in row else row


def _dated(row: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a row with its texts of instants as instants."""
    schema = conform([], name).schema
    return {
        key: parse_instant(value)
        if pa.types.is_timestamp(schema.field(key).type) and isinstance(value, str)
        else value
        for key, value in row.items()
    }


def _entries(tables: dict[str, pa.Table]) -> pa.Table:
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.register("media", tables["media"])
    connection.register("sightings", tables["sightings"])
    create_entries(connection)
    return connection.sql("SELECT * FROM entries ORDER BY media_id").to_arrow_table()
