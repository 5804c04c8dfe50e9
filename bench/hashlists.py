"""Matching against hash lists, end to end: what is planted is found, and how long it takes.

What is measured
- `match` of curate.safety: digests, PDQ in all eight turns up to 40 bits, frames of videos, bands.
- Planted among random hashes: exact digests, edits of up to 31 bits, turned ones, videos of which
  nine tenths are listed. All must be found, in the band that is said; of the withdrawn none.
- The peer is faiss's MultiHash, which ThreatExchange searches PDQ with, complete at 31 bits: 2,000
  queries of one turn, scaled to all items and to the eight turns that were searched here. It is
  held against a list of 31 bits; up to 40, which it cannot do, ours is told by itself.

Hashes are random: this measures speed and completeness, not how far edits move a PDQ, which
`python -m bench dedup-quality` does.

    python -m bench hashlists [--quick]
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from bench.hamming import QUERIES, THREADS, Codes, Table, multihash, raw, sampled, uniform
from curate.safety.entries import SCHEMA
from curate.safety.lists import HashList, ListInfo
from curate.safety.match import match
from curate.safety.matches import Items

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLANTED = 200
FRAMES = 20


def _bytes(codes: Codes) -> pa.Array:
    values = [code.tobytes() for code in np.ascontiguousarray(codes).astype(">u8")]
    return pa.array(values, pa.binary())


def _edited(codes: Codes, rng: np.random.Generator) -> Codes:
    """Return codes with up to 31 bits of each changed."""
    bits = np.unpackbits(raw(codes), axis=1)
    for row in bits:
        row[rng.choice(256, rng.integers(1, 32), replace=False)] ^= 1
    return np.packbits(bits, axis=1).view(np.uint64)


def _listed(codes: Codes, signal: str, **columns: Any) -> pa.Table:
    count = len(codes)
    plain = {"signal": [signal] * count, "value": _bytes(codes), "status": ["active"] * count,
             "case_ref": pa.nulls(count, pa.string()), "quality": [100] * count,
             "video": [-1] * count}  # fmt: skip
    return pa.table({**plain, **columns}, schema=SCHEMA)


def worlds(n: int, seed: int = 0) -> tuple[Items, HashList, dict[str, range]]:
    """Return items, a list of `n` pictures, and which items are planted, by kind."""
    rng = np.random.default_rng(seed)
    codes = uniform(8 * n, 4, seed).reshape(n, 8, 4)
    listed = uniform(n, 4, seed + 1)
    names = ("edited", "turned", "withdrawn", "exact", "video")
    planted = {name: range(i * PLANTED, (i + 1) * PLANTED) for i, name in enumerate(names)}
    for name in ("edited", "withdrawn"):
        rows = planted[name]
        codes[rows, 0] = _edited(listed[rows], rng)
    for row in planted["turned"]:
        codes[row, 1 + row % 7] = _edited(listed[row : row + 1], rng)[0]
    status = ["active"] * n
    for row in planted["withdrawn"]:
        status[row] = "withdrawn"
    digests = rng.integers(0, 2**64, (n, 2), dtype=np.uint64)
    films = uniform(PLANTED * FRAMES, 4, seed + 2)
    shown = films.copy()
    shown[::10] = uniform(len(shown[::10]), 4, seed + 3)
    moving = np.zeros(n, bool)
    moving[planted["video"]] = True
    quality = np.where(moving, -1, 90).astype(np.int16)
    items = Items(
        digests={"md5": _bytes(digests)}, codes=codes, quality=quality, moving=moving,
        frame_item=np.repeat(np.array(planted["video"]), FRAMES), frame_codes=shown,
        frame_quality=np.full(len(shown), 90, np.int16),
    )  # fmt: skip
    table = pa.concat_tables([
        _listed(listed, "pdq", status=status),
        _listed(digests[list(planted["exact"])], "md5"),
        _listed(films, "vpdq", video=np.repeat(np.arange(PLANTED), FRAMES)),
    ]).unify_dictionaries().combine_chunks()  # fmt: skip
    return items, HashList(ListInfo("l", "bench", "custom", NOW, NOW), table), planted


def run(*, quick: bool) -> dict[str, Any]:
    """Run the benchmark.

    Args:
        quick: 10^5 items against 10^5 in place of 10^6: ratios grow with the size, so the target
            is a twentieth.
    """
    n, target = (10**5, 15.0) if quick else (10**6, 300.0)
    small, few, _ = worlds(2000)
    match(small, [few], threads=THREADS)  # compile
    items, listed, planted = worlds(n)
    start = time.perf_counter()
    found = match(items, [listed], threads=THREADS)
    near = time.perf_counter() - start
    alike = HashList(replace(listed.info, near=listed.info.radius), listed.entries)
    start = time.perf_counter()
    match(items, [alike], threads=THREADS)
    ours = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    table = Table()
    sure = {row["item"] for row in found.matches.to_pylist() if row["band"] == "match"}
    for name, rows in planted.items():
        share = len(sure & set(rows)) / len(rows)
        print(f"{name:36} {100 * share:.1f} % of {len(rows)} planted are matched")
        table.figures[name] = share
        table.met[name] = share == (0 if name == "withdrawn" else 1)
    table.note("memory of the process", peak, 3, "GiB")
    codes = np.ascontiguousarray(items.codes[:, 0])
    asked = sampled(n)
    search = multihash(uniform(n, 4, 1), codes[asked], 31, THREADS)
    start = time.perf_counter()
    search()
    theirs = (time.perf_counter() - start) * n / min(n, QUERIES) * 8
    table.add(f"{n:.0e} x {n:.0e}, 8 turns", ours, "multihash", theirs, target)
    print(f"{'up to 40 bits':36} {near:.2f} s")
    return {
        "benchmark": "hashlists",
        "quick": quick,
        "threads": THREADS,
        "figures": table.figures,
        "checks": table.met,
        "met": all(table.met.values()),
    }
