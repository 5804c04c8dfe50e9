"""What reviewers said of two faces: identities that they joined, and faces that they set apart.

Faces that are two people never meet: clustering is told so before it begins. Faces that are one
person join the identities that they are in, whole, after clustering: the reviewer looked at both.
What cannot be, because the two identities share a picture, are of two declared subjects or hold
faces that somebody set apart, is refused and counted.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.identity.clusters import Clusters, numbered
from curate.identity.fakes import Scene

Ints = npt.NDArray[np.int64]


def linked(links: pa.Table, face_ids: pa.ChunkedArray, relation: str) -> Ints:
    """Return the rows of faces that a relation names, shape (P, 2), dtype int64.

    Args:
        links: ``left``, ``relation`` and ``right``.
        face_ids: The faces that are there, shape (N,).
        relation: ``same_person`` or ``different_people``.
    """
    of = links.filter(pc.equal(links["relation"], relation))
    names = pa.array(face_ids.to_pylist(), pa.string())
    ends = [pc.fill_null(pc.index_in(of[side], value_set=names), -1) for side in ("left", "right")]
    pairs = np.stack([np.asarray(end.to_numpy(), np.int64) for end in ends], axis=1)
    return np.asarray(pairs[(pairs >= 0).all(axis=1)], np.int64)


def with_links(scene: Scene, found: Clusters, together: Ints) -> tuple[Clusters, int]:
    """Return identities with those joined that reviewers said are one person.

    Args:
        scene: The faces.
        found: Their identities.
        together: Rows of two faces that are one person, shape (P, 2).

    Returns:
        The identities, and how many links were refused.
    """
    identity = found.identity.copy()
    refused = 0
    for one, other in together.tolist():
        if identity[one] >= 0 and identity[one] == identity[other]:
            continue
        members = np.flatnonzero(_with(identity, one) | _with(identity, other))
        if _contradict(scene, members):
            refused += 1
            continue
        known = identity[members][identity[members] >= 0]
        identity[members] = known.min() if len(known) else identity.max(initial=-1) + 1
    if (identity == found.identity).all():
        return found, refused
    return _renumbered(scene, found, identity), refused


def _with(identity: Ints, face: int) -> npt.NDArray[np.bool_]:
    """Return which faces are in the identity of a face; itself when it has none."""
    if identity[face] >= 0:
        return np.asarray(identity == identity[face], np.bool_)
    return np.asarray(np.arange(len(identity)) == face, np.bool_)


def _contradict(scene: Scene, members: Ints) -> bool:
    frame, subject = scene.frame[members], scene.subject[members]
    frames, subjects = frame[frame >= 0], subject[subject >= 0]
    shared = len(np.unique(frames)) < len(frames)
    apart = np.isin(scene.apart, members).all(axis=1).any()
    return bool(shared or apart or len(np.unique(subjects)) > 1)


def _renumbered(scene: Scene, found: Clusters, identity: Ints) -> Clusters:
    """Return identities numbered without gaps, by their smallest face, with likeness anew."""
    similarity = found.similarity.copy()
    for label in np.unique(identity[identity != found.identity]).tolist():
        members = np.flatnonzero(identity == label)
        good = members[scene.judgeable[members] & ~scene.fake[members]]
        if len(good):
            mean = scene.rows[good].mean(axis=0)
            similarity[members] = scene.rows[members] @ mean / max(np.linalg.norm(mean), 1e-12)
    renamed = numbered(identity, scene.face_ids)
    return replace(found, identity=renamed, similarity=similarity)
