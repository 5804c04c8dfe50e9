"""Clearance is earned: each question alone holds an entry back that is cleared otherwise.

No rule speaks here, so that what holds an entry back is the question itself, and not a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from curate.audit import looked
from curate.audit.facts import Question
from curate.audit.judge import audit
from curate.audit.prepare import prepare
from curate.audit.questions import NAMES
from curate.audit.rules import ALL_RULES
from curate.schema import purpose_tree
from tests.chance import OPERATIONS
from tests.factories import (
    AS_OF,
    STAGES,
    USE,
    Row,
    consent,
    content,
    day,
    depiction,
    digest,
    event,
    face,
    facts,
    identity,
    label,
    media,
    part,
    resemblance,
    scan,
    searched,
    searched_beside,
    sighting,
    signal,
    source,
    subject,
)
from tests.random_worlds import random_world, tables_of
from tests.reference_questions import NAMES as IN_ORDER
from tests.side_by_side import apart, together

QUESTION = Question(USE, purpose_tree(), AS_OF)
Rows = dict[str, list[Row]]
SHARED = ("stages", "hash_lists")
A = digest("a.jpg")
ENTRY = media("a.jpg")["media_id"]
Change = Callable[[Rows], None]
# What is asked of the usual entry, and what of one with a list and a parent.
USUAL = "sssdsmddds--"


def entry_of(locator: str = "a.jpg", **values: Any) -> Rows:
    """Return the rows of an entry that shows p01, of which all that is asked is answered."""
    entry = media(locator, **({"source_id": "s", "licence": "MIT"} | values))
    sha256 = digest(locator)
    seen = face(sha256)
    return {
        "media": [entry],
        "sightings": [sighting(entry)],
        "depictions": [depiction(entry)],
        "labels": [label(entry)],
        "content": [content(sha256)],
        "parts": [part(sha256)],
        "faces": [seen],
        "face_scans": [scan(sha256, 1)],
        "identities": [identity(seen)],
        "signal_scans": [searched(sha256)],
        "signals": [],
        "beside_scans": [searched_beside(entry)],
        "sources": [source()],
        "consents": [consent()],
        "consent_events": [event(day(1))],
        "subjects": [subject()],
        "stages": list(STAGES),
    }


def scenery() -> Rows:
    """Return the rows of an entry of which it is declared that nobody is shown."""
    rows = entry_of(people="none")
    return rows | {"depictions": [], "faces": [], "identities": []}


def animation(frames: int = 2, *, looks: int | None = None, **values: Any) -> Rows:
    """Return the rows of an animation of which each frame was looked at."""
    rows, sha256 = entry_of(), digest("a.jpg")
    said = {"kind": "video", "format": "GIF", "frame_count": 2, "frames_read": "every", **values}
    return rows | {
        "content": [content(sha256, **said)],
        "parts": [part(sha256, part="the frames", kind="frames", frame=None)],
        "face_scans": [
            scan(sha256, 1, frame=n, looks=looks or frames, gap_ms=0) for n in range(frames)
        ],
    }


def told_of(
    worlds: Mapping[str, Rows], question: Question = QUESTION, *, rules: Any = (), **values: Any
) -> dict[str, dict[str, Any]]:
    """Return the verdict on ``a.jpg`` of each world; what counts now is the first one's."""
    shared = {name: next(iter(worlds.values())).get(name, []) for name in SHARED}
    known = together(apart(world, name) for name, world in worlds.items()) | shared
    tables = facts(known.pop("media"), **known)
    rows = audit(tables, rules, question, **values).verdicts.to_pylist()
    said = {row["media_id"]: row for row in rows}
    return {name: said[f"{name}-{ENTRY}"] for name in worlds}


def told(rows: Rows, question: Question = QUESTION, **values: Any) -> dict[str, Any]:
    """Return the verdict on ``a.jpg``."""
    return told_of({"w": rows}, question, **values)["w"]


def put(table: str, **values: Any) -> Change:
    """Return a change of all rows of a table."""

    def change(rows: Rows) -> None:
        rows[table] = [row | values for row in rows[table]]

    return change


def drop(*tables: str) -> Change:
    """Return a change that takes all rows of tables away."""

    def change(rows: Rows) -> None:
        rows.update({table: [] for table in tables})

    return change


def add(table: str, *more: Row) -> Change:
    """Return a change that adds rows to a table."""

    def change(rows: Rows) -> None:
        rows[table] = [*rows.get(table, []), *more]

    return change


