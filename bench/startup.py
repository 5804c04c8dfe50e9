"""CPU time of `curate --help`, and what importing the package loads."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from typing import Any

TARGET_SECONDS = 0.3
HEAVY = ("cleanlab", "fiftyone", "insightface", "mlcroissant", "ray")


def run(*, quick: bool) -> dict[str, Any]:
    """Return the median CPU time over several runs, next to Python's own start."""
    runs = 3 if quick else 9
    ours = statistics.median(_cpu(["-m", "curate", "--help"]) for _ in range(runs))
    bare = statistics.median(_cpu(["-c", "pass"]) for _ in range(runs))
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, curate; print([m for m in {HEAVY} if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    print(f"{'':<16}{'CPU s':>8}")
    print(f"{'curate --help':<16}{ours:>8.3f}   target {TARGET_SECONDS}")
    print(f"{'python -c pass':<16}{bare:>8.3f}   floor")
    print(f"import curate loads of the heavy packages: {loaded}")
    met = ours < TARGET_SECONDS and loaded == "[]"
    return {"cpu_s": ours, "floor_s": bare, "target_s": TARGET_SECONDS, "met": met}


def _cpu(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
