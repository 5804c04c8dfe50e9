"""Random worlds: small catalogues and ledgers in which values collide and most things go wrong.

`random_world` draws one world from a `random.Random`, whose seed a test counts up or hypothesis
chooses. Ids begin with the world's name, so that many worlds lie side by side in one set of
tables without touching, and are judged at once: all worlds of a batch share one question.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import pyarrow as pa

from curate.audit.facts import INPUTS, Question
from curate.model.config import UseProfile, Waiver
from curate.schema import conform, purpose_tree
from tests.chance import (
    AUDIENCES,
    CASTS,
    CONTEXTS,
    COUNTRIES,
    CURRENT,
    DAYS,
    FLAGS,
    INSTANTS,
    NOON,
    OPERATIONS,
    PAST,
    PURPOSES,
    REQUESTS,
    ROLES,
    STALE,
    STATES,
    WAIVABLE,
    Dice,
)
from tests.factories import STAGES, content, entries, part, searched, searched_beside, signal
from tests.reference_questions import NAMES as QUESTIONS
from tests.reference_verdicts import visible

REVIEWERS = ("ana", "ben", "eva")
Row = dict[str, Any]
World = dict[str, list[Row]]
# States of hash lists, the present one last.
LISTS = ("a", "b")
LICENCES = (
    *("CC BY-NC 4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "LicenseRef-contract-7"),
    "All rights reserved. MIT license for the tools.",
)
HELD = (True, None, False)
BASES = ("seen", "matched", "declared", "reviewed")
# Of two models the first is in use.
RANDOM_STAGES = tuple(
    {**row, "model_id": "one"} if row["stage"] == "faces" else row for row in STAGES
)


def random_question(random: Random) -> Question:
    """Return a question for a batch of worlds."""
    dice = Dice(random)
    use = UseProfile(
        "case",
        dice.usual("train-detector", "evaluate-detector", "deepfake-detection"),
        dice.usual(("include", "train_detector"), ("include",), tuple(dice.some(OPERATIONS, 0.3))),
        audience=dice.usual(random.choice(("internal", "internal", "gated")), *AUDIENCES),
        commercial=dice.odd(),
        recipient_territories=tuple(dice.usual((), ("DE",), ("DE", "US"), ("WORLD",))),
        storage_territories=tuple(dice.usual((), ("FR",))),
        starts_at=dice.usual(None, *INSTANTS[2:7]),
        ends_at=random.choice((None, None, INSTANTS[5], INSTANTS[7])),
        horizon_days=dice.usual(30, 1, 299, 300, 365),
        legal_basis=dice.usual(random.choice((None, "A6-1-a")), "A6-1-f", "A9-2-a"),
        contexts=tuple(dice.few(CONTEXTS) or ()),
        minors=random.random() < 0.4,
    )
    # The first world's people, who are on the register of the whole batch.
    waivers = tuple(
        Waiver(
            code, "known", tuple(dice.usual(("w0-ana", "w0-ben"), ("W0. Ana", "w0-ana"))),
            random.choice(INSTANTS),
            given_at=random.choice((None, INSTANTS[2])),
            key_id=random.choice((None, "w0-ana")),
        )
        for code in WAIVABLE if dice.odd()
        for _ in range(random.choice((1, 1, 2)))
    )  # fmt: skip
    return Question(
        use,
        purpose_tree(),
        random.choice((NOON, NOON, INSTANTS[3])),
        waivers,
        enough=_enough(dice),
        source_required=not dice.odd(),
    )


def _enough(dice: Dice) -> dict[str, tuple[str, ...]]:
    """Return the bases that settings name: mostly, that people may be declared."""
    named = {"accounted": dice.usual(BASES, None)}
    named |= {name: tuple(dice.some(BASES, 0.5)) for name in QUESTIONS if dice.odd() and dice.odd()}
    return {name: bases for name, bases in named.items() if bases is not None}


def random_world(random: Random, name: str = "w") -> World:
    """Return the rows of one world, each id beginning with `name`."""
    dice = Dice(random)
    people = [f"{name}-p{i}" for i in range(dice.number(5))]
    media = [_entry(dice, name, i) for i in range(dice.number(8, least=1))]
    ids = [m["media_id"] for m in media]
    consents = [
        _consent(dice, f"{name}-c{i}-{n}", person, name, ids)
        for i, person in enumerate(people)
        for n in range(dice.random.choice((1, 1, dice.usual(2, 0, 3), dice.usual(3, 0, 4))))
    ]
    depictions = [d for m in media for d in _depictions(dice, m, people)]
    named = {d["media_id"] for d in depictions}
    for m in media:
        m["people"] = dice.usual(*((None, "none") if m["media_id"] in named else ("none", None)))
    digests = sorted({m["sha256"] for m in media})
    # Who is declared in a content, in the order of entries.
    casts = {
        digest: [
            d for m in media if m["sha256"] == digest
            for d in depictions if d["media_id"] == m["media_id"]
        ]
        for digest in digests
    }  # fmt: skip
    first = {m["sha256"]: m for m in reversed(media)}
    contents = [_content(dice, digest) for digest in digests]
    frames = {c["sha256"]: c["frame_count"] if c["kind"] == "video" else 1 for c in contents}
    faces = [
        f
        for digest in digests
        for f in _faces(dice, digest, visible(first[digest], casts[digest]), frames[digest] or 1)
    ]
    known = dice.random.random() < 0.5
    identities = [
        _identity(dice, name, f, people, casts[f["sha256"]] if known else [])
        for f in faces
        if not dice.odd()
    ]
    alike = _alike(dice, people, faces)
    _counted(dice, identities, alike)
    words = _face_words(dice, name, alike, media)
    return {
        "media": media,
        "sightings": [s for m in media for s in _sighting(dice, m)],
        "depictions": depictions,
        "labels": [_label(dice, m) for m in media if not dice.odd()],
        "faces": faces,
        "face_scans": [s for digest in digests for s in _scans(dice, digest, frames[digest] or 1)],
        "signal_scans": [_search(dice, digest) for digest in digests if not dice.odd()],
        "signals": [_signal(dice, digest) for digest in digests if dice.odd() and dice.odd()],
        "content": [c for c in contents if not dice.odd()],
        "parts": [p for c in contents for p in _parts(dice, c) if not dice.odd()],
        "groups": _groups(dice, digests),
        "hash_checks": [_check(dice, digest) for digest in digests if not dice.odd()],
        "hash_lists": [],
        "beside_scans": [searched_beside(m) for m in media if not dice.odd()],
        "stages": [],
        "identities": identities,
        "resemblances": alike,
        "uncompared": [],
        "relations": _relations(dice, name, ids) + _linked(dice, words),
        "consents": consents,
        "consent_events": [e for c in consents for e in _events(dice, c)],
        "notices": [_notice(dice, f"{name}-n{i}") for i in range(2)],
        "sources": [_source(dice, f"{name}-s{i}") for i in range(2)],
        "subjects": [_subject(dice, p) for p in people if not dice.odd()],
        "requests": [_request(dice, f"{name}-r{i}", people, ids) for i in range(3) if dice.odd()],
        "merges": _merges(dice, name, people),
        "decisions": [*(d for m in media for d in _decisions(dice, name, m["media_id"])), *words],
        "reviewers": [row for who in REVIEWERS for row in _registered(dice, name, who)],
    }


def tables_of(worlds: Iterable[World]) -> dict[str, pa.Table]:
    """Return the tables of an audit that hold all of `worlds`."""
    rows: World = {}
    for world in worlds:
        for table, some in world.items():
            rows.setdefault(table, []).extend(some)
    listed = [{k: v for k, v in m.items() if k != "sha256"} for m in rows["media"]]
    rows["stages"] = rows.get("stages") or list(RANDOM_STAGES)
    known = {n: conform(rows.get(n, []), n) for n in INPUTS if n != "entries"}
    return {"entries": entries(listed, rows["sightings"]), **known}


def rows_of(tables: dict[str, pa.Table]) -> World:
    """Return tables as rows, each with all of its columns."""
    return {name: table.to_pylist() for name, table in tables.items()}


def _entry(dice: Dice, name: str, number: int) -> Row:
    kinds = dice.some(CASTS, 0.2) or ["none"]
    return {
        "media_id": f"{name}-m{number}",
        "dataset": name,
        "locator": f"{name}/{number}.jpg",
        "root": dice.usual("/media", "s3://media"),
        "kind": "image",
        "manipulation_type": dice.random.choice(("none", "none", "none", "face_swap", *kinds)),
        "source_id": dice.usual(
            dice.random.choice((f"{name}-s0", f"{name}-s1")), None, f"{name}-s9"
        ),
        "licence": dice.usual("CC-BY-4.0", None, *LICENCES),
        "people": dice.usual(None, "none"),
        "method": dice.usual(None, "Deepfakes", " ", "Original"),
        "declared_again": dice.usual(None, "manifest.csv:7 differs in subject"),
        "status": dice.usual("present", "missing"),
        "listed_size": 3,
        "listed_mtime_ns": 1,
        # The bytes, which two entries may share; not a column of the table.
        "sha256": f"{name}-{dice.number(number)}" if dice.odd() else f"{name}-{number}",
    }


def _sighting(dice: Dice, entry: Row) -> list[Row]:
    if dice.odd():
        return []
    status = dice.usual("readable", "unreadable")
    seen = {k: entry[k] for k in ("media_id", "listed_size", "listed_mtime_ns")}
    seen["listed_size"] = dice.usual(seen["listed_size"], 4)
    digest = entry["sha256"] if status == "readable" else None
    return [{**seen, "status": status, "sha256": digest, "probe_version": "probe/1"}]


def _depictions(dice: Dice, entry: Row, people: list[str]) -> list[Row]:
    roles = list(CASTS[entry["manipulation_type"]])
    if dice.odd():
        roles = dice.some((*ROLES, "unknown"), 0.3)
    elif entry["manipulation_type"] == "none":
        roles = roles[: dice.number(2, least=1)]
    rows: dict[tuple[str, str], Row] = {}
    for role in roles if people else []:
        person = dice.random.choice(people)
        rows[person, role] = {
            "media_id": entry["media_id"],
            "subject_id": person,
            "role": role,
            "link_method": dice.usual("declared", "cluster"),
            "link_status": dice.usual("confirmed", "proposed", "disputed", "rejected"),
            "not_visible": dice.usual(None, None, "behind a door"),
        }
    return list(rows.values())


def _label(dice: Dice, entry: Row) -> Row:
    usual = ("real", "fake") if entry["manipulation_type"] == "none" else ("fake", "real")
    value = dice.usual(*usual)
    said = {"name": "authenticity", "value": value, "origin": "declared"}
    return {"media_id": entry["media_id"], **said}


def _faces(dice: Dice, digest: str, people: int, frames: int) -> list[Row]:
    shape = {
        **dict.fromkeys(("x1", "y1", "blur"), 0.0),
        **dict.fromkeys(("x2", "y2", "face_height_px"), 80.0),
        "det_score": 1.0,
        "landmarks": [0.0] * 10,
    }
    keys = [
        (frame, model)
        for model in ("one", *(("two",) if dice.odd() else ()))
        for frame in range(frames + (1 if dice.odd() else 0))
    ]
    tracked = frames > 1 and not dice.odd()
    return [
        {
            "face_id": f"{digest}/{model}/{frame}/{n}",
            "sha256": digest,
            "frame": frame,
            "model_id": model,
            "ordinal": n,
            "judgeable": not dice.odd(),
            "quality": dice.usual(1.0, 0.5),
            "track_id": f"{digest}/{model}/track{n}" if tracked else None,
            **shape,
        }
        for frame, model in keys
        for n in range(dice.usual(people, *{0, 1, 2, 3} - {people}))
    ]


def _scans(dice: Dice, digest: str, frames: int) -> list[Row]:
    usual = [("one", frame) for frame in range(frames)]
    keys = dice.usual(usual, [], [*usual, ("one", frames)], [("one", 0), ("two", 0)], [("two", 1)])
    return [
        {
            "sha256": digest,
            "frame": frame,
            "model_id": model,
            "faces": 1,
            "error": dice.usual(None, "undecodable"),
            "smallest_px": dice.usual(16.0, None, 40.0),
            "turns": dice.usual(4, None, 1),
            "looks": dice.usual(frames, None, frames + 1),
            "gap_ms": dice.usual(0, None, 200, 201),
            "stage": dice.usual("faces/1", "faces/0"),
        }
        for model, frame in keys
    ]


def _content(dice: Dice, digest: str) -> Row:
    facts: dict[str, tuple[Any, ...]] = {
        "part_count": (1, 2, 3, 0, None),
        "frame_count": (1, 2, None),
        "contrast": (0.2, 0.0, 0.03, None),
        "brightness": (0.5, 0.001, 0.99, None),
        "exif_orientation": (1, None),
        "width": (640, None),
    }
    # In half of all contents nothing is wrong, however many things there are that could be.
    if dice.random.random() < 0.5:
        facts = {name: values[:1] for name, values in facts.items()}
    if dice.odd() or dice.odd():
        facts |= {
            "kind": ("video",),
            "format": ("GIF", "WEBP", "PNG", "MP4"),
            "frame_count": (2, 1, 3, None),
            "frames_read": ("every", None, "key", "part"),
            "decode_errors": (0, None, 1),
        }
    return content(
        digest,
        **{
            name: dice.usual(*values) if len(values) > 1 else values[0]
            for name, values in {"kind": ("image",), **facts}.items()
        },
    )


def _parts(dice: Dice, content: Row) -> list[Row]:
    """Return what a content consists of: as many parts as it says, now and then."""
    count = dice.usual(content["part_count"] or 0, 1, 2)
    first = part(content["sha256"], frame=None if content["kind"] == "video" else 0)
    more = [
        part(
            content["sha256"],
            part=f"part {number}",
            kind=dice.random.choice(("page", "preview", "tail")),
            frame=dice.random.choice((None, None, 0, 1)),
            reading=dice.random.choice(("sought", "compared", "read", "heard", "not")),
            released=dice.random.choice(("kept", "taken_out", "taken_out")),
        )
        for number in range(1, count)
    ]
    return [first, *more]


def _groups(dice: Dice, digests: list[str]) -> list[Row]:
    """Return now and then that some contents are copies of one another."""
    same = dice.some(digests, 0.5) if dice.odd() else []
    shape = {"group_id": min(same, default=""), "medoid": min(same, default=""), "tier": "near"}
    return [{"sha256": d, "keep": d, "keep_reason": "kept", **shape} for d in same]


def _check(dice: Dice, digest: str) -> Row:
    return {
        "sha256": digest,
        "lists": dice.usual(LISTS[-1], *LISTS),
        "checked": not dice.odd(),
    }


def random_lists(random: Random) -> list[Row]:
    """Return the hash lists that a batch of worlds is held against: often none."""
    kept = LISTS if random.random() < 0.5 else ()
    return [
        {
            "list_id": state,
            "provider": "us",
            "category": "custom",
            "negative": False,
            "fetched_at": INSTANTS[0],
            "stale_after": INSTANTS[7],
            "state": state,
        }
        for state in kept
    ]


def random_stages(random: Random) -> list[Row]:
    """Return what counts now: seldom with a stage that did not run, or has changed since."""
    return [
        row | ({"mark": f"{row['stage']}/2"} if random.random() < 0.03 else {})
        for row in RANDOM_STAGES
        if random.random() > 0.03
    ]


def _signal(dice: Dice, digest: str) -> Row:
    unreadable = {"kind": "unreadable", "value": "broken", "ai_training": "unreadable"}
    return signal(digest, key="found", **dice.random.choice(({}, unreadable)))


def _search(dice: Dice, digest: str) -> Row:
    return searched(
        digest,
        error=dice.usual(None, "unreadable"),
        stage=dice.usual("signals/1", "signals/0"),
    )


def _identity(dice: Dice, name: str, face: Row, people: list[str], cast: list[Row]) -> Row:
    """Return whose a face is held to be: one of the `cast`, where it is known."""
    seen = sorted({d["subject_id"] for d in cast})
    subject = seen[face["ordinal"] % len(seen)] if seen and not dice.odd() else None
    identity = f"{name}-identity of {subject}" if subject else face["track_id"] or face["face_id"]
    if people and dice.odd():
        subject = dice.random.choice([*people, None])
    identity = dice.usual(identity, face["face_id"], None)
    # Whoever is nobody's is no subject's.
    subject = subject if identity else None
    return {
        "face_id": face["face_id"],
        "identity_id": identity,
        "subject_id": subject,
        "similarity": 0.9,
        "status": dice.usual("proposed", "confirmed", "disputed", None) if subject else None,
        "alike": dice.usual(*HELD),
        "unlike_subject_id": dice.usual(None, dice.random.choice([*people, None])),
        "held": dice.usual(*HELD),
        "model_id": face["model_id"],
    }


def _alike(dice: Dice, people: list[str], faces: list[Row]) -> list[Row]:
    """Return whom faces are like: mostly nobody, and now and then several people."""
    rows = []
    for face in faces:
        others = dice.usual([], dice.some(people, 0.3))
        rows += [
            {
                "face_id": face["face_id"],
                "sha256": face["sha256"],
                "other_subject_id": other,
                "other_face_id": dice.usual(dice.random.choice(faces)["face_id"], None),
                "similarity": 0.9,
                "state": dice.usual("compared", "gone", "renamed", "unsure"),
                "model_id": face["model_id"],
            }
            for other in others
        ]
    return rows


def _counted(dice: Dice, identities: list[Row], alike: list[Row]) -> None:
    """Tell each face, in place, of how many people there are rows: now and then wrongly."""
    for row in identities:
        count = sum(one["face_id"] == row["face_id"] for one in alike)
        row["others"] = dice.usual(count, count + 1, None)


def _face_words(dice: Dice, name: str, alike: list[Row], media: list[Row]) -> list[Row]:
    """Return what reviewers said of faces that are alike, and of people they are like."""
    rows = []
    for number, one in enumerate(alike):
        if one["face_id"] == one["other_face_id"] or dice.random.random() < 0.3:
            continue
        of_faces = one["other_face_id"] is not None and dice.random.random() < 0.5
        for n in range(dice.number(3, least=1)):
            who = dice.random.choice(REVIEWERS)
            if of_faces:
                faces = sorted((one["face_id"], one["other_face_id"]))
                about = {
                    "kind": "link", "face_id": faces[0], "other_face_id": faces[1],
                    "value": dice.usual("different_people", "same_person"),
                }  # fmt: skip
            else:
                shown = [m["media_id"] for m in media if m["sha256"] == one["sha256"]]
                about = {
                    "kind": "subject", "media_id": dice.random.choice(shown),
                    "subject_id": one["other_subject_id"],
                    "value": dice.usual("not_shown", "confirmed"),
                }  # fmt: skip
            rows.append(about | {
                "decision_id": f"{name}-f{number}-{n}",
                "reviewer": dice.random.choice(_forms(f"{name}-{who}")),
                "key_id": dice.random.choice((None, f"{name}-{who}", f"{name}-{who}")),
                "reason": "looked",
                "decided_at": dice.usual(PAST[3], *INSTANTS[2:6]),
            })  # fmt: skip
    return rows


def _linked(dice: Dice, words: list[Row]) -> list[Row]:
    """Return relations of faces, as if what was said of them were applied: mostly."""
    rows = {}
    for word in words:
        if word["kind"] != "link" or dice.odd():
            continue
        left, right = word["face_id"], word["other_face_id"]
        rows[left, right] = {
            "left": left,
            "relation": word["value"],
            "right": right,
            "left_kind": "face",
            "right_kind": "face",
            "basis": "reviewed",
            "stage": "review",
        }
    return list(rows.values())


def _relations(dice: Dice, name: str, ids: list[str]) -> list[Row]:
    """Return lines of descent, mostly from later entries to earlier ones."""
    rows: dict[tuple[str, str, str], Row] = {}
    for number, left in enumerate(ids):
        for _ in range(dice.random.choice((0, 0, 0, 0, 1, 1, 2)) if number or dice.odd() else 0):
            right = dice.random.choice(ids[:number] or [f"{name}-gone"])
            if dice.odd():
                right = dice.random.choice([*ids, f"{name}-gone"])
            relation = dice.random.choice(("derived_from", "crop_of", "frame_of"))
            relation = dice.usual(relation, "same_clip", "near_duplicate", "swap_donor")
            rows[left, relation, right] = {
                "left": left,
                "relation": relation,
                "right": right,
                "left_kind": "media",
                "right_kind": dice.usual("media", "content"),
                "basis": "declared",
                "stage": "ingest",
            }
    return list(rows.values())


def _consent(dice: Dice, consent_id: str, person: str, name: str, ids: list[str]) -> Row:
    return {
        "consent_id": consent_id,
        "subject_id": person,
        "notice_id": dice.usual(
            dice.random.choice((None, f"{name}-n0")), f"{name}-n1", f"{name}-n9"
        ),
        "legal_basis": dice.usual("A9-2-a", "A6-1-a", "bipa_release", None, "A6-1-f", "none"),
        "consent_type": dice.usual("explicit", None, "expressed", "implied", "uninformed"),
        "purposes": dice.usual([dice.random.choice(PURPOSES[:4])], dice.some(PURPOSES, 0.3)),
        "purposes_excluded": dice.few(PURPOSES),
        "operations": list(dice.usual(OPERATIONS, tuple(dice.some(OPERATIONS, 0.7)))),
        "roles_permitted": dice.usual(list(ROLES), dice.some(ROLES, 0.6)),
        "manipulations_permitted": dice.usual(list(CASTS), None, [], dice.some(CASTS, 0.6)),
        "audience_max": dice.usual("public", *AUDIENCES),
        "commercial_use": dice.usual("yes", "no", "unstated"),
        "territories": dice.usual(
            dice.random.choice((["WORLD"], list(COUNTRIES))), None, [], dice.some(COUNTRIES, 0.6)
        ),
        "territories_excluded": dice.few(COUNTRIES),
        "contexts_forbidden": dice.few(CONTEXTS),
        "valid_from": dice.random.choice((None, INSTANTS[0], dice.usual(*INSTANTS))),
        "valid_until": dice.usual(INSTANTS[7], None, *INSTANTS[3:6]),
        "assurance_level": dice.usual(4, 0, 1, 2, 3),
        "scope_kind": dice.usual(
            dice.random.choice(("all_media", "all_media", "listed_media")),
            *(None, "listed_media", "session", "project"),
        ),
        "scope_media_ids": dice.usual(dice.some(ids, 0.9), None, []),
    }


def _events(dice: Dice, consent: Row) -> list[Row]:
    happened = [] if dice.odd() else [(INSTANTS[dice.number(1)], "ConsentGiven")]
    while dice.odd():
        happened.append((dice.random.choice(INSTANTS), dice.random.choice(STATES)))
    return [
        {
            "event_id": f"{consent['consent_id']}-e{n}",
            "consent_id": consent["consent_id"],
            "subject_id": consent["subject_id"],
            "state": state,
            "effective_at": at,
            "purposes": dice.usual(None, [], *([one] for one in PURPOSES)),
            "stated_at": dice.usual(None, *INSTANTS),
            "undated": dice.usual(dice.random.choice((None, False)), *(True,)),
            "method": dice.usual("post", None, "import"),
            "annulled_at": dice.usual(None, *INSTANTS),
            "indicated_by": dice.random.choice(("subject", "guardian", None))
            if dice.random.random() < 0.7
            else dice.usual("subject", "controller", "court"),
        }
        for n, (at, state) in enumerate(happened)
    ]


def _notice(dice: Dice, notice_id: str) -> Row:
    return {
        "notice_id": notice_id,
        "text_sha256": "0" * 64,
        "covers_purposes": dice.usual([dice.random.choice(PURPOSES[:4])], None, [], [PURPOSES[4]]),
        "covers_operations": dice.usual(list(OPERATIONS), None, [], list(OPERATIONS[:2])),
    }


def _source(dice: Dice, source_id: str) -> Row:
    return {
        "source_id": source_id,
        "kind": dice.usual("public_dataset", "own_capture", "unknown"),
        "licence": dice.usual("MIT", None, *LICENCES),
        "terms_flags": dice.usual([], None, dice.some(FLAGS, 0.3)),
        "consent_claim": dice.random.choice(
            ("none", "dataset_statement", "batch_attestation", "individual_records")
        ),
        "status": dice.usual("active", "restricted", "retracted", "superseded"),
    }


def _subject(dice: Dice, subject_id: str) -> Row:
    return {
        "subject_id": subject_id,
        "subject_kind": dice.usual("adult", "minor", "deceased", "unknown"),
        "is_minor_at_capture": dice.usual("no", "yes", "unknown"),
        "majority_on": dice.random.choice((None, *DAYS)),
        "deceased_on": dice.usual(None, *DAYS),
        "destroy_by": dice.usual(None, *INSTANTS[3:6]),
        "status": dice.usual("active", "restricted", "erased"),
    }


def _request(dice: Dice, request_id: str, people: list[str], ids: list[str]) -> Row:
    return {
        "request_id": request_id,
        "kind": dice.random.choice(REQUESTS),
        "received_at": dice.random.choice(INSTANTS[2:6]),
        "subject_id": dice.random.choice([*people, None]),
        "media_ids": dice.random.choice((None, [], dice.some(ids, 0.4))),
        "state": dice.random.choice(
            ("received", "id_check", "in_progress", "fulfilled", "refused", "expired")
        ),
        "closed_at": dice.random.choice((None, *INSTANTS[3:6])),
        "lifted_at": dice.random.choice((None, *INSTANTS[3:6])),
    }


def _merges(dice: Dice, name: str, people: list[str]) -> list[Row]:
    """Return what reviewers said of names: in half of all worlds that two or more are one."""
    # Names that nothing else speaks of are there, too.
    names = [*people, *([f"{name}-p9"] if dice.odd() else [])]
    if len(names) < 2 or dice.random.random() < 0.5:
        return []
    rows = []
    for pair in range(dice.number(2, least=1)):
        one, other = sorted(dice.random.sample(names, 2))
        for n in range(dice.number(4, least=1)):
            who = dice.random.choice(REVIEWERS)
            rows.append({
                "merge_id": f"{name}-g{pair}-{n}",
                "subject_id": one,
                "other_subject_id": other,
                "state": dice.usual("merged", "parted"),
                "reviewer": dice.random.choice(_forms(f"{name}-{who}")),
                "reason": "looked",
                "decided_at": dice.usual(PAST[3], *INSTANTS[2:6]),
            })  # fmt: skip
    return rows


def _decisions(dice: Dice, name: str, media_id: str) -> list[Row]:
    if dice.random.random() < 0.6:
        return []
    rows = []
    for n in range(dice.number(4, least=1)):
        who = dice.random.choice(REVIEWERS)
        rows.append({
            "decision_id": f"{media_id}-d{n}",
            "media_id": media_id,
            "use": dice.usual("case", "another"),
            "verdict": dice.random.choice(
                ("cleared", "cleared", "cleared", "blocked", "undecided")
            ),
            "reviewer": dice.random.choice(_forms(f"{name}-{who}")),
            "key_id": dice.random.choice((None, *[dice.usual(f"{name}-{who}", f"{name}-bo")] * 3)),
            "reason": "looked",
            "evidence": dice.usual(CURRENT, STALE),
            "decided_at": dice.usual(PAST[3], *INSTANTS[2:6]),
        })  # fmt: skip
    return rows


def _forms(reviewer: str) -> tuple[str, ...]:
    """Return ways to write one name, as people and pages do."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in reviewer)
    return reviewer, reviewer, reviewer.title(), f" {reviewer.replace('-', '. ')}", wide


def _registered(dice: Dice, name: str, who: str) -> list[Row]:
    """Return the rows of the register about one person: mostly one, since long ago."""
    since = dice.usual(INSTANTS[0], INSTANTS[3], INSTANTS[6])
    row = {
        "registration_id": f"{name}-{who}-0",
        "reviewer_id": f"{name}-{who}",
        "name": f"{who} of {name}",
        "key_id": dice.usual(f"{name}-{who}", None),
        "registered_at": since,
        "removed_at": dice.usual(None, *INSTANTS[2:6]),
    }
    if dice.odd():
        return []
    if row["removed_at"] is None or not dice.odd():
        return [row]
    again = {"registration_id": f"{name}-{who}-1", "registered_at": INSTANTS[4], "removed_at": None}
    return [row, row | again]
