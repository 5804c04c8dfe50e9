"""Records out: receipts, and everything held about one person and nobody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.export import consent_record, everything_held, media_list, receipt
from curate.consent.read import read_statements
from curate.errors import UnknownNameError
from curate.schema import conform, purpose_tree

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
PEOPLE = ("p01", "p02", "p03")


def consent(subject: str, **changes: Any) -> dict[str, Any]:
    return {
        "consent_id": f"c-{subject}",
        "subject_id": subject,
        "notice_id": "n1",
        "purposes": ["train-detector"],
        "operations": ["include"],
        "roles_permitted": ["depicted"],
        "audience_max": "internal",
        "commercial_use": "no",
        "assurance_level": 1,
        "scope_kind": "all_media",
    } | changes


def event(subject: str, state: str = "ConsentGiven", number: int = 1) -> dict[str, Any]:
    return {
        "event_id": f"c-{subject}/{number}",
        "consent_id": f"c-{subject}",
        "subject_id": subject,
        "state": state,
        "effective_at": NOON.replace(day=number),
    }


def medium(media_id: str) -> dict[str, Any]:
    return {
        "media_id": media_id,
        "dataset": "d",
        "locator": f"{media_id}.jpg",
        "root": "/private",
        "kind": "image",
        "manipulation_type": "none",
        "status": "present",
    }


def depiction(media_id: str, subject: str) -> dict[str, Any]:
    return {
        "media_id": media_id,
        "subject_id": subject,
        "role": "depicted",
        "link_method": "declared",
        "link_status": "confirmed",
    }


def world(shown: list[tuple[str, str]]) -> dict[str, pa.Table]:
    """Return tables in which media show people, each person with all kinds of records."""
    media = sorted({media_id for media_id, _ in shown})
    people = [
        {"subject_id": p, "subject_kind": "adult", "is_minor_at_capture": "no", "status": "active"}
        for p in PEOPLE
    ]
    faces = [
        {"face_id": f"f-{m}-{p}", "identity_id": f"i-{p}", "subject_id": p, "status": "confirmed",
         "model_id": "m@1"}
        for m, p in shown
    ]  # fmt: skip
    labels = [{"media_id": m, "name": "age", "value": m, "origin": "declared"} for m in media]
    items = [{"release_id": "r", "media_id": m, "path": m, "sha256": "a" * 64} for m in media]
    release = {"release_id": "r", "name": "v1", "use": "u", "audit_run_id": "a", "built_at": NOON,
               "path": "releases/v1", "merkle_root": "a", "item_count": len(media),
               "items_sha256": "c" * 64, "status": "issued"}  # fmt: skip
    rows = {
        "subjects": people,
        "consents": [consent(p) for p in PEOPLE],
        "consent_events": [event(p) for p in PEOPLE],
        "notices": [{"notice_id": "n1", "text_sha256": "b" * 64}],
        "depictions": [depiction(*pair) for pair in shown],
        "media": [medium(m) for m in media],
        "identities": faces,
        "labels": labels,
        "release_items": items,
        "releases": [release],
    }
    return {name: conform(part, name) for name, part in rows.items()}


ALONE_AND_TOGETHER = [("m1", "p01"), ("m2", "p01"), ("m2", "p02"), ("m3", "p03")]


def test_what_is_held_is_told_with_its_media() -> None:
    held = everything_held("p01", world(ALONE_AND_TOGETHER))
    assert media_list(held) == ["m1.jpg", "m2.jpg"]
    assert held["faces"] == {"confirmed": 2}
    assert held["identities"] == ["i-p01"]
    assert [row["consent_id"] for row in held["consents"]] == ["c-p01"]
    assert [row["notice_id"] for row in held["notices"]] == ["n1"]


def test_releases_name_the_files_in_which_the_subject_is() -> None:
    held = everything_held("p01", world(ALONE_AND_TOGETHER))
    assert held["releases"] == [
        {"name": "v1", "use": "u", "built_at": "2025-01-01T12:00:00Z", "files": ["m1", "m2"],
         "recipients": []}
    ]  # fmt: skip


def test_recipients_of_releases_are_told_with_what_they_answered() -> None:
    delivery = {"delivery_id": "d", "release_id": "r", "recipient": "lab-a", "delivered_at": NOON}
    other = delivery | {"delivery_id": "e", "recipient": "lab-b"}
    answer = {"acknowledgement_id": "a", "release_id": "r", "recipient": "lab-b",
              "outcome": "deleted", "acknowledged_at": NOON}  # fmt: skip
    tables = world(ALONE_AND_TOGETHER) | {
        "deliveries": conform([delivery, other], "deliveries"),
        "acknowledgements": conform([answer], "acknowledgements"),
    }
    (release,) = everything_held("p01", tables)["releases"]
    day = "2025-01-01T12:00:00Z"
    assert release["recipients"] == [
        {"recipient": "lab-a", "delivered_at": day},
        {"recipient": "lab-b", "delivered_at": day, "outcome": "deleted", "acknowledged_at": day},
    ]


def test_faces_like_the_subjects_under_other_names_are_counted_once() -> None:
    """How many there are, and nothing of whose they are."""
    rows = [
        {"face_id": face, "sha256": "a" * 64, "other_subject_id": who, "similarity": 0.9,
         "state": "compared", "model_id": model}
        for face, who, model in (("f-m3-p03", "p01", "m@1"), ("f-m2-p02", "p01", "m@1"),
                                 ("f-m1-p01", "p03", "m@1"))
    ]  # fmt: skip
    tables = world(ALONE_AND_TOGETHER) | {"resemblances": conform(rows, "resemblances")}
    held = everything_held("p01", tables)
    assert held["faces_alike"] == 2
    assert "p03" not in json.dumps(held)
    assert everything_held("p02", tables)["faces_alike"] == 0


def test_labels_of_media_with_others_are_counted_and_not_told() -> None:
    held = everything_held("p01", world(ALONE_AND_TOGETHER))
    assert [row["media_id"] for row in held["labels"]] == ["m1"]
    assert held["not_told"] == {"labels_of_media_with_others": 1, "texts_by_staff": 0}


def test_where_files_lie_on_this_machine_is_not_told() -> None:
    assert "/private" not in json.dumps(everything_held("p01", world(ALONE_AND_TOGETHER)))


@given(
    st.lists(
        st.tuples(st.sampled_from(["m1", "m2", "m3"]), st.sampled_from(PEOPLE)),
        unique=True,
        max_size=9,
    ),
    st.sampled_from(PEOPLE),
)
def test_nothing_of_other_people_is_told(shown: list[tuple[str, str]], subject: str) -> None:
    told = json.dumps(everything_held(subject, world(shown)))
    assert not [other for other in PEOPLE if other != subject and other in told]


@given(
    st.lists(
        st.tuples(st.sampled_from(["m1", "m2", "m3"]), st.sampled_from(PEOPLE)),
        unique=True,
        max_size=9,
    )
)
def test_no_medium_of_a_person_is_left_out(shown: list[tuple[str, str]]) -> None:
    tables = world(shown)
    told = {p: media_list(everything_held(p, tables)) for p in PEOPLE}
    assert told == {p: sorted(f"{m}.jpg" for m, q in shown if q == p) for p in PEOPLE}


def test_somebody_who_is_only_depicted_is_told_too() -> None:
    tables = {"depictions": conform([depiction("m1", "p09")], "depictions"),
              "media": conform([medium("m1")], "media")}  # fmt: skip
    assert media_list(everything_held("p09", tables)) == ["m1.jpg"]


def test_a_medium_that_was_found_to_show_somebody_else_is_not_told() -> None:
    rejected = depiction("m3", "p01") | {"link_status": "rejected"}
    tables = world(ALONE_AND_TOGETHER)
    links = conform([*tables["depictions"].to_pylist(), rejected], "depictions")
    assert "m3.jpg" not in media_list(everything_held("p01", {**tables, "depictions": links}))


def test_nobody_is_no_subject() -> None:
    with pytest.raises(UnknownNameError, match="'p99'"):
        everything_held("p99", world([]))


def test_a_receipt_carries_the_subjects_records_only() -> None:
    node = receipt("p01", world([]), created=NOON)
    assert [r["dct:identifier"] for r in node["dpv:hasRecordOfActivity"]] == ["c-p01"]
    assert "p02" not in json.dumps(node)


def test_a_receipt_reads_back_as_what_is_on_record(tmp_path: Path) -> None:
    tables = world([])
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt("p01", tables, created=NOON)))
    found = read_statements(path, purposes=purpose_tree(), on_file={"n1": "b" * 64}).records
    assert conform(found["consents"], "consents").to_pylist() == [
        row for row in tables["consents"].to_pylist() if row["subject_id"] == "p01"
    ]


def test_a_withdrawal_is_in_the_record() -> None:
    tables = world([])
    events = [event("p01"), event("p01", "ConsentWithdrawn", 2)]
    node = consent_record("c-p01", {**tables, "consent_events": conform(events, "consent_events")})
    assert [e["@type"] for e in node["dpv:hasConsentStatus"]] == [
        "dpv:ConsentGiven",
        "dpv:ConsentWithdrawn",
    ]


@pytest.mark.parametrize(
    ("gdpr", "profile"), [(False, "dpv-27560#record"), (True, "dpv-27560#record-eu-gdpr")]
)
def test_a_record_names_its_profile(gdpr: bool, profile: str) -> None:  # noqa: FBT001
    node = consent_record("c-p01", world([]), gdpr=gdpr)
    assert node["dct:conformsTo"] == f"https://w3id.org/dpv/schema/{profile}"


def test_a_consent_that_is_not_on_record_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="'c-x'"):
        consent_record("c-x", world([]))


def test_a_subject_without_consents_gets_no_receipt() -> None:
    with pytest.raises(UnknownNameError, match="'p99'"):
        receipt("p99", world([]), created=NOON)


def child(subject: str, guardian: str) -> dict[str, Any]:
    return {"subject_id": subject, "guardian_id": guardian, "subject_kind": "minor",
            "is_minor_at_capture": "yes", "status": "active"}  # fmt: skip


def test_words_of_staff_about_others_are_withheld_and_counted() -> None:
    """Answers are told where they name nobody; remarks are not."""
    asked = {"kind": "objection", "received_at": NOON, "state": "fulfilled", "subject_id": "p01"}
    tables = world(ALONE_AND_TOGETHER) | {
        "requests": conform([
            asked | {"request_id": "a", "outcome": "with P02 and Ana"},
            asked | {"request_id": "b", "outcome": "left out", "lifted_by": "r.meyer"},
        ], "requests"),
        "consents": conform([consent("p01", extra='{"remark": "sister of p02 Jane Doe"}')],
                            "consents"),
        "consent_events": conform([event("p01") | {
            "annulled_at": NOON, "annulled_by": ["r.meyer"], "annulled_reason": "meant Jane Doe",
        }], "consent_events"),
        "subjects": conform([child("p01", "p03"), child("p02", "p01")], "subjects"),
    }  # fmt: skip
    held = everything_held("p01", tables)
    text = json.dumps(held)
    for word in ("p02", "P02", "Jane", "meyer", "p03"):
        assert word not in text
    assert [row["outcome"] for row in held["requests"]] == [None, "left out"]
    assert held["not_told"]["texts_by_staff"] == 5
    assert (held["guardian_of"], held["subjects"][0]["has_guardian"]) == (1, True)


def test_somebody_who_is_only_a_guardian_is_told_so() -> None:
    tables = {"subjects": conform([child("p02", "p09")], "subjects")}
    held = everything_held("p09", tables)
    assert held["guardian_of"] == 1
    assert "p02" not in json.dumps(held)


def test_all_names_of_a_person_are_told_together() -> None:
    held = everything_held("p01", world(ALONE_AND_TOGETHER), ["p02"])
    assert [row["consent_id"] for row in held["consents"]] == ["c-p01", "c-p02"]
    assert "p03" not in json.dumps(held)
