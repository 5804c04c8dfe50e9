"""Which member of a group of copies to keep, and why the others gave way.

In this order: what a reviewer chose, cleared before doubtful, original before derivative, more
pixels, less compressed, and then by name, so that the choice never depends on the order of the
rows.
Compression is judged by bytes per pixel and then by the JPEG quality: neither can tell a file
that was saved again at a higher quality than it had.

The stage that finds groups knows no verdict, since verdicts depend on the use: `choose_kept` orders
its members by quality alone. Advice and releases ask `kept_copies`, once entries are judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Rows
from curate.errors import InputError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Videos of different lengths compare by what a second takes, so bytes are those of one second.
QUALITY = """
    coalesce(c.width * c.height, 0) AS pixels,
    CASE WHEN c.kind = 'video' THEN (c.byte_size * 1000) // greatest(c.duration_ms, 1)
         ELSE c.byte_size END AS byte_size,
    CASE WHEN c.kind = 'video' THEN 'nan'::DOUBLE
         ELSE coalesce(c.jpeg_quality, 'nan'::DOUBLE) END AS quality
"""

# Entries whose contents are in groups, with all that the choice between them rests on. Nothing
# goes out as bytes that are blocked under another name, so no entry that has them is clearer.
_COPIES = f"""
SELECT e.media_id, g.group_id, l.value AS label, e.method,
       CASE WHEN e.sha256 IN (
           SELECT b.sha256 FROM entries b JOIN judged USING (media_id) WHERE verdict = 'blocked'
       ) THEN 'blocked' ELSE v.verdict END AS verdict,
       e.sha256 IN (SELECT "left" FROM relations WHERE relation = 'kept_over') AS chosen,
       e.sha256 IN (
           SELECT s.sha256 FROM relations r JOIN entries s ON s.{{key}} = r."left"
           WHERE r.relation = 'derived_from' AND s.state = 'present'
       ) AS derivative, {QUALITY},
       -- Of equals the one that the stage named, which knew no verdict.
       CASE WHEN e.sha256 = g.keep THEN '0' ELSE '1' END || e.locator || chr(31) || e.{{key}}
       AS name
FROM entries e
JOIN groups g ON g.sha256 = e.sha256
JOIN content c ON c.sha256 = e.sha256
JOIN judged v ON v.media_id = e.media_id
LEFT JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
WHERE e.state = 'present'
ORDER BY g.group_id, e.media_id
"""
_VERDICTS = ("cleared", "needs_review", "blocked")
_CLEARED, _REVIEW, _BLOCKED = range(3)
# How clear a label is: real, or fake of a known method; fake; anything else, or none.
_KNOWN, _NO_METHOD, _UNKNOWN = range(3)


class KeepReason(StrEnum):
    """Why a group's kept member won over another."""

    ALONE = "alone"
    """The row is in no group."""
    KEPT = "kept"
    """The row is the kept one."""
    CHOSEN = "chosen"
    """A reviewer chose the kept one."""
    CLEARED = "cleared"
    """The kept one is cleared for use; this one is not."""
    ORIGINAL = "original"
    """The kept one is an original; this one was derived."""
    LARGER = "larger"
    """The kept one has more pixels."""
    LESS_COMPRESSED = "less_compressed"
    """The kept one has more bytes per pixel, or as many and a higher JPEG quality."""
    LABELLED = "labelled"
    """The kept one's label is clear; this one has none, or is a fake of a method unknown."""
    NOT_BLOCKED = "not_blocked"
    """The kept one may yet be cleared; this one is blocked."""
    ALL_BLOCKED = "all_blocked"
    """None is kept: all of them are blocked."""
    NAME = "name"
    """Nothing else tells them apart: the kept one's name sorts first."""


