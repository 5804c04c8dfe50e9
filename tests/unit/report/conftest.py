"""A small project with something of everything, as tables: what documents are made from."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from PIL import Image
from pyarrow import parquet

from curate.model.config import UseProfile
from curate.release.manifest import digest_file
from curate.release.select import INPUTS, select
from curate.report.inputs import TABLES, ReportInputs
from curate.report.written import Written
from curate.schema import arrow_schema, conform

AS_OF = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
RUN = "20260504T093000Z-audit"
HOSTILE = "<script>alert(1)</script>\"'\n\u202e🎉.jpg"
USE = UseProfile("detector-training", "train-detector", ("include", "train_detector"))
_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)

Row = dict[str, Any]

ENTRIES = pa.schema([
    *arrow_schema("media"),
    *((name, pa.string()) for name in ("sha256", "state", "reason", "detail", "probe_version")),
])  # fmt: skip


def picture(seed: int) -> bytes:
    """Return a JPEG of noise: nobody's face."""
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG")
    return written.getvalue()


def entry(number: int, **facts: Any) -> Row:
    """Return an entry's row, readable unless told otherwise."""
    locator = facts.pop("locator", f"train/{number:03}.jpg")
    row = {
        "media_id": f"m{number:03}", "dataset": "faces", "locator": locator, "root": "/nowhere",
        "kind": "image", "split": "train", "source_id": "studio", "manipulation_type": "none",
        "status": "present", "sha256": f"{number:064x}", "state": "present",
    }  # fmt: skip
    return row | facts


def content(row: Row) -> Row:
    """Return what the probe would say of an entry's file."""
    return {
        "sha256": row["sha256"], "md5": "0" * 32, "byte_size": 1000, "kind": row["kind"],
        "format": "JPEG", "mime": "image/jpeg", "width": 64, "height": 48, "has_exif": False,
        "pdq": b"\0" * 32, "pdq_quality": 90, "probe_version": "probe/1",
    }  # fmt: skip


def finding(code: str, number: int, effect: str = "block", **params: Any) -> Row:
    """Return a finding on an entry."""
    return {
        "run_id": RUN, "finding_id": sha256(f"{code}{number}{params}".encode()).hexdigest()[:32],
        "code": code, "media_id": f"m{number:03}", "effect": effect, "params": json.dumps(params),
    }  # fmt: skip


def consent(subject: str, **facts: Any) -> Row:
    """Return a consent for everything that the use asks for."""
    return {
        "consent_id": f"{subject}/1", "subject_id": subject, "purposes": ["train-detector"],
        "operations": ["include", "train_detector"], "roles_permitted": ["depicted"],
        "audience_max": "internal", "commercial_use": "no", "assurance_level": 3,
    } | facts  # fmt: skip


def event(subject: str, state: str = "ConsentGiven", day: int = 1) -> Row:
    """Return something that happened to a subject's consent in January 2026."""
    return {
        "event_id": f"{subject}/1/{state}", "consent_id": f"{subject}/1", "subject_id": subject,
        "state": state, "effective_at": datetime(2026, 1, day, tzinfo=UTC),
    }  # fmt: skip


def run(verb: str, minute: int, **facts: Any) -> Row:
    """Return the record of a run that ended well."""
    told = {name: json.dumps(value) for name, value in facts.items()}
    return {
        "run_id": f"run-{minute}", "verb": verb, "status": "done", "tool_version": "0.1.0",
        "started_at": datetime(2026, 5, 4, 8, minute, tzinfo=UTC),
    } | told  # fmt: skip


def verdict(number: int, said: str, *codes: str) -> Row:
    """Return the verdict on an entry."""
    return {
        "run_id": RUN,
        "media_id": f"m{number:03}",
        "verdict": said,
        "codes": list(codes),
        "evidence": f"{number:064}",
        "decided_by": "policy",
    }


def make_inputs(notice: str = "", project: str = "small", **rows: list[Row]) -> ReportInputs:
    """Return inputs with these rows, and every other table empty."""
    tables = {
        name: conform(rows.get(name, []), name) for name in TABLES if name != "entries"
    }  # fmt: skip
    tables["entries"] = pa.Table.from_pylist(rows.get("entries", []), schema=ENTRIES)
    return ReportInputs(project, notice, "curate 0.1.0", RUN, USE, AS_OF, tables)


def audit_record(rules: list[str]) -> Row:
    """Return the record of the audit itself."""
    told = {"use": "detector-training", "rules": rules}
    versions = {"ruleset": "1", "policy": "ab" * 32}
    return run("audit", 30, parameters=told, versions=versions) | {"run_id": RUN}


