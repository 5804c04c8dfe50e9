"""Rows that tests need: each is whole by its schema, and says only what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from curate.audit.facts import INPUTS
from curate.catalog.views import create_entries
from curate.model.config import UseProfile
from curate.model.ids import media_id
from curate.schema import conform, json_schema

Row = dict[str, Any]

AS_OF = datetime(2026, 5, 1, tzinfo=UTC)
USE = UseProfile("test", "train-detector", ("include", "train_detector"))


MODEL = "test-model@000000000000"
# By which scans questions are answered in tests.
STAGES: tuple[Row, ...] = (
    {"stage": "faces", "mark": "faces/1", "model_id": MODEL, "smallest_px": 24.0},
    {"stage": "signals", "mark": "signals/1"},
    {"stage": "signals-beside", "mark": "signals-beside/1"},
)
# What the probe says of an ordinary picture, all of which was looked at.
PLAIN: Row = {
    "format": "JPEG",
    "mode": "RGB",
    "bit_depth": 8,
    "hidden_pixels": False,
    "trailing_bytes": 0,
    "surplus_bytes": 0,
    "unread_bytes": 0,
    "frame_count": 1,
    "part_count": 1,
    "width": 640,
    "height": 480,
    "contrast": 0.2,
    "brightness": 0.5,
    "sharpness": 200.0,
    "exif_orientation": 1,
}


def day(month: int, number: int = 1, *, year: int = 2026) -> datetime:
    """Return the first moment of a day in UTC."""
    return datetime(year, month, number, tzinfo=UTC)


def digest(seed: str) -> str:
    """Return the SHA-256 of a content that `seed` stands for."""
    import hashlib

    return hashlib.sha256(seed.encode()).hexdigest()


def registered(*names: str, **values: Any) -> list[Row]:
    """Return the register of these reviewers, without keys, since long ago."""
    return [
        {
            "registration_id": f"{name}-registered",
            "reviewer_id": name,
            "name": f"{name} of the office",
            "registered_at": datetime(2020, 1, 1, tzinfo=UTC),
            **values,
        }
        for name in dict.fromkeys(names)
    ]


def consent(consent_id: str = "c1", subject: str = "p01", **values: Any) -> Row:
    """Return a consent that covers being depicted in the use `USE`."""
    return {
        "consent_id": consent_id,
        "subject_id": subject,
        "legal_basis": "A6-1-a",
        "purposes": ["train-detector"],
        "operations": ["include", "train_detector"],
        "roles_permitted": ["depicted"],
        "audience_max": "internal",
        "commercial_use": "unstated",
        "valid_until": datetime(2030, 1, 1, tzinfo=UTC),
        "assurance_level": 1,
        "scope_kind": "all_media",
        **values,
    }


def event(
    at: datetime, state: str = "ConsentGiven", consent_id: str = "c1", subject: str = "p01"
) -> Row:
    """Return what happened to a consent at an instant."""
    return {
        "event_id": f"{consent_id}/{state}/{at.isoformat()}",
        "consent_id": consent_id,
        "subject_id": subject,
        "state": state,
        "effective_at": at,
    }


def subject(subject_id: str = "p01", **values: Any) -> Row:
    """Return an adult."""
    return {
        "subject_id": subject_id,
        "subject_kind": "adult",
        "is_minor_at_capture": "no",
        "status": "active",
        **values,
    }


def media(locator: str = "a.jpg", dataset: str = "d", **values: Any) -> Row:
    """Return an entry whose file is there."""
    return {
        "media_id": media_id(dataset, locator),
        "dataset": dataset,
        "locator": locator,
        "root": "/media",
        "kind": "image",
        "manipulation_type": "none",
        "status": "present",
        "listed_size": 3,
        "listed_mtime_ns": 1,
        **values,
    }


def sighting(entry: Row, **values: Any) -> Row:
    """Return that an entry's file was read, and held bytes of its own."""
    return {
        "media_id": entry["media_id"],
        "listed_size": entry["listed_size"],
        "listed_mtime_ns": entry["listed_mtime_ns"],
        "status": "readable",
        "sha256": digest(entry["locator"]),
        "probe_version": "probe/1",
        **values,
    }


