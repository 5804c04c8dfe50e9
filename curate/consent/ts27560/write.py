"""Writing a consent as an ISO/IEC TS 27560 record in JSON-LD, so that it reads back the same.

The layout is that of the W3C DPV guide (STANDARDS section 1.1). What DPV has no word for stands
under ``curate:``, and what the record said beyond the columns stands where it stood; what has no
place in linked data stands in ``curate:extra`` as plain JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from curate.consent.assurance import Kind
from curate.consent.columns import prohibitions, with_terms
from curate.consent.jsonld import Context, Node, read_nodes
from curate.consent.linked import context, iri_of, is_linkable
from curate.consent.page import Page
from curate.consent.ts27560.extra import RECORD_KEYS, stray_states
from curate.consent.ts27560.scope import PROCESS_KEYS
from curate.consent.vocabulary import (
    CONSENT_TYPES,
    GDPR_PROFILE,
    GENERIC_PROFILE,
    OPERATIONS,
    PERMITTING,
    basis_term,
    location_terms,
    purpose_term,
)
from curate.errors import CurateError
from curate.model.instants import print_instant

Record = Mapping[str, Any]

_RECORD_IRI = "urn:curate:consent:"
_WRITTEN = RECORD_KEYS | PROCESS_KEYS
_BY = {
    "subject": "dpv:DataSubject",
    "guardian": "dpv:GuardianOfDataSubject",
    "controller": "dpv:DataController",
    "authority": "dpv:Authority",
    "court": "curate:court",
}
_KINDS = {"adult": "dpv:Adult", "minor": "dpv:Child", "deceased": "curate:deceased"}
_EVIDENCE = {0: Kind.NONE, 1: Kind.INDIVIDUAL_RECORD, 2: Kind.BATCH_ATTESTATION}


def write_record(
    consent: Record,
    events: Iterable[Record],
    *,
    subject: Record | None = None,
    notice: Record | None = None,
    gdpr: bool = False,
) -> Node:
    """Return a consent with its events as a consent record.

    Args:
        consent: A row of ``consents``.
        events: Its rows of ``consent_events``.
        subject: The row of ``subjects``, when what kind of person it is should be told.
        notice: The row of ``notices`` that was shown, when it is on file.
        gdpr: Whether to write the GDPR profile rather than the generic one.

    Returns:
        A JSON-LD object, of plain values.
    """
    node: Node = {
        "@context": context(),
        "@id": iri_of("consent", consent["consent_id"]),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": GDPR_PROFILE if gdpr else GENERIC_PROFILE,
        "dct:identifier": consent["consent_id"],
        "dpv:hasDataSubject": _subject(consent["subject_id"], subject or {}),
        "dpv:hasNotice": _notice(consent.get("notice_id"), notice or {}),
        "dpv:hasProcess": _process(consent),
        "dpv:hasConsentStatus": [
            _event(event, consent.get("valid_until"))
            for event in sorted(events, key=lambda e: (e["effective_at"], e["event_id"]))
        ],
    }
    _add_rest(node, consent.get("extra"))
    return _stated(node)


def missing(node: Node) -> list[str]:
    """Return the fields that the standard asks for and the record does not state."""
    asked = ("hasNotice", "hasPersonalData", "hasDataController", "hasStorageCondition",
             "hasJurisdiction", "hasRecipient", "hasConsentControl", "hasEntity")  # fmt: skip
    stated = node.keys() | node["dpv:hasProcess"].keys()
    return [f"dpv:{name}" for name in asked if f"dpv:{name}" not in stated]


def _stated(node: Node) -> Node:
    """Return `node` without what is not stated."""
    return {key: value for key, value in node.items() if value is not None}


def _subject(subject_id: str, subject: Record) -> Node:
    minor = subject.get("is_minor_at_capture")
    return _stated({
        "@id": iri_of("subject", subject_id),
        "dct:identifier": subject_id,
        "@type": _KINDS.get(subject.get("subject_kind", "")),
        "curate:minorAtCapture": f"curate:{minor}" if minor in ("yes", "no") else None,
    })  # fmt: skip


def _notice(notice_id: str | None, notice: Record) -> Node | None:
    if notice_id is None:
        return None
    return _stated({
        "@id": iri_of("notice", notice_id),
        "dct:identifier": notice_id,
        "@type": "dpv:ConsentNotice",
        "dct:language": notice.get("language"),
        "dct:hasVersion": notice.get("version"),
        "curate:textSha256": notice.get("text_sha256"),
    })  # fmt: skip


def _process(consent: Record) -> Node:
    level = consent["assurance_level"]
    method = consent.get("withdrawal_method")
    return _stated({
        "@type": "dpv:Process",
        "dpv:hasPurpose": _purposes(consent["purposes"]),
        "dpv:hasProcessing": _operations(consent["operations"]),
        "dpv:hasLegalBasis": _legal_basis(consent),
        "dpv:hasLocation": _locations(consent.get("territories")),
        "dpv:hasRule": _rules(consent) or None,
        "dpv:hasConsentControl": method
        and {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": method},
        **{column.term: _words(consent.get(column.name)) for column in with_terms()},
        "curate:validFrom": _instant(consent.get("valid_from")),
        "curate:validUntil": _instant(consent.get("valid_until")),
        "curate:scopeMedia": consent.get("scope_media_ids"),
        "curate:documentSha256": consent.get("document_sha256"),
        "curate:evidence": f"curate:{_EVIDENCE.get(level, Kind.INDIVIDUAL_RECORD)}",
        "curate:assurance": level,
        "curate:verifiedSigner": True if level == 4 else None,
    })  # fmt: skip


def _event(event: Record, end: datetime | None) -> Node:
    holds = event["state"] in PERMITTING
    duration: Node | None = {"@type": "dpv:EndlessDuration"} if holds else None
    if holds and end is not None:
        before = event["effective_at"] < end
        typed = {"@type": "xsd:dateTime", "@value": print_instant(end)}
        kind = {"@type": "dpv:UntilTimeDuration", "rdf:value": typed}
        duration = kind if before else None
    return _stated({
        "@type": f"dpv:{event['state']}",
        "dpv:isIndicatedAtTime": _instant(event["effective_at"]),
        "dpv:isIndicatedBy": _BY.get(event.get("indicated_by") or ""),
        "dpv:hasDuration": duration,
        "dpv:hasIndicationMethod": event.get("method"),
        "curate:reason": event.get("reason"),
        "curate:undated": _undated(event) if holds else None,
        "curate:statedAt": _instant(event["stated_at"]) if event.get("stated_at") else None,
    })  # fmt: skip


def _undated(event: Record) -> bool | None:
    """Return whether nobody said when consent was given; None where its time is plainly that.

    The time of such an event is the one from which consent holds. Read again without this word,
    it would have been given then, and might come after a withdrawal.
    """
    if event.get("undated") is None and event.get("method") == "import":
        return True
    undated: bool | None = event.get("undated")
    return undated


def _purposes(names: Iterable[str]) -> list[str]:
    return [purpose_term(name) for name in names]


def _operations(names: Iterable[str]) -> list[str]:
    terms = {name: f"dpv:{term}" for term, name in OPERATIONS.items()}
    return [terms.get(name, f"curate:{name}") for name in names]


def _legal_basis(consent: Record) -> list[str] | None:
    basis, kind = consent.get("legal_basis"), consent.get("consent_type")
    terms = [basis_term(basis)] if basis else []
    terms += [f"dpv:{term}" for term, word in CONSENT_TYPES.items() if word == kind]
    return terms or None


def _locations(codes: Iterable[str] | None) -> list[str] | None:
    return None if codes is None else location_terms(codes)


def _rules(consent: Record) -> list[Node]:
    write = {"purposes": _purposes, "territories": _locations, "": _words}
    return [
        {"@type": "dpv:Prohibition", key: write[column.words](consent[column.name])}
        for key, column in prohibitions().items()
        if consent.get(column.name) is not None
    ]


def _words(words: str | Iterable[str] | None) -> str | list[str] | None:
    """Return words of a closed list as terms of ours."""
    if words is None or isinstance(words, str):
        return words and f"curate:{words}"
    return [f"curate:{word}" for word in words]


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else print_instant(moment)


def _add_rest(node: Node, extra: str | None) -> None:
    """Put what the record said beyond the columns back where it stood."""
    rest: Node = json.loads(extra) if extra else {}
    inner = rest.get("dpv:hasProcess")
    if isinstance(inner, dict) and inner and all(_is_linked(k, v) for k, v in inner.items()):
        node["dpv:hasProcess"] |= inner
        del rest["dpv:hasProcess"]
    literal = {}
    for key, value in rest.items():
        if _is_linked(key, value):
            node[key] = value
        else:
            literal[key] = value
    if literal:
        node["curate:extra"] = {"@type": "@json", "@value": literal}


def _is_linked(key: str, value: Any) -> bool:
    """Return whether `value` under `key` reads back as it is when written as linked data."""
    if ":" not in key or key in _WRITTEN or value is None or _RECORD_IRI in json.dumps(value):
        return False
    if not is_linkable(key, value):
        return False
    page = Page(Context(), frozenset(), {})
    try:
        (found,) = read_nodes({key: value}, where="")
    except (CurateError, ValueError):
        return False
    stray_states(page, value, "")
    return found.node == {key: value} and not page.errors
