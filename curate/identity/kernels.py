"""The compiled loops of neighbours and clusters.

Each releases the GIL; threads come from the caller, and each writes to places of its own.
Sums are of float32 in an order that does not depend on the number of threads.
"""

# numba infers the types of a kernel's arguments, and a kernel takes no options bag.
# mypy: allow-untyped-defs, disable-error-code="unreachable"
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917

from __future__ import annotations

import numpy as np
from numba import njit

# Sums of products may be taken eight at a time; nothing else is relaxed.
_SUMS = {"reassoc", "contract"}
# So many cosines are looked at together.
_LOOK = 128


@njit(cache=True, nogil=True, inline="always")
def _less(value, name, other_value, other_name):
    """Tell whether one neighbour is worse: less alike, or as alike and later."""
    return value < other_value or (value == other_value and name > other_name)


@njit(cache=True, nogil=True)
def _offer(value, name, values, names, filled, row):
    """Keep a neighbour among the best of `row`, a heap with the worst on top."""
    k = values.shape[1]
    if filled[row] < k:
        at = filled[row]
        filled[row] += 1
        while at > 0:
            above = (at - 1) // 2
            if not _less(value, name, values[row, above], names[row, above]):
                break
            values[row, at], names[row, at] = values[row, above], names[row, above]
            at = above
    elif _less(values[row, 0], names[row, 0], value, name):
        at = 0
        while 2 * at + 1 < k:
            below = 2 * at + 1
            if below + 1 < k and _less(
                values[row, below + 1], names[row, below + 1], values[row, below], names[row, below]
            ):
                below += 1
            if not _less(values[row, below], names[row, below], value, name):
                break
            values[row, at], names[row, at] = values[row, below], names[row, below]
            at = below
    else:
        return
    values[row, at], names[row, at] = value, name


@njit(cache=True, nogil=True, inline="always")
def _none(cosines, r, start, end, floor):
    """Tell whether no cosine reaches `floor`: most stretches hold none, and this has no branch."""
    count = np.int32(0)
    for c in range(start, end):
        count += np.int32(cosines[r, c] >= floor)
    return count == 0


@njit(cache=True, nogil=True)
def offer_columns(cosines, rows, columns, first, last, floor, values, names, filled):
    """Offer columns to the rows `first` to `last` of a block.

    Args:
        cosines: Block of the product, shape (R, C).
        rows: What each of its rows is, shape (R,).
        columns: What each of its columns is, shape (C,).
        first: First row to serve, within the block.
        last: One past the last.
        floor: Least cosine.
        values: The most alike of every row so far, changed in place, shape (N, k).
        names: Who they are, likewise.
        filled: How many there are, shape (N,).
    """
    width = cosines.shape[1]
    for r in range(first, last):
        for start in range(0, width, _LOOK):
            end = min(start + _LOOK, width)
            if _none(cosines, r, start, end, floor):
                continue
            for c in range(start, end):
                if cosines[r, c] >= floor and columns[c] != rows[r]:
                    _offer(cosines[r, c], columns[c], values, names, filled, rows[r])


@njit(cache=True, nogil=True)
def offer_rows(cosines, rows, columns, first, last, floor, values, names, filled):
    """Offer rows to the columns `first` to `last` of a block, as `offer_columns` does."""
    for r in range(cosines.shape[0]):
        for start in range(first, last, _LOOK):
            end = min(start + _LOOK, last)
            if _none(cosines, r, start, end, floor):
                continue
            for c in range(start, end):
                if cosines[r, c] >= floor:
                    _offer(cosines[r, c], rows[r], values, names, filled, columns[c])


@njit(cache=True, nogil=True)
def _of_another(row, column, subject, ends, named, fake):
    """Tell whether a column's face is of a subject who is not named beside the row's.

    One of a manipulated medium may show any of those in it: none of them is named by both.
    """
    one = subject[column]
    for at in range(ends[row], ends[row + 1]):
        if named[at] == one:
            return False
        if fake[column]:
            for other in range(ends[column], ends[column + 1]):
                if named[other] == named[at]:
                    return False
    return True


@njit(cache=True, nogil=True)
def _keep(value, column, subject, row, values, names, more):
    """Keep a column's face among the most similar ones of `row`, one for each subject, in order."""
    k = values.shape[1]
    at = 0
    while at < k and names[row, at] >= 0 and subject[names[row, at]] != subject[column]:
        at += 1
    if at == k:
        more[row] = True
        at = k - 1
    if names[row, at] >= 0 and not _less(values[row, at], names[row, at], value, column):
        return
    while at > 0 and _less(values[row, at - 1], names[row, at - 1], value, column):
        values[row, at], names[row, at] = values[row, at - 1], names[row, at - 1]
        at -= 1
    values[row, at], names[row, at] = value, column


@njit(cache=True, nogil=True, inline="always")
def _least(floor, row, values, more):
    """Return the cosine below which nothing changes what is kept of a row."""
    return max(floor, values[row, -1]) if more[row] else floor


