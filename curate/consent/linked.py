"""Names as linked data: absolute addresses for what a workspace calls by ids of its own.

A context that types its terms makes the compact words of a record addresses, and its instants
dates, for any parser of JSON-LD 1.1: ``"dpv:hasPurpose": "curate:train-detector"`` is a reference
to a term, and not a text. Reading (`curate.consent.jsonld`) knows the terms without a context.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

from curate.consent.columns import prohibitions, with_terms
from curate.consent.jsonld import is_literal
from curate.consent.vocabulary import NAMESPACES

_OWN = "curate:"
# An absolute address, a compact one with a prefix, or the name of a blank node.
_ADDRESS = re.compile(r"(?:_|[A-Za-z][A-Za-z0-9+.-]*):[^\s<>\"{}|\\^`]+")
_WHOLE = re.compile(r"(?:https?://|urn:)[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_REFERENCES = frozenset({
    "dct:conformsTo", "dpv:hasPurpose", "dpv:hasProcessing", "dpv:hasLegalBasis",
    "dpv:hasLocation", "dpv:hasContext", "dpv:isIndicatedBy", "curate:minorAtCapture",
    "curate:evidence",
})  # fmt: skip
_INSTANTS = ("dct:created", "dpv:isIndicatedAtTime", "curate:validFrom", "curate:validUntil",
             "curate:statedAt")  # fmt: skip


def references() -> frozenset[str]:
    """Return the terms whose values are addresses, those of columns included."""
    return _REFERENCES | {column.term for column in with_terms()} | prohibitions().keys()


def context() -> dict[str, Any]:
    """Return the context of consent records: namespaces, and the types of terms.

    >>> context()["dpv:hasPurpose"]
    {'@id': 'dpv:hasPurpose', '@type': '@id'}
    """
    spaces = {prefix: spaces[0] for prefix, spaces in NAMESPACES.items()}
    typed = dict.fromkeys(sorted(references()), "@id") | dict.fromkeys(_INSTANTS, "xsd:dateTime")
    return {**spaces, **{term: {"@id": term, "@type": kind} for term, kind in typed.items()}}


def iri_of(kind: str, name: str) -> str:
    """Return the absolute address of what is called `name`; an address is its own.

    Args:
        kind: What it is: ``consent``, ``notice``, ``receipt`` or ``subject``.
        name: Its id in the workspace.

    >>> iri_of("subject", "p 01"), iri_of("notice", "https://example.org/n")
    ('urn:curate:subject:p%2001', 'https://example.org/n')
    """
    own = f"urn:{_OWN}"
    if _WHOLE.fullmatch(name) and not name.lower().startswith(own):
        return name
    return f"{own}{kind}:{quote(name, safe='')}"


def name_of(kind: str, term: str) -> str:
    """Return the id that an address of ours stands for; any other text as it is.

    Args:
        kind: As for `iri_of`.
        term: The address, whole or compact.

    >>> name_of("subject", "urn:curate:subject:p%2001"), name_of("subject", "p01")
    ('p 01', 'p01')
    """
    for start in (f"urn:{_OWN}{kind}:", f"{_OWN}{kind}:"):
        if term.startswith(start) and len(term) > len(start):
            return unquote(term.removeprefix(start))
    return term


def is_linkable(key: str, value: Any) -> bool:
    """Return whether a parser of linked data reads what stands under `key` as it is meant.

    Keys without a prefix are dropped by parsers, and a name that is no absolute address would be
    taken for a file beside the document.
    """
    if isinstance(value, list):
        return all(is_linkable(key, item) for item in value)
    if isinstance(value, dict):
        if is_literal(value):
            return True
        if "@value" in value:
            return not (isinstance(value["@value"], dict | list))
        return all(
            (inner.startswith("@") or ":" in inner) and is_linkable(inner, item)
            for inner, item in value.items()
        )
    if key in {"@id", "@type", *references()}:
        return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None
    return True
