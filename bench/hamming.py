"""The Hamming join against faiss and imagededup: self-joins, lists, growth and memory.

What is measured
- Ours: `self_pairs` or `cross_pairs` from codes in memory to sorted pairs in memory, median of
  three. Compiled before the clock starts (the kernels are cached on disk from then on).
- faiss: search only, on 2,000 evenly spaced queries, scaled linearly to all of them; building
  the index is not counted against it. Its binary radius is strict, so it is asked for one more.
  The number of hits of those queries must equal ours.
- MultiHash with as many tables and flips as a complete answer needs: tables * (flips + 1) >
  radius. It is exact then, like ours.
- The two sides alternate. Same number of threads, printed.

Skewed codes: bits of unequal odds (normal, .5 +- .18), a fifth of the rows near copies of others
(clusters of very unequal size), and one code in a thousand all zero. Synthetic: it ranks
methods, it does not predict a dataset.

    python -m bench hamming [--quick]
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.dedup.groups import duplicate_groups
from curate.dedup.hamming import Pairs, cross_pairs, pack_codes, self_edges, self_pairs

ROOT = Path(__file__).resolve().parent.parent
THREADS = 2
QUERIES = 2000
RADIUS = {1: 10, 4: 31}
COMPARISONS = 3e9  # candidate popcounts per second and core that are taken as the floor

_IMAGEDEDUP = """
import json, sys, time
from imagededup.handlers.search.retrieval import HashEval
hashes, step, workers = json.load(sys.stdin)
names = list(hashes)
queries = {name: hashes[name] for name in names[::step]}
start = time.perf_counter()
found = HashEval(hashes, queries, None, verbose=False, threshold=10,
                 num_dist_workers=workers).retrieve_results()
