"""Identities that faces alone make, brought together with the subjects that are declared.

Faces are clustered without a name. Then names say two things, and no more:

- An identity that holds faces of several subjects is parted by them, where none of these faces is
  so like one of the other subject that strangers should never be: likeness below that is what the
  model mistakes, and the names know better. Where one is, the names stay together in one identity:
  one person under two names, or a wrong name, which is for people to decide.
- Identities that hold faces of one subject are joined: a face that is less like its person than
  most is still theirs. What is plainly unlike has lost its name before (see `declared`). Where
  names stay together, the one of most faces joins; so no wrong name joins two people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

from curate.identity.clusters import numbered
from curate.identity.fakes import Scene

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Of a subject with more faces in one identity, so many are held against those of another.
MOST_COMPARED = 512


def with_names(
    scene: Scene,
    identity: Ints,
    *,
    doubt: float,
    settled: Callable[[int], Collection[int]],
) -> Ints:
    """Return identities of genuine faces, with what their declared subjects say of them.

    Args:
        scene: The faces; a face has a subject where that is declared and not contradicted.
        identity: Blind identity of each face, -1 for none and for faces of manipulated media,
            shape (N,).
        doubt: Cosine that no two strangers should reach, from `calibrate`.
        settled: Takes a face, and returns the subjects that its entries name or rule out: it is
            not held against these.

    Returns:
        Numbered by smallest face_id, -1 for unassigned, shape (N,), dtype int64.
    """
    parted = _parted(scene, identity, doubt, settled)
    return numbered(_joined(scene, parted), scene.face_ids)


def _parted(
    scene: Scene, identity: Ints, doubt: float, settled: Callable[[int], Collection[int]]
) -> Ints:
    """Return identities parted by those of their subjects whom no face ties to each other."""
    out = identity.copy()
    named = np.flatnonzero((identity >= 0) & (scene.subject >= 0) & ~scene.fake)
    pairs = np.unique(np.stack([identity[named], scene.subject[named]], axis=1), axis=0)
    kinds, count = np.unique(pairs[:, 0], return_counts=True)
    fresh = int(identity.max(initial=-1)) + 1
    order = np.argsort(identity, kind="stable")
    starts = np.searchsorted(identity[order], kinds[count > 1])
    ends = np.searchsorted(identity[order], kinds[count > 1], side="right")
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        members = order[start:end]
        part = _parts(scene, members, doubt, settled)
        for number in range(1, int(part.max(initial=0)) + 1):
            out[members[part == number]] = fresh
            fresh += 1
    return out


def _parts(
    scene: Scene, members: Ints, doubt: float, settled: Callable[[int], Collection[int]]
) -> Ints:
    """Return the part of each face of an identity that several subjects claim."""
    subject = scene.subject[members]
    people = np.unique(subject[subject >= 0])
    own = [members[subject == person] for person in people]
    group = np.arange(len(people))
    for one in range(len(people)):
        for other in range(one + 1, len(people)):
            if group[one] != group[other] and _tied(scene, own[one], own[other], doubt, settled):
                group[group == group[other]] = group[one]
    _, group = np.unique(group, return_inverse=True)
    if group.max() == 0:
        return np.zeros(len(members), np.int64)
    means = np.zeros((int(group.max()) + 1, scene.rows.shape[1]))
    for place, faces in zip(group.tolist(), own, strict=True):
        means[place] += scene.rows[faces].sum(axis=0) / len(faces)
    means /= np.maximum(np.linalg.norm(means, axis=1), 1e-12)[:, None]
    likeness = scene.rows[members] @ means.T
    # A track goes whole, with the sum of what its faces are like.
    track = np.where(scene.track[members] >= 0, scene.track[members], -1 - np.arange(len(members)))
    _, unit = np.unique(track, return_inverse=True)
    total = np.zeros((int(unit.max()) + 1, likeness.shape[1]))
    np.add.at(total, unit, likeness)
    nearest = total.argmax(axis=1)[unit]
    return np.where(subject >= 0, group[np.searchsorted(people, subject)], nearest)


def _tied(
    scene: Scene, one: Ints, other: Ints, doubt: float, settled: Callable[[int], Collection[int]]
) -> bool:
    """Tell whether two subjects have faces so alike that they may be one person."""
    if _set_apart(scene, int(scene.subject[one[0]]), int(scene.subject[other[0]])):
        return False
    one, other = (faces[scene.judgeable[faces]] for faces in (one, other))
    one, other = (faces[:: max(1, -(-len(faces) // MOST_COMPARED))] for faces in (one, other))
    if not len(one) or not len(other):
        return False
    first, second = int(scene.subject[one[0]]), int(scene.subject[other[0]])
    left, right = np.nonzero(scene.rows[one] @ scene.rows[other].T >= doubt)
    return any(
        second not in settled(int(one[a])) and first not in settled(int(other[b]))
        for a, b in zip(left.tolist(), right.tolist(), strict=True)
    )


def _set_apart(scene: Scene, one: int, other: int) -> bool:
    """Tell whether reviewers said of a face of each of two subjects that they are two people."""
    parted = np.sort(scene.subject[scene.apart], axis=1)
    return bool((parted == sorted((one, other))).all(axis=1).any())


def _joined(scene: Scene, identity: Ints) -> Ints:
    """Return identities joined where they hold faces of one subject, unless a picture forbids."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    named = np.flatnonzero((scene.subject >= 0) & ~scene.fake)
    if not len(named):
        return identity
    out = identity.copy()
    # A face too poor to be in an identity by itself is in its subject's.
    poor = named[identity[named] < 0]
    if len(poor):
        fresh = int(identity.max(initial=-1)) + 1
        _, place = np.unique(scene.subject[poor], return_inverse=True)
        out[poor] = fresh + place
    many = int(out.max()) + 1
    subjects = int(scene.subject.max()) + 1
    pairs, count = np.unique(
        np.stack([out[named], scene.subject[named]], axis=1), axis=0, return_counts=True
    )
    most = np.zeros(many, np.int64)
    np.maximum.at(most, pairs[:, 0], count)
    leads = count == most[pairs[:, 0]]
    # Of two names with as many faces neither is known to be the right one.
    alone = np.bincount(pairs[leads, 0], minlength=many) == 1
    pairs = pairs[leads & alone[pairs[:, 0]]]
    ones = np.ones(len(pairs), np.int8)
    shape = (many + subjects, many + subjects)
    graph = coo_array((ones, (pairs[:, 0], many + pairs[:, 1])), shape=shape)
    _, component = connected_components(graph, directed=False)
    assigned = np.flatnonzero(out >= 0)
    joined = np.full(len(out), -1, np.int64)
    joined[assigned] = component[out[assigned]]
    wrong = _impossible(scene, joined)
    return np.where(np.isin(joined, wrong) & (out >= 0), out + int(component.max()) + 1, joined)


def _impossible(scene: Scene, identity: Ints) -> Ints:
    """Return the identities that hold two faces of one picture, or two that reviewers parted."""
    known = np.flatnonzero((identity >= 0) & (scene.frame >= 0) & ~scene.fake)
    order = known[np.lexsort((scene.frame[known], identity[known]))]
    twice = (np.diff(identity[order]) == 0) & (np.diff(scene.frame[order]) == 0)
    parted = identity[scene.apart]
    both = parted[(parted[:, 0] == parted[:, 1]) & (parted[:, 0] >= 0), 0]
    return np.unique(np.concatenate([identity[order[1:][twice]], both]))
