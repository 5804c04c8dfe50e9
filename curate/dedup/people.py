"""Look-alikes that show different people: groups in which identity says so are taken apart.

Crops of faces, aligned and of one size, can be within the radius of one another and still show
two people. Only what is sure tells them apart: a picture in which every face is confirmed to be
one person's. Copies of one picture have one face and so one identity; equal pixels never part.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows
from curate.dedup.groups import Groups, duplicate_groups
from curate.dedup.hamming import Pairs
from curate.dedup.turned import nearest_turn

# Who is in a picture, where all faces of it are one person's and nobody doubts it.
PEOPLE = """
    SELECT f.sha256, min(i.subject_id) AS person
    FROM faces f LEFT JOIN identities i USING (face_id)
    GROUP BY f.sha256
    HAVING bool_and(coalesce(i.status = 'confirmed', FALSE)) AND count(DISTINCT i.subject_id) = 1
    ORDER BY f.sha256
"""


def keep_apart(
    groups: Groups, codes: Codes, person: NDArray[np.int64], same: tuple[Rows, Rows], limit: int
) -> tuple[Groups, int]:
    """Return groups none of which holds two people, and how many held some before.

    A picture of nobody known stays with the nearest one of the group of whom somebody is known.

    Args:
        groups: Groups of pictures that look alike.
        codes: Codes of each picture's turns, shape (n, turns, words).
        person: Who is in each picture, -1 where that is not sure, shape (n,).
        same: Pairs of pictures whose pixels are equal.
        limit: Largest distance of a member from its group's medoid.
    """
    rows = np.flatnonzero((groups.group >= 0) & (person >= 0))
    known = np.unique(np.stack([groups.group[rows], person[rows]]), axis=1)
    mixed = np.flatnonzero(np.bincount(known[0], minlength=len(groups)) > 1)
    if not len(mixed):
        return groups, 0
    label = groups.group.copy()
    fresh = len(groups)
    for group in mixed.tolist():
        members = np.flatnonzero(groups.group == group)
        whose = _whose(members, codes, person, same, limit)
        _, part = np.unique(whose, return_inverse=True)
        label[members] = fresh + part
        fresh += int(part.max()) + 1
    held = np.flatnonzero(label >= 0)
    _, first, part = np.unique(label[held], return_index=True, return_inverse=True)
    links = Pairs(held[first][part], held, np.zeros(len(held), np.uint8))
    parted = duplicate_groups(len(label), links, limit=limit, codes=codes)
    return replace(parted, broken=groups.broken + parted.broken), len(mixed)


def _whose(
    members: Rows,
    codes: Codes,
    person: NDArray[np.int64],
    same: tuple[Rows, Rows],
    limit: int,
) -> NDArray[np.int64]:
    """Return a person for each member: its own, its twin's, or the nearest one's."""
    whose = person[members]
    left, right = same
    for one, other in np.stack(same, axis=1)[np.isin(left, members) & np.isin(right, members)]:
        twins = np.isin(members, (one, other))
        whose[twins] = whose[twins].max()
    known = np.flatnonzero(whose >= 0)
    for place in np.flatnonzero(whose < 0).tolist():
        alone = np.full(len(known), members[place])
        apart, _ = nearest_turn(codes, members[known], alone, limit)
        whose[place] = whose[known[np.argmin(apart)]]
    return whose