def content(sha256: str, **values: Any) -> Row:
    """Return what the probe says of a small JPEG."""
    return {
        "sha256": sha256,
        "md5": sha256[:32],
        "byte_size": 3,
        "kind": "image",
        "mime": "image/jpeg",
        "probe_version": "probe/1",
        **PLAIN,
        **values,
    }


def part(sha256: str, **values: Any) -> Row:
    """Return a part of a content: by itself, the picture in which faces are sought."""
    return {
        "sha256": sha256,
        "part": "the picture",
        "kind": "picture",
        "frame": 0,
        "pictures": 1,
        "reading": "sought",
        "released": "kept",
        "probe_version": "probe/1",
        **values,
    }


def searched(sha256: str, **values: Any) -> Row:
    """Return that a content was searched for statements, and makes none."""
    answers = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
    return {
        "sha256": sha256,
        "c2pa_state": "none",
        **{f"optout_{name}": "none" for name in answers},
        "tool": "test",
        "stage": "signals/1",
        **values,
    }


def searched_beside(entry: Row) -> Row:
    """Return that what stands beside an entry was searched, and says nothing."""
    return {"media_id": entry["media_id"], "statements": 0, "stage": "signals-beside/1"}


def scan(sha256: str, faces: int = 0, **values: Any) -> Row:
    """Return that a content was searched for faces, in every way that is asked for."""
    return {
        "sha256": sha256,
        "frame": 0,
        "model_id": MODEL,
        "faces": faces,
        "smallest_px": 16.0,
        "turns": 4,
        "stage": "faces/1",
        **values,
    }


def face(sha256: str, number: int = 0, **values: Any) -> Row:
    """Return a face that was found in a content."""
    return {
        "face_id": f"{sha256[:16]}/{number}",
        "sha256": sha256,
        "frame": 0,
        "model_id": MODEL,
        "ordinal": number,
        **dict.fromkeys(("x1", "y1", "blur"), 0.0),
        **dict.fromkeys(("x2", "y2", "face_height_px"), 80.0),
        **dict.fromkeys(("det_score", "quality"), 1.0),
        "landmarks": [0.0] * 10,
        "judgeable": True,
        **values,
    }


def identity(found: Row, subject_id: str | None = "p01", **values: Any) -> Row:
    """Return that a face was held against everybody's, and is like those of one subject."""
    return {
        "face_id": found["face_id"],
        "identity_id": f"identity of {subject_id or found['face_id']}",
        "subject_id": subject_id,
        "similarity": None if subject_id is None else 0.9,
        "status": None if subject_id is None else "proposed",
        "alike": True,
        "held": True,
        "others": 0,
        "model_id": found["model_id"],
        **values,
    }


def resemblance(found: Row, other_subject_id: str, **values: Any) -> Row:
    """Return that a face is like one of a subject whom its entries do not name."""
    return {
        "face_id": found["face_id"],
        "sha256": found["sha256"],
        "other_subject_id": other_subject_id,
        "similarity": 0.9,
        "state": "compared",
        "model_id": found["model_id"],
        **values,
    }


def source(source_id: str = "s", **values: Any) -> Row:
    """Return a source whose terms were read, and forbid nothing."""
    return {
        "source_id": source_id,
        "kind": "own_capture",
        "licence": "CC-BY-4.0",
        "terms_flags": [],
        "consent_claim": "individual_records",
        "status": "active",
        **values,
    }


