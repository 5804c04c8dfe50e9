"""Exports as linked data: parsed by rdflib, and held against the shapes of ``tests/shapes``.

Where pyshacl is installed it is asked, too, and has to agree. The reading of SHACL here knows the
few parts of SHACL Core that the shapes use, and refuses shapes that use another.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rdflib
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import SH

SHAPES = Path(__file__).parent / "shapes"
_TARGETS = {SH.targetClass, SH.targetObjectsOf, SH.targetSubjectsOf}
_KNOWN = {*_TARGETS, SH.property, SH.path, SH.minCount, SH.maxCount, SH.nodeKind, SH.datatype,
          SH.hasValue, SH.pattern, SH["class"], RDF.type}  # fmt: skip

Focus = tuple[Any, Any, Any]  # a node, a property it must have, and the property's shape


def parsed(document: Any) -> Graph:
    """Return the triples of a document in JSON-LD, whose relative names would be of ``base:``."""
    graph = Graph()
    graph.parse(data=json.dumps(document), format="json-ld", base="base:relative/")
    return graph


def shapes(name: str) -> Graph:
    """Return the shapes of a file, all of whose words are known here."""
    graph = Graph().parse(SHAPES / f"{name}.ttl", format="turtle")
    strange = set(graph.predicates()) - _KNOWN
    assert not strange, strange
    return graph


def broken(graph: Graph, shape: Graph) -> list[str]:
    """Return what a graph breaks of some shapes; pyshacl must agree, where it is installed."""
    found = list(_broken(graph, shape))
    if importlib.util.find_spec("pyshacl") is not None:
        import pyshacl

        conforms, _, text = pyshacl.validate(graph, shacl_graph=shape)
        assert conforms == (not found), (text, found)
    return found


def required(graph: Graph, shape: Graph) -> Iterator[Focus]:
    """Yield each node with each property that a shape asks it to have."""
    for node_shape in shape.subjects(RDF.type, SH.NodeShape):
        for focus in _targets(graph, shape, node_shape):
            for part in shape.objects(node_shape, SH.property):
                if _number(shape, part, SH.minCount):
                    yield focus, shape.value(part, SH.path), part


def _broken(graph: Graph, shape: Graph) -> Iterator[str]:
    for node_shape in shape.subjects(RDF.type, SH.NodeShape):
        for focus in _targets(graph, shape, node_shape):
            for word, problem in _of_values(graph, shape, node_shape, [focus]):
                yield f"{node_shape} {focus}: {word} {problem}"
            for part in shape.objects(node_shape, SH.property):
                path = shape.value(part, SH.path)
                values = list(graph.objects(focus, path))
                least, most = (_number(shape, part, w) for w in (SH.minCount, SH.maxCount))
                if least is not None and len(values) < least:
                    yield f"{node_shape} {focus}: {path} is missing"
                if most is not None and len(values) > most:
                    yield f"{node_shape} {focus}: {path} stands {len(values)} times"
                for word, problem in _of_values(graph, shape, part, values):
                    yield f"{node_shape} {focus}: {path}: {word} {problem}"


def _targets(graph: Graph, shape: Graph, node_shape: Any) -> set[Any]:
    found: set[Any] = set()
    for kind in shape.objects(node_shape, SH.targetClass):
        found |= set(graph.subjects(RDF.type, kind))
    for path in shape.objects(node_shape, SH.targetObjectsOf):
        found |= set(graph.objects(None, path))
    for path in shape.objects(node_shape, SH.targetSubjectsOf):
        found |= set(graph.subjects(path, None))
    return found


def _of_values(graph: Graph, shape: Graph, part: Any, values: list[Any]) -> Iterator[Any]:
    for kind in shape.objects(part, SH.nodeKind):
        assert kind == SH.IRI, kind
        yield from ((kind, v) for v in values if not isinstance(v, URIRef))
    for kind in shape.objects(part, SH.datatype):
        yield from ((kind, v) for v in values if _datatype(v) != kind)
    for kind in shape.objects(part, SH["class"]):
        yield from ((kind, v) for v in values if (v, RDF.type, kind) not in graph)
    for text in shape.objects(part, SH.pattern):
        yield from ((text, v) for v in values if re.search(str(text), str(v)) is None)
    for value in shape.objects(part, SH.hasValue):
        if value not in values:
            yield value, "is missing"


def _datatype(value: Any) -> Any:
    if not isinstance(value, Literal):
        return None
    return value.datatype or (rdflib.XSD.string if value.language is None else RDF.langString)


def _number(shape: Graph, part: Any, word: Any) -> int | None:
    value = shape.value(part, word)
    return None if value is None else int(value)
