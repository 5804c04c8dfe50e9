"""Coverage written plainly: one obligation, one consent and one rule at a time.

`curate.consent.coverage` answers for all people at once, in SQL. This says the same as STANDARDS
section 9.4 reads, shares no code with it, and is what the engine is held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.model.config import UseProfile

Row = Mapping[str, Any]

AUDIENCES = ("internal", "consortium", "gated", "public")
GRANTS = ("ConsentGiven", "RenewedConsentGiven")
NO = {
    "ConsentWithdrawn": "withdrawn",
    "ConsentRevoked": "revoked",
    "ConsentInvalidated": "invalidated",
    "ConsentRefused": "refused",
    "ConsentExpired": "expired",
}
# Of events at one instant the most restrictive counts; whatever is not named here is no grant.
RANK = {
    "ConsentGiven": 0,
    "RenewedConsentGiven": 1,
    "ConsentRequested": 3,
    "ConsentRequestDeferred": 4,
    "ConsentExpired": 5,
    "ConsentRefused": 6,
    "ConsentInvalidated": 7,
    "ConsentRevoked": 8,
    "ConsentWithdrawn": 9,
}
UNKNOWN_RANK = 2
OWN_OPERATION = {
    ("face_swap", "donor"): "likeness_synthesis",
    ("face_swap", "target"): "likeness_alteration",
    ("reenactment", "target"): "likeness_synthesis",
    ("reenactment", "driver"): "performance_transfer",
    ("lip_sync", "target"): "likeness_synthesis",
    ("lip_sync", "voice_donor"): "voice_synthesis",
    ("attribute_edit", "depicted"): "likeness_alteration",
    ("morph", "donor"): "likeness_synthesis",
    ("identity_conditioned_synthesis", "donor"): "likeness_synthesis",
}
DOUBTS = {
    "pending", "commercial-unstated", "territory-unstated", "scope-unresolved",
    "legal-basis-not-consent", "notice-mismatch", "assurance-too-low", "no-expiry",
    "release-outlives-consent",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What coverage is asked: the use, its purpose with the broader ones, and the instant."""

    use: UseProfile
    purposes: Mapping[str, str | None]
    as_of: datetime

    @property
    def line(self) -> set[str]:
        """The purpose and everything above it."""
        found: set[str] = set()
        at: str | None = self.use.purpose
        while at is not None and at not in found:
            found.add(at)
            at = self.purposes.get(at)
        return found

    @property
    def territories(self) -> set[str]:
        """Where the media would be."""
        return {*self.use.recipient_territories, *self.use.storage_territories}


def answer(
    obligation: Row,
    consents: Sequence[Row],
    events: Sequence[Row],
    notices: Mapping[str, Row],
    asked: Asked,
) -> tuple[str | None, list[str]]:
    """Return the consent that comes nearest to covering an obligation, and why it falls short."""
    held = [e for e in events if e["effective_at"] <= asked.as_of]
    best: tuple[Any, ...] | None = None
    for consent in consents:
        if consent["subject_id"] != obligation["subject_id"]:
            continue
        said = reasons(obligation, consent, held, notices, asked)
        own = [e for e in held if e["consent_id"] == consent["consent_id"]]
        latest = max((e["effective_at"] for e in own), default=None)
        age = (1, 0.0) if latest is None else (0, -latest.timestamp())
        rank = (len(said - DOUBTS), len(said), age, consent["consent_id"])
        if best is None or rank < best[0]:
            best = (rank, consent["consent_id"], sorted(said))
    return (None, ["no-consent"]) if best is None else (best[1], best[2])


def reasons(
    obligation: Row, consent: Row, held: Sequence[Row], notices: Mapping[str, Row], asked: Asked
) -> set[str]:
    """Return why one consent does not cover an obligation; nothing when it does."""
    return {
        *_of_state(consent, held),
        *_of_time(consent, asked),
        *_of_purpose(consent, asked),
        *_of_role(obligation, consent, asked),
        *_of_reach(consent, asked),
        *_of_scope(obligation, consent),
        *_of_proof(obligation, consent, notices, asked),
    }


def needed(obligation: Row, asked: Asked) -> set[str]:
    """Return the operations that must have been agreed to."""
    own = OWN_OPERATION.get((obligation["manipulation_type"], obligation["role"]))
    return {*asked.use.operations, *([own] if own else [])}


