"""A made world like a set of studio portraits with swaps of them, with planted problems."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from curate.release.select import INPUTS, select
from curate.report.inputs import ReportInputs
from tests import factories
from tests.unit.report.conftest import (
    RUN,
    Row,
    audit_record,
    consent,
    content,
    entry,
    event,
    finding,
    make_inputs,
    run,
)

PEOPLE = 34
_ACQUIRED = datetime(2026, 1, 2, tzinfo=UTC)
_LATE, _LATER = datetime(2099, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# What is wrong with whom, by the number of the person.
WITHDREW, REFUSED, WITHOUT_RECORD, MINOR = (0, 1), (2,), (3,), (4, 5)
BARRED = {*WITHDREW, *REFUSED, *WITHOUT_RECORD}


def _portraits() -> list[Row]:
    """Two portraits of each person; fourteen swaps of pairs of people; three with problems."""
    rows = []
    for n in range(2 * PEOPLE):
        rows.append(entry(
            n, split="train" if n % 2 else "test", source_id="studio" if n % 3 else "museum",
            licence=None if n % 5 else "CC-BY-NC-4.0",
        ))  # fmt: skip
    for n in range(100, 114):
        rows.append(entry(n, manipulation_type="face_swap", split="train",
                          method="swapper" if n % 2 else None))  # fmt: skip
    rows.append(entry(200, sha256=rows[20]["sha256"]))
    rows.append(entry(201, state="unreadable", sha256=None, reason="corrupt", detail="no JPEG"))
    rows.append(entry(202, state="missing", status="missing", sha256=None, source_id=None))
    return rows


def _people_of(number: int) -> list[tuple[int, str]]:
    """Return who is in an entry, and in which role."""
    if number < 100:
        return [(number // 2, "depicted")]
    if number < 200:
        return [(number - 95, "target"), (number - 80, "donor")]
    return [(10, "depicted")]


def _consents() -> list[Row]:
    rows = []
    for n in range(PEOPLE):
        if n in WITHOUT_RECORD:
            continue
        rows.append(consent(
            f"p{n}", purposes=["train-detector", "evaluate-detector"][: 1 + (n % 2)],
            valid_until=None if n % 4 == 0 else _LATE if n % 4 == 1 else _LATER,
            legal_basis=None if n < 12 else "A6-1-f" if n < 14 else "A6-1-a",
            notice_id="n1" if n > 5 else None, document_sha256=None if n % 3 else "ab" * 32,
            withdrawal_method="by letter" if n < 32 else "by telephone",
            assurance_level=3 if n < 30 else 4,
        ))  # fmt: skip
    return rows


def london() -> ReportInputs:
    """Return the world as a catalogue that was judged: 81 media files and what is known of them."""
    rows = _portraits()
    readable = [row for row in rows if row["state"] == "present"]
    contents = list({
        row["sha256"]: content(row) | {
            "has_exif": None if int(row["media_id"][1:]) % 11 == 0
            else int(row["media_id"][1:]) % 2 == 0,
            "format": "PNG" if int(row["media_id"][1:]) % 7 == 0 else "JPEG",
        } for row in readable
    }.values())  # fmt: skip
    faces = [factories.face(one["sha256"], face_id=f"f{n}") for n, one in enumerate(contents)]
    verdicts, findings = [], []
    for row in rows:
        number = int(row["media_id"][1:])
        wrong = BARRED & {who for who, _ in _people_of(number)}
        codes = ["CON002"] if wrong & set(WITHDREW) else ["CON001"] if wrong else []
        if number in (201, 202):
            codes = ["MED001" if number == 201 else "MED002"]
        if number in (40, 41, 42):
            codes = [*codes, "LAB001"]
        said = "blocked" if wrong else "needs_review" if codes else "cleared"
        verdicts.append(
            {
                "run_id": RUN,
                "media_id": row["media_id"],
                "verdict": said,
                "codes": codes,
                "evidence": "0" * 64,
                "answers": "ssssdmdddx--" if number % 3 else "ssssmm?ddx--",
                "decided_by": "policy",
            }
        )
        findings += [finding(code, number, "review") for code in codes]
    findings += [finding("DUP001", 20, "none"), finding("DUP001", 200, "none")]
    return make_inputs(
        project="studio",
        entries=rows,
        content=contents,
        depictions=[
            {"media_id": row["media_id"], "subject_id": f"p{who}", "role": role,
             "link_method": "declared", "link_status": "confirmed"}
            for row in rows for who, role in _people_of(int(row["media_id"][1:]))
        ],
        labels=[
            {"media_id": row["media_id"], "name": "authenticity",
             "value": "real" if row["manipulation_type"] == "none" else "fake",
             "origin": "declared" if row["manipulation_type"] == "none" else "derived"}
            for row in readable
        ],
        face_scans=[
            {"sha256": one["sha256"], "frame": 0, "model_id": "toy@1", "faces": 1}
            for one in contents[:70]
        ],
        faces=faces,
        identities=[
            factories.identity(face, f"p{n % 17}" if n % 17 > 2 else None, identity_id=f"i{n % 17}")
            for n, face in enumerate(faces)
        ],
        consents=_consents(),
        consent_events=[
            *(event(f"p{n}") for n in range(PEOPLE) if n not in WITHOUT_RECORD),
            *(event(f"p{n}", "ConsentWithdrawn", 5) for n in WITHDREW),
            *(event(f"p{n}", "ConsentRefused", 6) for n in REFUSED),
        ],
        notices=[],
        sources=[
            {"source_id": name, "name": f"The {name}", "kind": kind, "status": "active",
             "acquisition_method": way, "consent_claim": "individual_records",
             "terms_flags": flags, "licence": "CC-BY-4.0", "acquired_at": at}
            for name, kind, way, flags, at in (
                ("studio", "own_capture", "direct_from_subject", [], _ACQUIRED),
                ("museum", "licensed_dataset", "via_publisher", ["no_redistribution"],
                 datetime(2026, 3, 4, tzinfo=UTC)),
            )
        ],
        subjects=[
            {"subject_id": f"p{n}", "subject_kind": "minor" if n in MINOR else "adult",
             "is_minor_at_capture": "yes" if n in MINOR else "no", "status": "active"}
            for n in range(PEOPLE)
        ],
        relations=[
            {"left": f"m{n}", "relation": "swap_target", "right": f"m{2 * (n - 95):03}",
             "left_kind": "media", "right_kind": "media", "basis": "manifest", "stage": "ingest"}
            for n in range(100, 108)
        ],
        requests=[],
        findings=findings,
        verdicts=verdicts,
        runs=[
            run("run probe", 1), run("run faces", 2), run("run dedup", 3), run("run labels", 4),
            audit_record(["CON001"]),
        ],
    )  # fmt: skip


def london_release() -> ReportInputs:
    """Return the release of what was cleared, with the metadata taken out of its files."""
    inputs = london()
    selection = select({name: inputs.tables[name] for name in INPUTS})
    return replace(inputs, items=selection.items, left_out=selection.left_out,
                   release={"metadata": "stripped"})  # fmt: skip
