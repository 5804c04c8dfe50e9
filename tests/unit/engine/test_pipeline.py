"""The pipeline: what is pending is done, once, and an interrupted run goes on."""

from __future__ import annotations

import itertools
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.catalog.tables import Catalog
from curate.engine import pipeline as pipeline_module
from curate.engine.pipeline import Pipeline, _batches
from curate.engine.records import recorded
from curate.engine.stage import MapStage, WholeStage
from curate.errors import InputError
from curate.schema import conform
from tests import factories
from tests.unit.engine.sighting_work import see, unseen

PENDING = """
    SELECT media_id, listed_size, listed_mtime_ns FROM media
    ANTI JOIN (SELECT media_id FROM sightings WHERE probe_version = '{version}') USING (media_id)
    ORDER BY media_id
"""


def see_stage(version: str = "see/1", **options: Any) -> MapStage:
    """Return a stage that sees every entry."""
    return MapStage(
        name="see",
        version=version,
        pending=PENDING.format(version=version),
        work=partial(see, version=version, **options),
        lost=partial(unseen, version=version),
        writes=("sightings",),
        chunk=2,
        parameters={"broken": options.get("broken")},
    )


def count_stage(calls: list[int], *, limit: int = 3, fails: bool = False) -> WholeStage:
    """Return a stage that groups everything sighted."""

    def work(tables: Any) -> dict[str, pa.Table]:
        calls.append(tables["seen"].num_rows)
        if fails:
            raise InputError("it broke", where="count")
        rows = [{"sha256": d, "group_id": "g", "medoid": d, "tier": "near", "distance": limit,
                 "keep": d, "keep_reason": "kept"} for d in tables["seen"]["sha256"].to_pylist()
                ]  # fmt: skip
        note = {"largest": len(rows)}
        return {"groups": conform(rows, "groups"), "notes": pa.table({"note": [json.dumps(note)]})}

    return WholeStage(
        name="count",
        version="count/1",
        reads={"seen": "SELECT DISTINCT sha256 FROM sightings WHERE sha256 IS NOT NULL"},
        work=work,
        writes=("groups",),
        parameters={"limit": limit},
    )


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Return a clock that goes on by a second each time it is read."""
    ticks = itertools.count()
    return lambda: datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=next(ticks))


@pytest.fixture
def line(tmp_path: Path, clock: Callable[[], datetime]) -> Pipeline:
    """Return a pipeline over seven entries."""
    catalog = Catalog(tmp_path / "catalog")
    rows = [factories.media(f"{n}.jpg") for n in range(7)]
    catalog.append("media", conform(rows, "media"))
    return Pipeline(catalog, clock, jobs=2)


def ids(line: Pipeline) -> list[str]:
    """Return the entries' ids in order."""
    found: list[str] = line.catalog.read("media")["media_id"].to_pylist()
    return found


def runs(line: Pipeline) -> list[dict[str, Any]]:
    """Return the runs' records in order of time."""
    return sorted(line.catalog.read("runs").to_pylist(), key=lambda row: row["started_at"])


def test_map_stage_does_what_is_pending(line: Pipeline) -> None:
    """Each entry is done, and the run is on record."""
    ran = line.run(see_stage())

    assert (ran.done, ran.rows) == (7, {"sightings": 7})
    assert line.catalog.read("sightings")["media_id"].to_pylist() == ids(line)
    (row,) = runs(line)
    assert (row["verb"], row["status"], row["error"]) == ("run see", "done", None)
    assert json.loads(row["counts"]) == {"items": 7, "sightings": 7}
    assert json.loads(row["versions"]) == {"see": "see/1"}
    assert row["started_at"] < row["ended_at"]


def test_map_stage_with_nothing_pending_leaves_no_trace(line: Pipeline) -> None:
    """Not even a record of a run."""
    line.run(see_stage())
    files = sorted(line.catalog.folder.rglob("*"))

    assert line.run(see_stage()).done == 0
    assert sorted(line.catalog.folder.rglob("*")) == files


def test_only_what_is_new_is_done(line: Pipeline) -> None:
    """The anti-join knows what was done."""
    line.run(see_stage())
    line.catalog.append("media", conform([factories.media("new.jpg")], "media"))

    assert line.run(see_stage()).done == 1
    assert line.catalog.count("sightings") == 8


def test_new_version_replaces_rows(line: Pipeline) -> None:
    """What an older version made is pending again, and does not stay beside the new."""
    line.run(see_stage())

    assert line.run(see_stage("see/2")).rows == {"sightings": 7}
    assert line.catalog.read("sightings")["probe_version"].to_pylist() == ["see/2"] * 7


@pytest.mark.parametrize("commit_seconds", [0.0, 60.0])
def test_interrupted_run_goes_on_to_the_same_tables(
    line: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit_seconds: float
) -> None:
    """Whether chunks were committed before the failure or not."""
    monkeypatch.setattr(pipeline_module, "COMMIT_SECONDS", commit_seconds)
    whole = Pipeline(Catalog(tmp_path / "whole"), line.clock, jobs=1)
    whole.catalog.append("media", line.catalog.read("media"))
    whole.run(see_stage())

    with pytest.raises(InputError, match="the item is odd"):
        line.run(see_stage(broken=ids(line)[5]))
    part = line.catalog.count("sightings")
    line.run(see_stage())

    assert part < 7
    assert line.catalog.read("sightings").equals(whole.catalog.read("sightings"))
    failed, done = runs(line)
    assert (failed["status"], done["status"]) == ("failed", "done")
    assert failed["error"] == f"E100 {ids(line)[5]}: the item is odd"


