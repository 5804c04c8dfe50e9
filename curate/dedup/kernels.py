"""The compiled loops of the Hamming join.

Codes inside a kernel lie word by word, shape (words, rows + LANES) uint64, so that the same
word of eight neighbouring rows is one vector load. Every kernel releases the GIL; threads come
from the caller. (numba's own `prange` aborts the process when two Python threads enter it with
the portable threading layer.)
"""

# numba infers the types of a kernel's arguments, and a kernel takes no options bag.
# mypy: allow-untyped-defs, disable-error-code="unreachable"
# ruff: noqa: ANN001, ANN201, PLR0917

from __future__ import annotations

import numpy as np

from curate.dedup.lanes import LANES, ROWS, compiled, lowest_bit, near_mask, popcount

TILE = 128
"""Rows per side of the tiles that large buckets are compared in: two tiles fit in cache."""

EVERY_ROW = np.uint64(sum(1 << LANES * row for row in range(ROWS)))
"""Multiplied by a mask of lanes, repeats it for every row of a comparison."""

NOTES = 2 * (TILE // LANES) * (TILE // ROWS)
"""Words that the notes of one tile can fill."""

MAX_ROWS = 1 << 28
"""A hit is packed into one word: 28 bits left row, 28 bits right row, 8 bits distance."""


@compiled
def distance_between(a, i, b, j, words):
    """Return the Hamming distance of code `i` of `a` and code `j` of `b`."""
    total = np.uint64(0)
    for word in range(len(words)):
        total += popcount(a[word, i] ^ b[word, j])
    return total


@compiled
def found_before(a, i, b, j, masks, radii, words):
    """Tell whether an earlier band already qualifies the pair, and so has emitted it."""
    for band in range(masks.shape[0]):
        apart = np.uint64(0)
        for word in range(len(words)):
            apart += popcount((a[word, i] ^ b[word, j]) & masks[band, word])
        if apart <= radii[band]:
            return True
    return False


@compiled
def root_of(parent, item):
    """Find the root of `item`, halving the path on the way."""
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@compiled
def unite(parent, left, right):
    """Join the trees of two items, the smaller root on top; tell whether they were apart."""
    left, right = root_of(parent, left), root_of(parent, right)
    if left == right:
        return False
    parent[max(left, right)] = min(left, right)
    return True


@compiled
def grown(out, count):
    """Return `out`, or a copy of twice the size when it is full."""
    if count < out.size:
        return out
    larger = np.empty(out.size * 2, np.uint64)
    larger[:count] = out[:count]
    return larger


@compiled
def scan_tile(codes_a, codes_b, tile, triangle, radius, pending, count, words):
    """Compare rows ``i0..i1`` with rows ``j0..j1`` and note the blocks that hold a hit.

    In a triangle (a bucket with itself) only pairs with i < j count. A note is two
    words: the first row of each side, and the mask of rows and lanes that hit. This loop holds
    no reference to anything that is replaced: numba would count references in it, at ten times
    the cost.
    """
    i0, i1, j0, j1 = tile
    for j in range(j0, j1, LANES):
        inside = np.uint64((1 << min(j1 - j, LANES)) - 1) * EVERY_ROW
        last = min(i1, j + LANES - 1) if triangle else i1
        for first in range(i0, last, ROWS):
            hits = near_mask(codes_a, first, codes_b, j, radius, words) & inside
            if hits:
                rows = min(ROWS, last - first)
                pending[count] = (np.uint64(first) << np.uint64(32)) | np.uint64(j)
                pending[count + 1] = hits & np.uint64((1 << LANES * rows) - 1)
                count += 2
    return count


@compiled
def scan_keys(codes_a, starts_a, codes_b, starts_b, task, flip, radius, pending, cursor, words):
    """Compare the buckets of a task that differ by one flip, until `pending` could overflow.

    Args:
        codes_a: Sorted codes of one side.
        starts_a: First sorted row per key.
        codes_b: Sorted codes of the other side.
        starts_b: First sorted row per key.
        task: (first row, last row + 1, last key, whether `a` is `b`).
        flip: Difference of the keys.
        radius: Largest distance that counts.
        pending: Where notes go.
        cursor: (key, tile): where to go on; updated. Done when the key passes the last.
        words: A tuple as long as a code has words.

    Returns:
        The number of notes.
    """
    row0, row1, last_key, same = task
    # Each unordered pair of buckets once: the key without the flip's top bit leads.
    top = np.int64(0)
    if same and flip:
        top = np.int64(1)
        while top * 2 <= flip:
            top *= 2
    triangle = same and flip == 0
    count = 0
    key, tile = cursor[0], cursor[1]
    while key <= last_key:
        if key & top:
            key = (key | (top - 1)) + 1
            continue
        i0, i1 = max(row0, starts_a[key]), min(row1, starts_a[key + 1])
        j0, j1 = starts_b[key ^ flip], starts_b[(key ^ flip) + 1]
        if triangle:
            j0 = i0
        across = (j1 - j0 + TILE - 1) // TILE
        tiles = across * ((i1 - i0 + TILE - 1) // TILE)
        while tile < tiles:
            if count + NOTES > pending.size:
                cursor[0], cursor[1] = key, tile
                return count
            i, j = i0, j0
            if tiles > 1:
                i, j = i0 + tile // across * TILE, j0 + tile % across * TILE
            edges = (i, min(i + TILE, i1), j, min(j + TILE, j1))
            count = scan_tile(codes_a, codes_b, edges, triangle, radius, pending, count, words)
            tile += 1
        tile = 0
        key += 1
    cursor[0], cursor[1] = key, 0
    return count


@compiled
def drain(a, b, notes, triangle, plan, parent, out, count, words):
    """Turn notes into packed hits that no earlier band has emitted; return (hits, their number)."""
    codes_a, rows_a = a
    codes_b, rows_b = b
    masks, radii, same = plan
    for note in range(0, notes.size, 2):
        hits = notes[note + 1]
        while hits:
            bit = lowest_bit(hits)
            hits &= hits - np.uint64(1)
            i = np.int64(notes[note] >> np.uint64(32)) + bit // LANES
            j = np.int64(notes[note] & np.uint64(MAX_ROWS - 1)) + bit % LANES
            if triangle and j <= i:
                continue
            left, right = np.uint64(rows_a[i]), np.uint64(rows_b[j])
            if same and left > right:
                left, right = right, left
            # A pair that an earlier band emitted is united already: the forest knows both.
            if parent.size:
                if not unite(parent, np.int64(left), np.int64(right)):
                    continue
            elif found_before(codes_a, i, codes_b, j, masks, radii, words):
                continue
            apart = distance_between(codes_a, i, codes_b, j, words)
            out = grown(out, count)
            out[count] = (left << np.uint64(36)) | (right << np.uint64(8)) | apart
            count += 1
    return out, count


@compiled
def join_rows(a, b, starts, rows, keys, flips, radius, plan, parent, limit, words):
    """Join a range of bucket-sorted rows of `a` with all of `b` in one band.

    Args:
        a: (codes, rows): sorted codes, shape (words, n + LANES) uint64, and each one's row in
            the caller's order, uint32.
        b: The same of the other side (`a` itself in a self-join).
        starts: (starts of a, starts of b): first sorted row per key, shape (keys + 1,) int64.
        rows: (first, last + 1): the sorted rows of `a` to join.
        keys: (first, last): the keys of those rows.
        flips: Key differences within the band's radius, int64.
        radius: Largest distance of a pair, uint64.
        plan: (masks, radii, same): key bits and radius of each earlier band, shapes
            (bands, words) and (bands,) uint64; whether `a` is `b`.
        parent: Union-find forest over the caller's rows, int32, to emit a spanning set of
            edges; of size 0 to emit every pair. Overwritten.
        limit: Stop soon after this many hits.
        words: A tuple as long as a code has words.

    Returns:
        Packed hits, uint64, in the order found.
    """
    out = np.empty(256, np.uint64)
    pending = np.empty(4 * NOTES, np.uint64)
    cursor = np.empty(2, np.int64)
    task = (rows[0], rows[1], keys[1], plan[2])
    count = 0
    for flip in flips:
        cursor[0], cursor[1] = keys[0], 0
        while cursor[0] <= keys[1] and count <= limit:
            noted = scan_keys(
                a[0], starts[0], b[0], starts[1], task, flip, radius, pending, cursor, words
            )
            out, count = drain(
                a, b, pending[:noted], plan[2] and flip == 0, plan, parent, out, count, words
            )
    return out[:count]


@compiled
def key_of(codes, row, tables, places):
    """Gather the key bits of a code given as bytes, by one table per byte that holds any."""
    key = np.uint32(0)
    for table in range(places.size):
        key |= tables[table, codes[row, places[table]]]
    return key


@compiled
def fill_keys(codes, rows, tables, places, keys, counts):
    """Gather the key bits of rows ``rows[0]..rows[1]`` and count the keys.

    Args:
        codes: Codes as the caller gave them, shape (n, 8 * words) uint8.
        rows: (first, last + 1).
        tables: Key bits that each value of a byte contributes, shape (bytes, 256) uint32.
        places: Which byte of a code each table belongs to, int64.
        keys: Where keys go, shape (n,) uint32; of size 0 to only count them.
        counts: Where counts go, shape (keys,) int64, zeroed.
    """
    for row in range(rows[0], rows[1]):
        key = key_of(codes, row, tables, places)
        if keys.size:
            keys[row] = key
        counts[key] += 1


@compiled
def cursors_of(counts, starts):
    """Turn counts per part and key, shape (parts, keys), into each part's first place per key.

    `starts`, shape (keys + 1,), is filled with the first place per key.
    """
    place = 0
    for key in range(counts.shape[1]):
        starts[key] = place
        for part in range(counts.shape[0]):
            here = counts[part, key]
            counts[part, key] = place
            place += here
    starts[counts.shape[1]] = place


@compiled
def scatter(codes, raw, rows, tables, places, keys, cursors, sorted_codes, sorted_rows):
    """Move rows ``rows[0]..rows[1]`` of `codes`, shape (n, words), to their buckets.

    `raw` is the same memory as bytes, to gather keys from where `keys` is of size 0.
    """
    for row in range(rows[0], rows[1]):
        key = keys[row] if keys.size else key_of(raw, row, tables, places)
        place = cursors[key]
        cursors[key] = place + 1
        sorted_rows[place] = row
        for word in range(codes.shape[1]):
            sorted_codes[word, place] = codes[row, word]


@compiled
def spanning(hits, parent):
    """Keep, in order, the packed hits that join two trees of `parent`, which is updated."""
    kept = np.empty(hits.size, np.uint64)
    count = 0
    for hit in hits:
        left = np.int64(hit >> np.uint64(36))
        right = np.int64((hit >> np.uint64(8)) & np.uint64(MAX_ROWS - 1))
        if unite(parent, left, right):
            kept[count] = hit
            count += 1
    return kept[:count]


@compiled
def flatten(parent):
    """Point every item at its root."""
    for item in range(parent.size):
        parent[item] = root_of(parent, item)


@compiled
def sampled_histogram(codes, masks, out):
    """Count the pairs of `codes`, shape (n, words), by their distance under each mask.

    Args:
        codes: The sample.
        masks: Bits of each band, shape (bands, words) uint64.
        out: Counts, shape (bands, 64 * words + 1) int64, added to.
    """
    for i in range(codes.shape[0]):
        for j in range(i + 1, codes.shape[0]):
            for band in range(masks.shape[0]):
                apart = np.int64(0)
                for word in range(codes.shape[1]):
                    apart += np.int64(
                        popcount((codes[i, word] ^ codes[j, word]) & masks[band, word])
                    )
                out[band, apart] += 1
