"""Verdicts of whole catalogues: against the per-item reference and against a bare DuckDB join.

The reference is the plain implementation of the tests. It runs on a sample of entries, fifty at a
time with only the statements about their people, so that it never searches a large table; its time
is scaled linearly. The join brings together what every verdict needs (depictions, entries,
consents, the latest state, subjects) and keeps one number per entry: nothing is judged or told.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bench.worlds import QUESTION, make_world
from curate.audit.facts import INPUTS, LEDGER_INPUTS
from curate.audit.judge import Judgement, audit, judge
from curate.audit.prepare import prepare
from curate.audit.rules import ALL_RULES
from tests.reference_verdicts import Judge

RULES = [rule for rule in ALL_RULES if rule.family in ("CON", "DEP", "SRC")]
FULL, QUICK = 1_000_000, 50_000
SAMPLE, CHUNK = 2_000, 50
OVER_REFERENCE, OVER_JOIN, GROWTH, MEMORY_GIB = 50, 3.0, 12.0, 4.0

_JOIN = """
SELECT d.media_id, min(CASE WHEN s.state = 'ConsentGiven' AND c.valid_until > $as_of
                            AND p.status = 'active' THEN 1 ELSE 0 END) AS met
FROM depictions d
JOIN entries e USING (media_id)
LEFT JOIN consents c USING (subject_id)
LEFT JOIN (SELECT consent_id, arg_max(state, effective_at) AS state FROM consent_events
           GROUP BY consent_id) s USING (consent_id)
LEFT JOIN subjects p USING (subject_id)
GROUP BY d.media_id
"""


def run(*, quick: bool) -> dict[str, Any]:
    """Return the ratios of the set-wise engine at 10^6 entries, and its growth to 10^7."""
    size = QUICK if quick else FULL
    tables = make_world(size)
    statements = {name: tables[name] for name in LEDGER_INPUTS}
    began = time.perf_counter()
    prepared = prepare(tables)
    preparing = time.perf_counter() - began
    ours, join, judged = [], [], None
    for _ in range(5):
        began = time.perf_counter()
        judged = judge(prepared, statements, RULES, QUESTION)
        ours.append(time.perf_counter() - began)
        join.append(_time_join(tables))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    assert judged is not None
    reference = _time_reference(tables, judged) * size / SAMPLE
    figures: dict[str, Any] = {
        "entries": size,
        "over_reference": reference / min(ours),
        "over_join": min(ours) / min(join),
        "prepare_over_join": preparing / min(join),
        "peak_gib": peak,
        "targets": [OVER_REFERENCE, OVER_JOIN, GROWTH, MEMORY_GIB],
    }
    print(f"{size:,} entries, {2 * size:,} depictions; DuckDB's own threads; least of five")
    print(f"set-wise engine     {min(ours):10.2f} s, from the prepared catalogue")
    print(f"per-item reference  {reference:10.2f} s, scaled from {SAMPLE:,} entries, same verdicts:"
          f" {figures['over_reference']:,.0f}x   target {OVER_REFERENCE}x")  # fmt: skip
    print(f"bare DuckDB join    {min(join):10.2f} s: ours takes {figures['over_join']:.1f} times it"
          f"   target {OVER_JOIN}")  # fmt: skip
    print(f"preparing           {preparing:10.2f} s, once per version of the catalogue:"
          f" {figures['prepare_over_join']:.1f} times the join")  # fmt: skip
    print(f"peak memory         {peak:10.2f} GiB, tables included   target {MEMORY_GIB}")
    met = reference / min(ours) >= OVER_REFERENCE and peak <= MEMORY_GIB
    met = met and figures["over_join"] <= OVER_JOIN
    if not quick:
        del tables, judged, prepared
        figures["growth"] = _growth(preparing + min(ours))
        print(
            f"10^7 entries take {figures['growth']:.1f} times as long, preparing included"
            f"   target {GROWTH}"
        )
        met = met and figures["growth"] <= GROWTH
    return figures | {"met": met}


def _time_join(tables: dict[str, pa.Table]) -> float:
    connection = duckdb.connect(":memory:")
    for name in ("entries", "depictions", "consents", "consent_events", "subjects"):
        connection.register(name, tables[name])
    began = time.perf_counter()
    connection.sql(_JOIN, params={"as_of": QUESTION.as_of}).to_arrow_table()
    return time.perf_counter() - began


def _time_reference(tables: dict[str, pa.Table], judged: Judgement) -> float:
    """Return the reference's seconds for the sample, after comparing its verdicts with ours."""
    ids = tables["entries"]["media_id"].slice(0, SAMPLE).to_pylist()
    ours = dict(
        zip(
            judged.verdicts["media_id"].to_pylist(),
            judged.verdicts["verdict"].to_pylist(),
            strict=True,
        )
    )
    seconds = 0.0
    for start in range(0, SAMPLE, CHUNK):
        world = _part(tables, ids[start : start + CHUNK])
        began = time.perf_counter()
        told = Judge(world, QUESTION).all()
        seconds += time.perf_counter() - began
        differ = [m for m, said in told.items() if said.verdict != ours[m]]
        assert not differ, f"the reference says otherwise of {differ[:3]}"
    return seconds


def _part(tables: dict[str, pa.Table], ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that speak of some entries and of the people in them."""
    part = {name: tables[name] for name in INPUTS}
    for name in ("entries", "depictions"):
        part[name] = _where(part[name], "media_id", ids)
    people = part["depictions"]["subject_id"].to_pylist()
    for name in ("consents", "consent_events", "subjects"):
        part[name] = _where(part[name], "subject_id", people)
    contents = part["entries"]["sha256"].to_pylist()
    for name in (
        *("content", "parts", "face_scans", "faces", "groups", "hash_checks", "signal_scans"),
    ):
        part[name] = _where(part[name], "sha256", contents)
    part["identities"] = _where(part["identities"], "face_id", part["faces"]["face_id"].to_pylist())
    for name in ("beside_scans", "labels"):
        part[name] = _where(part[name], "media_id", ids)
    return {name: table.to_pylist() for name, table in part.items()}


def _where(table: pa.Table, column: str, values: list[str]) -> pa.Table:
    return table.filter(pc.is_in(table[column], value_set=pa.array(values, pa.string())))


def _growth(seconds: float) -> float:
    # Mapped from files: ten million entries leave too little memory else, on 24 GiB.
    with tempfile.TemporaryDirectory() as folder:
        tables = make_world(10 * FULL, Path(folder))
        began = time.perf_counter()
        audit(tables, RULES, QUESTION)
        return (time.perf_counter() - began) / seconds
