"""Ways to make random worlds worse: what is forbidden or taken away, and what is forgotten.

`RESTRICTIONS` and `UNKNOWNS` are by name; each changes a world in place.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.chance import INSTANTS, PURPOSES
from tests.factories import depiction, signal
from tests.random_worlds import Row, World
from tests.reference_coverage import GRANTS

Restrict = Callable[[Random, World], None]


def _each(table: str, change: Callable[[Random, Row], Row]) -> Restrict:
    """Return a restriction that changes some rows of a table."""

    def restrict(random: Random, world: World) -> None:
        world[table] = [
            row | change(random, row) if random.random() < 0.5 else row for row in world[table]
        ]

    return restrict


def _fewer(column: str, *, least: int = 0) -> Restrict:
    def change(random: Random, row: Row) -> Row:
        items = row[column] or []
        return {column: random.sample(items, len(items) - 1)} if len(items) > least else {}

    return _each("consents", change)


def _more(column: str, *values: str) -> Restrict:
    return _each(
        "consents", lambda random, row: {column: [*(row[column] or []), random.choice(values)]}
    )


def _fewer_listed(random: Random, world: World) -> None:
    # What was taken back for an entry alone is taken back there alone: with fewer listed it would
    # be for fewer.
    said_no = {e["consent_id"] for e in world["consent_events"] if e["state"] not in GRANTS}
    said_no |= {c["consent_id"] for c in world["consents"] if c["purposes_excluded"]}
    fewer = _fewer("scope_media_ids", least=1)
    free = {"consents": [c for c in world["consents"] if c["consent_id"] not in said_no]}
    held = [c for c in world["consents"] if c["consent_id"] in said_no]
    fewer(random, free)
    world["consents"] = free["consents"] + held


def _another(state: str) -> Restrict:
    """Return a restriction that adds a record by which somebody says no."""

    def restrict(random: Random, world: World) -> None:
        for consented in [c for c in world["consents"] if random.random() < 0.3]:
            more = {**consented, "consent_id": f"{consented['consent_id']}-no"}
            world["consents"].append(more | {"scope_kind": "all_media"})
            world["consent_events"].append(new_event(more, state, random.choice(INSTANTS)))

    return restrict


def _from_a_purpose(random: Random, world: World) -> None:
    world["consent_events"] += [
        new_event(consented, "ConsentWithdrawn", random.choice(INSTANTS))
        | {"event_id": f"{consented['consent_id']}-part", "purposes": [random.choice(PURPOSES)]}
        for consented in world["consents"]
        if random.random() < 0.3
    ]


def _undated(_: Random, row: Row) -> Row:
    # A grant that is still to come does not become one of the past.
    past = row["state"] in GRANTS and row["effective_at"] <= INSTANTS[3]
    return {"undated": True} if past else {}


def _earlier_end(random: Random, row: Row) -> Row:
    # A first end is no restriction: a consent without one is doubted for that.
    end = row["valid_until"]
    return {} if end is None else {"valid_until": min(end, random.choice(INSTANTS))}


def _later_start(random: Random, row: Row) -> Row:
    return {"valid_from": max(row["valid_from"] or INSTANTS[0], random.choice(INSTANTS))}


def _flag(random: Random, row: Row) -> Row:
    # Flags where nobody had read the terms say more, and not only less.
    flags = row["terms_flags"]
    return {} if flags is None else {"terms_flags": [*flags, random.choice(("no_training",
            "no_redistribution", "non_commercial", "untargeted_face_scrape"))]}  # fmt: skip


def _request(kind: str) -> Restrict:
    def restrict(random: Random, world: World) -> None:
        people = sorted({d["subject_id"] for d in world["depictions"]})
        for person in people[:1]:
            world["requests"].append({
                "request_id": f"{person}-asks", "kind": kind, "subject_id": person,
                "received_at": random.choice(INSTANTS), "state": "received",
            })  # fmt: skip

    return restrict


def _person(random: Random, world: World) -> None:
    for entry in world["media"]:
        if random.random() < 0.5:
            world["depictions"].append(depiction(entry, f"{entry['dataset']}-new"))


def _face(random: Random, world: World) -> None:
    for face in list(world["faces"]):
        if random.random() < 0.5:
            world["faces"].append(face | {"face_id": f"{face['face_id']}/new"})


def _parent(random: Random, world: World) -> None:
    ids = [entry["media_id"] for entry in world["media"]]
    left, right = random.choice(ids), random.choice(ids)
    known = {(r["left"], r["right"]) for r in world["relations"] if r["relation"] == "crop_of"}
    if left != right and (left, right) not in known:
        world["relations"].append({
            "left": left, "relation": "crop_of", "right": right, "left_kind": "media",
            "right_kind": "media", "basis": "declared", "stage": "ingest",
        })  # fmt: skip


def _withdrawal(random: Random, world: World) -> None:
    world["consent_events"] += [
        new_event(consented, "ConsentWithdrawn", random.choice(INSTANTS))
        for consented in world["consents"]
        if random.random() < 0.3
    ]


def new_event(consented: Row, state: str, at: Any) -> Row:
    return {
        "event_id": f"{consented['consent_id']}-new", "consent_id": consented["consent_id"],
        "subject_id": consented["subject_id"], "state": state, "effective_at": at,
    }  # fmt: skip


def _statement(random: Random, world: World) -> None:
    """Let some contents say something: a permission too, which changes nothing."""
    kinds: tuple[Row, ...] = (
        {},
        {"value": "DMI-ALLOWED", "ai_training": "allowed", "data_mining": "allowed"},
        {"value": "constrained", "ai_training": "constrained"},
        {"kind": "unreadable", "value": "broken", "ai_training": "unreadable"},
        {"kind": "c2pa_state", "value": "trusted", "ai_training": None},
    )
    for place, scan in enumerate(world["signal_scans"]):
        if random.random() < 0.5:
            said = signal(scan["sha256"], key=f"more/{place}", **random.choice(kinds))
            world["signals"].append(said)


RESTRICTIONS: dict[str, Restrict] = {
    "excluded purpose": _more("purposes_excluded", *PURPOSES),
    "excluded territory": _more("territories_excluded", "DE", "FR"),
    "forbidden context": _more("contexts_forbidden", "surveillance", "advertising"),
    "earlier end": _each("consents", _earlier_end),
    "later start": _each("consents", _later_start),
    "fewer operations": _fewer("operations"),
    "fewer roles": _fewer("roles_permitted"),
    "fewer purposes": _fewer("purposes"),
    "fewer manipulations": _fewer("manipulations_permitted"),
    # The last territory left out would say nothing of territories any more.
    "fewer territories": _fewer("territories", least=1),
    "fewer listed entries": _fewer_listed,
    "refusal elsewhere": _another("ConsentRefused"),
    "revocation elsewhere": _another("ConsentRevoked"),
    "invalidation elsewhere": _another("ConsentInvalidated"),
    "withdrawal from a purpose": _from_a_purpose,
    "nobody knows when it was given": _each("consent_events", _undated),
    "uninformed": _each("consents", lambda *_: {"consent_type": "uninformed"}),
    "no legal basis": _each("consents", lambda *_: {"legal_basis": "none"}),
    "narrower audience": _each("consents", lambda *_: {"audience_max": "internal"}),
    "no commercial use": _each("consents", lambda *_: {"commercial_use": "no"}),
    "less assurance": _each("consents", lambda *_: {"assurance_level": 0}),
    "notice speaks of less": _each("notices", lambda *_: {"covers_operations": ["include"]}),
    "withdrawal": _withdrawal,
    "restriction request": _request("restriction"),
    "erasure request": _request("erasure"),
    "subject restricted": _each("subjects", lambda *_: {"status": "restricted"}),
    "destruction date": _each("subjects", lambda *_: {"destroy_by": INSTANTS[0]}),
    "terms flag": _each("sources", _flag),
    "retracted source": _each("sources", lambda *_: {"status": "retracted"}),
    "extra person": _person,
    "extra face": _face,
    "extra parent": _parent,
    "failed scan": _each("face_scans", lambda *_: {"error": "undecodable"}),
    "failed search": _each("signal_scans", lambda *_: {"error": "undecodable"}),
    "statement": _statement,
}


def _shown(world: World) -> set[str]:
    """Return the entries in which somebody is declared."""
    return {d["media_id"] for d in world["depictions"] if d["link_status"] != "rejected"}


def _sourced(world: World) -> set[str]:
    return {entry["media_id"] for entry in world["media"] if entry["source_id"]}


def _not_declared_empty(world: World) -> set[str]:
    """Return the entries of which nobody says that they show nobody."""
    return {m["media_id"] for m in world["media"] if m["people"] != "none"}


def _all(world: World) -> set[str]:
    return {entry["media_id"] for entry in world["media"]}


def _set(table: str, **values: Any) -> Callable[[World], None]:
    def change(world: World) -> None:
        world[table] = [row | values for row in world[table]]

    return change


def _drop(*tables: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.update({table: [] for table in tables})

    return change


def _unknown_state(world: World) -> None:
    world["consent_events"] += [
        new_event(c, "ConsentFromTheFuture", INSTANTS[3]) for c in world["consents"]
    ]


UNKNOWNS: dict[str, tuple[Callable[[World], None], Callable[[World], set[str]]]] = {
    "no people": (_drop("depictions"), _not_declared_empty),
    "people ruled out": (_set("depictions", link_status="rejected"), _not_declared_empty),
    "no scan": (_drop("face_scans"), _all),
    "failed scans": (_set("face_scans", error="crashed"), _all),
    "not searched": (_drop("signal_scans"), _all),
    "failed searches": (_set("signal_scans", error="crashed"), _all),
    "files not opened": (_drop("sightings"), _all),
    "files unreadable": (_set("sightings", status="unreadable", sha256=None), _all),
    "manipulation unknown": (_set("media", manipulation_type="unknown"), _all),
    "no subject": (_drop("subjects"), _shown),
    "age unknown": (
        _set("subjects", is_minor_at_capture="unknown", subject_kind="unknown"),
        _shown,
    ),
    "no consent": (_drop("consents"), _shown),
    "no event": (_drop("consent_events"), _shown),
    "unknown state": (_unknown_state, _shown),
    "no end": (_set("consents", valid_until=None), _shown),
    "no scope": (_set("consents", scope_kind=None), _shown),
    "no listed entries": (
        _set("consents", scope_kind="listed_media", scope_media_ids=None),
        _shown,
    ),
    "notice lost": (_set("consents", notice_id="lost"), _shown),
    "nothing sure": (_set("consents", assurance_level=0), _shown),
    "other basis": (_set("consents", legal_basis="other"), _shown),
    "role unknown": (_set("depictions", role="unknown"), _shown),
    "link proposed": (_set("depictions", link_status="proposed"), _shown),
    "terms not read": (_set("sources", terms_flags=None), _sourced),
    "source unknown": (_drop("sources"), _sourced),
}