def answered(rows: list[Row], subject_id: str = "p01") -> dict[str, list[Row]]:
    """Return the tables in which every question is answered that entries of one person raise.

    Each entry shows the person alone, names the source ``s`` and was looked at whole.
    """
    digests = [digest(row["locator"]) for row in rows]
    faces = [face(one) for one in digests]
    return {
        "depictions": [depiction(row, subject_id) for row in rows],
        "consents": [consent(subject=subject_id, valid_until=datetime(2030, 1, 1, tzinfo=UTC))],
        "consent_events": [event(day(1), subject=subject_id)],
        "subjects": [subject(subject_id)],
        "sources": [source()],
        "face_scans": [scan(one, 1) for one in digests],
        "faces": faces,
        "identities": [identity(one, subject_id) for one in faces],
        "signal_scans": [searched(one) for one in digests],
        "beside_scans": [searched_beside(row) for row in rows],
    }


def signal(sha256: str, **values: Any) -> Row:
    """Return a statement that a content makes: it refuses training."""
    return {
        "about": sha256,
        "about_kind": "content",
        "kind": "optout",
        "key": "xmp/plus:DataMining/0",
        "reader": "xmp",
        "place": "plus:DataMining",
        "value": "DMI-PROHIBITED",
        "ai_training": "prohibited",
        "digest": "0" * 64,
        "tool": "test",
        "stage": "signals/1",
        **values,
    }


def depiction(entry: Row, subject_id: str = "p01", role: str = "depicted", **values: Any) -> Row:
    """Return that a person is in an entry."""
    return {
        "media_id": entry["media_id"],
        "subject_id": subject_id,
        "role": role,
        "link_method": "declared",
        "link_status": "confirmed",
        **values,
    }


def label(entry: Row, value: str = "real", **values: Any) -> Row:
    """Return an entry's declared label."""
    return {
        "media_id": entry["media_id"],
        "name": "authenticity",
        "value": value,
        "origin": "declared",
        **values,
    }


# The letters of an entry that was cleared by policy, by reviewers, and of one that was not.
ANSWERS = {
    "cleared": "sssdsmddds--",
    "two_reviewers": "sssdrmddds--",
    "needs_review": "sssdsm?dds--",
    "blocked": "sssdsm?dds--",
}


def verdict(entry: Row, said: str = "cleared", codes: list[str] | None = None) -> Row:
    """Return a verdict of the run ``r1``."""
    return whole("verdicts") | {
        "run_id": "r1",
        "media_id": entry["media_id"],
        "verdict": said,
        "codes": codes if codes is not None else ([] if said == "cleared" else ["CON001"]),
        "answers": ANSWERS[said],
    }


def whole(name: str) -> Row:
    """Return a row with each required column's first example."""
    declared = json_schema(name)
    return {
        column: declared["properties"][column]["examples"][0] for column in declared["required"]
    }


def entries(rows: list[Row], sightings: list[Row] | None = None) -> pa.Table:
    """Return the view `entries` over entries, each seen unless `sightings` says otherwise."""
    import duckdb

    seen = [sighting(row) for row in rows] if sightings is None else sightings
    connection = duckdb.connect(":memory:")
    connection.register("media", conform(rows, "media"))
    connection.register("sightings", conform(seen, "sightings"))
    create_entries(connection)
    return connection.sql("SELECT * FROM entries ORDER BY media_id").to_arrow_table()


def facts(rows: list[Row], **tables: list[Row]) -> dict[str, pa.Table]:
    """Return the tables of an audit: entries that were seen, and what else is given.

    Whoever decides is on the register, unless the register is given.
    """
    seen = tables.pop("sightings", None)
    tables.setdefault("stages", list(STAGES))
    tables.setdefault(
        "reviewers", registered(*(d["reviewer"] for d in tables.get("decisions", [])))
    )
    if "content" not in tables:
        digests = dict.fromkeys(digest(row["locator"]) for row in rows)
        tables["content"] = [content(sha256) for sha256 in digests]
    if "parts" not in tables:
        tables["parts"] = [part(row["sha256"]) for row in tables["content"]]
    known = {name: conform(tables.get(name, []), name) for name in INPUTS if name != "entries"}
    return {"entries": entries(rows, seen), **known}
