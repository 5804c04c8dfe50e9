"""What an ISO/IEC TS 27560 record says beyond the columns of ``consents``: kept, never read.

Two things are not kept: values of personal data and descriptions of people, because names and
contacts stay out of the catalogue (STANDARDS section 8). And one thing may not be here: a state
of consent, which could be the withdrawal.
"""

from __future__ import annotations

import json
import re
from typing import Any

from curate.consent.jsonld import Node, is_literal, listed
from curate.consent.page import Page
from curate.consent.ts27560.events import Events, state_of
from curate.consent.ts27560.scope import PROCESS_KEYS
from curate.consent.vocabulary import INDICATED_BY, PROFILES

RECORD_KEYS = frozenset(
    {
        "@id",
        "@type",
        "dct:identifier",
        "dct:conformsTo",
        "dpv:hasDataSubject",
        "dpv:hasProcess",
        "dpv:hasConsentStatus",
        "curate:extra",
    }
)
# What is read under `curate:` in other parts of a record than its process.
_OWN = (
    PROCESS_KEYS
    | RECORD_KEYS
    | frozenset(
        {
            "curate:minorAtCapture",
            "curate:reason",
            "curate:undated",
            "curate:statedAt",
            "curate:textSha256",
        }
    )
)
# A term that says that something is forbidden, over or in some state: passed over, it might be what
# takes consent back.
_RESTRICTS = re.compile(
    r"prohibit|forbid|status|expir|withdr|revo[kc]|refus|invalid|restrict|exclud|enddate|"
    r"valid(until|through)",
    re.IGNORECASE,
)
_READ = _OWN | {"dpv:hasRule"}
_VALUES = frozenset({"rdf:value", "dct:identifier", "@value", "schema:name", "dpv:hasName"})
_PERSONS = frozenset(t for t, who in INDICATED_BY.items() if who in ("subject", "guardian"))


def read_rest(
    page: Page, node: Node, process: Node, events: Events, places: tuple[str, str]
) -> str | None:
    """Return what a record says beyond the columns, as JSON; None when that is nothing.

    Args:
        page: The record being read; terms in its `partly` are kept whole.
        node: The record.
        process: The process that is read; empty when the record itself is.
        events: The record's events.
        places: Where record and process stand.
    """
    kept: Node = {k: v for k, v in node.items() if k not in RECORD_KEYS | PROCESS_KEYS}
    known = PROCESS_KEYS | {"@type", "@id", "dpv:hasConsentStatus"}
    inner = {k: v for k, v in process.items() if k not in known}
    said = {k: v for k, v in node.items() if k != "dpv:hasProcess"}
    not_understood(page, said, places[0])
    not_understood(page, process, places[1])
    stray_states(page, kept, places[0])
    stray_states(page, inner, places[1])
    if inner:
        kept["dpv:hasProcess"] = inner
    view = {**node, **process}
    kept |= {key: view[key] for key in page.partly if key in view}
    if node.get("dct:conformsTo", PROFILES[0]) not in PROFILES:
        kept["dct:conformsTo"] = node["dct:conformsTo"]
    if events.more:
        kept["events"] = events.more
    kept = {key: _without_people(page, key, value, places[0]) for key, value in kept.items()}
    for literal in listed(node.get("curate:extra")):
        inside = literal["@value"] if isinstance(literal, dict) and is_literal(literal) else None
        if not isinstance(inside, dict):
            page.wrong(places[0], "curate:extra: expected an object of @type @json")
        else:
            kept |= inside
    return json.dumps(kept, sort_keys=True) if kept else None


def _without_people(page: Page, key: str, value: Any, place: str) -> Any:
    """Return `value` without values of personal data and without descriptions of people."""
    if isinstance(value, list):
        return [_without_people(page, key, item, place) for item in value]
    if not isinstance(value, dict) or is_literal(value):
        return value
    kinds = {page.context.term(str(kind)) for kind in listed(value.get("@type"))}
    person = kinds & _PERSONS or key == "dpv:hasDataSubject"
    drop = value.keys() - {"@id", "@type"} if person else set()
    drop |= value.keys() & _VALUES if key == "dpv:hasPersonalData" else set()
    if drop:
        page.notes.append(f"{place}.{key}: what describes the person was not kept")
    return {k: _without_people(page, k, item, place) for k, item in value.items() if k not in drop}


def not_understood(page: Page, value: Any, place: str) -> None:
    """Keep an error for each term that may restrict what was granted, and that is not read."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            not_understood(page, item, f"{place}[{i}]")
    if not isinstance(value, dict) or is_literal(value):
        return
    for key, item in value.items():
        own = key.startswith("curate:") and key not in _OWN
        if own or (key not in _READ and _RESTRICTS.search(key.rpartition(":")[2])):
            page.wrong(
                place,
                f"the term {key!r} is not understood, and may restrict what was granted",
                "docs/consent-formats.md lists what is read: prohibitions stand under dpv:hasRule, "
                "states under dpv:hasConsentStatus, and the end under dpv:hasDuration or "
                "curate:validUntil. What restricts nothing can stand in curate:extra",
            )
        else:
            not_understood(page, item, f"{place}.{key}")


def stray_states(page: Page, value: Any, place: str) -> None:
    """Keep an error for each consent state where none is read: it could be a withdrawal."""
    if isinstance(value, dict) and not is_literal(value):
        for key, item in value.items():
            stray_states(page, item, f"{place}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            stray_states(page, item, f"{place}[{i}]")
    elif isinstance(value, str) and state_of(page.context.term(value)):
        page.wrong(place, f"the state {value!r} stands where it is not read",
                   "events stand under dpv:hasConsentStatus of the record")  # fmt: skip
