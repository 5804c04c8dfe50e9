"""Less is never better: whoever takes rows of an observation away clears nothing by it.

What a stage wrote is summed, so that a row that is missing is noticed: `changed` is made here as
`curate.engine.changed` makes it of a catalogue, with the same sums.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow.compute as pc
import pytest

from curate.audit.facts import INPUTS, Question
from curate.audit.judge import audit
from curate.audit.rules import ALL_RULES
from curate.catalog.rowsums import changed_scans, with_sums
from curate.schema import conform, key_of
from tests.factories import STAGES
from tests.random_worlds import (
    RANDOM_STAGES,
    World,
    random_lists,
    random_question,
    random_world,
    rows_of,
    tables_of,
)
from tests.side_by_side import apart, together
from tests.worlds import load_world

CASES = Path(__file__).parents[2] / "cases"
# What answers for its rows, with all that it answers for.
SUMMED = (
    "content",
    "frames",
    "face_scans",
    "faces",
    "signal_scans",
    "signals",
    "sightings",
    "looks",
)
# What a stage writes whole, and answers for in the record of its run.
WHOLE = ("beside_scans", "groups", "hash_checks", "identities", "resemblances")
OBSERVED = (
    *("beside_scans", "content", "face_scans", "faces", "groups", "hash_checks", "identities"),
    *("resemblances", "sightings", "signal_scans", "signals"),
)

Verdicts = dict[str, str]


def summed(rows: World) -> World:
    """Return rows of which each scan says what it wrote."""
    tables = with_sums({name: conform(rows.get(name, []), name) for name in SUMMED})
    return rows | {name: tables[name].to_pylist() for name in SUMMED}


def noticed(rows: World, written: World) -> World:
    """Return rows, with what is not as it was written in the view ``changed``."""
    found = changed_scans({name: conform(rows.get(name, []), name) for name in SUMMED})
    changed = [
        {"about": about, "written_in": scan}
        for scan, keys in found.items()
        for about in pc.unique(keys[key_of(scan)[0]]).to_pylist()
    ]
    probed = {c["sha256"] for c in rows["content"]}
    changed += [
        {"about": s["media_id"], "written_in": "sightings"}
        for s in rows["sightings"]
        if s["status"] == "readable" and s["sha256"] not in probed
    ]
    changed += [{"about": "*", "written_in": name} for name in WHOLE if rows[name] != written[name]]
    told = {(c["about"], c["written_in"]): c for c in (*written.get("changed", []), *changed)}
    return rows | {"changed": list(told.values())}


def fewer(rows: World, table: str, random: Random, share: float) -> World:
    """Return rows without a share of those of a table."""
    return rows | {table: [row for row in rows[table] if random.random() >= share]}


def judge(rows: World, question: Question) -> Verdicts:
    """Return the verdict of each entry, by all rules."""
    known = {name: some for name, some in rows.items() if name in (*INPUTS, "media", "sightings")}
    verdicts = audit(tables_of([known]), ALL_RULES, question).verdicts.to_pylist()
    return {row["media_id"]: row["verdict"] for row in verdicts}


def gained(after: Verdicts, before: Verdicts) -> list[str]:
    """Return the entries that are cleared, and were not."""
    return [m for m, said in after.items() if said == "cleared" != before[m]]


@cache
def worlds_of(seed: int) -> tuple[Question, World, Verdicts]:
    """Return random worlds as stages wrote them, and the verdicts on them."""
    random = Random(seed)
    question = random_question(random)
    worlds = [random_world(random, f"w{n}") | {"decisions": []} for n in range(40)]
    worlds[0] |= {"hash_lists": random_lists(random), "stages": list(RANDOM_STAGES)}
    rows = summed(together(worlds))
    return question, rows, judge(noticed(rows, rows), question)


def test_many_worlds_are_cleared_before() -> None:
    """What is taken away below could be missed."""
    said = Counter(worlds_of(1)[2].values())

    assert said["cleared"] > 10
    assert said["needs_review"] > 10


@pytest.mark.parametrize("share", [0.3, 1.0], ids=["some", "all"])
@pytest.mark.parametrize("table", OBSERVED)
def test_rows_taken_away_clear_nothing(table: str, share: float) -> None:
    """Some rows, or the whole table: what was not cleared is not cleared without them."""
    question, rows, before = worlds_of(1)

    less = noticed(fewer(rows, table, Random(1), share), rows)

    assert gained(judge(less, question), before) == []


@pytest.mark.parametrize(("seed", "table"), [(0, "faces"), (1, "sightings")])
def test_what_is_lost_of_an_entry_clears_no_other(seed: int, table: str) -> None:
    """Another entry, or another face, of a subject is known although its own rows are lost."""
    question, rows, before = worlds_of(seed)

    less = noticed(fewer(rows, table, Random(1), 0.3), rows)

    assert gained(judge(less, question), before) == []


@pytest.mark.parametrize("stage", [row["stage"] for row in STAGES])
@pytest.mark.parametrize("lost", [True, False], ids=["missing", "newer"])
def test_stage_that_is_missing_or_newer_clears_nothing(stage: str, lost: bool) -> None:  # noqa: FBT001
    """What an older version looked at, or a stage that never ran, answers nothing."""
    question, rows, before = worlds_of(1)
    marked = [row | {"mark": "another"} if row["stage"] == stage else row for row in rows["stages"]]
    left = [row for row in rows["stages"] if row["stage"] != stage]

    after = judge(noticed(rows | {"stages": left if lost else marked}, rows), question)

    assert "cleared" in before.values()
    assert "cleared" not in after.values()


@cache
def cases() -> tuple[Question, World, Verdicts]:
    """Return the worlds of all rules' cases that ask the usual question, and the verdicts."""
    worlds: list[World] = []
    asked: Question | None = None
    folders = sorted(p for p in CASES.glob("*/*/*") if (p / "world.toml").exists())
    for number, folder in enumerate(folders):
        said = tomllib.loads((folder / "world.toml").read_text(encoding="utf-8"))
        if {"use", "stages"} & said.keys():
            continue
        with TemporaryDirectory() as scratch:
            world = load_world(folder, Path(scratch))
        rows = rows_of(world.tables)
        if rows["hash_lists"] or any(c["about"] == "*" for c in rows["changed"]):
            continue
        asked = asked or world.question
        worlds.append(apart(rows | {"stages": []}, f"case{number}"))
    assert asked is not None
    assert len(worlds) > len(folders) / 2
    rows = summed(together(worlds) | {"stages": list(STAGES)})
    return asked, rows, judge(noticed(rows, rows), asked)


@pytest.mark.parametrize("table", OBSERVED)
def test_rows_taken_from_cases_clear_nothing(table: str) -> None:
    """The worlds of the rules' cases, each made to be wrong in one way, or right."""
    question, rows, before = cases()

    less = noticed(fewer(rows, table, Random(1), 1.0), rows)

    assert gained(judge(less, question), before) == []