def both(*changes: Change) -> Change:
    """Return several changes as one."""

    def change(rows: Rows) -> None:
        for one in changes:
            one(rows)

    return change


def stage(name: str, **values: Any) -> Change:
    """Return a change of what counts now of a stage; without values, that it never ran."""

    def change(rows: Rows) -> None:
        rows["stages"] = [
            row | values if row["stage"] == name else row
            for row in rows["stages"]
            if values or row["stage"] != name
        ]

    return change


def more_parts(*more: Row) -> Change:
    """Return a change that adds parts to the one content."""
    return both(add("parts", *more), put("content", part_count=1 + len(more)))


LIST = {
    "list_id": "l",
    "provider": "us",
    "category": "custom",
    "negative": False,
    "fetched_at": day(4),
    "stale_after": day(12),
    "state": "b",
}
CHECK = {"sha256": A, "lists": "b", "checked": True}
OTHER = face(A, 1)
SWAP = both(
    put("media", manipulation_type="face_swap"),
    put("labels", value="fake"),
    put("depictions", role="donor"),
    put(
        "consents",
        roles_permitted=["donor"],
        operations=list(OPERATIONS),
        manipulations_permitted=["face_swap"],
    ),
)


def made_from(right: str) -> Row:
    """Return that ``a.jpg`` was made from another entry."""
    kinds = {"left_kind": "media", "right_kind": "media", "basis": "declared", "stage": "ingest"}
    return {"left": ENTRY, "relation": "derived_from", "right": right, **kinds}


# Each way in which a question alone can be open.
OPEN: dict[str, dict[str, Change]] = {
    "whole": {
        "bytes behind the end": more_parts(part(A, part="tail", frame=None, reading="not")),
        "a page without a scan": more_parts(part(A, part="page 2", frame=1)),
        "a part is missing": put("content", part_count=2),
        "a part too many": put("content", part_count=0),
        "parts not counted": put("content", part_count=None),
        "no part": both(put("content", part_count=0), drop("parts")),
    },
    "readable": {
        "blank": put("content", contrast=0.01),
        "black": put("content", brightness=0.01),
        "white": put("content", brightness=0.99),
        "not measured": put("content", contrast=None),
        "not decoded": put("content", width=None),
        "turned perhaps": both(
            put("content", exif_orientation=None),
            put("face_scans", turns=1),
            put("faces", judgeable=False),
        ),
        "turns not known": both(
            put("content", exif_orientation=None),
            put("face_scans", turns=None),
            put("faces", judgeable=False),
        ),
    },
    "sought": {
        "failed": put("face_scans", error="crashed"),
        "too coarse": put("face_scans", smallest_px=24.5),
        "size not known": put("face_scans", smallest_px=None),
        "scan of an older stage": put("face_scans", stage="faces/0"),
        "no scan": drop("face_scans"),
        "newer stage": stage("faces", mark="faces/2"),
    },
    "accounted": {
        "proposed": put("depictions", link_status="proposed"),
        "disputed": put("depictions", link_status="disputed"),
        "nobody shown": put("media", people="none"),
        "declared once more": put("media", declared_again="manifest.csv:3 differs in subject"),
        "one more in the frame": both(add("faces", OTHER), add("identities", identity(OTHER))),
        "linked to somebody else": put("identities", subject_id="p02"),
    },
    "seen": {
        "nobody seen": drop("faces", "identities"),
        "unlike": put("identities", unlike_subject_id="p01"),
    },
    "one_name": {
        "not held": put("identities", held=False),
        "not known to be held": put("identities", held=None),
        "no identity": drop("identities"),
        "another subject": both(add("resemblances", resemblance(face(A), "p02")),
                                put("identities", others=1)),
        "more people than rows": put("identities", others=1),
        "fewer people than rows": add("resemblances", resemblance(face(A), "p01")),
        "not known how many": put("identities", others=None),
        "disputed": put("identities", status="disputed"),
    },
    "consent": {
        "none": drop("consents", "consent_events"),
        "withdrawn": add("consent_events", event(day(2), "ConsentWithdrawn")),
        "age not known": drop("subjects"),
    },
    "role": {
        "not known": put("media", manipulation_type="unknown"),
        "other": put("media", manipulation_type="other"),
        "labelled fake": put("labels", value="fake"),
        "a method of nothing": put("media", method="Deepfakes"),
        "a synthesis of somebody": put("media", manipulation_type="full_synthesis"),
        "unknown role": both(
            add(
            "depictions", depiction(media("a.jpg"), role="contributor")
        ),
            put("consents", roles_permitted=["depicted", "contributor"]),
        ),
        "nobody swapped in": both(
            put("media", manipulation_type="attribute_edit"),
            put("labels", value="fake"),
            put("depictions", role="bystander"),
            put("consents", roles_permitted=["bystander"], operations=list(OPERATIONS)),
        ),
        "target of a swap missing": SWAP,
    },
    "origin": {
        "none named": put("media", source_id=None),
        "not on record": drop("sources"),
        "restricted": put("sources", status="restricted"),
        "terms not read": put("sources", terms_flags=None),
        "scraped": put("sources", terms_flags=["untargeted_face_scrape"]),
        "training forbidden": put("sources", terms_flags=["no_training"]),
        "no licence": both(put("sources", licence=None), put("media", licence=None)),
    },
    "said": {
        "not searched": drop("signal_scans"),
        "failed": put("signal_scans", error="crashed"),
        "older reader": put("signal_scans", stage="signals/0"),
        "not searched beside": drop("beside_scans"),
        "older reader beside": put("beside_scans", stage="signals-beside/0"),
        "reader never ran": stage("signals"),
        "remote": put("media", root="s3://media"),
        "unreadable": add("signals", signal(A, kind="unreadable", value="broken")),
        "texts of the format are not read": put("content", format="AVIF"),
        "unreadable beside": add(
            "signals", signal(ENTRY, about_kind="media", kind="unreadable", value="broken")
        ),
    },
    "listed": {
        "not asked": add("hash_lists", LIST),
        "asked of older lists": both(
            add("hash_lists", LIST), add("hash_checks", CHECK | {"lists": "a"})
        ),
        "not for all": both(
            add("hash_lists", LIST), add("hash_checks", CHECK | {"checked": False})
        ),
    },
    "descent": {"not in the catalogue": add("relations", made_from(media("gone.jpg")["media_id"]))},
}  # fmt: skip
WAYS = [(name, way) for name, ways in OPEN.items() for way in ways]
# Where faces were not sought, it is not known either who is seen.
NOT_SOUGHT = ("failed", "scan of an older stage", "no scan", "newer stage")