print(json.dumps([time.perf_counter() - start, len(queries), sum(map(len, found.values()))]))
"""

Codes = NDArray[np.uint64]


@dataclass
class Table:
    """Rows printed as they come, and figures kept."""

    figures: dict[str, Any] = field(default_factory=dict)
    met: dict[str, bool] = field(default_factory=dict)

    def add(self, work: str, ours: float, peer: str, theirs: float, target: float) -> None:
        """Print one comparison and hold its ratio against the target."""
        ratio = theirs / ours
        key = f"{work} / {peer}"
        self.figures[key] = {"ours_s": ours, "peer_s": theirs, "ratio": ratio, "target": target}
        self.met[key] = ratio >= target
        mark = "met" if ratio >= target else "MISSED"
        print(
            f"{work:36} {ours:8.2f} s  {peer:12} {theirs:11.1f} s  {ratio:8.0f}x"
            f"  (at least {target:.0f}x: {mark})",
            flush=True,
        )

    def note(self, key: str, value: float, limit: float, unit: str) -> None:
        """Print one figure that must stay below a limit."""
        self.figures[key] = {"value": value, "limit": limit}
        self.met[key] = value <= limit
        mark = "met" if value <= limit else "MISSED"
        print(f"{key:36} {value:8.2f} {unit}  (at most {limit}: {mark})", flush=True)


def uniform(n: int, words: int, seed: int = 0) -> Codes:
    """Return fair, independent bits."""
    return np.random.default_rng(seed).integers(0, 2**64, (n, words), dtype=np.uint64)


def skewed(n: int, words: int, seed: int = 0) -> Codes:
    """Return biased bits, clusters of near copies and repeated empty frames."""
    rng = np.random.default_rng(seed)
    odds = np.clip(rng.normal(0.5, 0.18, 64 * words), 0.03, 0.97)
    codes = _random_bits(rng, n, odds)
    copies = rng.permutation(n)[: n // 5]
    sources = (n * rng.power(4, len(copies))).astype(np.int64) % n
    codes[copies] = codes[sources] ^ _random_bits(rng, len(copies), np.full(64 * words, 0.02))
    codes[rng.random(n) < 0.001] = 0
    return codes


def _random_bits(rng: np.random.Generator, n: int, odds: NDArray[np.float64]) -> Codes:
    parts = [np.empty((0, len(odds) // 64), np.uint64)]
    for start in range(0, n, 100_000):
        bits = rng.random((min(100_000, n - start), len(odds)), dtype=np.float32) < odds
        raw = np.packbits(bits, axis=1)
        parts.append(raw.view(">u8").astype(np.uint64))
    return np.concatenate(parts)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def alternate(
    ours: Callable[[], Any], theirs: list[Callable[[], int]]
) -> tuple[float, Any, list[float], list[int]]:
    """Run both sides three times in turn; return medians, our result and their hits."""
    mine: list[float] = []
    others: list[list[float]] = [[] for _ in theirs]
    result, hits = None, [0] * len(theirs)
    for turn in range(3):
        order = [-1, *range(len(theirs))] if turn % 2 == 0 else [*range(len(theirs)), -1]
        for side in order:
            if side < 0:
                seconds, result = timed(ours)
                mine.append(seconds)
            else:
                seconds, hits[side] = timed(theirs[side])
                others[side].append(seconds)
    return statistics.median(mine), result, [statistics.median(t) for t in others], hits


def raw(codes: Codes) -> NDArray[np.uint8]:
    """Return codes as faiss wants them."""
    return np.ascontiguousarray(codes).view(np.uint8).reshape(len(codes), -1)


def sampled(n: int) -> NDArray[np.int64]:
    """Return the rows that the peers are asked about."""
    return np.linspace(0, n - 1, min(n, QUERIES)).astype(np.int64)


def flat(base: Codes, queries: Codes, radius: int, threads: int) -> Callable[[], int]:
    """Return a search by brute force."""
    import faiss

    index = faiss.IndexBinaryFlat(base.shape[1] * 64)
    index.add(raw(base))
    return _search(index, raw(queries), radius, threads)


def multihash(base: Codes, queries: Codes, radius: int, threads: int) -> Callable[[], int]:
    """Return a complete search by the index that ThreatExchange uses."""
    import faiss

    width = base.shape[1] * 64
    tables = width // 16
    index = faiss.IndexBinaryMultiHash(width, tables, 16)
    index.nflip = -(-(radius + 1) // tables) - 1
    index.add(raw(base))
    return _search(index, raw(queries), radius, threads)


def _search(index: Any, queries: NDArray[np.uint8], radius: int, threads: int) -> Callable[[], int]:
    import faiss

    def search() -> int:
        faiss.omp_set_num_threads(threads)
        limits, _, _ = index.range_search(queries, radius + 1)
        return int(limits[-1])

    return search


def hits_of(pairs: Pairs, n: int, rows: NDArray[np.int64]) -> int:
    """Return how often the rows stand in pairs, and once more each for itself."""
    ends = np.bincount(pairs.left, minlength=n) + np.bincount(pairs.right, minlength=n)
    return int(ends[rows].sum()) + len(rows)


def self_join(table: Table, n: int, words: int, kind: str, targets: dict[str, float]) -> float:
    """Measure one self-join against both indexes; return our seconds."""
    codes = (uniform if kind == "uniform" else skewed)(n, words)
    radius, rows = RADIUS[words], sampled(n)
    peers = {"flat": flat, "multihash": multihash}
    searches = [peers[peer](codes, codes[rows], radius, THREADS) for peer in targets]
    ours, pairs, theirs, hits = alternate(
        lambda: self_pairs(codes, radius, threads=THREADS), searches
    )
    work = f"{64 * words} bit, r {radius}, {n:.0e} {kind}"
    for peer, seconds, count, target in zip(targets, theirs, hits, targets.values(), strict=True):
        table.add(work, ours, peer, seconds * n / len(rows), target)
        agree = count == hits_of(pairs, n, rows)
        table.met[f"{work} / {peer} hits"] = agree
        print(
            f"{'':36} {len(pairs)} pairs; {count} hits on the sample {'agree' * agree or 'DIFFER'}"
        )
    return ours


def list_join(table: Table, n: int, target: float) -> None:
    """Measure a join of two lists, one thread each."""
    a, b = uniform(n, 4, seed=1), uniform(n, 4, seed=2)
    rows = sampled(n)
    a[rows[::2]] = b[rows[::2]] ^ np.uint64(7)  # 12 bits: something to find
    search = multihash(b, a[rows], 31, 1)
    ours, pairs, theirs, hits = alternate(lambda: cross_pairs(a, b, 31, threads=1), [search])
    work = f"list {n:.0e} x {n:.0e}, 256 bit, 1 thread"
    table.add(work, ours, "multihash", theirs[0] * n / len(rows), target)
    table.met[f"{work} / hits"] = int(np.isin(pairs.left, rows).sum()) == hits[0]


def child(n: int, words: int) -> dict[str, float]:
    """Join `n` codes in this process: seconds, and peak memory in codes' sizes."""
    self_pairs(uniform(20_000, words), RADIUS[words], threads=THREADS)
    codes = uniform(n, words)
    seconds, pairs = timed(lambda: self_pairs(codes, RADIUS[words], threads=THREADS))
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    rows = sampled(n)
    flat_seconds, hits = timed(flat(codes, codes[rows], RADIUS[words], THREADS))
    return {
        "seconds": seconds,
        "flat": flat_seconds * n / len(rows),
        "peak": int(peak.split()[1]) * 1024 / codes.nbytes,
        "agree": hits == hits_of(pairs, n, rows),
    }


