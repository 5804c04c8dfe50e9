"""The local engine: the same results as a plain map, whatever the items do to their workers."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.engine.local import CRASHED, HUNG, Done, Limits, Lost, default_jobs, map_batches
from tests.unit.engine import work

ROOT = Path(__file__).parents[3]
PATIENT = Limits(item_seconds=60)


def batches(count: int, size: int) -> list[pa.Table]:
    """Return the numbers below `count` in batches of `size`."""
    table = pa.table({"n": list(range(count))})
    return [table.slice(start, size) for start in range(0, count, size)]


def run(function: Any, items: list[pa.Table], *, jobs: int = 2, limits: Limits = PATIENT) -> Any:
    """Return (numbers that were done, numbers that were lost with their reason)."""
    done: list[int] = []
    lost: list[tuple[int, str]] = []
    for outcome in map_batches(function, items, jobs=jobs, limits=limits):
        if isinstance(outcome, Lost):
            lost.append((outcome.batch["n"].to_pylist()[0], outcome.reason))
            assert len(outcome.batch) == 1
        else:
            assert isinstance(outcome, Done)
            done.extend(outcome.result)
    return sorted(done), lost


@settings(max_examples=12)
@given(count=st.integers(0, 40), size=st.integers(1, 50), jobs=st.integers(1, 3))
def test_results_are_those_of_a_plain_map(count: int, size: int, jobs: int) -> None:
    """Neither the number of workers nor the size of batches shows."""
    done, lost = run(work.double, batches(count, size), jobs=jobs)

    assert done == [2 * n for n in range(count)]
    assert lost == []


@pytest.mark.parametrize("deed", ["exit", "kill", "allocate"])
def test_item_that_ends_its_worker_is_lost_alone(deed: str) -> None:
    """A worker that exits, is killed or has no memory left costs its item, and no other."""
    limits = Limits(memory=4 << 30)

    done, lost = run(partial(work.hostile, deed=deed, at=13), batches(24, 5), limits=limits)

    assert lost == [(13, CRASHED)]
    assert done == [n for n in range(24) if n != 13]


def test_item_that_hangs_is_lost_alone() -> None:
    """A worker that does not come back is ended."""
    limits = Limits(item_seconds=0.6)

    done, lost = run(partial(work.hostile, deed="hang", at=1), batches(4, 2), limits=limits)

    assert lost == [(1, HUNG)]
    assert done == [0, 2, 3]


@pytest.mark.parametrize("alive", [True, False])
def test_item_that_takes_long_is_lost_only_when_it_is_silent(*, alive: bool) -> None:
    """A long video is no hang, as long as its frames keep coming."""
    done, lost = run(partial(work.slow, alive=alive), batches(1, 1), limits=Limits(item_seconds=1))

    assert (done, lost) == (([0], []) if alive else ([], [(0, HUNG)]))


def test_several_hostile_items_are_each_lost() -> None:
    """One crash does not hide another."""
    items = [*batches(4, 4), *batches(4, 4), *batches(4, 1)]

    done, lost = run(partial(work.hostile, deed="exit", at=2), items)

    assert lost == [(2, CRASHED)] * 3
    assert done == sorted([0, 1, 3] * 3)


def test_exception_in_the_work_is_raised_here() -> None:
    """A mistake of ours is no property of the item."""
    with pytest.raises(ValueError, match="the item is odd"):
        run(partial(work.hostile, deed="raise", at=3), batches(6, 2))


def test_worker_has_a_memory_limit() -> None:
    """What one worker may take is what `Limits` says."""
    limits = Limits(memory=3 << 30)

    within = list(
        map_batches(partial(work.claim, size=1 << 28), batches(1, 1), jobs=1, limits=limits)
    )
    beyond = list(
        map_batches(partial(work.claim, size=3 << 30), batches(1, 1), jobs=1, limits=limits)
    )

    assert [type(outcome) for outcome in within + beyond] == [Done, Lost]


def test_batches_are_taken_only_as_workers_become_free() -> None:
    """A long source is not read ahead into memory."""
    taken: list[int] = []

    def source() -> Any:
        for number, batch in enumerate(batches(50, 1)):
            taken.append(number)
            yield batch

    outcomes = map_batches(work.double, source(), jobs=1, limits=PATIENT)
    next(outcomes)

    assert len(taken) <= 4
    outcomes.close()  # type: ignore[attr-defined]


def test_workers_do_not_import_the_program_that_started_them() -> None:
    """Else a program without a guard would start itself again."""
    (outcome,) = map_batches(work.main_name, batches(1, 1), jobs=1, limits=PATIENT)

    assert isinstance(outcome, Done)
    assert Path(outcome.result).stem not in ("pytest", "__main__")


def test_script_without_a_guard_works(tmp_path: Path) -> None:
    """Someone's first script has no `if __name__ == "__main__"`."""
    script = tmp_path / "first.py"
    script.write_text(
        "import pyarrow as pa\n"
        "from curate.engine.local import Limits, map_batches\n"
        "from tests.unit.engine.work import double\n"
        "print('begins')\n"
        "table = pa.table({'n': [1, 2]})\n"
        "print([o.result for o in map_batches(double, [table], jobs=2, limits=Limits())])\n"
    )

    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )

    assert done.stdout == "begins\n[[2, 4]]\n"


def test_default_jobs() -> None:
    """At least one."""
    assert default_jobs() >= 1
