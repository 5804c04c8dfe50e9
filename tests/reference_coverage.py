"""Coverage written plainly: one obligation, one consent and one rule at a time.

`curate.consent.coverage` answers for all people at once, in SQL. This says the same as STANDARDS
section 9.4 reads, shares no code with it, and is what the engine is held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from curate.model.config import UseProfile

Row = Mapping[str, Any]

AUDIENCES = ("internal", "consortium", "gated", "public")
GRANTS = ("ConsentGiven", "RenewedConsentGiven")
# What one record says against all records of the person.
AGAINST = {
    "ConsentWithdrawn": "withdrawn",
    "ConsentRefused": "refused",
    "ConsentRevoked": "revoked",
    "ConsentInvalidated": "invalidated",
}
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
    "release-outlives-consent", "uninformed", "legal-basis-unstated",
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


@dataclass(frozen=True)
class Record:
    """All that is on record of a person: consents, their events, and those that count.

    What was said under another name of theirs is among the events, about a consent in ``all``.
    """

    all: Sequence[Row]
    consents: Sequence[Row]
    events: Sequence[Row]
    said: Sequence[Row]


def answer(
    obligation: Row,
    consents: Sequence[Row],
    events: Sequence[Row],
    notices: Mapping[str, Row],
    asked: Asked,
) -> tuple[str | None, list[str]]:
    """Return the consent that comes nearest to covering an obligation, and why it falls short."""
    mine = [c for c in consents if c["subject_id"] == obligation["subject_id"]]
    events = [e for e in events if e["subject_id"] == obligation["subject_id"]]
    said = heard(events, asked)
    best: tuple[Any, ...] | None = None
    if all(_says_nothing_yet(c, events, said) for c in mine):
        return None, ["no-consent"]
    answered = [c for c in mine if "pending" not in _of_state(c, said)]
    # Of records without an answer none is better than another: the worst is told.
    sign = 1 if answered else -1
    for consent in answered or mine:
        found = reasons(obligation, consent, Record(consents, mine, events, said), notices, asked)
        own = [e for e in said if e["consent_id"] == consent["consent_id"]]
        latest = max((e["effective_at"] for e in own), default=None)
        age = (1, 0.0) if latest is None else (0, -latest.timestamp())
        rank = (sign * len(found - DOUBTS), sign * len(found), age, consent["consent_id"])
        if best is None or rank < best[0]:
            best = (rank, consent["consent_id"], sorted(found))
    return (None, ["no-consent"]) if best is None else (best[1], best[2])


def _says_nothing_yet(consent: Row, events: Sequence[Row], said: Sequence[Row]) -> bool:
    """Tell whether somebody says no in a record, and nothing of it counts so far."""
    own = [e for e in events if e["consent_id"] == consent["consent_id"]]
    heard_of = any(e["consent_id"] == consent["consent_id"] for e in said)
    return bool(own) and not heard_of and all(e["state"] in NO for e in own)


def reasons(
    obligation: Row,
    consent: Row,
    record: Record,
    notices: Mapping[str, Row],
    asked: Asked,
) -> set[str]:
    """Return why one consent does not cover an obligation; nothing when it does."""
    return {
        *_of_state(consent, record.said),
        *_of_others(obligation, consent, record, asked),
        *_of_time(consent, asked),
        *_of_what_comes(obligation, consent, record, asked),
        *_of_purpose(consent, asked),
        *_of_role(obligation, consent, asked),
        *_of_reach(consent, asked),
        *_of_scope(obligation, consent),
        *_of_proof(obligation, consent, notices, asked),
    }


def heard(events: Sequence[Row], asked: Asked) -> list[Row]:
    """Return the events that count: known by then, not annulled, about this purpose.

    Each has ``dated``: whether it is known when it happened. Nobody said when an undated consent
    was given, so it stands from the beginning.
    """
    found = []
    for event in events:
        if event.get("annulled_at") is not None:
            continue
        about = set(event.get("purposes") or ())
        if about and not about & asked.line:
            continue
        dated = is_dated(event)
        if dated and event["effective_at"] > asked.as_of:
            continue
        found.append({**event, "dated": dated})
    return found


def is_dated(event: Row) -> bool:
    """Tell whether it is known when something happened; of anything but a grant it always is."""
    if event["state"] not in GRANTS:
        return True
    if event.get("undated") is not None:
        return not event["undated"]
    # Imports once put the day from which a consent holds in the place of the day of giving.
    return event.get("method") != "import"


def said_at(event: Row) -> datetime:
    """Return the instant that only a grant given after it beats.

    Nobody undoes by an earlier grant what was said after it, from whichever instant it holds.
    """
    effective: datetime = event["effective_at"]
    stated = event.get("stated_at")
    return effective if event["state"] in GRANTS or stated is None else max(effective, stated)


def needed(obligation: Row, asked: Asked) -> set[str]:
    """Return the operations that must have been agreed to."""
    own = OWN_OPERATION.get((obligation["manipulation_type"], obligation["role"]))
    return {*asked.use.operations, *([own] if own else [])}


def _of_state(consent: Row, said: Sequence[Row]) -> set[str]:
    own = [e for e in said if e["consent_id"] == consent["consent_id"]]
    if not own:
        return {"pending"}
    latest = max(
        own,
        key=lambda e: (
            e["dated"], said_at(e), RANK.get(e["state"], UNKNOWN_RANK), e["event_id"],
        ),
    )["state"]  # fmt: skip
    return set() if latest in GRANTS else {NO.get(latest, "pending")}


def _of_others(
    obligation: Row,
    consent: Row,
    record: Record,
    asked: Asked,
) -> set[str]:
    """Return what any record of the person says against this one, unless it was given later."""
    consents, events, said = record.consents, record.events, record.said
    given = _last_given(consent["consent_id"], said)
    by_id = {c["consent_id"]: c for c in record.all}
    found: set[str] = set()
    for event in said:
        reason = AGAINST.get(event["state"])
        if reason is None or not _restricts_here(by_id.get(event["consent_id"]), obligation):
            continue
        if given is None or given <= said_at(event):
            found.add(reason)
    for other in consents:
        excludes = asked.line & set(other.get("purposes_excluded") or ())
        if not excludes or not _restricts_here(other, obligation):
            continue
        # It was said when that record was given, where it is known when.
        own = [e for e in said if e["consent_id"] == other["consent_id"]]
        grants = [e for e in events
                  if e["consent_id"] == other["consent_id"] and e["state"] in GRANTS]  # fmt: skip
        if grants and not own:
            continue  # still to be given, or for other purposes, or annulled
        moment = _last_given(other["consent_id"], said)
        if any(not e["dated"] for e in own):
            moment = None
        if moment is None or given is None or given <= moment:
            found.add("purpose-excluded")
    return found


def _last_given(consent_id: str, said: Sequence[Row]) -> datetime | None:
    """Return when a consent was last given, as far as anybody knows."""
    grants = [e["effective_at"] for e in said
              if e["consent_id"] == consent_id and e["state"] in GRANTS and e["dated"]]  # fmt: skip
    return max(grants, default=None)


def _restricts_here(record: Row | None, obligation: Row) -> bool:
    """Tell whether what a record forbids concerns an entry: one that lists entries, only them."""
    if record is None or record.get("scope_kind") != "listed_media":
        return True
    listed = record.get("scope_media_ids") or ()
    return not listed or obligation["media_id"] in listed


def _of_time(consent: Row, asked: Asked) -> set[str]:
    found: set[str] = set()
    start, end = consent.get("valid_from"), consent.get("valid_until")
    use = asked.use
    begins = max(asked.as_of, use.starts_at) if use.starts_at is not None else asked.as_of
    over = use.ends_at
    if over is None:
        over = begins + timedelta(days=use.horizon_days)
    if start is not None and start > asked.as_of:
        found.add("not-yet-valid")
    if end is None:
        found.add("no-expiry")
    else:
        if end <= begins:
            found.add("expired")
        if end < over:
            found.add("release-outlives-consent")
    return found


def _of_what_comes(obligation: Row, consent: Row, record: Record, asked: Asked) -> set[str]:
    """Return whether a no that is known already comes into force before the use is over."""
    use = asked.use
    begins = max(asked.as_of, use.starts_at) if use.starts_at is not None else asked.as_of
    over = use.ends_at
    if over is None:
        over = begins + timedelta(days=use.horizon_days)
    by_id = {c["consent_id"]: c for c in record.all}
    for event in record.events:
        about = set(event.get("purposes") or ())
        if event.get("annulled_at") is not None or (about and not about & asked.line):
            continue
        if not asked.as_of < event["effective_at"] < over:
            continue
        own = event["consent_id"] == consent["consent_id"]
        everywhere = event["state"] in AGAINST and _restricts_here(
            by_id.get(event["consent_id"]), obligation
        )
        if everywhere or (own and event["state"] == "ConsentExpired"):
            return {"release-outlives-consent"}
    return set()


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
    if basis is None:
        basis = asked.use.legal_basis
    if basis is None:
        found.add("legal-basis-unstated")
    elif basis not in ("A9-2-a", "A6-1-a", "bipa_release"):
        found.add("legal-basis-not-consent")
    if consent.get("consent_type") == "uninformed":
        found.add("uninformed")
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
