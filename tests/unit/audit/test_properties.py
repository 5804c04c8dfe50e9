"""What holds of every audit: restrictions restrict, order does not show, doubt never clears.

Random worlds without waivers and decisions, unless a test is about them: both are people's words,
and a new finding may rightly void them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.audit.facts import Question
from curate.audit.judge import Judgement, audit
from curate.audit.rules import ALL_RULES
from tests.factories import (
    AS_OF,
    USE,
    consent,
    day,
    depiction,
    digest,
    event,
    face,
    facts,
    identity,
    media,
    scan,
    searched,
    searched_beside,
    source,
    subject,
)
from tests.random_worlds import (
    Row,
    World,
    random_lists,
    random_question,
    random_world,
    rows_of,
    tables_of,
)
from tests.reference_verdicts import BETTER, Judge
from tests.restrictions import RESTRICTIONS, UNKNOWNS, new_event

SEEDS = st.integers(0, 2**32 - 1)
WORLDS = 30

Verdicts = dict[str, str]


def make(seed: int) -> tuple[Question, list[World]]:
    """Return a batch of worlds in which nobody has waived or decided anything."""
    random = Random(seed)
    question = replace(random_question(random), waivers=())
    # A use that reaches somewhere and someone, so that less reach can matter.
    if random.random() < 0.5:
        use = replace(question.use, audience="gated", recipient_territories=("DE", "FR"))
        question = replace(question, use=use)
    worlds = [random_world(random, f"w{n}") for n in range(WORLDS)]
    worlds[0]["hash_lists"] = random_lists(random)
    return question, [world | {"decisions": []} for world in worlds]


def judge(worlds: list[World], question: Question) -> Verdicts:
    """Return the verdict of each entry, by all rules."""
    rows = audit(tables_of(worlds), ALL_RULES, question).verdicts.to_pylist()
    return {row["media_id"]: row["verdict"] for row in rows}


@lru_cache(maxsize=4)
def judged(seed: int) -> Verdicts:
    """Return the verdicts before anything is changed."""
    question, worlds = make(seed)
    return judge(worlds, question)


def better(after: Verdicts, before: Verdicts) -> list[str]:
    """Return the entries whose verdict improved."""
    return [m for m, said in before.items() if BETTER.index(after[m]) > BETTER.index(said)]


@pytest.mark.parametrize("name", RESTRICTIONS)
@settings(max_examples=2)
@given(seed=SEEDS)
def test_restriction_never_improves_a_verdict(name: str, seed: int) -> None:
    """Whatever is taken away or forbidden, no entry becomes more usable."""
    question, worlds = make(seed)
    random = Random(seed)
    for world in worlds:
        RESTRICTIONS[name](random, world)

    assert better(judge(worlds, question), judged(seed)) == []


def test_all_restrictions_together_clear_less() -> None:
    """The restrictions above do restrict: of many cleared entries few are left."""
    before = after = 0
    for seed in (1, 2):
        question, worlds = make(seed)
        for restrict in RESTRICTIONS.values():
            for world in worlds:
                restrict(Random(1), world)
        before += list(judged(seed).values()).count("cleared")
        after += list(judge(worlds, question).values()).count("cleared")

    assert before > 10
    assert after < before / 2


@pytest.mark.parametrize("name", UNKNOWNS)
def test_what_is_not_known_never_clears(name: str) -> None:
    """Take one kind of knowledge away: no entry that needs it is cleared."""
    question, worlds = make(1)
    forget, concerned = UNKNOWNS[name]
    unsure = set().union(*(concerned(world) for world in worlds))
    for world in worlds:
        forget(world)

    after = judge(worlds, question)

    assert "cleared" in {judged(1)[m] for m in unsure}
    assert [m for m in unsure if after[m] == "cleared"] == []


# --- order, chunks, replay ---------------------------------------------------------------------


def _bytes(judgement: Judgement) -> bytes:
    sink = io.BytesIO()
    for table in (judgement.findings, judgement.verdicts):
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def _shuffled(tables: Mapping[str, pa.Table], random: Random) -> dict[str, pa.Table]:
    return {
        name: table.take(pa.array(random.sample(range(table.num_rows), table.num_rows), pa.int64()))
        for name, table in tables.items()
    }


def _chunked(tables: Mapping[str, pa.Table], size: int) -> dict[str, pa.Table]:
    """Return tables in chunks of `size` rows, with an empty one before them."""
    return {
        name: pa.concat_tables(
            [table.slice(0, 0), *(table.slice(at, size) for at in range(0, table.num_rows, size))]
        )
        for name, table in tables.items()
    }


@settings(max_examples=2)
@given(seed=SEEDS, size=st.integers(1, 7))
def test_replay_gives_the_same_bytes_in_any_order_and_chunks(seed: int, size: int) -> None:
    """Neither the order of rows nor how they are cut shows in a byte of what is written."""
    question, worlds = make(seed)
    tables = tables_of(worlds)

    once = _bytes(audit(tables, ALL_RULES, question))

    assert _bytes(audit(tables, ALL_RULES, question)) == once
    assert _bytes(audit(_chunked(tables, size), ALL_RULES, question)) == once
    assert _bytes(audit(_shuffled(tables, Random(seed)), ALL_RULES, question)) == once


# --- withdrawals and grants --------------------------------------------------------------------


@settings(max_examples=3)
@given(seed=SEEDS)
def test_withdrawal_now_blocks_the_person_and_what_was_made_from_them(seed: int) -> None:
    """From the instant a person withdraws, nothing that shows them or comes of it is usable."""
    question, worlds = make(seed)
    gone: set[str] = set()
    for world in worlds:
        people = {c["subject_id"] for c in world["consents"]}
        world["consent_events"] += [
            new_event(c, "ConsentWithdrawn", question.as_of) for c in world["consents"]
        ]
        gone |= {
            d["media_id"]
            for d in world["depictions"]
            if d["subject_id"] in people and d["link_status"] != "rejected"
        }

    tables = tables_of(worlds)
    found = judge(worlds, question)

    lines = Judge(rows_of(tables), question)
    touched = gone | {m for m in found if lines.ancestors(m) & gone}
    assert {found[m] for m in touched} == {"blocked"}


WHOLE: Row = {"valid_until": day(1, year=2030)}
INSTANT = timedelta(microseconds=1)


def one_entry(**tables: list[Row]) -> dict[str, pa.Table]:
    """Return the tables of one entry that shows p01, scanned, and fit to be cleared."""
    entry = media(source_id="s")
    sha256 = digest(entry["locator"])
    seen = face(sha256)
    known = {
        "depictions": [depiction(entry)],
        "consents": [consent(**WHOLE)],
        "consent_events": [event(day(1))],
        "subjects": [subject()],
        "sources": [source()],
        "faces": [seen],
        "face_scans": [scan(sha256, 1)],
        "identities": [identity(seen)],
        "signal_scans": [searched(sha256)],
        "beside_scans": [searched_beside(entry)],
    }
    return facts([entry], **(known | tables))


def verdict_of(tables: Mapping[str, pa.Table]) -> str:
    """Return the verdict of the only entry."""
    (row,) = audit(
        tables, ALL_RULES, Question(USE, {"train-detector": None}, AS_OF)
    ).verdicts.to_pylist()
    return str(row["verdict"])


@pytest.mark.parametrize(
    ("late", "expected"),
    [(-INSTANT, "blocked"), (0 * INSTANT, "blocked"), (INSTANT, "cleared")],
    ids=["before", "at the same instant", "after"],
)
@pytest.mark.parametrize("record", ["c1", "c2"], ids=["same record", "another record"])
def test_only_a_grant_after_the_withdrawal_counts(
    late: timedelta, expected: str, record: str
) -> None:
    """One before it, or at its instant, does not, in whichever record it stands."""
    history = [
        event(day(1)),
        event(day(3), "ConsentWithdrawn"),
        event(day(3) + late, "RenewedConsentGiven", record),
    ]

    tables = one_entry(consents=[consent(**WHOLE), consent("c2", **WHOLE)], consent_events=history)

    assert verdict_of(tables) == expected


# --- descent -----------------------------------------------------------------------------------


@settings(max_examples=3)
@given(seed=SEEDS)
def test_derivative_is_never_better_than_any_ancestor(seed: int) -> None:
    """However far back, and through circles too; an ancestor that is not listed is a doubt."""
    question, worlds = make(seed)
    rows = rows_of(tables_of(worlds))

    found = judge(worlds, question)

    lines = Judge(rows, question)
    for media_id, said in found.items():
        least = [BETTER.index(found.get(p, "needs_review")) for p in lines.ancestors(media_id)]
        assert BETTER.index(said) <= min(least, default=2), media_id
