"""The set-wise engine says what the plain reference says, on random worlds.

Worlds are judged in batches: all of a batch lie in one set of tables, under one question. The
seeds are numbers, so a run is the same everywhere; CURATE_WORLDS says how many worlds:
`CURATE_WORLDS=10000 .venv/bin/python -m pytest tests/unit/audit/test_reference.py -n 2`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

import pyarrow as pa
import pytest

from curate.audit.facts import Question
from curate.audit.judge import audit
from curate.audit.questions import QUESTIONS
from curate.audit.rules import ALL_RULES, BY_CODE
from tests.chance import CURRENT
from tests.random_worlds import (
    World,
    random_lists,
    random_question,
    random_stages,
    random_world,
    rows_of,
    tables_of,
)
from tests.reference_questions import NAMES
from tests.reference_verdicts import BY_REASON, REVIEWS, Judge, Told
from tests.restrictions import RESTRICTIONS

RULES = tuple(rule for rule in ALL_RULES if rule.family in ("CON", "DEP", "SRC"))
WORLDS = int(os.environ.get("CURATE_WORLDS", "150"))
# What holds for all worlds of a batch.
SHARED = ("stages", "hash_lists", "reviewers")
BATCH = max(15, min(100, WORLDS // 20))


class Said(NamedTuple):
    """What both must say of an entry."""

    codes: tuple[str, ...]
    verdict: str
    decided_by: str
    answers: str


def _engine(
    tables: Mapping[str, pa.Table], question: Question, *, complete: bool = True
) -> dict[str, dict[str, object]]:
    rows = audit(tables, RULES, question, complete=complete).verdicts.to_pylist()
    return {row["media_id"]: row for row in rows}


def _reference(
    tables: World, question: Question, seen: Mapping[str, Told], *, complete: bool = True
) -> dict[str, Told]:
    """Judge each world by itself: its entries' ids begin with its name."""
    names = {row["dataset"] for row in tables["entries"]}
    apart: dict[str, World] = {name: {table: [] for table in tables} for name in names}
    for table, rows in tables.items():
        for row in rows:
            for name in names if table in SHARED else [_name(row)]:
                apart[name][table].append(row)
    findings = {evidence: told.findings for evidence, told in seen.items()}
    return {
        media_id: told
        for world in apart.values()
        for media_id, told in Judge(world, question, findings, complete=complete).all().items()
    }


def _name(row: dict[str, object]) -> str:
    """Return the world that a row's key names."""
    keys = ("merge_id", "face_id", "sha256", "left", "event_id", "decision_id", "request_id",
            "media_id", "consent_id", "notice_id", "source_id", "reviewer_id", "subject_id",
            "about")  # fmt: skip
    order = ("media_id", *keys) if "locator" in row else keys
    return str(next(row[k] for k in order if row.get(k))).split("-")[0]


@pytest.mark.parametrize("seed", range(-(-WORLDS // BATCH)))
def test_engine_says_what_the_reference_says(seed: int) -> None:
    """Codes, verdict, who decided and answers are the same for each entry of each world."""
    random = Random(seed)
    question = random_question(random)
    worlds = [random_world(random, f"w{n}") for n in range(BATCH)]
    worlds[0] |= {"hash_lists": random_lists(random), "stages": random_stages(random)}
    # Where a rule was left out, nothing is cleared.
    complete = random.random() < 0.9

    # First without verdicts of reviewers: what they will have seen.
    of_facts = [[d for d in world["decisions"] if "kind" in d] for world in worlds]
    blank = tables_of(
        [{**world, "decisions": some} for world, some in zip(worlds, of_facts, strict=True)]
    )
    before = _engine(blank, question)
    told = _reference(rows_of(blank), question, {})
    _compare(before, told)

    circular = _circular(worlds)
    for world, some in zip(worlds, of_facts, strict=True):
        world["decisions"] = some + [
            {**d, "evidence": before[d["media_id"]]["evidence"] if d["evidence"] == CURRENT else ""}
            for d in world["decisions"]
            if "kind" not in d and d["media_id"] not in circular
        ]
    decided = tables_of(worlds)
    # One digest may stand for several entries without findings; they saw the same: nothing.
    seen = {str(row["evidence"]): told[media_id] for media_id, row in before.items()}
    _compare(
        _engine(decided, question, complete=complete),
        _reference(rows_of(decided), question, seen, complete=complete),
    )


def test_engine_says_of_recognised_people_what_the_reference_says() -> None:
    """Faces of people who withdrew, in entries that do not declare them, are told alike."""
    random = Random(1)
    question = random_question(random)
    worlds = [random_world(random, f"w{n}") | {"decisions": []} for n in range(max(BATCH, 30))]
    for world in worlds:
        RESTRICTIONS["withdrawal"](random, world)
        people = [d["subject_id"] for d in world["depictions"]]
        for identity in world["identities"] if people else ():
            identity["subject_id"] = random.choice(people)
            identity["status"] = random.choice(("confirmed", "proposed", "disputed"))

    tables = tables_of(worlds)
    told = _reference(rows_of(tables), question, {})

    assert {"DEP004", "DEP013"} <= set().union(*(one.codes for one in told.values()))
    _compare(_engine(tables, question), told)


def _compare(engine: dict[str, dict[str, object]], reference: dict[str, Told]) -> None:
    ours = {
        m: Said(
            tuple(row["codes"]),  # type: ignore[arg-type]
            str(row["verdict"]),
            str(row["decided_by"]),
            str(row["answers"]),
        )
        for m, row in engine.items()
    }
    theirs = {
        m: Said(tuple(sorted(t.codes)), t.verdict, t.decided_by, t.answers)
        for m, t in reference.items()
    }
    differ = {
        m: (ours.get(m), theirs.get(m)) for m in ours | theirs if ours.get(m) != theirs.get(m)
    }

    assert not differ, f"engine, then reference: {differ}"


def _circular(worlds: list[World]) -> set[str]:
    """Return the entries that are said to be made from themselves."""
    return {
        m["media_id"]
        for world in worlds
        for m in world["media"]
        if any(
            m["media_id"] in _parents_line(world, r["right"])
            for r in world["relations"]
            if r["left"] == m["media_id"]
        )
    }


def _parents_line(world: World, media_id: str) -> set[str]:
    line, ahead = {media_id}, [media_id]
    while ahead:
        at = ahead.pop()
        new = {r["right"] for r in world["relations"] if r["left"] == at} - line
        line |= new
        ahead.extend(new)
    return line


def test_random_worlds_are_often_cleared() -> None:
    """One in ten random entries is cleared, so that what keeps one from it is asked often."""
    said: list[object] = []
    for seed in range(4):
        random = Random(seed)
        question = random_question(random)
        worlds = [random_world(random, f"w{n}") | {"decisions": []} for n in range(25)]
        said += [row["verdict"] for row in _engine(tables_of(worlds), question).values()]

    share = said.count("cleared") / len(said)
    assert share > 0.1, f"{share:.1%} of {len(said)} random entries are cleared"


def test_reference_knows_the_questions_in_their_order() -> None:
    """Letters of answers mean the same to both."""
    assert tuple(question.name for question in QUESTIONS) == NAMES


def test_reference_reads_the_effects_of_the_rules() -> None:
    """The reference knows every code of the three families, and which of them send to review."""
    effects = {rule.code: rule.effect == "review" for rule in RULES}

    assert {code for code, review in effects.items() if review} == REVIEWS
    assert set(BY_REASON.values()) <= set(BY_CODE)