@dataclass(frozen=True)
class Candidates:
    """What is known of each row, one array of shape (n,) per fact."""

    chosen: NDArray[np.bool_]
    """Chosen by a reviewer, whatever else is known."""
    cleared: NDArray[np.bool_]
    """Cleared for the use in question."""
    derivative: NDArray[np.bool_]
    """Known to be made from another item."""
    pixels: NDArray[np.integer]
    """Width times height, of one frame."""
    size: NDArray[np.integer]
    """Bytes of the file."""
    quality: NDArray[np.floating]
    """JPEG quality 1 to 100, NaN where it does not apply or is not known."""
    name: NDArray[np.generic]
    """Unique, sortable names: strings, as objects or fixed width."""

    def at(self, rows: Rows) -> Candidates:
        """Return what is known of some of the rows."""
        return Candidates(**{name: column[rows] for name, column in vars(self).items()})

    @classmethod
    def of(cls, contents: Any) -> Candidates:
        """Return what an Arrow table of contents says, in columns named for what they hold.

        Duplicates are found before anything is judged: no member is clearer than another yet.
        """

        def column(name: str) -> NDArray[Any]:
            found: NDArray[Any] = contents[name].to_numpy(zero_copy_only=False)
            return found

        return cls(
            chosen=column("chosen").astype(bool),
            cleared=np.ones(contents.num_rows, dtype=bool),
            derivative=column("derivative").astype(bool),
            pixels=column("pixels").astype(np.int64),
            size=column("byte_size").astype(np.int64),
            quality=column("quality").astype(np.float64),
            name=column("name"),
        )


@dataclass(frozen=True)
class Kept:
    """The outcome of `choose_kept`."""

    row: Rows
    """The row that each group keeps, shape (groups,) int64."""
    reason: NDArray[np.object_]
    """A `KeepReason` per row, shape (n,)."""


def choose_kept(group: Rows, candidates: Candidates) -> Kept:
    """Choose the member that each group keeps.

    Args:
        group: Group per row, -1 for none, shape (n,) int64; groups are 0, 1, ... without gaps.
        candidates: Facts of each row.

    Returns:
        The kept row of each group, and for every row the reason.

    Raises:
        InputError: The arrays differ in length, or a group has no member.
    """
    _check(group, candidates)
    rows = np.flatnonzero(group >= 0)
    ranks = _ranks(candidates, rows)
    order = np.lexsort((*ranks[::-1], group[rows]))
    numbers, first = np.unique(group[rows][order], return_index=True)
    if len(numbers) and int(numbers[-1]) != len(numbers) - 1:
        raise InputError(f"{int(numbers[-1]) + 1} groups, of which {len(numbers)} have members")
    best = order[first]
    return Kept(rows[best], _reasons(group, rows, ranks, best))


_CRITERIA = (
    KeepReason.CHOSEN,
    KeepReason.CLEARED,
    KeepReason.ORIGINAL,
    KeepReason.LARGER,
    KeepReason.LESS_COMPRESSED,
    KeepReason.LESS_COMPRESSED,
    KeepReason.NAME,
)


def _check(group: Rows, candidates: Candidates) -> None:
    columns = vars(candidates)
    odd = [name for name, column in columns.items() if len(column) != len(group)]
    if odd:
        raise InputError(f"{', '.join(odd)}: expected {len(group)} values, as many as rows")


def _ranks(candidates: Candidates, rows: Rows) -> list[NDArray[np.generic]]:
    """Return one array per criterion for `rows`, smaller is better."""
    pixels = candidates.pixels[rows].astype(np.float64)
    _, name = np.unique(candidates.name[rows], return_inverse=True)
    return [
        ~candidates.chosen[rows].astype(bool),
        ~candidates.cleared[rows].astype(bool),
        candidates.derivative[rows].astype(bool),
        -pixels,
        -(candidates.size[rows] / np.maximum(pixels, 1)),
        -np.nan_to_num(candidates.quality[rows].astype(np.float64), nan=0.0),
        name,
    ]


def _reasons(
    group: Rows, rows: Rows, ranks: list[NDArray[np.generic]], best: Rows
) -> NDArray[np.object_]:
    """Name for each row the first criterion in which the kept member is better."""
    rival = best[group[rows]]
    differs = [column != column[rival] for column in ranks]
    chosen = np.select(differs, list(range(len(ranks))), default=len(ranks) - 1)
    reason = np.empty(len(group), object)
    reason.fill(KeepReason.ALONE)
    reason[rows] = np.array(_CRITERIA, object)[chosen]
    reason[rows[best]] = KeepReason.KEPT
    return reason