def small_rows(root: Path) -> dict[str, list[Row]]:
    """Return rows of ten entries under `root`: 6 cleared, 2 to review, 2 blocked."""
    entries = [entry(n, root=str(root)) for n in range(1, 9)]
    for n, row in enumerate(entries, 1):
        data = picture(n)
        path = root / row["locator"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        row["sha256"] = sha256(data).hexdigest()
    entries[7] |= {"split": "test"}
    entries.append(entry(9, locator=HOSTILE, state="unreadable", sha256=None, source_id=None,
                         reason="corrupt", detail="no <b>JPEG</b>"))  # fmt: skip
    entries.append(entry(10, split=None, status="missing", state="missing", sha256=None))
    readable = [row for row in entries if row["state"] == "present"]
    people = [f"p{n}" for n in range(1, 9)]
    return {
        "entries": entries,
        "content": [content(row) for row in readable],
        "depictions": [
            {"media_id": row["media_id"], "subject_id": person, "role": "depicted",
             "link_method": "declared", "link_status": "confirmed"}
            for row, person in zip(readable, people, strict=True)
        ],
        "labels": [
            {"media_id": row["media_id"], "name": "authenticity", "value": "real",
             "origin": "declared"} for row in readable
        ],
        "face_scans": [
            {"sha256": row["sha256"], "frame": 0, "model_id": "toy@1", "faces": 1}
            for row in readable[:7]
        ],
        "consents": [consent(person) for person in people[:7]],
        "consent_events": [
            *(event(person) for person in people[:7]), event("p7", "ConsentWithdrawn", 5),
        ],
        "sources": [
            {"source_id": "studio", "kind": "own_capture", "consent_claim": "individual_records",
             "acquisition_method": "direct_from_subject", "status": "active",
             "terms_flags": ["no_redistribution"], "licence": "LicenseRef-studio"}
        ],
        "subjects": [
            {"subject_id": person, "subject_kind": "adult", "is_minor_at_capture": "no",
             "status": "active"} for person in people
        ],
        "findings": [
            finding("CON002", 7, subject="p7", role="depicted", consent_id="p7/1",
                    withdrawn_at="2026-01-05 00:00:00+00"),
            finding("CON001", 8, subject="p8", role="depicted", consent_id=None),
            finding("MED001", 9, "review", reason="corrupt", detail=HOSTILE),
            finding("MED002", 10, "review", locator="train/010.jpg", declared_in="list.csv:10"),
            finding("DUP001", 1, "none", others=1, example="train/002.jpg"),
        ],
        "verdicts": [
            *(verdict(n, "cleared") for n in range(1, 7)),
            verdict(7, "blocked", "CON002"), verdict(8, "blocked", "CON001"),
            verdict(9, "needs_review", "MED001"), verdict(10, "needs_review", "MED002"),
        ],
        "rejections": [
            {"rejection_id": "r1", "dataset": "faces", "place": "list.csv:11", "locator": HOSTILE,
             "reason": "outside_root", "detail": "../<img src=x onerror=alert(1)> leaves the root"}
        ],
        "runs": [
            run("run probe", 1, parameters={}, versions={"probe": "1"}),
            run("run dedup", 2, parameters={"radius": 31, "min_quality": 50}),
            audit_record(["CON001", "CON002", "CON003", "DUP001", "MED001", "MED002"]),
        ],
    }  # fmt: skip


@pytest.fixture
def small(tmp_path: Path) -> ReportInputs:
    """Return a small project with something of everything, and a notice."""
    return make_inputs("Invented records & people.", "small <b>", **small_rows(tmp_path))


@dataclass(frozen=True)
class Laid:
    """A release as a build would lay it out.

    Attributes:
        folder: Where.
        inputs: What its documents are made from.
        written: What was written.
    """

    folder: Path
    inputs: ReportInputs
    written: Written


def lay_out(inputs: ReportInputs, folder: Path) -> Laid:
    """Write the item tables and media of what an audit cleared."""
    selection = select({name: inputs.tables[name] for name in INPUTS})
    rows = selection.items.to_pylist()
    files = []
    for row in rows:
        row["path"] = f"media/{row['split']}/{row['sha256']}.jpg"
        place = folder / row["path"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Path(row.pop("root"), row.pop("locator")).read_bytes())
        files.append(place)
    items = pa.Table.from_pylist(rows)
    for split in items["split"].unique().to_pylist():
        place = folder / "data" / f"{split}-00000-of-00001.parquet"
        place.parent.mkdir(exist_ok=True)
        parquet.write_table(items.filter(pc.equal(items["split"], split)), place)
        files.append(place)
    digests = tuple(digest_file(place, folder) for place in files)
    written = Written(items, digests, ("parquet",), {"name": "v1", "version": "2.0.0"})
    described = replace(inputs, items=selection.items, left_out=selection.left_out)
    return Laid(folder, described, written)


@pytest.fixture
def laid(small: ReportInputs, tmp_path: Path) -> Laid:
    """Return a release of the small project: six items of one split."""
    return lay_out(small, tmp_path / "release")
