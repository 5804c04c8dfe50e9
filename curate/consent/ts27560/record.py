"""ISO/IEC TS 27560 consent records in JSON-LD, as the W3C DPV guide lays them out.

STANDARDS section 1.1: header, processing, parties, events; the generic profile and the GDPR
profile differ in what they ask for, not in how it is written. A process is one grant: a record
with several becomes as many consents, because one list of purposes beside one list of operations
would grant each purpose the operations of the others. What a record leaves out is not granted,
and what it says beyond the columns of ``consents`` is kept in ``extra``. Writing is in
`curate.consent.ts27560.write`, and reads back as the same consents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from curate.consent.assurance import assurance
from curate.consent.jsonld import Found, Node, listed, raise_all
from curate.consent.linked import iri_of, name_of
from curate.consent.page import ADDRESS, Page
from curate.consent.statements import Statements, subject_record
from curate.consent.ts27560.events import read_events, with_ids
from curate.consent.ts27560.extra import not_understood, read_rest, stray_states
from curate.consent.ts27560.scope import read_scope
from curate.consent.vocabulary import INDICATED_BY, PROFILES, SUBJECT_KINDS
from curate.errors import CurateError, InvalidFileError

Record = dict[str, Any]

# What the standard asks for beyond what is needed here (STANDARDS 1.1, M).
_ASKED = {
    "dct:conformsTo": "schema version",
    "dpv:hasNotice": "privacy notice",
    "dpv:hasPersonalData": "personal data",
    "dpv:hasDataController": "controller",
    "dpv:hasStorageCondition": "storage location and retention",
    "dpv:hasJurisdiction": "jurisdiction",
    "dpv:hasRecipient": "recipients",
    "dpv:hasConsentControl": "withdrawal method",
    "dpv:hasEntity": "parties",
}


def is_record(node: Node, found: Found) -> bool:
    """Return whether a node at the top of a file is a consent record."""
    kinds = {found.context.term(t) for t in listed(node.get("@type")) if isinstance(t, str)}
    return "dpv:ConsentRecord" in kinds or (
        "dpv:hasDataSubject" in node and "dpv:hasConsentStatus" in node
    )


def read_records(
    tops: Iterable[Found], *, where: str, purposes: Iterable[str], notices: Mapping[str, str]
) -> Statements:
    """Return the statements in the consent records among the nodes of a file.

    Args:
        tops: The nodes at the top of the file, from `curate.consent.jsonld.read_nodes`.
        where: The file, for places.
        purposes: The purposes that are known.
        notices: The digest of each notice on file, by its id.

    Raises:
        InvalidFileError: There is no consent record.
        ManyErrors: Records lack what is needed, or say what is not understood; each place is
            told, and nothing is returned.
    """
    statements, errors = Statements(), list[CurateError]()
    known, seen = frozenset(purposes), dict[str, str]()
    people: dict[str, tuple[str, Record]] = {}
    for top in tops:
        page = Page(top.context, known, notices, seen=seen, people=people)
        for place, node in _records(top):
            _record(page, node, place, statements)
        if not is_record(top.node, top) and "dpv:hasRecordOfActivity" not in top.node:
            stray_states(page, top.node, top.place)
        if not is_record(top.node, top) and "dpv:hasRecordOfActivity" in top.node:
            around = {k: v for k, v in top.node.items() if k != "dpv:hasRecordOfActivity"}
            not_understood(page, around, top.place)
        # What stands at the record is read once for each of its processes.
        errors += {str(error): error for error in page.errors}.values()
        statements.notes += dict.fromkeys(page.notes)
    raise_all(errors)
    if "consents" not in statements.records:
        raise InvalidFileError(
            "no dpv:ConsentRecord was found",
            where=where,
            hint="docs/consent-formats.md shows what one looks like",
        )
    return statements


def _records(top: Found) -> list[tuple[str, Node]]:
    """Return the records in a node: itself, or those that a receipt carries."""
    if is_record(top.node, top):
        return [(top.place, top.node)]
    carried = listed(top.node.get("dpv:hasRecordOfActivity"))
    return [
        (f"{top.place}.dpv:hasRecordOfActivity[{i}]", node)
        for i, node in enumerate(carried)
        if isinstance(node, dict)
    ]


def _record(page: Page, node: Node, place: str, into: Statements) -> None:
    subject = _subject(page, node, place, into)
    name = page.text(node, "dct:identifier", place) or name_of(
        "consent", page.text(node, "@id", place) or ""
    )
    if not name:
        page.wrong(place, "dct:identifier is missing")
    if subject is None or not name:
        return
    _profile(page, node, place)
    values = listed(node.get("dpv:hasProcess"))
    if not values:
        _consent(page, {"consent_id": name, "subject_id": subject}, node, {}, (place, place), into)
    for number, process in enumerate(values, 1):
        several = len(values) > 1
        at = f"{place}.dpv:hasProcess" + (f"[{number - 1}]" if several else "")
        ids = {"consent_id": f"{name}#{number}" if several else name, "subject_id": subject}
        if isinstance(process, dict):
            _consent(page, ids, node, process, (place, at), into)
        else:
            page.wrong(at, "expected an object")


def _profile(page: Page, node: Node, place: str) -> None:
    stated = page.text(node, "dct:conformsTo", place)
    if stated not in (*PROFILES, None):
        page.notes.append(f"{place}: {stated!r} is read as the generic profile")
    everything = node.keys() | {
        key for item in listed(node.get("dpv:hasProcess")) if isinstance(item, dict) for key in item
    }
    missing = [label for key, label in _ASKED.items() if key not in everything]
    if missing:
        page.notes.append(f"{place}: the standard also asks for: {', '.join(missing)}")


def _subject(page: Page, node: Node, place: str, into: Statements) -> str | None:
    at = f"{place}.dpv:hasDataSubject"
    processes = [item for item in listed(node.get("dpv:hasProcess")) if isinstance(item, dict)]
    values = [
        item for part in (node, *processes) for item in listed(part.get("dpv:hasDataSubject"))
    ]
    named = [str(v.get("@id")) if isinstance(v, dict) else str(v) for v in values]
    if len({name_of("subject", name) for name in named}) != 1:
        page.wrong(at, f"expected one data subject, found {len(values)}")
        return None
    value = values[0] if isinstance(values[0], dict) else {"@id": values[0]}
    subject = page.text(value, "@id", at) or page.text(value, "dct:identifier", at)
    if subject is None:
        page.wrong(at, "the data subject has no id")
        return None
    subject = name_of("subject", subject)
    if ADDRESS.fullmatch(subject):
        page.wrong(at, f"{subject!r} is an address; expected a pseudonym")
    kinds = {SUBJECT_KINDS[t] for t in page.types(value, at) if t in SUBJECT_KINDS}
    minor = page.choice(value, "curate:minorAtCapture", ("yes", "no", "unknown"), at)
    if kinds or minor:
        kind = next((k for k in ("deceased", "minor", "adult") if k in kinds), "unknown")
        stated = {"subject_kind": kind, "minor_at_capture": minor or "unknown"}
        _person(page, subject, stated, at, into)
    else:
        into.mentioned.add(subject)
    read = {"@id", "@type", "skos:broader", "dct:identifier", "curate:minorAtCapture"}
    if value.keys() - read:
        page.notes.append(f"{at}: what describes the person was not kept")
    return subject


def _person(page: Page, subject: str, stated: Record, at: str, into: Statements) -> None:
    """Record what is said of a subject, once; records that contradict each other are wrong."""
    first, before = page.people.setdefault(subject, (at, stated))
    if before is stated:
        into.add("subjects", subject_record(subject, stated))
    for name, value in stated.items():
        if before[name] != value:
            page.wrong(at, f"{subject!r} is {value!r} here and {before[name]!r} at {first}")


def _consent(
    page: Page, ids: Record, node: Node, process: Node, places: tuple[str, str], into: Statements
) -> None:
    page.partly = set()
    parties = _parties(page, node, ids["subject_id"])
    events = read_events(page, node, parties, places[0])
    if process:
        events.join(read_events(page, process, parties, places[1]))
    if not events.rows:
        page.wrong(places[0], "dpv:hasConsentStatus: at least one event is needed")
    first = page.seen.setdefault(ids["consent_id"], places[1])
    if first != places[1]:
        page.wrong(places[0], f"the record {ids['consent_id']!r} stands at {first} already")
    scope, proof = read_scope(page, node, process, events, places[1])
    into.add("consents", {
        **ids,
        **scope,
        "assurance_level": assurance(proof, page.notices),
        "extra": read_rest(page, node, process, events, places),
    })  # fmt: skip
    for event in with_ids(events.rows, ids):
        into.add("consent_events", event)


def _parties(page: Page, node: Node, subject: str) -> dict[str, str]:
    """Return who the ids of a record's parties stand for, as events name them."""
    found = {}
    for key, who in (("dpv:hasDataController", "controller"), ("dpv:hasAuthority", "authority")):
        for item in listed(node.get(key)):
            name = item.get("@id") if isinstance(item, dict) else item
            if isinstance(name, str):
                found[name] = who
    for item in listed(node.get("dpv:hasEntity")):
        if isinstance(item, dict) and isinstance(item.get("@id"), str):
            kinds = [INDICATED_BY.get(page.context.term(str(t))) for t in listed(item.get("@type"))]
            found |= dict.fromkeys([item["@id"]], next((k for k in kinds if k), ""))
    own = {subject: "subject", iri_of("subject", subject): "subject"}
    return {name: who for name, who in found.items() if who} | own