def opened(answers: str) -> list[str]:
    """Return the questions that are not answered."""
    return [name for name, letter in zip(IN_ORDER, answers, strict=True) if letter == "?"]


def test_entry_that_answers_every_question_is_cleared() -> None:
    """Each question that it raises is answered, and each of them says on what it rests."""
    row = told(entry_of(), rules=ALL_RULES)

    assert (row["verdict"], row["answers"], row["codes"]) == ("cleared", USUAL, [])


def test_entry_with_a_list_and_a_parent_answers_them_too() -> None:
    """All twelve questions are raised, and answered."""
    rows, parent = entry_of(), entry_of("b.jpg")
    for table in ("sources", "consents", "consent_events", "subjects", "stages"):
        parent.pop(table)
    rows = {table: [*some, *parent.get(table, [])] for table, some in rows.items()}
    rows |= {
        "hash_lists": [LIST],
        "hash_checks": [CHECK, CHECK | {"sha256": digest("b.jpg")}],
        "relations": [made_from(media("b.jpg")["media_id"])],
    }

    row = told(rows)
    # Two entries show one person, who is known by both.
    assert (row["verdict"], row["answers"]) == ("cleared", "sssmmmdddssd")

    rows["content"][1] |= {"part_count": 2}
    row = told(rows)
    assert (row["verdict"], opened(row["answers"])) == ("needs_review", ["descent"])


@pytest.mark.parametrize("alike", [False, None])
def test_a_face_in_an_identity_by_declaration_only_matches_nothing(*, alike: bool | None) -> None:
    """Two entries name one person; the faces are in one identity, and not alike by themselves."""
    rows, other = entry_of(), entry_of("b.jpg")
    for table in ("sources", "consents", "consent_events", "subjects", "stages"):
        other.pop(table)
    rows = {table: [*some, *other.get(table, [])] for table, some in rows.items()}
    rows["identities"] = [row | {"alike": alike} for row in rows["identities"]]

    row = told(rows)

    assert (row["verdict"], row["answers"][3:5]) == ("cleared", "ds")


def test_other_entries_can_be_cleared() -> None:
    """Scenery, and an animation each frame of which was looked at."""
    said = told_of({"scenery": scenery(), "animation": animation()})

    assert {row["verdict"] for row in said.values()} == {"cleared"}


