"""The policy of a release and its accounts, parsed as linked data by another's parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from curate.report.accounts import consent_summary, processing_record, training_summary
from curate.report.facts import Facts
from curate.report.policy import policy

rdflib = pytest.importorskip("rdflib", reason="needs rdflib, of the dev group")

# The parser warns of its own ways.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

from tests.linked import broken, parsed, required, shapes  # noqa: E402

ODRL = "http://www.w3.org/ns/odrl/2/"


def triples(small: Any) -> Any:
    """Return the graph of a policy."""
    use = replace(
        small.use, ends_at=datetime(2027, 1, 1, tzinfo=UTC), recipient_territories=("DE", "WORLD")
    )
    told = policy(Facts(replace(small, use=use)))
    return parsed(told)


def test_offer_has_the_triples_that_odrl_asks_for(small: Any) -> None:
    """It is a policy with a uid, an assigner and a target, all absolute addresses."""
    graph = triples(small)
    odrl = rdflib.Namespace(ODRL)

    (offer,) = graph.subjects(rdflib.RDF.type, odrl.Offer)
    for name in ("uid", "assigner", "target"):
        (value,) = graph.objects(offer, odrl[name])
        assert isinstance(value, rdflib.URIRef), name
        assert str(value).startswith("urn:uuid:"), name
    (asset,) = graph.subjects(odrl.hasPolicy, offer)
    assert (offer, odrl.target, asset) in graph
    (permission,) = graph.objects(offer, odrl.permission)
    assert (permission, odrl.action, odrl.use) in graph
    assert list(graph.objects(permission, odrl.constraint))
    assert len(list(graph.objects(offer, odrl.prohibition))) >= 2


def test_terms_are_addresses_and_dates_are_typed(small: Any) -> None:
    """An operand that is text would be understood by nobody."""
    graph = triples(small)
    odrl = rdflib.Namespace(ODRL)

    for name in ("leftOperand", "operator", "action"):
        assert all(isinstance(v, rdflib.URIRef) for v in graph.objects(None, odrl[name])), name
    for constraint in graph.subjects(odrl.leftOperand, odrl.dateTime):
        (value,) = graph.objects(constraint, odrl.rightOperand)
        assert value.datatype == rdflib.XSD.dateTime
    places = {
        value
        for constraint in graph.subjects(odrl.leftOperand, odrl.spatial)
        for value in graph.objects(constraint, odrl.rightOperand)
    }
    assert places == {
        rdflib.URIRef("https://w3id.org/dpv/loc#DE"), rdflib.URIRef("urn:curate:WORLD")
    }  # fmt: skip


def accounts(small: Any) -> Any:
    """Return the graph of all accounts together."""
    graph = rdflib.Graph()
    for account in (consent_summary, processing_record, training_summary):
        graph += parsed(account(Facts(small)))
    return graph


@pytest.mark.parametrize(("name", "read"), [("policy", triples), ("summaries", accounts)])
def test_each_triple_that_is_asked_for_is_missed(small: Any, name: str, read: Any) -> None:
    """Shapes hold, and hold no more once a property that they ask for is gone."""
    asked, graph = shapes(name), read(small)
    assert broken(graph, asked) == []
    wanted = set(required(graph, asked))
    assert len(wanted) > 12
    for focus, path, _ in wanted:
        gone = rdflib.Graph()
        gone += (triple for triple in graph if triple[:2] != (focus, path))
        assert broken(gone, asked), (focus, path)


@pytest.mark.parametrize("read", [triples, accounts])
def test_no_name_is_relative(small: Any, read: Any) -> None:
    """A relative name would be taken for a file beside the document."""
    graph = read(small)
    assert not [part for triple in graph for part in triple if str(part).startswith("base:")]


def test_a_summary_counts_people_by_terms(small: Any) -> None:
    """Who reads the triples gets what the document says: numbers, and where they are withheld."""
    graph, own = accounts(small), rdflib.Namespace("urn:curate:")
    dpv = rdflib.Namespace("https://w3id.org/dpv#")
    (group,) = graph.subjects(dpv.hasConsentStatus, dpv.ConsentGiven)
    written = consent_summary(Facts(small))["curate:byConsentStatus"]
    (row,) = (one for one in written if one["dpv:hasConsentStatus"] == "dpv:ConsentGiven")
    told = [*graph.objects(group, own.people), *graph.objects(group, own.withheld)]
    assert [str(value) for value in told] == [
        str(row.get("curate:withheld") or row["curate:people"])
    ]