def test_item_that_kills_its_worker_is_kept_as_lost(line: Pipeline) -> None:
    """It is done, with its reason, and is not tried again."""
    deadly = ids(line)[3]

    assert line.run(see_stage(deadly=deadly)).done == 7

    found = {r["media_id"]: r["reason"] for r in line.catalog.read("sightings").to_pylist()}
    assert {entry for entry, reason in found.items() if reason} == {deadly}
    assert line.run(see_stage()).done == 0


def test_progress_reaches_the_total(line: Pipeline) -> None:
    """It begins at nothing, grows and ends whole."""
    told: list[tuple[str, int, int]] = []
    line.progress = lambda stage, done, total: told.append((stage, done, total))

    line.run(see_stage())

    assert [name for name, _, _ in told] == ["see"] * len(told)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert (told[0][1:], told[-1][1:]) == ((0, 7), (7, 7))


def test_whole_stage_is_skipped_until_its_inputs_change(line: Pipeline) -> None:
    """New rows, other parameters and another version each make it run; nothing else does."""
    calls: list[int] = []
    line.run(see_stage())

    assert line.run(count_stage(calls)).rows == {"groups": 7}
    assert line.is_current(count_stage(calls))
    assert line.run(count_stage(calls)).done == 0
    line.catalog.replace("sightings", line.catalog.read("sightings"))
    assert line.run(count_stage(calls)).done == 0
    assert calls == [7]

    line.catalog.append("media", conform([factories.media("new.jpg")], "media"))
    line.run(see_stage())
    assert not line.is_current(count_stage(calls))
    line.run(count_stage(calls))
    line.run(count_stage(calls, limit=4))
    assert calls == [7, 8, 8]


def test_whole_stage_puts_its_rows_in_the_place_of_the_old(line: Pipeline) -> None:
    """Rows of an earlier run do not stay."""
    line.run(see_stage())
    line.run(count_stage([]))
    line.catalog.replace("sightings", line.catalog.read("sightings").slice(0, 2))

    line.run(count_stage([]))

    assert line.catalog.count("groups") == 2


def test_whole_stage_notes_stand_in_the_record(line: Pipeline) -> None:
    """What the stage tells goes into the run's counts."""
    line.run(see_stage())

    assert line.run(count_stage([])).notes == {"largest": 7}
    assert json.loads(runs(line)[-1]["counts"]) == {"items": 7, "groups": 7, "largest": 7}


def test_whole_stage_that_failed_runs_again(line: Pipeline) -> None:
    """A failure is no result."""
    calls: list[int] = []
    line.run(see_stage())
    with pytest.raises(InputError):
        line.run(count_stage(calls, fails=True))

    assert not line.is_current(count_stage(calls))
    line.run(count_stage(calls))

    assert calls == [7, 7]
    assert [row["status"] for row in runs(line)] == ["done", "failed", "done"]


def test_digest_of_inputs_does_not_depend_on_the_order_of_rows(line: Pipeline) -> None:
    """Files' order is no input; a row that stands twice is not the same as none."""
    stage = count_stage([])
    line.run(see_stage())
    before = line.input_digest(stage)
    rows = line.catalog.read("sightings")

    line.catalog.replace("sightings", rows.take(pa.array(range(6, -1, -1))))

    assert line.input_digest(stage) == before


def test_record_of_a_run_that_was_killed(line: Pipeline) -> None:
    """It began, and nothing says that it ended."""
    recorded(line.catalog, line.clock, "audit", {"use": "x"}).__enter__()

    (row,) = runs(line)
    assert (row["status"], row["ended_at"]) == ("running", None)
    assert json.loads(row["parameters"]) == {"use": "x"}


def test_record_of_a_run_that_was_interrupted(line: Pipeline) -> None:
    """An interrupt is told like any failure, and goes on upwards."""

    def interrupted() -> None:
        with recorded(line.catalog, line.clock, "audit", {}) as record:
            record["counts"] = {"done": 1}
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    (row,) = runs(line)
    assert (row["status"], row["error"]) == ("failed", "KeyboardInterrupt()")
    assert json.loads(row["counts"]) == {"done": 1}


def test_a_batch_takes_what_its_rows_take_to_a_worker() -> None:
    """However long the table is that it was cut from."""
    few = pa.table({"media_id": [f"{n:036}" for n in range(64)]})
    many = pa.table({"media_id": [f"{n:036}" for n in range(64_000)]})

    (whole,) = _batches(few, 64)
    last = list(_batches(many, 64))[-1]

    assert last["media_id"].to_pylist()[-1] == f"{63_999:036}"
    assert len(pickle.dumps(last)) <= len(pickle.dumps(whole)) + 64
