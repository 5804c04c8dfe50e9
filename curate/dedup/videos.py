"""Rows for videos: which are copies, which is a clip of another, and which member to keep.

Two videos are near duplicates when most of each is found in the other; one is a clip of another
when most of it, but not of the other, is. Groups are of near duplicates alone: a compilation
holds clips that have nothing to do with one another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curate.dedup.clips import Footage, Overlaps, overlaps
from curate.dedup.codes import pack_codes
from curate.dedup.groups import duplicate_groups
from curate.dedup.keep import QUALITY, Candidates, choose_kept
from curate.schema import conform

if TYPE_CHECKING:
    from curate.dedup.codes import Rows
    from curate.dedup.groups import Groups
    from curate.engine.stage import Tables

# ThreatExchange's example for "the same video": four fifths of the frames. Of what shares less,
# three tenths are footage in common, and below that may be a title.
_MOST = 0.8
_SOME = 0.3

NAMED = """
    SELECT sha256, min(locator) AS name, bool_or(r."left" IS NOT NULL) AS derived,
           sha256 IN (SELECT "left" FROM relations WHERE relation = 'kept_over') AS chosen
    FROM entries LEFT JOIN relations r
        ON r."left" = media_id AND r.relation = 'derived_from'
    WHERE state = 'present' GROUP BY sha256
"""

_VIDEOS = f"""
    SELECT c.sha256, coalesce(c.duration_ms / 1000, f.seconds + 1) AS ends, {QUALITY}, e.name,
           coalesce(e.derived, FALSE) AS derivative, e.chosen
    FROM content c JOIN ({NAMED}) e USING (sha256)
    JOIN (SELECT sha256, max(seconds) AS seconds FROM frames GROUP BY sha256) f USING (sha256)
    WHERE c.kind = 'video'
    ORDER BY c.sha256
"""
_FRAMES = """
    SELECT f.sha256, f.frame, f.seconds, f.pdq, f.pdq_quality
    FROM frames f JOIN content c
        ON c.sha256 = f.sha256 AND starts_with(c.probe_version || '/', f.probe_version || '/')
    WHERE f.sha256 IN (SELECT sha256 FROM entries WHERE state = 'present')
    ORDER BY f.sha256, f.frame
"""
VIDEO_READS = {"videos": _VIDEOS, "frames": _FRAMES}


def with_videos(
    found: Tables, tables: Tables, *, radius: int, min_quality: int, stage: str
) -> dict[str, pa.Table]:
    """Return what was found of pictures, with the rows of videos added.

    Args:
        found: ``relations`` and ``groups`` of pictures; other tables stay as they are.
        tables: ``videos`` and ``frames`` as `VIDEO_READS` has them.
        radius: Largest Hamming distance of frames that match, in bits.
        min_quality: Least PDQ quality at which a frame is believed.
        stage: What the rows are marked with.
    """
    videos = tables["videos"]
    alike = overlaps(_footage(videos, tables["frames"], min_quality), radius)
    evidence = f"frames with pdq<={radius} quality>={min_quality}; share of time"
    groups = _near_groups(videos, alike)
    return {
        **found,
        "relations": pa.concat_tables(
            [found["relations"], _relations(videos, alike, evidence, stage)]
        ),
        "groups": pa.concat_tables([found["groups"], _groups(videos, groups)]),
    }


def _footage(videos: pa.Table, frames: pa.Table, min_quality: int) -> Footage:
    place = {name: row for row, name in enumerate(videos["sha256"].to_pylist())}
    video = np.array([place[name] for name in frames["sha256"].to_pylist()], np.int64)
    seconds = frames["seconds"].to_numpy().astype(np.float64)
    # A frame stands for the time until the next one, and the last for the time until the end.
    until = np.append(seconds[1:], 0.0)
    last = np.append(video[1:] != video[:-1], True)[: len(video)]
    until = until[: len(video)]
    until[last] = videos["ends"].to_numpy().astype(np.float64)[video[last]]
    hashes = frames["pdq"].to_pylist()
    quality = frames["pdq_quality"].fill_null(0).to_numpy()
    kept = np.array([h is not None for h in hashes], bool) & (quality >= min_quality)
    rows = np.flatnonzero(kept)
    codes = pack_codes([hashes[row] for row in rows]) if len(rows) else np.empty((0, 4), np.uint64)
    return Footage(video[rows], codes, seconds[rows], np.maximum(until - seconds, 0.0)[rows])


def _relations(videos: pa.Table, alike: Overlaps, evidence: str, stage: str) -> pa.Table:
    names = videos["sha256"].to_pylist()
    columns = (column.tolist() for column in vars(alike).values())
    rows: list[dict[str, Any]] = []
    for left, right, left_share, right_share, offset in zip(*columns, strict=True):
        relation = _relation(left_share, right_share)
        if relation is None:
            continue
        ends = ((left, left_share, offset), (right, right_share, -offset))
        if relation == "clip_of" and right_share > left_share:
            ends = ends[::-1]
        (left_end, share, shift), (right_end, other, _) = ends
        rows.append({
            "left": names[left_end],
            "relation": relation,
            "right": names[right_end],
            "left_kind": "content",
            "right_kind": "content",
            "measure": min(share, other) if relation == "near_duplicate" else max(share, other),
            "left_share": share,
            "right_share": other,
            "offset_s": None if np.isnan(shift) else shift + 0.0,  # no -0.0
            "basis": evidence,
            "stage": stage,
        })  # fmt: skip
    return conform(rows, "relations")


def _relation(left: float, right: float) -> str | None:
    """Return the relation of two videos by how much of each is in the other, if worth a row."""
    if min(left, right) >= _MOST:
        return "near_duplicate"
    if max(left, right) >= _MOST:
        return "clip_of"
    return "shares_footage" if max(left, right) >= _SOME else None


def _near_groups(videos: pa.Table, alike: Overlaps) -> Groups:
    """Return groups of near duplicates, in which each member is near the medoid."""
    near = np.minimum(alike.left_share, alike.right_share) >= _MOST
    count = videos.num_rows
    key = alike.left[near] * count + alike.right[near]
    # In thousandths: sums of whole numbers have no order, so equally central videos stay equal.
    apart = np.round(1000 * (1 - np.minimum(alike.left_share, alike.right_share)[near]))

    def distance(left: Rows, right: Rows) -> np.ndarray[Any, np.dtype[np.float64]]:
        wanted = np.minimum(left, right) * count + np.maximum(left, right)
        place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        found = np.where(key[place] == wanted, apart[place], 1000.0)
        return np.where(left == right, 0.0, found)

    links = Overlaps(*(column[near] for column in vars(alike).values()))
    # Rows are sorted by digest, so their order is that of keys.
    return duplicate_groups(count, links, limit=round(1000 * (1 - _MOST)), distance=distance)


def _groups(videos: pa.Table, groups: Groups) -> pa.Table:
    rows = np.flatnonzero(groups.group >= 0)
    number = groups.group[rows]
    kept = choose_kept(groups.group, Candidates.of(videos))
    _, first = np.unique(number, return_index=True)
    names = videos["sha256"]
    table = pa.table({
        "sha256": names.take(rows),
        "group_id": names.take(rows[first][number]),
        "medoid": names.take(groups.medoid[number]),
        "tier": pa.repeat("video", len(rows)),
        "keep": names.take(kept.row[number]),
        "keep_reason": pa.array([str(reason) for reason in kept.reason[rows]], pa.string()),
    })  # fmt: skip
    return conform(table, "groups")
