"""Kantara receipts: read for what they state, which is little."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curate.consent.kantara import Mapped, read_receipts
from curate.consent.read import read_statements
from curate.errors import CurateError, InvalidFileError, ManyErrors
from curate.schema import conform, purpose_tree

PURPOSES = frozenset(purpose_tree())
MAPPED = Mapped(purposes={"3 - Research": "ScientificResearch"})
PURPOSE: dict[str, Any] = {
    "purpose": "to study forgeries",
    "purposeCategory": ["3 - Research"],
    "consentType": "EXPLICIT",
    "piiCategory": ["11 - Biometric"],
    "primaryPurpose": True,
    "termination": "end of the project",
    "thirdPartyDisclosure": False,
}
RECEIPT: dict[str, Any] = {
    "version": "KI-CR-v1.1.0",
    "jurisdiction": "DE",
    "consentTimestamp": 1735689600,
    "collectionMethod": "paper form",
    "consentReceiptID": "r1",
    "piiPrincipalId": "p01",
    "piiControllers": [
        {
            "piiController": "Example Institute",
            "contact": "A. Person",
            "address": {"addressCountry": "DE"},
            "email": "a.person@example.org",
            "phone": "0",
        }
    ],
    "policyUrl": "https://example.org/policy",
    "services": [{"service": "corpus", "purposes": [PURPOSE]}],
    "sensitive": True,
    "spiCat": ["biometric"],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the receipt with the value at a dotted path changed; `...` takes it away."""
    receipt = copy.deepcopy(RECEIPT)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = receipt
    for part in way:
        node = node[part]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return receipt


def rows(document: Any, table: str, mapped: Mapped = MAPPED) -> list[dict[str, Any]]:
    return read_receipts(document, where="r.json", purposes=PURPOSES, mapped=mapped).records[table]


def problem(document: Any, mapped: Mapped = MAPPED) -> str:
    with pytest.raises(CurateError) as caught:
        read_receipts(document, where="r.json", purposes=PURPOSES, mapped=mapped)
    return str(caught.value)


def test_a_receipt_grants_no_operation_and_no_role() -> None:
    (found,) = rows(RECEIPT, "consents")
    assert (found["operations"], found["roles_permitted"]) == ([], [])


def test_that_a_receipt_clears_nothing_by_itself_is_told() -> None:
    found = read_receipts(RECEIPT, where="r.json", purposes=PURPOSES, mapped=MAPPED)
    assert "clears nothing by itself" in found.notes[0]


def test_consent_is_given_at_its_timestamp() -> None:
    (event,) = rows(RECEIPT, "consent_events")
    assert (event["state"], event["effective_at"]) == (
        "ConsentGiven",
        datetime(2025, 1, 1, tzinfo=UTC),
    )


def test_rows_are_what_the_ledger_declares() -> None:
    tables = ("consents", "consent_events")
    assert [conform(rows(RECEIPT, table), table).num_rows for table in tables] == [1, 1]


def test_a_receipt_with_a_public_key_proves_no_more() -> None:
    (found,) = rows(RECEIPT | {"publicKey": "04:a3"}, "consents")
    assert found["assurance_level"] == 1


def test_a_receipt_with_its_document_is_level_3_at_most() -> None:
    mapped = Mapped(purposes=MAPPED.purposes, documents={"r1": "a" * 64})
    (found,) = rows(RECEIPT, "consents", mapped)
    assert (found["assurance_level"], found["document_sha256"]) == (3, "a" * 64)


def test_several_purposes_are_several_consents() -> None:
    other = PURPOSE | {"purposeCategory": ["deepfake-detection"]}
    found = rows(changed("services.0.purposes", [PURPOSE, other]), "consents")
    assert [(row["consent_id"], row["purposes"]) for row in found] == [
        ("r1#1", ["ScientificResearch"]),
        ("r1#2", ["deepfake-detection"]),
    ]


def test_a_category_that_is_not_mapped_is_an_error() -> None:
    assert "'3 - Research' is not mapped to a known purpose" in problem(RECEIPT, Mapped())


def test_contacts_of_people_are_not_kept() -> None:
    (found,) = rows(RECEIPT, "consents")
    kept = json.loads(found["extra"])["kantara"]
    assert kept["piiControllers"] == [{"piiController": "Example Institute"}]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("version", "KI-CR-v1.0.0", "version: 'KI-CR-v1.0.0' is not"),
        *((name, ..., f"{name} is missing") for name in (
            "jurisdiction", "collectionMethod", "consentReceiptID", "piiPrincipalId", "policyUrl",
        )),
        ("jurisdiction", 7, "jurisdiction: expected text"),
        ("consentTimestamp", ..., "consentTimestamp: expected whole seconds"),
        ("consentTimestamp", "2025-01-01", "consentTimestamp: expected whole seconds"),
        ("consentTimestamp", 1735689600.5, "consentTimestamp: expected whole seconds"),
        ("consentTimestamp", True, "consentTimestamp: expected whole seconds"),
        ("consentTimestamp", 10**30, "out of the years"),
        ("piiControllers", [], "piiControllers: expected an array with at least one"),
        ("piiControllers.0.address", ..., "piiControllers[0]: address is missing"),
        ("piiControllers.0.phone", ..., "piiControllers[0]: phone is missing"),
        ("services", {}, "services: expected an array"),
        ("services.0.service", ..., "services[0]: service is missing"),
        ("services.0.purposes", [7], "services[0].purposes[0]: expected an object"),
        ("services.0.purposes.0.termination", ..., "termination: expected text"),
        ("services.0.purposes.0.thirdPartyDisclosure", "no", "expected true or false"),
        ("services.0.purposes.0.thirdPartyDisclosure", True, "thirdPartyName is missing"),
        ("services.0.purposes.0.purposeCategory", [], "at least one is needed"),
        ("services.0.purposes.0.purposeCategory", [7], "is not mapped"),
        ("sensitive", "true", "sensitive: expected true or false"),
        ("spiCat", None, "spiCat: expected an array"),
        ("piiPrincipalId", "a.person@example.org", "is an address"),
    ],
)  # fmt: skip
def test_a_receipt_that_is_not_whole_is_refused(path: str, value: Any, told: str) -> None:
    assert told in problem(changed(path, value))


def test_two_receipts_of_one_id_are_an_error() -> None:
    assert "stands at r.json[0] already" in problem([RECEIPT, RECEIPT])


def test_every_wrong_place_is_told() -> None:
    with pytest.raises(ManyErrors) as caught:
        read_receipts([{}, 7], where="r.json", purposes=PURPOSES)
    assert {error.where for error in caught.value.errors} == {"r.json[0]", "r.json[1]"}


def test_a_file_of_receipts_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "receipts.json"
    path.write_text(json.dumps([changed("services.0.purposes.0.purposeCategory",
                                        ["ScientificResearch"])]))  # fmt: skip
    found = read_statements(path, purposes=PURPOSES)
    assert [row["subject_id"] for row in found.records["consents"]] == ["p01"]
    assert found.mentioned == {"p01"}


def test_comments_are_no_json(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(RECEIPT, indent=1).replace("\n", " // a comment\n", 1))
    with pytest.raises(InvalidFileError, match="this is not JSON"):
        read_statements(path, purposes=PURPOSES)
