"""Which member of a group of copies to keep, and why the others gave way.

In this order: what a reviewer chose, cleared before doubtful, original before derivative, more
pixels, less compressed, and then by name, so that the choice never depends on the order of the
rows.
Compression is judged by bytes per pixel and then by the JPEG quality: neither can tell a file
that was saved again at a higher quality than it had.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Rows
from curate.errors import InputError


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
