"""How many people may be in two splits though nothing that is known ties them.

Whoever nobody declared is held together by likeness alone, and the model misses some likenesses:
then one person is in two looser clusters (`tie_id` of the table ``identities``), and these may be
in two splits. How often that is, declared people tell: their clusters were made without their
names. What was seen of them is taken to hold of the others.

The number of undeclared people who are in two splits is predicted by a beta-binomial
distribution with Jeffreys' prior (Brown, Cai and DasGupta 2001, and its posterior predictive).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.splits.ties import NO_NAMES

if TYPE_CHECKING:
    import duckdb

# Fewer declared people tell too little of the others.
LEAST_PEOPLE = 10
CONFIDENCE = 0.99
EXAMPLES = 3
# Points of the distribution of the share that is missed.
_POINTS = 400


@dataclass(frozen=True)
class Expected:
    """What may be expected of people in two splits.

    Attributes:
        declared: Declared people whom clusters of faces were held against.
        missed: Of these, those who are in several clusters, or, of splits that a dataset declares,
            those in two splits of whom no cluster tells.
        undeclared: About how many people nobody declared.
        people: How many of these are expected in two splits; None where it cannot be told.
        interval: Fewest and most of them, at `CONFIDENCE`; None where it cannot be told.
        without: Entries in splits of which neither a declaration nor a face says whom they show.
        examples: Id and locator of some of these.
    """

    declared: int
    missed: int
    undeclared: int
    people: float | None
    interval: tuple[int, int] | None
    without: int
    examples: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "declaredPeople": self.declared,
            "ofTheseMissed": self.missed,
            "undeclaredPeople": self.undeclared,
            "expected": None if self.people is None else round(self.people, 2),
            "interval": None if self.interval is None else list(self.interval),
            "confidence": CONFIDENCE,
            "entriesWithoutIdentity": self.without,
            "examples": [media_id for media_id, _ in self.examples],
        }


_WHO = """
CREATE TEMP TABLE who AS
SELECT s.media_id, s.split, min(coalesce(n.person, d.subject_id)) AS person,
       count(DISTINCT coalesce(n.person, d.subject_id)) AS people
FROM placed s
LEFT JOIN depictions d ON d.media_id = s.media_id AND d.link_status <> 'rejected'
    AND d.not_visible IS NULL
LEFT JOIN names n ON n.subject_id = d.subject_id
GROUP BY s.media_id, s.split
"""
# Entries of one cluster alone: of a picture of several nobody says which face is whose.
_SHOWN = """
CREATE TEMP TABLE shown AS
SELECT w.media_id, w.split, w.person, w.people, min(i.tie_id) AS tie
FROM who w JOIN entries e USING (media_id) JOIN faces f USING (sha256) JOIN identities i
USING (face_id)
WHERE i.tie_id IS NOT NULL
GROUP BY ALL HAVING count(DISTINCT i.tie_id) = 1
"""
_DECLARED = """
WITH spread AS (SELECT tie, count(DISTINCT split) > 1 AS told FROM shown GROUP BY tie)
SELECT person, count(DISTINCT tie) AS clusters, count(DISTINCT split) AS splits,
       bool_or(told) AS told