def _of_state(consent: Row, held: Sequence[Row]) -> set[str]:
    found: set[str] = set()
    own = [e for e in held if e["consent_id"] == consent["consent_id"]]
    withdrawals = [e["effective_at"] for e in held
                   if e["subject_id"] == consent["subject_id"]
                   and e["state"] == "ConsentWithdrawn"]  # fmt: skip
    grants = [e["effective_at"] for e in own if e["state"] in GRANTS]
    if withdrawals and (not grants or max(grants) <= max(withdrawals)):
        found.add("withdrawn")
    if not own:
        return found | {"pending"}
    latest = max(
        own,
        key=lambda e: (e["effective_at"], RANK.get(e["state"], UNKNOWN_RANK), e["event_id"]),
    )["state"]
    if latest not in GRANTS:
        found.add(NO.get(latest, "pending"))
    return found


def _of_time(consent: Row, asked: Asked) -> set[str]:
    found: set[str] = set()
    start, end = consent.get("valid_from"), consent.get("valid_until")
    if start is not None and start > asked.as_of:
        found.add("not-yet-valid")
    if end is None:
        found.add("no-expiry")
    else:
        if end <= asked.as_of:
            found.add("expired")
        if asked.use.ends_at is not None and end < asked.use.ends_at:
            found.add("release-outlives-consent")
    return found


def _of_purpose(consent: Row, asked: Asked) -> set[str]:
    found: set[str] = set()
    if asked.line & set(consent.get("purposes_excluded") or ()):
        found.add("purpose-excluded")
    if not asked.line & set(consent["purposes"]):
        found.add("purpose-not-granted")
    return found


def _of_role(obligation: Row, consent: Row, asked: Asked) -> set[str]:
    found: set[str] = set()
    kind, role = obligation["manipulation_type"], obligation["role"]
    if role not in consent["roles_permitted"]:
        found.add("role-not-granted")
    if not needed(obligation, asked) <= set(consent["operations"]):
        found.add("operation-not-granted")
    lent = role in ("donor", "target", "driver", "voice_donor") or (kind, role) in OWN_OPERATION
    agreed = kind in (consent.get("manipulations_permitted") or ())
    if kind not in ("none", "unknown") and lent and not agreed:
        found.add("manipulation-not-granted")
    return found


def _of_reach(consent: Row, asked: Asked) -> set[str]:
    found: set[str] = set()
    reach = consent["audience_max"]
    if reach not in AUDIENCES or AUDIENCES.index(reach) < AUDIENCES.index(asked.use.audience):
        found.add("audience-exceeded")
    if asked.use.commercial and consent["commercial_use"] != "yes":
        no = consent["commercial_use"] == "no"
        found.add("commercial-not-granted" if no else "commercial-unstated")
    granted = set(consent.get("territories") or ())
    excluded = set(consent.get("territories_excluded") or ())
    # Who goes everywhere goes where they must not.
    if asked.territories & excluded or ("WORLD" in asked.territories and excluded):
        found.add("territory-not-granted")
    elif asked.territories and "WORLD" not in granted:
        if not granted:
            found.add("territory-unstated")
        elif not asked.territories <= granted:
            found.add("territory-not-granted")
    if set(asked.use.contexts) & set(consent.get("contexts_forbidden") or ()):
        found.add("context-forbidden")
    return found


def _of_scope(obligation: Row, consent: Row) -> set[str]:
    kind = consent.get("scope_kind")
    if kind == "all_media":
        return set()
    if kind != "listed_media":
        return {"scope-unresolved"}
    listed = obligation["media_id"] in (consent.get("scope_media_ids") or ())
    return set() if listed and obligation["media_id"] is not None else {"other-media"}


def _of_proof(obligation: Row, consent: Row, notices: Mapping[str, Row], asked: Asked) -> set[str]:
    found: set[str] = set()
    basis = consent.get("legal_basis")
    if basis is not None and basis not in ("A9-2-a", "A6-1-a", "bipa_release"):
        found.add("legal-basis-not-consent")
    if consent.get("notice_id") is not None:
        notice = notices.get(consent["notice_id"], {})
        speaks = asked.line & set(notice.get("covers_purposes") or ())
        if not speaks or not needed(obligation, asked) <= set(
            notice.get("covers_operations") or ()
        ):
            found.add("notice-mismatch")
    if consent["assurance_level"] < AUDIENCES.index(asked.use.audience) + 1:
        found.add("assurance-too-low")
    return found
