"""Adding 1,000 files to 10^5 against 1,000 files alone: ingest, probe and dedup.

Three workspaces see the same 1,000 JPEGs of 1024x768: one has nothing else; to one they are
added in a folder of their own; in one they join the folder of the 100,000, which is listed
again whole. The files that were there before are small, to keep the set-up short: what is
measured does not open them again. The least of three rounds for each step, on a fresh copy of the
catalogue as it was before; the sides take turns. Both ratios would be 1 if what is there cost
nothing.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import curate
from bench.probe import write_pictures

STEPS = ("ingest", "probe", "dedup")
SIDES = ("alone", "own folder", "same folder")
TARGET = 2.0
PROCESSES = 2
ROUNDS = 3
PER_FOLDER = 1000

Seconds = dict[str, float]


def run(*, quick: bool) -> dict[str, Any]:
    """Return the ratios of what adding costs to what the added files cost alone.

    Args:
        quick: 10^4 files and 100 more; the fixed cost of a run then hides most of both.
    """
    old, new = (10_000, 100) if quick else (100_000, 1000)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _set_up(folder, old, new)
        best = {side: dict.fromkeys(STEPS, float("inf")) for side in SIDES}
        for turn in range(ROUNDS):
            for side in SIDES if turn % 2 == 0 else SIDES[::-1]:
                taken = _added(folder, side)
                best[side] = {step: min(best[side][step], taken[step]) for step in STEPS}
    return _report(best, old, new)


def _set_up(folder: Path, old: int, new: int) -> None:
    """Write the files, and bring one workspace to where the old ones are done."""
    began = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        starts = range(0, old, PER_FOLDER)
        list(pool.map(_write_small, [folder / "media"] * len(starts), starts))
    (folder / "new").mkdir()
    write_pictures(folder / "new", new)
    project = curate.init(folder / "before")
    project.ingest(folder / "media")
    project.run(["probe", "dedup"], jobs=PROCESSES)
    took = time.perf_counter() - began
    print(f"set-up: {old:,} small files and {new:,} more, {took:.0f} s", flush=True)


def _write_small(folder: Path, start: int) -> None:
    from PIL import Image

    inside = folder / f"{start // PER_FOLDER:03}"
    inside.mkdir(parents=True)
    rng = np.random.default_rng(start)
    for number in range(start, start + PER_FOLDER):
        noise = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        picture = noise.resize((96, 96), Image.Resampling.BICUBIC)
        picture.save(inside / f"{number:06}.jpg", quality=85)


def _added(folder: Path, side: str) -> Seconds:
    """Return the seconds of each step of taking in the new files."""
    shutil.rmtree(folder / "ws", ignore_errors=True)
    if side == "alone":
        curate.init(folder / "ws")
    else:
        shutil.copytree(folder / "before", folder / "ws")
    project = curate.open(folder / "ws")
    media = folder / "new"
    if side == "same folder":
        media = folder / "media"
        shutil.copytree(folder / "new", media / "new")
    seconds = {
        "ingest": _timed(lambda: project.ingest(media)),
        "probe": _timed(lambda: project.run(["probe"], jobs=PROCESSES)),
        "dedup": _timed(lambda: project.run(["dedup"])),
    }
    if side == "same folder":
        shutil.rmtree(media / "new")
    return seconds


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _report(best: dict[str, Seconds], old: int, new: int) -> dict[str, Any]:
    print(f"{new:,} JPEGs of 1024x768, {PROCESSES} processes, seconds")
    print(f"{'':34}" + "".join(f"{step:>9}" for step in (*STEPS, "sum", "ratio")))
    alone = sum(best["alone"].values())
    ratios = {}
    for side, seconds in best.items():
        total = sum(seconds.values())
        ratios[side] = total / alone
        name = side if side == "alone" else f"added to {old:,}, {side}"
        figures = "".join(f"{seconds[step]:9.2f}" for step in STEPS)
        print(f"{name:34}{figures}{total:9.2f}{total / alone:8.2f}x")
    worst = max(ratios.values())
    print(f"target: at most {TARGET}x")
    return {
        "benchmark": "incremental",
        "figures": {"old": old, "new": new, "seconds": best, "ratios": ratios},
        "targets": {"ratio": TARGET},
        "met": worst <= TARGET,
    }