@njit(cache=True, nogil=True)
def hold_rows(
    cosines, rows, columns, first, last, floor, subject, ends, named, fake, values, names, more
):
    """Keep the most similar columns of other subjects for the rows `first` to `last` of a block.

    Args:
        cosines: Block of the product, shape (R, C).
        rows: What each of its rows is, shape (R,).
        columns: What each of its columns is, shape (C,); all are of some subject.
        first: First row to serve, within the block.
        last: One past the last.
        floor: Least cosine.
        subject: The subject of each face, shape (N,).
        ends: Where the names beside each face end among `named`, shape (N + 1,).
        named: Subjects named beside each face, one face after the other.
        fake: Whether each face is in a manipulated medium, shape (N,).
        values: The best cosines of each face so far, one for each subject, in falling order,
            changed in place, shape (N, k).
        names: Whose faces these are, -1 for none, likewise.
        more: Whether there are more subjects than are kept, likewise, shape (N,).
    """
    width = cosines.shape[1]
    for r in range(first, last):
        row = rows[r]
        for start in range(0, width, _LOOK):
            end = min(start + _LOOK, width)
            if _none(cosines, r, start, end, _least(floor, row, values, more)):
                continue
            for c in range(start, end):
                value, column = cosines[r, c], columns[c]
                if value < floor or column == row:
                    continue
                if _of_another(row, column, subject, ends, named, fake):
                    _keep(value, column, subject, row, values, names, more)


@njit(cache=True, nogil=True)
def hold_columns(
    cosines, rows, columns, first, last, floor, subject, ends, named, fake, values, names, more
):
    """Keep the most similar rows for the columns `first` to `last`, as `hold_rows` does."""
    for r in range(cosines.shape[0]):
        row = rows[r]
        for start in range(first, last, _LOOK):
            end = min(start + _LOOK, last)
            if _none(cosines, r, start, end, floor):
                continue
            for c in range(start, end):
                value, column = cosines[r, c], columns[c]
                if value < floor:
                    continue
                if _of_another(column, row, subject, ends, named, fake):
                    _keep(value, row, subject, column, values, names, more)


@njit(cache=True, nogil=True)
def invert(wanted, cells):
    """Return the rows that want each cell, one cell after the other, and where each ends.

    Args:
        wanted: Cells that each row wants, shape (N, P).
        cells: How many cells there are.

    Returns:
        Rows, shape (N * P,), and cell c's are those from ``ends[c]`` to before ``ends[c + 1]``.
    """
    ends = np.zeros(cells + 1, np.int64)
    for row in range(wanted.shape[0]):
        for at in range(wanted.shape[1]):
            ends[wanted[row, at] + 1] += 1
    ends = np.cumsum(ends)
    place = ends[:-1].copy()
    rows = np.empty(wanted.size, np.int32)
    for row in range(wanted.shape[0]):
        for at in range(wanted.shape[1]):
            cell = wanted[row, at]
            rows[place[cell]] = row
            place[cell] += 1
    return rows, ends


@njit(cache=True, nogil=True)
def _once(row, at, names, filled):
    """Tell whether a row's neighbour is not a pair that the other row names first."""
    other = names[row, at]
    back = 0
    while other < row and back < filled[other]:
        if names[other, back] == row:
            return False
        back += 1
    return True


@njit(cache=True, nogil=True)
def count_pairs(names, filled):
    """Return how many pairs the rows' neighbours make, each counted once."""
    total = 0
    for row in range(len(filled)):
        for at in range(filled[row]):
            if _once(row, at, names, filled):
                total += 1
    return total


@njit(cache=True, nogil=True)
def write_pairs(values, names, filled, left, right, cosine):
    """Write those pairs, the smaller row left; arrays of shape (P,)."""
    place = 0
    for row in range(len(filled)):
        for at in range(filled[row]):
            if _once(row, at, names, filled):
                left[place] = min(row, names[row, at])
                right[place] = max(row, names[row, at])
                cosine[place] = values[row, at]
                place += 1


@njit(cache=True, nogil=True, fastmath=_SUMS)
def dots(rows, a, b, first, last, out):
    """Write the products of rows `a` and rows `b`, from the `first` to before the `last`."""
    for i in range(first, last):
        total = np.float32(0)
        for j in range(rows.shape[1]):
            total += rows[a[i], j] * rows[b[i], j]
        out[i] = total


@njit(cache=True, nogil=True)
def add_rows(sums, target, rows, source):
    """Add rows `source` of `rows` to rows `target` of `sums`, one after the other."""
    for i in range(len(target)):
        for j in range(sums.shape[1]):
            sums[target[i], j] += rows[source[i], j]


@njit(cache=True, nogil=True)
def best_pairs(pairs, scores, count):
    """Return the best pair of each cluster, packed, -1 for none; ties go to the smallest."""
    top = np.full(count, -np.inf)
    best = np.full(count, -1, np.int64)
    for i in range(len(pairs)):
        pair = pairs[i]
        for end in (pair >> 32, pair & 0xFFFFFFFF):
            if scores[i] > top[end] or (scores[i] == top[end] and pair < best[end]):
                top[end], best[end] = scores[i], pair
    return best
