"""The policy of a release, parsed as linked data by another's parser."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from curate.report.facts import Facts
from curate.report.policy import policy

rdflib = pytest.importorskip("rdflib", reason="needs rdflib, of the dev group")

# The parser warns of its own ways.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

ODRL = "http://www.w3.org/ns/odrl/2/"


def triples(small: Any) -> Any:
    """Return the graph of a policy."""
    use = replace(small.use, ends_at=datetime(2027, 1, 1, tzinfo=UTC))
    told = policy(Facts(replace(small, use=use)))
    return rdflib.Graph().parse(data=json.dumps(told), format="json-ld")


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
