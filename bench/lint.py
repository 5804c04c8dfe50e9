"""Lint of splits: a million entries with three million relations, beside the bare join in DuckDB.

Ours reads the tables in memory, follows frames to videos, to swaps and to their sources, counts
what crosses for each of twelve kinds, and finds the least to take out of each. The join brings
both ends of each relation together with their splits and counts pairs of splits: it follows
nothing, and says nothing of groups. Both use DuckDB's own number of threads; least of three,
alternating. Some relations cross splits on purpose; their numbers must come out.

    python -m bench lint [--quick]
"""

from __future__ import annotations

import resource
import time
import uuid
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curate.schema import conform
from curate.splits.lint import Lint, lint
from curate.splits.ties import INPUTS

FULL, QUICK = 1_000_000, 50_000
FRAMES, FAKES = 25, 9
OVER_JOIN, MEMORY_GIB = 5.0, 4.0
LEAKS = 15

_JOIN = """
SELECT r.relation, a.split AS one, b.split AS other, count(*) AS pairs
FROM relations r JOIN entries a ON a.media_id = r."left"
JOIN entries b ON b.media_id = r."right" WHERE r.left_kind = 'media' GROUP BY ALL
UNION ALL
SELECT r.relation, a.split, NULL, count(*)
FROM relations r JOIN entries a ON a.media_id = r."left"
WHERE r.right_kind = 'source' GROUP BY ALL
UNION ALL
SELECT r.relation, a.split, b.split, count(*)
FROM relations r JOIN entries a ON a.sha256 = r."left"
JOIN entries b ON b.sha256 = r."right" WHERE r.left_kind = 'content' GROUP BY ALL
UNION ALL
SELECT d.subject_id, e.split, NULL, count(*)
FROM depictions d JOIN entries e USING (media_id) GROUP BY ALL
"""


def make_world(entries: int) -> dict[str, pa.Table]:
    """Return frames of real videos and of nine fakes of each, three relations to an entry.

    Real videos come from sources of their own, in one split with all that was made from them, but
    for `LEAKS` sources that have videos in train and in test.
    """
    rng = np.random.default_rng(0)
    videos = entries // (FRAMES + 1)
    reals = videos // (FAKES + 1)
    real_of = np.arange(videos) % reals
    donor = (real_of + 1 + rng.integers(0, reals - 1, videos)) % reals
    split_of = np.where(np.arange(reals) % 10 < 8, 0, np.arange(reals) % 10 - 7)
    # The donor is taken from the same split.
    by_split = [np.flatnonzero(split_of == s) for s in range(3)]
    for s, members in enumerate(by_split):
        rows = split_of[real_of] == s
        donor[rows] = members[donor[rows] % len(members)]
    video = np.concatenate([np.arange(videos), np.arange(videos).repeat(FRAMES)])
    count = len(video)
    names = np.array([str(uuid.UUID(int=int(x))) for x in rng.integers(0, 2**62, count)])
    digests = np.array([f"{int(x):016x}" * 4 for x in rng.integers(0, 2**62, count)])
    split = np.array(["train", "val", "test"])[split_of[real_of[video]]]
    fake = np.flatnonzero(np.arange(videos) >= reals)
    source = np.arange(reals)
    shared = [part[:LEAKS] for part in (by_split[0], by_split[2])]
    source[shared[1]] = source[shared[0]]
    frames = np.arange(videos, count)
    near = frames[(frames - videos) % FRAMES != 0]
    parts = [
        ("frame_of", names[frames], names[video[frames]], "media", "media"),
        ("swap_target", names[fake], names[real_of[fake]], "media", "media"),
        ("swap_donor", names[fake], names[donor[fake]], "media", "media"),
        ("from_source", names, np.char.add("yt:", source[real_of[video]].astype(str)), "media",
         "source"),
        ("near_duplicate", digests[near], digests[near - 1], "content", "content"),
    ]  # fmt: skip
    tables = {name: conform([], name) for name in INPUTS if name != "entries"}
    tables["relations"] = pa.concat_tables([_relations(*part) for part in parts])
    tables["depictions"] = _columns("depictions", {
        "media_id": names, "subject_id": np.char.add("p", real_of[video].astype(str)),
    }, role="depicted", link_method="declared", link_status="confirmed")  # fmt: skip
    tables["entries"] = pa.table({
        "people": pa.nulls(count, pa.string()),
        "media_id": names, "dataset": pa.repeat("bench", count), "split": split,
        "locator": np.char.add("videos/", np.arange(count).astype(str)),
        "method": pa.nulls(count, pa.string()), "sha256": digests,
        "manipulation_type": pa.repeat("unknown", count),
    })  # fmt: skip
    return tables


def _relations(relation: str, left: Any, right: Any, left_kind: str, right_kind: str) -> pa.Table:
    return _columns("relations", {"left": left, "right": right}, relation=relation,
                    left_kind=left_kind, right_kind=right_kind, basis="bench",
                    stage="bench")  # fmt: skip


def _columns(name: str, columns: dict[str, Any], **constant: str) -> pa.Table:
    count = len(next(iter(columns.values())))
    plain = {key: pa.repeat(value, count) for key, value in constant.items()}
    return conform(pa.table({**columns, **plain}), name)


def run(*, quick: bool) -> dict[str, Any]:
    """Return how many times as long as the bare join a lint takes, and the memory of both."""
    tables = make_world(QUICK if quick else FULL)
    entries, relations = tables["entries"].num_rows, tables["relations"].num_rows
    ours, join, found = [], [], None
    for _ in range(3):
        began = time.perf_counter()
        found = lint(tables)
        ours.append(time.perf_counter() - began)
        join.append(_time_join(tables))
    assert found is not None
    _check(found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    ratio = min(ours) / min(join)
    print(f"{entries:,} entries, {relations:,} relations, {tables['depictions'].num_rows:,} "
          "depictions; DuckDB's own threads; least of three")  # fmt: skip
    print(f"lint, twelve kinds     {min(ours):8.2f} s")
    print(f"bare join in DuckDB    {min(join):8.2f} s: ours takes {ratio:.1f} times it"
          f"   target {OVER_JOIN}")  # fmt: skip
    print(f"peak memory            {peak:8.2f} GiB, tables included   target {MEMORY_GIB}")
    return {
        "entries": entries,
        "relations": relations,
        "over_join": ratio,
        "peak_gib": peak,
        "targets": {"over_join": OVER_JOIN, "peak_gib": MEMORY_GIB},
        "met": ratio <= OVER_JOIN and peak <= MEMORY_GIB,
    }


def _check(found: Lint) -> None:
    """Hold what was found against what was planted."""
    told = {(leak.kind, leak.left, leak.right): leak.groups for leak in found.leaks}
    assert told == {("source", "train", "test"): LEAKS}, told
    each = (FAKES + 1) * (FRAMES + 1)
    removal = found.removals["source"]
    assert removal.exact
    assert 0 < len(removal.placements) <= 3 * LEAKS * each


def _time_join(tables: dict[str, pa.Table]) -> float:
    connection = duckdb.connect(":memory:")
    for name in ("entries", "relations", "depictions"):
        connection.register(name, tables[name])
    began = time.perf_counter()
    connection.sql(_JOIN).to_arrow_table()
    return time.perf_counter() - began