def kept_copies(connection: duckdb.DuckDBPyConnection, *, key: str = "media_id") -> pa.Table:
    """Return which entry of each group of copies is kept, now that entries are judged.

    Of the copies with one label and method the clearest is kept, and of those that are as clear
    the one of the best quality. A copy whose label is unclear gives way to one whose label is
    not, if that is as clear: an unclear label never makes a copy another picture.

    Args:
        connection: Has `entries`, `content`, `groups`, `labels`, `relations`, and `judged`, the
            verdict of each entry to choose from.
        key: The column of `entries` that relations name them by.

    Returns:
        ``media_id``; ``keep``, the entry that is kept, itself or another, null where all are
        blocked; ``reason``, a `KeepReason`. One row for each entry to choose from that is in a
        group.
    """
    import pyarrow as pa

    copies = connection.sql(_COPIES.format(key=key)).to_arrow_table().combine_chunks()
    row, reason = _kept_rows(copies)
    ids = copies["media_id"].combine_chunks()
    return pa.table({
        "media_id": ids,
        "keep": ids.take(pa.array(row, mask=row < 0)),
        "reason": pa.array([str(one) for one in reason], pa.string()),
    })  # fmt: skip


def _kept_rows(copies: pa.Table) -> tuple[Rows, NDArray[np.object_]]:
    """Return for each row the one that is kept, -1 for none, and why."""
    clear = np.array([_VERDICTS.index(one) for one in copies["verdict"].to_pylist()], np.int64)
    label, doubt, fake = _labels(copies["label"].to_pylist(), copies["method"].to_pylist())
    group = _numbered(copies["group_id"].to_pylist())
    facts = Candidates.of(copies)
    kept, reason = _clearest(_numbered(group * (len(label) + 1) + label), clear, facts)
    # A whole kind gives way at once, so that what is better is settled before what is worse.
    for level in (_NO_METHOD, _UNKNOWN):
        known = (doubt < level) & (fake | (level == _UNKNOWN))
        rival = _best_of_group(known, group, kept, clear, facts)
        gives = (doubt == level) & (rival >= 0) & (clear[rival] <= clear[kept])
        kept[gives], reason[gives] = rival[gives], KeepReason.LABELLED
        rival = _best_of_group(doubt == level, group, kept, clear, facts)
        gives = known & (rival >= 0) & (clear[rival] < clear[kept])
        reason[gives] = np.where(
            clear[rival[gives]] == _CLEARED, KeepReason.CLEARED, KeepReason.NOT_BLOCKED
        )
        kept[gives] = rival[gives]
    nobody = clear[kept] == _BLOCKED
    kept[nobody], reason[nobody] = -1, KeepReason.ALL_BLOCKED
    return kept, reason


def _best_of_group(
    among: NDArray[np.bool_], group: Rows, kept: Rows, clear: Rows, facts: Candidates
) -> Rows:
    """Return for each row the best of those kept in its group, among some; -1 for none."""
    rows = np.flatnonzero(among & (kept == np.arange(len(kept))))
    found = np.full(len(kept), -1, np.int64)
    numbers, place = np.unique(group[rows], return_inverse=True)
    best, _ = _clearest(place, clear[rows], facts.at(rows))
    found[numbers] = rows[best[np.unique(place, return_index=True)[1]]]
    return found[group]


def _clearest(kind: Rows, clear: Rows, facts: Candidates) -> tuple[Rows, NDArray[np.object_]]:
    """Return for each row the one kept of its kind, by clearance and then by quality."""
    if not len(kind):
        return kind, np.empty(0, object)
    least = np.full(int(kind.max()) + 1, _BLOCKED)
    np.minimum.at(least, kind, clear)
    best = clear == least[kind]
    # What a reviewer chose is followed as far as it may be used.
    found = choose_kept(kind, replace(facts, chosen=facts.chosen & best, cleared=best))
    reason = found.reason
    reason[(reason == KeepReason.CLEARED) & (least[kind] == _REVIEW)] = KeepReason.NOT_BLOCKED
    return found.row[kind], reason


def _numbered(values: Any) -> Rows:
    """Return a number per value, 0, 1, ... without gaps, equal for equal values."""
    _, numbers = np.unique(np.asarray(values), return_inverse=True)
    return numbers.astype(np.int64)


def _labels(
    labels: list[str | None], methods: list[str | None]
) -> tuple[Rows, Rows, NDArray[np.bool_]]:
    """Return a number per row, equal for equal labels and methods; how unclear; and if fake."""
    kinds = [(one, method) if one in ("real", "fake") else (None, None)
             for one, method in zip(labels, methods, strict=True)]  # fmt: skip
    doubt = [_UNKNOWN if one is None else _NO_METHOD if (one, method) == ("fake", None) else _KNOWN
             for one, method in kinds]  # fmt: skip
    numbers = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
    return (
        np.array([numbers[kind] for kind in kinds], np.int64),
        np.array(doubt, np.int64),
        np.array([one == "fake" for one, _ in kinds], bool),
    )
