"""Groups: entries that are no independent witnesses of one another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.labels.exchange import Ints

# A component that holds more than this share of the rows leaves too little to be held against.
LARGEST = 0.5
LEAST_GROUPS = 10

# Copies and frames of one clip came as one.
UNITS = """
SELECT e.media_id, 'content ' || coalesce(g.group_id, e.sha256) AS name
FROM entries e LEFT JOIN groups g USING (sha256) WHERE e.state = 'present'
UNION
SELECT media_id, 'clip ' || dataset || ' ' || "group" FROM entries
WHERE state = 'present' AND "group" IS NOT NULL
UNION
SELECT m.media_id, 'media ' || r."right" FROM relations r
JOIN entries m ON m.media_id IN (r."left", r."right") WHERE m.state = 'present'
AND r.relation IN ('frame_of', 'crop_of', 'same_clip') AND r.left_kind = 'media'
ORDER BY ALL
"""
# So do all pictures of a person, and what was made from one another.
TIES = """
SELECT d.media_id, 'subject ' || d.subject_id AS name
FROM depictions d JOIN entries e USING (media_id)
WHERE d.link_status <> 'rejected' AND e.state = 'present'
UNION
SELECT e.media_id, coalesce('subject ' || i.subject_id, 'identity ' || i.identity_id)
FROM entries e JOIN faces f USING (sha256) JOIN identities i USING (face_id)
WHERE e.state = 'present' AND i.identity_id IS NOT NULL AND i.status IS DISTINCT FROM 'disputed'
UNION
SELECT m.media_id, 'media ' || r."right" FROM relations r
JOIN entries m ON m.media_id IN (r."left", r."right") WHERE m.state = 'present'
AND r.relation IN ('derived_from', 'swap_target', 'swap_donor') AND r.left_kind = 'media'
UNION
SELECT e.media_id, 'footage ' || r."right" FROM relations r
JOIN entries e ON e.media_id = r."left"
WHERE e.state = 'present' AND r.relation = 'from_source'
ORDER BY ALL
"""


def components(items: pa.ChunkedArray, *ties: pa.Table) -> Ints:
    """Return the component of each item, numbered by their first items, shape (N,).

    Args:
        items: Ids, each once.
        ties: Rows of ``media_id, name``: items that share a name belong together, and so do
            those that a chain of names connects. Other ids are of no account.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = pa.concat_tables([tie.select(["media_id", "name"]) for tie in ties])
    item = pc.index_in(rows["media_id"], value_set=items)
    rows, item = rows.filter(pc.is_valid(item)), item.drop_null()
    names = rows["name"].combine_chunks().dictionary_encode()
    left = item.to_numpy().astype(np.int64)
    right = names.indices.to_numpy().astype(np.int64) + len(items)
    size = len(items) + len(names.dictionary)
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][: len(items)]
    return renumbered(part.astype(np.int64))


def renumbered(group: Ints) -> Ints:
    """Return the same groups, numbered by their first items.

    >>> renumbered(np.array([7, 2, 7])).tolist()
    [0, 1, 0]
    """
    _, first, number = np.unique(group, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


def usable(group: Ints) -> bool:
    """Return whether folds can be made that part no group, with something left to learn from."""
    sizes = np.bincount(group)
    return len(sizes) >= LEAST_GROUPS and int(sizes.max()) <= LARGEST * len(group)