@cache
def held() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the verdict on each world of `OPEN`: those that share what counts now at once."""
    worlds: dict[str, dict[str, Rows]] = {}
    for number, (name, way) in enumerate(WAYS):
        rows = entry_of()
        OPEN[name][way](rows)
        shared = str([rows.get(table) for table in SHARED])
        worlds.setdefault(shared, {})[f"w{number}"] = rows
    said = {key: row for some in worlds.values() for key, row in told_of(some).items()}
    return {one: said[f"w{number}"] for number, one in enumerate(WAYS)}


@pytest.mark.parametrize(("name", "way"), WAYS, ids=["-".join(one) for one in WAYS])
def test_question_alone_holds_an_entry_back(name: str, way: str) -> None:
    """No rule speaks, and everything else is answered: the entry still needs review."""
    row = held()[name, way]

    unseen = ["accounted", "seen"] if name == "sought" and way in NOT_SOUGHT else []
    assert opened(row["answers"]) == [name, *unseen]
    assert row["verdict"] == "needs_review"


def test_scenery_that_was_not_searched_is_not_said_to_show_nobody() -> None:
    """That nobody is shown is declared, and no face is on record: for nobody looked."""
    rows = entry_of()
    drop("faces", "identities", "face_scans", "depictions")(rows)
    put("media", people="none")(rows)

    assert opened(told(rows)["answers"]) == ["sought", "accounted"]


SAME_BYTES = {
    "nobody and somebody": (put("media", people="none"), ["accounted"]),
    "another manipulation": (put("media", manipulation_type="attribute_edit"), ["role"]),
}


@pytest.mark.parametrize("way", SAME_BYTES)
def test_one_file_that_two_datasets_declare_otherwise_is_held_back(way: str) -> None:
    change, expected = SAME_BYTES[way]
    rows, other = entry_of(), {"media": [media("a.jpg", dataset="e")]}
    other["sightings"] = [sighting(other["media"][0])]
    change(other)
    rows = {table: [*some, *other.get(table, [])] for table, some in rows.items()}

    assert opened(told(rows)["answers"]) == expected


def made_from_each_other(*names: str) -> list[Row]:
    """Return that each entry was made from the next, and the last from the first."""
    ids = [media(name)["media_id"] for name in names]
    return [
        made_from(right) | {"left": left}
        for left, right in zip(ids, [*ids[1:], ids[0]], strict=True)
    ]


@pytest.mark.parametrize("circle", [("a.jpg",), ("a.jpg", "b.jpg"), ("b.jpg", "c.jpg")])
def test_descent_in_a_circle_clears_nobody(circle: tuple[str, ...]) -> None:
    """Nor whatever was made from what is in it."""
    rows = entry_of()
    for name in ("b.jpg", "c.jpg"):
        more = entry_of(name)
        for table in ("sources", "consents", "consent_events", "subjects", "stages"):
            more.pop(table)
        rows = {table: [*some, *more.get(table, [])] for table, some in rows.items()}
    lines = made_from_each_other(*circle)
    if "a.jpg" not in circle:
        lines.append(made_from(media("b.jpg")["media_id"]))
    rows["relations"] = lines

    said = told(rows)

    assert (said["verdict"], opened(said["answers"])) == ("needs_review", ["descent"])


def test_animation_that_was_not_looked_at_whole_is_held_back() -> None:
    """Each frame, and each part of each, is looked at, or the entry is doubted."""

    def scans(**values: Any) -> Rows:
        rows = animation()
        put("face_scans", **values)(rows)
        return rows

    said = told_of({
        "a frame": animation(1, looks=2),
        "key frames": animation(frames_read="key"),
        "a part": animation(frames_read="part"),
        "not known": animation(frames_read=None),
        "errors": animation(decode_errors=1),
        "a stream": animation(part_count=2),
        "gaps not known": scans(gap_ms=None),
        "gaps": scans(gap_ms=201),
        "looks not known": scans(looks=None),
    })  # fmt: skip

    assert {name for name, row in said.items() if opened(row["answers"]) != ["whole"]} == set()


def test_video_that_was_searched_and_read_is_cleared() -> None:
    """Its frames were searched, and its tags and subtitles were read."""
    assert told_of({"video": animation(format="MP4")})["video"]["verdict"] == "cleared"


def test_what_a_release_takes_out_is_answered_as_such() -> None:
    """Settings that accept only what was seen hold such an entry back."""
    rows = entry_of()
    more_parts(part(A, part="a preview", frame=None, reading="not", released="taken_out"))(rows)

    row = told(rows)
    assert (row["verdict"], row["answers"]) == ("cleared", "x" + USUAL[1:])

    only_seen = replace(QUESTION, enough={"whole": ("seen",)})
    assert opened(told(rows, only_seen)["answers"]) == ["whole"]


def test_who_is_declared_not_to_be_seen_accounts_for_no_face() -> None:
    """A face that is found is then one more person than is declared."""
    nobody, somebody = entry_of(), entry_of()
    drop("faces", "identities")(nobody)
    put("face_scans", faces=0)(nobody)
    for rows in (nobody, somebody):
        put("depictions", not_visible="filmed from behind")(rows)

    said = told_of({"nobody": nobody, "somebody": somebody})

    assert (said["nobody"]["verdict"], said["nobody"]["answers"]) == ("cleared", "sssdd-ddds--")
    assert opened(said["somebody"]["answers"]) == ["accounted"]


def test_questions_are_these_and_none_is_missing() -> None:
    """Taking one out fails here, and in the test of its worlds."""
    assert NAMES == IN_ORDER
    assert tuple(OPEN) == NAMES


def test_answer_on_a_basis_that_is_not_enough_is_none() -> None:
    """Settings that accept no basis of a question hold back whatever raises it."""
    rows = entry_of() | {"hash_lists": [LIST], "hash_checks": [CHECK]}

    row = told(rows, replace(QUESTION, enough=dict.fromkeys(IN_ORDER, ())))

    assert row["answers"] == "???????????-"


def test_filtered_audit_clears_nothing() -> None:
    """What was not asked is not answered."""
    assert told(entry_of(), complete=False)["verdict"] == "needs_review"


def test_source_can_be_optional() -> None:
    """The settings may say that no source is needed; one that is named must admit the use."""
    optional = replace(QUESTION, source_required=False)
    rows = entry_of()
    put("media", source_id=None, licence=None)(rows)

    assert told(rows, optional)["answers"][IN_ORDER.index("origin")] == "-"

    rows = entry_of()
    drop("sources")(rows)
    assert opened(told(rows, optional)["answers"]) == ["origin"]


def test_frames_of_one_person_without_tracks_are_as_many_as_identities() -> None:
    """People are counted over the whole content, and not the most in one frame."""
    rows = animation()
    later = face(A, 1, frame=1)
    add("faces", later)(rows)
    add("identities", identity(later))(rows)
    assert told(rows)["verdict"] == "cleared"

    rows["identities"][1] |= {"identity_id": "another", "subject_id": None, "status": None}
    assert opened(told(rows)["answers"]) == ["accounted"]


def test_faces_that_an_older_model_found_answer_nothing() -> None:
    """A face of a model that is not in use neither shows a person nor leaves one in doubt."""
    rows, other = entry_of(), entry_of("b.jpg")
    rows = {table: [*some, *(other[table] if table in LOOKED else [])]
            for table, some in rows.items()}  # fmt: skip
    # p01 is known by b.jpg, and a.jpg shows p02, who is declared too, and nobody else.
    put("depictions", link_status="confirmed")(rows)
    rows["depictions"] += [depiction(media("a.jpg"), "p02")]
    rows["consents"].append(consent("c2", "p02"))
    rows["consent_events"].append(event(day(1), consent_id="c2", subject="p02"))
    rows["subjects"].append(subject("p02"))
    second = face(A, 1)
    rows["faces"].append(second)
    rows["identities"] = [
        identity(rows["faces"][0], "p02"),
        identity(rows["faces"][1]),
        identity(second, "p02", identity_id="identity of p02 again"),
    ]
    assert "seen" in opened(told(rows)["answers"])

    older = face(A, 2, model_id="older@111111111111")
    rows["faces"].append(older)

    assert "seen" in opened(told(rows)["answers"])


def test_files_that_no_face_was_held_against_leave_the_question_of_names_open() -> None:
    """A person of that file may be in any other, whoever is declared there."""
    rows = entry_of()
    assert opened(told(rows)["answers"]) == []

    rows["uncompared"] = [{"about": digest("somebody else's file")}]

    assert opened(told(rows)["answers"]) == ["one_name"]


LOOKED = ("media", "sightings", "depictions", "labels", "content", "faces", "face_scans",
          "identities", "signal_scans", "beside_scans")  # fmt: skip


def test_slices_of_entries_are_answered_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of one content lie in one slice, and what is asked of others is asked of all."""
    random = Random(5)
    tables = tables_of([random_world(random, f"w{n}") for n in range(12)])
    whole = prepare(tables)["answered"]

    monkeypatch.setattr(looked, "_SLICE", 7)

    assert prepare(tables)["answered"].equals(whole)
    assert whole.num_rows > 30
