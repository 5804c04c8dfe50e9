"""What a statement permits more than the one that stands under the same id.

An old spreadsheet that is imported again, or one that somebody edited, must not undo what people
said: a statement that permits more is a new one, or a correction for which somebody gives a
reason. What nobody had said before (an end, a date of giving, a legal basis, an age) may be
completed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from curate.consent.statements import RESTRICTING
from curate.consent.vocabulary import PERMITTING
from curate.model.instants import print_instant

Record = Mapping[str, Any]

_AUDIENCES = ("internal", "consortium", "gated", "public")
_COMMERCIAL = ("no", "unstated", "yes")
_TYPES = ("uninformed", "implied", "expressed", "explicit")
# From that which permits least.
_SOURCE_STATES = ("retracted", "restricted", "superseded", "active")
_CLAIMS = ("none", "not_applicable", "dataset_statement", "batch_attestation",
           "individual_records")  # fmt: skip
# A licence of Creative Commons, and the conditions that its name states.
_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-\d\.\d")
_KINDS = ("minor", "deceased", "adult")


def relaxations(kind: str, before: Record, after: Record) -> list[str]:
    """Return what a record permits more than the one before it, in words; nothing if nothing.

    Args:
        kind: The table of the ledger.
        before: The record as it stands.
        after: The record of the same id that would take its place.
    """
    if before.get("annulled_at") is not None:
        return []
    judge = _JUDGES.get(kind)
    return [] if judge is None else [text for text in judge(before, after) if text]


def _consents(before: Record, after: Record) -> list[str]:
    return [
        _other(before, after, "subject_id"),
        *(_added(before, after, name) for name in (
            "purposes", "operations", "roles_permitted", "manipulations_permitted", "territories")),
        *(_removed(before, after, name) for name in (
            "purposes_excluded", "territories_excluded", "contexts_forbidden")),
        _wider(before, after, "audience_max", _AUDIENCES),
        _wider(before, after, "commercial_use", _COMMERCIAL),
        _wider(before, after, "consent_type", _TYPES),
        _earlier(before, after, "valid_from"),
        _later(before, after, "valid_until"),
        *(_other(before, after, name) for name in ("legal_basis", "notice_id", "document_sha256")),
        _scope(before, after),
    ]  # fmt: skip


def _scope(before: Record, after: Record) -> str:
    was, now = before.get("scope_kind"), after.get("scope_kind")
    if was == now == "listed_media":
        # What was forbidden for an entry would no longer be, either.
        listed, lists = (set(r.get("scope_media_ids") or ()) for r in (before, after))
        return "" if listed == lists else "scope: the listed entries are others"
    if was in (None, now) or (was in ("session", "project") and now == "listed_media"):
        return ""
    return f"scope: {was} becomes {now}"


def _events(before: Record, after: Record) -> list[str]:
    was, now = before["state"], after["state"]
    changed = [_other(before, after, name) for name in ("subject_id", "consent_id")]
    if was != now:
        return [*changed, f"state: {was} becomes {now}"]
    undated, imported = before.get("undated"), before.get("method") == "import"
    if was in PERMITTING and (imported if undated is None else undated):
        return changed  # when it was given may be completed
    moved = before["effective_at"] != after["effective_at"]
    at = f"effective_at: {_word(before['effective_at'])} becomes {_word(after['effective_at'])}"
    about = _removed(before, after, "purposes") if before.get("purposes") else (
        "purposes: it is about some alone" if after.get("purposes") else ""
    )  # fmt: skip
    restricts = was in RESTRICTING
    return [*changed, at if moved else "", about if restricts else "",
            "" if before.get("indicated_by") == after.get("indicated_by") or restricts
            else _other(before, after, "indicated_by")]  # fmt: skip


def _subjects(before: Record, after: Record) -> list[str]:
    # Of whom it is not known any more that they were of age, less is permitted.
    doubted = {name for name, was in (("subject_kind", "adult"), ("is_minor_at_capture", "no"))
               if before.get(name) == was and after.get(name) == "unknown"}  # fmt: skip
    return [
        "" if "subject_kind" in doubted else _wider(before, after, "subject_kind", _KINDS),
        ""
        if "is_minor_at_capture" in doubted
        else _wider(before, after, "is_minor_at_capture", ("yes", "no")),
        _earlier(before, after, "majority_on", known=True),
        _later(before, after, "deceased_on"),
        _later(before, after, "destroy_by"),
    ]


def _sources(before: Record, after: Record) -> list[str]:
    kind = "" if before.get("kind") == "unknown" else _other(before, after, "kind")
    return [
        kind,
        _wider(before, after, "status", _SOURCE_STATES),
        _wider(before, after, "consent_claim", _CLAIMS),
        _removed(before, after, "terms_flags"),
        ""
        if _stricter(before.get("licence"), after.get("licence"))
        else _other(before, after, "licence"),
    ]


def _stricter(before: Any, after: Any) -> bool:
    """Tell whether a licence of Creative Commons keeps all conditions of another one.

    >>> _stricter("CC-BY-4.0", "CC BY-NC-ND 4.0"), _stricter("CC-BY-NC-4.0", "CC-BY-4.0")
    (True, False)
    """
    found = [_COMMONS.fullmatch(re.sub(r"[\s_-]+", "-", str(one).strip()).upper())
             for one in (before, after)]  # fmt: skip
    was, now = ({*one[1].split("-")} if one else set() for one in found)
    return bool(was) and was <= now


def _notices(before: Record, after: Record) -> list[str]:
    return [
        _other(before, after, "text_sha256"),
        *(_added(before, after, name) for name in ("covers_purposes", "covers_operations")
          if before.get(name) is not None),
    ]  # fmt: skip


_JUDGES: dict[str, Callable[[Record, Record], list[str]]] = {
    "consents": _consents,
    "consent_events": _events,
    "subjects": _subjects,
    "sources": _sources,
    "notices": _notices,
}


def _added(before: Record, after: Record, name: str) -> str:
    more = set(after.get(name) or ()) - set(before.get(name) or ())
    return f"{name}: {', '.join(sorted(more))} added" if more else ""


def _removed(before: Record, after: Record, name: str) -> str:
    gone = set(before.get(name) or ()) - set(after.get(name) or ())
    return f"{name}: {', '.join(sorted(gone))} removed" if gone else ""


def _wider(before: Record, after: Record, name: str, order: Collection[str]) -> str:
    """Tell whether a value stands later in an order; what is not in it was not known."""
    was, now = before.get(name), after.get(name)
    places = list(order)
    if was not in places or was == now:
        return ""
    if now in places and places.index(now) < places.index(was):
        return ""
    return f"{name}: {was} becomes {_word(now)}"


def _other(before: Record, after: Record, name: str) -> str:
    was, now = before.get(name), after.get(name)
    return "" if was is None or was == now else f"{name}: {_word(was)} becomes {_word(now)}"


def _earlier(before: Record, after: Record, name: str, *, known: bool = False) -> str:
    was, now = before.get(name), after.get(name)
    if was is None or (now is not None and now >= was) or (known and now is None):
        return ""
    return f"{name}: {_word(was)} becomes {_word(now)}"


def _later(before: Record, after: Record, name: str) -> str:
    was, now = before.get(name), after.get(name)
    if was is None or (now is not None and now <= was):
        return ""
    return f"{name}: {_word(was)} becomes {_word(now)}"


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    return print_instant(value) if hasattr(value, "hour") else str(value)
