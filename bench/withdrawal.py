"""Impact of one withdrawal against a full audit of the same catalogue.

Both start from what is made once per version of the catalogue: the audit from the prepared facts,
the walk from the graph. What the two cost to make is told beside.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench.worlds import QUESTION, make_world
from curate.audit.facts import LEDGER_INPUTS
from curate.audit.judge import judge
from curate.audit.prepare import prepare
from curate.audit.rules import ALL_RULES
from curate.catalog.impact import INPUTS, draw_graph, impact
from curate.schema import arrow_schema

TARGET = 1000
FULL, QUICK = 1_000_000, 50_000


def run(*, quick: bool) -> dict[str, Any]:
    """Return how many times faster the walk is than judging everything again."""
    size = QUICK if quick else FULL
    tables = make_world(size)
    absent = {n: arrow_schema(n).empty_table() for n in INPUTS if n not in tables}
    began = time.perf_counter()
    prepared = prepare(tables)
    preparing = time.perf_counter() - began
    began = time.perf_counter()
    graph = draw_graph({**tables, **absent}, prepared)
    drawing = time.perf_counter() - began
    walks, touched = [], 0
    for number in range(99):
        began = time.perf_counter()
        touched += impact(graph, f"p{number * 1013 % (size // 10)}").entries.num_rows
        walks.append(time.perf_counter() - began)
    statements = {name: tables[name] for name in LEDGER_INPUTS}
    audits = []
    for _ in range(3):
        began = time.perf_counter()
        judge(prepared, statements, ALL_RULES, QUESTION)
        audits.append(time.perf_counter() - began)
    full = min(audits)
    walk = statistics.median(walks)
    ratio = full / walk
    print(f"{size:,} entries; median of 99 walks, {touched} entries touched by them together")
    print(f"once per version: facts {preparing:.1f} s, graph {drawing:.1f} s")
    print(f"full audit {full:9.3f} s, least of three")
    print(f"one walk   {walk:9.5f} s   {ratio:,.0f}x   target {TARGET}x at {FULL:,}")
    return {"entries": size, "ratio": ratio, "target": TARGET, "met": quick or ratio >= TARGET}
