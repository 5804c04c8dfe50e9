"""The dedup stage: pairs of contents that look alike, their groups, and which member to keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.dedup.codes import pack_codes
from curate.dedup.groups import Groups, duplicate_groups
from curate.dedup.hamming import Pairs, self_edges
from curate.dedup.keep import Candidates, choose_kept
from curate.engine.stage import Tables, WholeStage
from curate.schema import conform

VERSION = "1"
STAGE = f"dedup/{VERSION}"

READS = {
    "contents": """
        SELECT c.sha256, c.pixel_digest, c.pdq, c.pdq_quality, c.byte_size,
               coalesce(c.width * c.height, 0) AS pixels,
               coalesce(c.jpeg_quality, 'nan'::DOUBLE) AS quality, e.name,
               coalesce(e.derived, FALSE) AS derivative
        FROM content c
        JOIN (
            SELECT sha256, min(locator) AS name, bool_or(r."left" IS NOT NULL) AS derived
            FROM entries LEFT JOIN relations r
                ON r."left" = media_id AND r.relation = 'derived_from'
            WHERE state = 'present' GROUP BY sha256
        ) e USING (sha256)
        WHERE c.kind = 'image'
        ORDER BY c.sha256
    """
}


def dedup_stage(*, radius: int, min_quality: int) -> WholeStage:
    """Return the stage.

    Args:
        radius: Largest Hamming distance of near duplicates' PDQ hashes, in bits.
        min_quality: Least PDQ quality at which a hash is believed, 0 to 100.
    """
    parameters = {"radius": radius, "min_quality": min_quality}
    return WholeStage(
        name="dedup",
        version=VERSION,
        reads=READS,
        work=lambda tables: find_duplicates(tables, **parameters),
        writes=("relations", "groups"),
        parameters=parameters,
    )


def find_duplicates(tables: Tables, *, radius: int, min_quality: int) -> dict[str, pa.Table]:
    """Return rows of `relations` and `groups` for the contents in `tables`.

    Args:
        tables: ``contents`` as `READS` has it, sorted by digest.
        radius: Largest distance of near duplicates, in bits.
        min_quality: Least PDQ quality at which a hash is believed.
    """
    contents = tables["contents"]
    digests = contents["sha256"].to_numpy(zero_copy_only=False)
    codes, believed = _codes(contents, min_quality)
    near = self_edges(codes[believed], radius)
    places = np.flatnonzero(believed)
    near = Pairs(places[near.left], places[near.right], near.distance)
    same = _equal_pixels(contents["pixel_digest"].to_pylist())
    links = Pairs(
        np.concatenate([same.left, near.left]),
        np.concatenate([same.right, near.right]),
        np.concatenate([same.distance, near.distance]),
    )
    groups = duplicate_groups(len(digests), links, limit=radius, codes=codes, keys=digests)
    return {
        "relations": conform(
            _relations(digests, same, "same_pixels", "pixel_digest")
            + _relations(digests, near, "near_duplicate", f"pdq<={radius} quality>={min_quality}"),
            "relations",
        ),
        "groups": conform(_groups(contents, digests, codes, groups, same), "groups"),
    }


def _codes(contents: pa.Table, min_quality: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return PDQ codes, shape (N, 4), zero where there is none, and which are believed."""
    hashes = contents["pdq"].to_pylist()
    quality = contents["pdq_quality"].to_pylist()
    believed = np.array(
        [h is not None and (q or 0) >= min_quality for h, q in zip(hashes, quality, strict=True)],
        dtype=bool,
    )
    packed = pack_codes([h or bytes(32) for h in hashes])
    return packed.reshape(len(hashes), 4), believed


def _equal_pixels(digests: list[str | None]) -> Pairs:
    """Return a star per pixel digest that several contents share."""
    first: dict[str, int] = {}
    left, right = [], []
    for row, digest in enumerate(digests):
        if digest is not None and first.setdefault(digest, row) != row:
            left.append(first[digest])
            right.append(row)
    zeros = np.zeros(len(left), np.uint8)
    return Pairs(np.array(left, np.int64), np.array(right, np.int64), zeros)


def _relations(
    digests: NDArray[np.object_], pairs: Pairs, relation: str, basis: str
) -> list[dict[str, Any]]:
    # Rows are sorted by digest, so left < right here is left < right there.
    return [
        {
            "left": digests[left],
            "relation": relation,
            "right": digests[right],
            "left_kind": "content",
            "right_kind": "content",
            "measure": float(distance),
            "basis": basis,
            "stage": STAGE,
        }
        for left, right, distance in zip(pairs.left, pairs.right, pairs.distance, strict=True)
    ]


def _groups(
    contents: pa.Table,
    digests: NDArray[np.object_],
    codes: NDArray[np.uint64],
    groups: Groups,
    same: Pairs,
) -> list[dict[str, Any]]:
    kept = choose_kept(groups.group, _candidates(contents))
    twins = set(same.left.tolist()) | set(same.right.tolist())
    first: dict[int, str] = {}
    rows = []
    for row in np.flatnonzero(groups.group >= 0).tolist():
        group = int(groups.group[row])
        medoid = int(groups.medoid[group])
        rows.append({
            "sha256": digests[row],
            "group_id": first.setdefault(group, digests[row]),
            "medoid": digests[medoid],
            "tier": "pixels" if row in twins else "near",
            "distance": float(np.bitwise_count(codes[row] ^ codes[medoid]).sum()),
            "keep": digests[kept.row[group]],
            "keep_reason": str(kept.reason[row]),
        })  # fmt: skip
    return rows


def _candidates(contents: pa.Table) -> Candidates:
    def column(name: str) -> NDArray[Any]:
        found: NDArray[Any] = contents[name].to_numpy(zero_copy_only=False)
        return found

    return Candidates(
        # Duplicates are found before anything is judged: no member is clearer than another yet.
        cleared=np.ones(contents.num_rows, dtype=bool),
        derivative=column("derivative").astype(bool),
        pixels=column("pixels").astype(np.int64),
        size=column("byte_size").astype(np.int64),
        quality=column("quality").astype(np.float64),
        name=column("name"),
    )