def large_join(table: Table, n: int, words: int) -> float:
    """Measure a join in a process of its own, for its peak memory; return our seconds."""
    command = [sys.executable, "-m", "bench.hamming", str(n), str(words)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    work = f"{64 * words} bit, r {RADIUS[words]}, {n:.0e} uniform"
    table.add(work, figures["seconds"], "flat", figures["flat"], 300)
    # The whole process: interpreter, packages and codes included.
    table.note(f"{work}, peak memory", figures["peak"], 5, "x the codes")
    table.met[f"{work} / hits"] = figures["agree"]
    return float(figures["seconds"])


def imagededup(table: Table, n: int) -> None:
    """Measure the stage from hashes to groups against imagededup's search, where installed."""
    python = Path(os.environ.get("CURATE_BENCH_PYTHON", ROOT / ".bench-venv/bin/python"))
    if not python.exists():
        print(f"{'imagededup':36} not measured: run `make bench-setup` first")
        table.met["imagededup"] = False
        return
    codes = skewed(n, 1)
    values = [value.tobytes() for value in codes.astype(">u8")]
    cores = os.cpu_count() or 1

    def stage() -> tuple[Codes, Pairs]:
        packed = pack_codes(values)
        edges = self_edges(packed, 10)
        duplicate_groups(n, edges, limit=10, codes=packed)
        return packed, edges

    ours = statistics.median(timed(stage)[0] for _ in range(3))
    step = max(1, n // QUERIES)
    job = json.dumps([{str(row): value.hex() for row, value in enumerate(values)}, step, cores])
    command = [str(python), "-c", _IMAGEDEDUP]
    done = subprocess.run(command, input=job, check=True, capture_output=True, text=True)
    seconds, queries, hits = json.loads(done.stdout.splitlines()[-1])
    rows = np.arange(0, n, step)
    table.add(f"hashes to groups, {n:.0e}", ours, "imagededup", seconds * n / queries, 5000)
    found = hits_of(self_pairs(codes, 10), n, rows) - len(rows)
    table.met["imagededup hits"] = hits == found


def run(*, quick: bool) -> dict[str, Any]:
    """Run the benchmark.

    Args:
        quick: A tenth of the size, without 10^7. Ratios grow with the size, so the targets are
            a twentieth, and only the agreement of hits means what it says.
    """
    n, ease = (10**5, 0.05) if quick else (10**6, 1.0)
    print(f"{THREADS} threads each; peers on {QUERIES} queries, scaled")
    for words, radius in RADIUS.items():  # compile
        self_pairs(uniform(20_000, words), radius)
        cross_pairs(uniform(20_000, words), uniform(20_000, words), radius)
        self_edges(uniform(20_000, words), radius)
    table, seconds = Table(), {}
    seconds[1] = self_join(table, n, 1, "uniform", {"flat": 100 * ease})
    self_join(table, n, 1, "skewed", {"flat": 40 * ease})
    seconds[4] = self_join(table, n, 4, "uniform", {"flat": 400 * ease, "multihash": 300 * ease})
    self_join(table, n, 4, "skewed", {"flat": 100 * ease, "multihash": 300 * ease})
    list_join(table, n, 300 * ease)
    imagededup(table, 10**5)
    if not quick:
        for words in RADIUS:
            large = large_join(table, 10 * n, words)
            exponent = math.log10(large / seconds[words])
            table.note(f"{64 * words} bit, growth exponent", exponent, 1.8, "")
    floor = f"{COMPARISONS:.0e} comparisons per second and core, and writing the pairs"
    print(f"floor: {floor}")
    return {
        "benchmark": "hamming",
        "quick": quick,
        "threads": THREADS,
        "figures": table.figures,
        "floor": floor,
        "checks": table.met,
        "met": all(table.met.values()),
    }


if __name__ == "__main__":
    print(json.dumps(child(int(sys.argv[1]), int(sys.argv[2]))))
