"""Kantara Consent Receipts 1.1: read, never written.

STANDARDS section 1.3. A receipt proves little and grants little: it has no state beyond the
moment it was issued, no withdrawal, no territory, no role and no operation. What it does not
state is not granted, so a consent from a receipt never clears anything by itself. It is an
individual record without the digest of a signed document, which is assurance 1: the public key
in a receipt is the controller's, it is carried beside no signature, and proves nothing about the
subject. Where `documents` names the digest of the document a receipt was made from, it is 3.

Purposes come from ``purposeCategory`` through an explicit mapping; each category that is no
known purpose must be mapped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from curate.consent.assurance import Kind, Proof, assurance
from curate.consent.jsonld import listed, raise_all
from curate.consent.page import ADDRESS
from curate.consent.statements import Statements
from curate.errors import CurateError, InvalidRowError

VERSION = "KI-CR-v1.1.0"
AT_MOST = 3

Record = dict[str, Any]

_TEXTS = ("jurisdiction", "collectionMethod", "consentReceiptID", "piiPrincipalId", "policyUrl")
_CONTROLLER = ("piiController", "contact", "email", "phone")
_KEPT_OF_CONTROLLERS = ("piiController", "piiControllerUrl", "onBehalf")
_PURPOSE: dict[str, type] = {
    "consentType": str,
    "purposeCategory": list,
    "piiCategory": list,
    "termination": str,
    "thirdPartyDisclosure": bool,
}
_TYPES = {"EXPLICIT": "explicit", "EXPRESSED": "expressed", "IMPLICIT": "implied",
          "IMPLIED": "implied"}  # fmt: skip


@dataclass(frozen=True)
class Mapped:
    """How the words of receipts are to be understood here.

    Attributes:
        purposes: The purpose that a ``purposeCategory`` stands for.
        documents: SHA-256 of the signed document, by the receipt's id.
    """

    purposes: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


def is_receipt(document: Any) -> bool:
    """Return whether a JSON document is a receipt, or an array that begins with one."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return False
    version = first.get("version")
    return "consentReceiptID" in first or "piiPrincipalId" in first or (
        isinstance(version, str) and version.startswith("KI-CR-")
    )  # fmt: skip


def read_receipts(
    document: Any, *, where: str, purposes: Iterable[str], mapped: Mapped | None = None
) -> Statements:
    """Return the statements in one receipt or an array of them.

    A receipt with several purposes becomes several consents, each with its own purposes.

    Args:
        document: The parsed JSON.
        where: The file, for places.
        purposes: The purposes that are known.
        mapped: How categories of purposes are to be understood.

    Raises:
        InvalidRowError: One place is wrong.
        ManyErrors: Several places are wrong; nothing is returned.
    """
    reading = _Reading(frozenset(purposes), mapped or Mapped())
    many = isinstance(document, list)
    for index, item in enumerate(document if many else [document]):
        reading.receipt(item, f"{where}[{index}]" if many else where)
    raise_all(reading.errors)
    return reading.statements


