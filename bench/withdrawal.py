"""Impact of one withdrawal against a full audit of the same catalogue."""

from __future__ import annotations

import statistics
import time
from typing import Any

import duckdb
import pyarrow as pa

from bench.worlds import QUESTION, make_world
from curate.audit.judge import audit
from curate.audit.rules import ALL_RULES
from curate.catalog.impact import INPUTS, impact
from curate.schema import arrow_schema

TARGET = 1000
FULL, QUICK = 1_000_000, 50_000


def run(*, quick: bool) -> dict[str, Any]:
    """Return how many times faster the walk is than judging everything again."""
    size = QUICK if quick else FULL
    tables = make_world(size)
    connection = _catalogue(tables)
    walks, touched = [], 0
    for number in range(9):
        began = time.perf_counter()
        touched += impact(connection, f"p{number * 1013 % (size // 10)}").entries.num_rows
        walks.append(time.perf_counter() - began)
    began = time.perf_counter()
    audit(tables, ALL_RULES, QUESTION)
    full = time.perf_counter() - began
    walk = statistics.median(walks)
    ratio = full / walk
    print(f"{size:,} entries; median of 9 walks, {touched} entries touched by them together")
    print(f"full audit {full:9.3f} s")
    print(f"one walk   {walk:9.5f} s   {ratio:,.0f}x   target {TARGET}x at {FULL:,}")
    return {"entries": size, "ratio": ratio, "target": TARGET, "met": quick or ratio >= TARGET}


def _catalogue(tables: dict[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for name in INPUTS:
        table = tables.get(name)
        connection.register(name, arrow_schema(name).empty_table() if table is None else table)
    return connection
