"""Consent records and receipts as linked data, parsed and checked by another's parser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.export import receipt
from curate.consent.linked import iri_of, is_linkable, name_of
from curate.schema import conform

rdflib = pytest.importorskip("rdflib", reason="needs rdflib, of the dev group")
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

from tests.linked import broken, parsed, required, shapes  # noqa: E402

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
DPV, CURATE = "https://w3id.org/dpv#", "urn:curate:"


def tables(**changes: Any) -> dict[str, pa.Table]:
    """Return the records of a person who gave consent and withdrew it."""
    consent = {
        "consent_id": "c 1", "subject_id": "p 01", "notice_id": "n1",
        "purposes": ["train-detector", "ScientificResearch"],
        "purposes_excluded": ["train-generator"],
        "operations": ["include", "collect"], "roles_permitted": ["depicted", "donor"],
        "manipulations_permitted": ["face_swap"], "audience_max": "internal",
        "commercial_use": "no", "territories": ["DE", "WORLD"], "territories_excluded": ["US"],
        "contexts_forbidden": ["sexual"], "legal_basis": "A9-2-a", "consent_type": "explicit",
        "assurance_level": 3, "scope_kind": "all_media", "document_sha256": "d" * 64,
        "valid_from": NOON, "valid_until": NOON.replace(year=2030),
        "withdrawal_method": "write to us",
    } | changes  # fmt: skip
    events = [
        {"event_id": f"c 1/{n}", "consent_id": "c 1", "subject_id": "p 01", "state": state,
         "effective_at": NOON.replace(day=n), "indicated_by": "subject"}
        for n, state in enumerate(("ConsentGiven", "ConsentWithdrawn"), 1)
    ]  # fmt: skip
    person = {"subject_id": "p 01", "subject_kind": "adult", "is_minor_at_capture": "no",
              "status": "active"}  # fmt: skip
    notice = {"notice_id": "n1", "text_sha256": "b" * 64, "language": "en"}
    rows = {"consents": [consent], "consent_events": events, "subjects": [person],
            "notices": [notice]}  # fmt: skip
    return {name: conform(part, name) for name, part in rows.items()}


def graph(**changes: Any) -> Any:
    return parsed(receipt("p 01", tables(**changes), created=NOON))


def test_a_receipt_has_the_triples_that_the_standard_asks_for() -> None:
    found, dpv, own = graph(), rdflib.Namespace(DPV), rdflib.Namespace(CURATE)

    assert broken(found, shapes("consent")) == []
    (record,) = found.subjects(rdflib.RDF.type, dpv.ConsentRecord)
    assert record == rdflib.URIRef("urn:curate:consent:c%201")
    assert (record, dpv.hasDataSubject, rdflib.URIRef("urn:curate:subject:p%2001")) in found
    (process,) = found.objects(record, dpv.hasProcess)
    assert set(found.objects(process, dpv.hasPurpose)) == {
        own["train-detector"], dpv.ScientificResearch
    }  # fmt: skip
    assert set(found.objects(process, dpv.hasProcessing)) == {own.include, dpv.Collect}
    assert set(found.objects(process, own.role)) == {own.depicted, own.donor}
    states = {
        (kind, str(moment))
        for event in found.objects(record, dpv.hasConsentStatus)
        for kind in found.objects(event, rdflib.RDF.type)
        for moment in found.objects(event, dpv.isIndicatedAtTime)
    }
    assert {kind for kind, _ in states} == {dpv.ConsentGiven, dpv.ConsentWithdrawn}
    banned = {
        value
        for rule in found.objects(process, dpv.hasRule)
        for name in ("hasPurpose", "hasLocation", "hasContext")
        for value in found.objects(rule, dpv[name])
    }
    loc = rdflib.Namespace("https://w3id.org/dpv/loc#")
    assert banned == {own["train-generator"], loc.US, own.sexual}


def test_no_name_is_relative() -> None:
    """A relative name would be taken for a file beside the document."""
    for triple in graph():
        assert not [part for part in triple if str(part).startswith("base:")], triple


def test_each_triple_that_is_asked_for_is_missed() -> None:
    asked, found = shapes("consent"), graph()
    wanted = set(required(found, asked))
    assert len(wanted) > 20
    for focus, path, _ in wanted:
        gone = rdflib.Graph()
        gone += (triple for triple in found if triple[:2] != (focus, path))
        assert broken(gone, asked), (focus, path)


@pytest.mark.parametrize("named", ["n 1", "dpv:n", "https://example.org/n?v=1", "ä/ö"])
def test_a_notice_has_an_absolute_address(named: str) -> None:
    found = graph(notice_id=named)
    dpv = rdflib.Namespace(DPV)
    (notice,) = found.objects(None, dpv.hasNotice)
    assert str(notice).startswith(("urn:curate:notice:", "https://example.org/"))


def test_a_purpose_of_ones_own_with_odd_letters_is_an_address() -> None:
    found = graph(purposes=["train audio <detector>"])
    (purpose,) = (p for p in found.objects(None, rdflib.URIRef(f"{DPV}hasPurpose"))
                  if "audio" in str(p))  # fmt: skip
    assert str(purpose) == "urn:curate:train%20audio%20%3Cdetector%3E"


@given(st.text(min_size=1).filter(lambda name: name.isprintable()))
def test_a_name_is_found_again_in_its_address(name: str) -> None:
    assert name_of("subject", iri_of("subject", name)) == name


def test_two_names_never_share_an_address() -> None:
    """What looks like an address of ours is named by one, and not taken for it."""
    inner = iri_of("subject", "p01")
    assert iri_of("subject", inner) != inner
    assert name_of("subject", iri_of("subject", inner)) == inner


@pytest.mark.parametrize(
    ("value", "linkable"),
    [
        ({"@id": "ex:Acme", "schema:url": "https://example.org"}, True),
        ({"@id": "acme"}, False),
        ({"plain": "x"}, False),
        ({"dpv:hasLocation": "Germany, mostly"}, False),
        (["ex:Acme", "in words"], True),
        ({"@type": "Company"}, False),
        ({"@value": "x", "@language": "en"}, True),
    ],
)
def test_what_parsers_would_misread_is_no_linked_data(value: Any, linkable: bool) -> None:  # noqa: FBT001
    assert is_linkable("dpv:hasRecipient", value) is linkable
