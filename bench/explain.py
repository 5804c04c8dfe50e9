"""`curate explain` of one entry among a million: seconds and memory of the whole command.

The catalogue and the ledger are those of `bench.worlds`, written as a workspace and audited once.
The command runs as a user runs it, in a process of its own; the median of five entries counts.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import curate
from bench.worlds import make_tables
from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.schema import json_schema, schema_names

FULL, QUICK = 1_000_000, 20_000
TARGET_SECONDS, TARGET_GIB = 3.0, 0.5
ENTRIES = 5


def run(*, quick: bool) -> dict[str, Any]:
    """Return how long the command takes, and how much memory.

    Args:
        quick: 20,000 entries.
    """
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "ws"
        _write(place, size)
        _command("audit", "--fail-on", "never", "-w", str(place))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        taken, peak = [], 0
        for number in range(ENTRIES):
            began = time.perf_counter()
            peak = max(peak, _peak("explain", f"x/{number * 1013 % size}.jpg", "-w", str(place)))
            taken.append(time.perf_counter() - began)
    seconds, gib = statistics.median(taken), peak / 2**20
    print(f"{size:,} entries; median of {ENTRIES}; the audit before took {before / 2**20:.1f} GiB")
    print(f"explain  {seconds:6.2f} s     target {TARGET_SECONDS}")
    print(f"memory   {gib:6.2f} GiB   target {TARGET_GIB}")
    met = seconds <= TARGET_SECONDS and gib <= TARGET_GIB
    return {"entries": size, "seconds": seconds, "gib": gib, "met": met}


def _write(place: Path, size: int) -> None:
    """Write the tables of a world as a workspace."""
    curate.init(place)
    tables = make_tables(size)
    catalog, kept = Catalog(place / "catalog"), set(schema_names())
    stores = {name: json_schema(name).get("x-store") for name in tables if name in kept}
    for name in [name for name, store in stores.items() if store == "delta"]:
        catalog.append(name, tables.pop(name))
    ledger = [name for name, store in stores.items() if store == "ledger"]
    statements = {name: tables.pop(name).to_pylist() for name in ledger}
    Ledger(place / "ledger.sqlite").record_all(statements, recorded_at=datetime.now(UTC))


def _command(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "curate", *words], check=True, capture_output=True)


def _peak(*words: str) -> int:
    """Run a command, and return its peak of memory in KiB."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'curate', *sys.argv[1:]], check=True,"
        " capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)
    return int(done.stdout)