FROM shown JOIN spread USING (tie) WHERE people = 1 GROUP BY person ORDER BY person
"""
_CLUSTERS = """
SELECT count(DISTINCT tie) FILTER (named), count(DISTINCT tie) FILTER (NOT named)
FROM (
    SELECT i.tie_id AS tie, bool_or(w.people > 0) AS named
    FROM who w JOIN entries e USING (media_id) JOIN faces f USING (sha256)
    JOIN identities i USING (face_id)
    WHERE i.tie_id IS NOT NULL GROUP BY i.tie_id
)
"""
# Clusters of like sizes, by doubling, and in how many splits those of nobody declared are.
_SIZES = """
WITH free AS (
    SELECT tie, floor(log2(count(*)))::INTEGER AS bucket, min(split) AS split
    FROM shown GROUP BY tie HAVING bool_and(people = 0)
),
every AS (SELECT DISTINCT bucket, split FROM (SELECT bucket FROM free), (SELECT split FROM placed))
SELECT bucket, list(n ORDER BY split) AS shares FROM (
    SELECT bucket, split, count(f.tie) AS n FROM every LEFT JOIN free f USING (bucket, split)
    GROUP BY bucket, split
) GROUP BY bucket
"""
_SEVERAL = """
SELECT list(bucket) FROM (
    SELECT person, tie, floor(log2(count(*)))::INTEGER AS bucket
    FROM shown WHERE people = 1 GROUP BY person, tie
) GROUP BY person HAVING count(*) > 1 ORDER BY person
"""
_WITHOUT = """
SELECT s.media_id, e.locator FROM placed s JOIN entries e USING (media_id)
ANTI JOIN (SELECT media_id FROM depictions WHERE link_status <> 'rejected') d USING (media_id)
ANTI JOIN (
    SELECT f.sha256 FROM faces f JOIN identities i USING (face_id) WHERE i.identity_id IS NOT NULL
) f ON f.sha256 = e.sha256
WHERE e.people IS DISTINCT FROM 'none'
ORDER BY s.media_id
"""


def expected_people(tables: Mapping[str, pa.Table], placed: pa.Table, *, made: bool) -> Expected:
    """Return how many people may be in two splits though nothing ties them.

    Args:
        tables: ``entries``, ``depictions``, ``faces``, ``identities`` and ``names``.
        placed: ``media_id, split`` of the entries that are in splits.
        made: Whether the splits were made by ties: then declared people are in one split by their
            names, and the shares of splits say how often two clusters part.
    """
    connection = in_memory()
    for name in ("entries", "depictions", "faces", "identities"):
        connection.register(name, tables[name])
    connection.register("names", tables.get("names", NO_NAMES))
    connection.register("placed", placed)
    without = connection.execute(_WITHOUT).fetchall()
    rest = len(without), tuple(without[:EXAMPLES])
    if not tables["identities"].num_rows:
        return Expected(0, 0, 0, None, None, *rest)
    connection.execute(_WHO)
    connection.execute(_SHOWN)
    people = connection.sql(_DECLARED).to_arrow_table()
    ((named, unnamed),) = connection.execute(_CLUSTERS).fetchall()
    count = people.num_rows
    undeclared = round(unnamed * count / named) if named else unnamed
    clusters = people["clusters"].to_numpy()
    if made:
        missed = int((clusters > 1).sum())
        parted = _parted(connection) if unnamed else 1.0
    else:
        told = np.asarray(people["told"].to_numpy(zero_copy_only=False), np.bool_)
        missed, parted = int(((people["splits"].to_numpy() > 1) & ~told).sum()), 1.0
    if not unnamed:
        return Expected(count, missed, 0, 0.0, (0, 0), *rest)
    if count < LEAST_PEOPLE:
        return Expected(count, missed, undeclared, None, None, *rest)
    undeclared = max(undeclared, 1)
    expected = undeclared * missed / count * parted
    interval = _predicted(missed, count, undeclared, parted)
    return Expected(count, missed, undeclared, expected, interval, *rest)


def _parted(connection: duckdb.DuckDBPyConnection) -> float:
    """Return how often somebody in several clusters is in two splits.

    By where clusters of the same sizes are that hold nobody declared: small ones go where the
    shares leave room, so the shares of entries alone would tell too little.
    """
    sizes = connection.sql(_SIZES).to_arrow_table()
    # Half a cluster more in each split: that none is there yet does not make it impossible.
    share = {row["bucket"]: np.array(row["shares"], np.float64) + 0.5 for row in sizes.to_pylist()}
    usual = np.sum(list(share.values()), axis=0)
    usual /= usual.sum()
    share = {bucket: counts / counts.sum() for bucket, counts in share.items()}
    several = connection.execute(_SEVERAL).fetchall()
    if not several:
        return float(1 - (usual**2).sum())
    together = [
        np.prod([share.get(bucket, usual) for bucket in buckets], axis=0).sum()
        for (buckets,) in several
    ]
    return float(1 - np.mean(together))


def _predicted(missed: int, of: int, among: int, parted: float) -> tuple[int, int]:
    """Return the fewest and the most of `among` who are missed and parted, at `CONFIDENCE`."""
    from scipy import stats

    steps = (np.arange(_POINTS) + 0.5) / _POINTS
    share = stats.beta.ppf(steps, missed + 0.5, of - missed + 0.5) * parted
    every = stats.binom.cdf(np.arange(among + 1)[:, None], among, share[None, :])
    below = np.asarray(every, np.float64).mean(axis=1)
    tail = (1 - CONFIDENCE) / 2
    return int(np.searchsorted(below, tail)), int(np.searchsorted(below, 1 - tail))