class _Reading:
    """Receipts being read: what they state, and what is wrong with them."""

    def __init__(self, purposes: frozenset[str], mapped: Mapped) -> None:
        self.purposes, self.mapped = purposes, mapped
        self.statements = Statements()
        self.errors: list[CurateError] = []
        self._seen: dict[str, str] = {}

    def receipt(self, item: Any, place: str) -> None:
        """Read one receipt."""
        if not isinstance(item, dict):
            self._wrong(place, f"expected a receipt, found {type(item).__name__}")
            return
        before = len(self.errors)
        moment = self._head(item, place)
        found = [
            (f"{place}.services[{i}].purposes[{j}]", purpose)
            for i, service in enumerate(self._objects(item, "services", place))
            for j, purpose in enumerate(
                self._objects(service, "purposes", f"{place}.services[{i}]", text="service")
            )
        ]
        checked = [(at, purpose, self._purpose(purpose, at)) for at, purpose in found]
        if len(self.errors) > before or moment is None:
            return
        name, subject = item["consentReceiptID"], item["piiPrincipalId"]
        first = self._seen.setdefault(name, place)
        if first != place:
            self._wrong(place, f"consentReceiptID: {name!r} stands at {first} already")
        self.statements.mentioned.add(subject)
        for number, (_, purpose, terms) in enumerate(checked, 1):
            consent = f"{name}#{number}" if len(checked) > 1 else name
            self._keep(consent, item, purpose, terms, moment)
        self.statements.notes.append(
            f"{place}: a receipt grants no operation, role or territory; this consent clears "
            "nothing by itself"
        )

    def _keep(
        self, consent: str, item: Record, purpose: Record, terms: list[str], moment: datetime
    ) -> None:
        digest = self.mapped.documents.get(item["consentReceiptID"])
        proof = Proof(Kind.INDIVIDUAL_RECORD, digest, at_most=AT_MOST)
        # The subject's id stands in its own column, and contacts of people do not stay.
        left_out = ("services", "piiPrincipalId", "piiControllers")
        rest = {k: v for k, v in item.items() if k not in left_out} | {
            "piiControllers": [
                {k: v for k, v in controller.items() if k in _KEPT_OF_CONTROLLERS}
                for controller in item["piiControllers"]
            ]
        }
        self.statements.add("consents", {
            "consent_id": consent,
            "subject_id": item["piiPrincipalId"],
            "consent_type": _TYPES.get(purpose["consentType"].upper()),
            "purposes": terms,
            "operations": [],
            "roles_permitted": [],
            "audience_max": "internal",
            "commercial_use": "unstated",
            "document_sha256": digest,
            "assurance_level": assurance(proof, {}),
            "scope_kind": "all_media",
            "extra": json.dumps({"kantara": rest | {"purpose": purpose}}, sort_keys=True),
        })  # fmt: skip
        self.statements.add("consent_events", {
            "event_id": f"{consent}/given",
            "consent_id": consent,
            "subject_id": item["piiPrincipalId"],
            "state": "ConsentGiven",
            "effective_at": moment,
            "indicated_by": "subject",
            "method": item["collectionMethod"],
        })  # fmt: skip

    def _head(self, item: Record, place: str) -> datetime | None:
        if item.get("version") != VERSION:
            self._wrong(place, f"version: {item.get('version')!r} is not {VERSION!r}")
        for name in _TEXTS:
            self._text(item, name, place)
        subject = item.get("piiPrincipalId")
        if isinstance(subject, str) and ADDRESS.fullmatch(subject):
            self._wrong(place, f"piiPrincipalId: {subject!r} is an address; expected a pseudonym")
        for i, controller in enumerate(self._objects(item, "piiControllers", place)):
            for name in _CONTROLLER:
                self._text(controller, name, f"{place}.piiControllers[{i}]")
            if "address" not in controller:
                self._wrong(f"{place}.piiControllers[{i}]", "address is missing")
        if not isinstance(item.get("sensitive"), bool):
            self._wrong(place, "sensitive: expected true or false")
        if not isinstance(item.get("spiCat"), list):
            self._wrong(place, "spiCat: expected an array")
        return self._moment(item.get("consentTimestamp"), place)

    def _moment(self, seconds: Any, place: str) -> datetime | None:
        if type(seconds) is not int:
            self._wrong(place, "consentTimestamp: expected whole seconds since 1970")
            return None
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            self._wrong(place, f"consentTimestamp: {seconds} is out of the years there are")
            return None

    def _purpose(self, purpose: Record, at: str) -> list[str]:
        for name, kind in _PURPOSE.items():
            if not isinstance(purpose.get(name), kind):
                self._wrong(at, f"{name}: expected {_WORDS[kind]}")
        if purpose.get("thirdPartyDisclosure") is True:
            self._text(purpose, "thirdPartyName", at)
        terms = []
        for category in listed(purpose.get("purposeCategory")):
            term = self.mapped.purposes.get(category, category) if isinstance(category, str) else ""
            if term in self.purposes:
                terms.append(term)
            else:
                self._wrong(
                    at,
                    f"purposeCategory: {category!r} is not mapped to a known purpose",
                    "map it to one of: " + ", ".join(sorted(self.purposes)),
                )
        if not terms and purpose.get("purposeCategory") == []:
            self._wrong(at, "purposeCategory: at least one is needed")
        return terms

    def _objects(self, item: Record, name: str, place: str, *, text: str = "") -> list[Record]:
        if text:
            self._text(item, text, place)
        values = item.get(name)
        if not isinstance(values, list) or not values:
            self._wrong(place, f"{name}: expected an array with at least one object")
            return []
        wrong = [i for i, value in enumerate(values) if not isinstance(value, dict)]
        for i in wrong:
            self._wrong(f"{place}.{name}[{i}]", "expected an object")
        return [value for value in values if isinstance(value, dict)]

    def _text(self, item: Record, name: str, place: str) -> None:
        if not isinstance(item.get(name), str) or not item[name]:
            found = "is missing" if name not in item else "expected text"
            self._wrong(place, f"{name} is missing" if name not in item else f"{name}: {found}")

    def _wrong(self, place: str, problem: str, hint: str = "") -> None:
        self.errors.append(
            InvalidRowError(
                problem,
                where=place,
                hint=hint or "docs/consent-formats.md lists what a receipt must hold",
            )
        )


_WORDS = {str: "text", list: "an array", bool: "true or false"}
