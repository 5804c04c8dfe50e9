"""What one process of an ISO/IEC TS 27560 record grants, as the columns of ``consents`` say it.

Where several statements speak of the same thing the narrowest counts, and a restriction that is
not understood is an error: left out, it would be a grant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from curate.consent.assurance import Kind, Proof
from curate.consent.columns import prohibitions, with_terms
from curate.consent.jsonld import Node, listed
from curate.consent.linked import name_of
from curate.consent.page import Page
from curate.consent.ts27560.events import Events, read_end
from curate.consent.vocabulary import CONSENT_TYPES, OPERATIONS, values_of
from curate.model.territories import WORLD
from curate.schema import json_schema

PROCESS_KEYS = frozenset(
    {
        "dpv:hasPurpose",
        "dpv:hasProcessing",
        "dpv:hasLegalBasis",
        "dpv:hasLocation",
        "dpv:hasRule",
        "dpv:hasConsentControl",
        "dpv:hasNotice",
        *(column.term for column in with_terms()),
        "curate:validFrom",
        "curate:validUntil",
        "curate:scopeMedia",
        "curate:documentSha256",
        "curate:evidence",
        "curate:assurance",
        "curate:verifiedSigner",
    }
)
_NOTICE_KEYS = frozenset(
    {"@id", "@type", "dct:identifier", "dct:language", "dct:hasVersion", "curate:textSha256"}
)
_BASIS = re.compile(r"(A\d-\d-[a-z])(-.+)?")
# What may be prohibited, by the key of the rule; operations are taken from those granted.
_BANS = {key: column.name for key, column in prohibitions().items()} | {
    "dpv:hasProcessing": "operations"
}

Record = dict[str, Any]


def read_scope(
    page: Page, node: Node, process: Node, events: Events, at: str
) -> tuple[Record, Proof]:
    """Return the columns of ``consents`` that a process states, and what proves it.

    Args:
        page: The record being read; what is wrong is kept there.
        node: The record; what it says holds for each process that does not say otherwise.
        process: The process; empty when the record itself is the process.
        events: The record's events.
        at: Where the process stands.
    """
    view = {key: value for key, value in node.items() if key in PROCESS_KEYS} | process
    granted = page.purpose_list(view, at)
    if not listed(view.get("dpv:hasPurpose")):
        page.wrong(at, "dpv:hasPurpose is missing")
    banned = _rules(page, listed(node.get("dpv:hasRule")) + listed(process.get("dpv:hasRule")), at)
    start, end = _validity(page, (node, process), view, events, at)
    basis, kind = _legal_basis(page, view, events.types)
    proof = _proof(page, view, at)
    operations = [o for o in _operations(page, view, at) if o not in banned.get("operations", ())]
    return {
        "notice_id": proof.notice_id,
        "legal_basis": basis,
        "consent_type": kind,
        "purposes": granted,
        "operations": operations,
        **_choices(page, view, at),
        "territories": _territories(page, (node, process), at),
        **{column.name: banned.get(column.name) for column in prohibitions().values()},
        "valid_from": start,
        "valid_until": end,
        "withdrawal_method": _withdrawal(page, view, at),
        "document_sha256": proof.document_sha256,
        "scope_media_ids": _texts(page, view, "curate:scopeMedia", at),
    }, proof


def _choices(page: Page, view: Node, at: str) -> Record:
    """Return the columns that hold words of a closed list; what is left out grants least."""
    found: Record = {}
    required = json_schema("consents")["required"]
    for column in with_terms():
        read = page.choices if column.several else page.choice
        value = read(view, column.term, values_of(column.name), at)
        if value is None and column.several and column.name in required:
            value = []
        found[column.name] = column.default if value is None else value
    if found["scope_kind"] is None:
        found["scope_kind"] = "listed_media" if "curate:scopeMedia" in view else "all_media"
    return found


def _operations(page: Page, view: Node, at: str) -> list[str]:
    allowed, found = values_of("operations"), list[str]()
    for value in listed(view.get("dpv:hasProcessing")):
        term = page.term_of(value) or ""
        prefix, _, name = term.rpartition(":")
        if prefix == "dpv" and name in OPERATIONS:
            found.append(OPERATIONS[name])
        elif prefix in ("curate", "") and name in allowed:
            found.append(name)
        elif prefix == "curate":
            page.wrong(at, f"dpv:hasProcessing: {name!r} is none of {', '.join(allowed)}")
        else:
            page.partly.add("dpv:hasProcessing")
            page.notes.append(f"{at}: dpv:hasProcessing {term or 'in words'} grants nothing here")
    return found


def _legal_basis(page: Page, view: Node, named: set[str]) -> tuple[str | None, str | None]:
    """Return the legal basis and the consent type; of several types the weakest counts."""
    bases, types = set[str](), set[str]()
    for value in listed(view.get("dpv:hasLegalBasis")):
        term = page.term_of(value) or ""
        prefix, _, name = term.rpartition(":")
        article = _BASIS.fullmatch(name)
        if name in CONSENT_TYPES:
            types.add(name)
        elif article and prefix in ("eu-gdpr", "") and article[1] in values_of("legal_basis"):
            bases.add(article[1])
            page.partly |= {"dpv:hasLegalBasis"} if article[2] else set()
        elif prefix == "curate" and name in values_of("legal_basis"):
            bases.add(name)
        elif term != "dpv:Consent":
            page.partly.add("dpv:hasLegalBasis")
            bases |= set() if term == "dpv:InformedConsent" else {"other"}
    if len(bases) > 1:
        page.partly.add("dpv:hasLegalBasis")
    weakest = next((word for name, word in CONSENT_TYPES.items() if name in types | named), None)
    if len(bases) <= 1:
        return next(iter(bases), None), weakest
    # Explicit consent to special categories (9(2)(a)) comes with consent (6(1)(a)).
    return ("A9-2-a" if bases == {"A9-2-a", "A6-1-a"} else "other"), weakest


def _rules(page: Page, rules: list[Any], at: str) -> dict[str, list[str]]:
    """Return what rules prohibit; one that is not understood is an error, never left out."""
    banned: dict[str, list[str]] = {}
    place = f"{at}.dpv:hasRule"
    for rule in rules:
        keys = set(rule) - {"@type"} if isinstance(rule, dict) else set()
        kinds = page.terms(rule, "@type", place) if isinstance(rule, dict) else []
        if kinds == ["dpv:Permission"]:
            page.partly.add("dpv:hasRule")
            page.notes.append(f"{place}: a permission grants nothing here")
        elif kinds != ["dpv:Prohibition"] or len(keys) != 1 or not keys <= _BANS.keys():
            page.wrong(
                place,
                "this rule is not understood",
                "write a dpv:Prohibition of one of " + ", ".join(_BANS),
            )
        else:
            key = keys.pop()
            banned.setdefault(_BANS[key], []).extend(_banned(page, rule, key, place))
    return banned


def _banned(page: Page, rule: Node, key: str, place: str) -> list[str]:
    column = prohibitions().get(key)
    if column is not None and column.words == "purposes":
        return page.purpose_list(rule, place)
    if column is not None and column.words == "territories":
        return page.locations(rule, place)
    if column is not None:
        return page.choices(rule, key, values_of(column.name), place) or []
    found = _operations(page, rule, place)
    if len(found) < len(listed(rule[key])):
        page.wrong(place, "dpv:hasProcessing: what is prohibited is not understood")
    return found


def _conditions(parts: tuple[Node, Node], *keys: str) -> Iterator[Node]:
    for part in parts:
        for key in keys:
            yield from (item for item in listed(part.get(key)) if isinstance(item, dict))


def _territories(page: Page, parts: tuple[Node, Node], at: str) -> list[str] | None:
    """Return the territories that every statement of a place allows; None without any."""
    stated = [page.locations(part, at) for part in parts if "dpv:hasLocation" in part]
    for item in _conditions(parts, "dpv:hasProcessingCondition", "dpv:hasStorageCondition"):
        places = [t for t in page.terms(item, "dpv:hasLocation", at) if t.startswith("loc:")]
        if places:
            stated.append(page.locations({"dpv:hasLocation": places}, at))
    limits = [codes for codes in stated if codes and WORLD not in codes]
    if not limits:
        return stated[0] if stated else None
    common = [code for code in limits[0] if all(code in codes for codes in limits)]
    if not common:
        page.wrong(at, "dpv:hasLocation: the places it states have none in common")
    return common


def _validity(
    page: Page, parts: tuple[Node, Node], view: Node, events: Events, at: str
) -> tuple[datetime | None, datetime | None]:
    """Return from when and until when consent holds: the earliest end of all that it states."""
    start = page.instant(view, "curate:validFrom", at)
    begun = start or min((row["effective_at"] for row in events.rows), default=None)
    ends = [page.instant(view, "curate:validUntil", at), events.until()]
    for item in _conditions(parts, "dpv:hasStorageCondition"):
        # Deletion follows storage: only what may be stored may be used.
        deletion = "dpv:StorageDeletion" in page.types(item, at)
        if "dpv:hasDuration" in item and begun is not None and not deletion:
            ends.append(read_end(page, item, begun, at)[0])
    end = min((moment for moment in ends if moment is not None), default=None)
    if start and end and end <= start:
        page.wrong(at, f"consent ends at {end}, which is not after its start")
    return start, end


def _withdrawal(page: Page, view: Node, at: str) -> str | None:
    method = None
    for item in listed(view.get("dpv:hasConsentControl")):
        kinds = page.types(item, at) if isinstance(item, dict) else []
        if "dpv:WithdrawConsent" in kinds and method is None:
            method = page.text(item, "dpv:isExercisedAt", at)
        if kinds != ["dpv:WithdrawConsent"] or item.keys() - {"@type", "dpv:isExercisedAt"}:
            page.partly.add("dpv:hasConsentControl")
    return method


def _proof(page: Page, view: Node, at: str) -> Proof:
    values = listed(view.get("dpv:hasNotice"))
    nodes = [item if isinstance(item, dict) else {"@id": item} for item in values]
    notice = nodes[0] if len(nodes) == 1 else {}
    if len(nodes) > 1 or notice.keys() - _NOTICE_KEYS:
        page.partly.add("dpv:hasNotice")
    if "dct:language" in notice and "curate:textSha256" not in notice:
        page.partly.add("dpv:hasNotice")
    if notice.get("dct:identifier", _notice_id(page, notice, at)) != _notice_id(page, notice, at):
        page.partly.add("dpv:hasNotice")
    level, signer = view.get("curate:assurance", 4), view.get("curate:verifiedSigner", False)
    if type(level) is not int:
        page.wrong(at, "curate:assurance: expected a whole number")
    if not isinstance(signer, bool):
        page.wrong(at, "curate:verifiedSigner: expected true or false")
    kind = page.choice(view, "curate:evidence", tuple(Kind), at) or Kind.INDIVIDUAL_RECORD
    return Proof(
        kind=Kind(kind) if kind in tuple(Kind) else Kind.NONE,
        document_sha256=page.digest(view, "curate:documentSha256", at),
        verified_signer=signer is True,
        notice_id=_notice_id(page, notice, at),
        notice_sha256=page.digest(notice, "curate:textSha256", at),
        at_most=level if type(level) is int else 0,
    )


def _notice_id(page: Page, notice: Node, at: str) -> str | None:
    """Return the id of a notice: its address, where that is none of ours, else what it names."""
    name = page.text(notice, "@id", at)
    return None if name is None else name_of("notice", name)


def _texts(page: Page, view: Node, key: str, at: str) -> list[str] | None:
    if key not in view:
        return None
    values = listed(view[key])
    if not all(isinstance(value, str) for value in values):
        page.wrong(at, f"{key}: expected texts")
    return [str(value) for value in values]
