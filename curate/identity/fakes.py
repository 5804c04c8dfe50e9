"""Faces of manipulated media: placed beside what genuine ones say, never part of it.

A swapped face is like its donor and keeps something of its target, so as evidence it would draw
the two together. Genuine faces are clustered without it; then it is placed:

- with its donor, where the entry declares who that is, unless it is plainly unlike that person
  (see `declared`);
- else with the identity it is most like, if it is like enough, and never with its target's;
- else with other faces of manipulated media alone.

Genuine faces are clustered by likeness alone, and declared subjects then have their say (see
`naming`). So no manipulated medium, and no number of them, changes which genuine faces are one
person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curate.identity.clusters import Clusters, cluster_faces
from curate.identity.constraints import NOBODY

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """N faces of one model, genuine and not.

    Attributes:
        rows: Unit embeddings, shape (N, D), dtype float32.
        face_ids: Their names, shape (N,).
        fake: Whether a face is in a manipulated medium, shape (N,).
        subject: The one subject that the face is declared to be and not plainly unlike, -1 for
            none, shape (N,).
        track: Track of each face, -1 for none: faces of one are one person, shape (N,).
        frame: Picture or video frame of each face, shape (N,).
        judgeable: Whether a face is evidence, shape (N,).
        target: Subject whose footage a face was put on, -1 for none or not known, shape (N,).
        content: Content of each face, shape (N,).
        footage: Content whose person it was put on, -1 for none or not known, shape (N,).
        apart: Rows of two faces that a reviewer says are two people, shape (P, 2).
    """

    rows: Floats
    face_ids: npt.NDArray[np.str_]
    fake: Bools
    subject: Ints
    track: Ints
    frame: Ints
    judgeable: Bools
    target: Ints
    content: Ints
    footage: Ints
    apart: Ints = field(default_factory=NOBODY.copy)


def cluster_with_fakes(
    scene: Scene,
    *,
    threshold: float,
    strict: float | None,
    tie: float | None = None,
    naming: Callable[[Ints], Ints] | None = None,
) -> Clusters:
    """Return the identities of genuine faces, and where faces of manipulated media stand.

    Args:
        scene: The faces.
        threshold: As for `cluster_faces`.
        strict: As for `cluster_faces`; a face of a manipulated medium is placed by likeness only
            at or above it, or at `threshold` where it is None.
        tie: As for `cluster_faces`; faces of manipulated media are in no looser cluster.
        naming: Takes the blind identities of genuine faces, shape (N,), and returns them with
            what names say of them; blind ones stay as they are when None.
    """
    real = np.flatnonzero(~scene.fake)
    genuine = _clustered(scene, real, threshold, strict, tie)
    identity = np.full(len(scene.rows), -1, np.int64)
    looser = np.full(len(scene.rows), -1, np.int64)
    identity[real] = genuine.identity
    looser[real] = genuine.looser
    if naming is not None:
        identity = naming(identity)
    if scene.fake.any():
        means = _means(scene, identity)
        _place_declared(scene, identity)
        _place_alike(scene, identity, means, threshold if strict is None else strict)
        left = np.flatnonzero(scene.fake & (identity < 0) & (scene.judgeable | (scene.track >= 0)))
        own = _clustered(scene, left, threshold, strict, None)
        fresh = own.identity + identity.max(initial=-1) + 1
        identity[left] = np.where(own.identity >= 0, fresh, -1)
    return Clusters(identity, _similarity(scene, identity), looser, genuine.recall)


def _similarity(scene: Scene, identity: Ints) -> Floats:
    """Return the cosine of each face to the mean of its identity, NaN where there is none.

    The mean is that of genuine faces, and of others only where there are none of these.
    """
    found = np.full(len(identity), np.nan, np.float32)
    for of, chosen in ((identity >= 0, ~scene.fake), (scene.fake & (identity >= 0), scene.fake)):
        means = _means(scene, identity, scene.judgeable & chosen)
        length = np.linalg.norm(means, axis=1)
        open_ = np.flatnonzero(of & np.isnan(found))
        open_ = open_[length[identity[open_]] > 0]
        product = np.einsum("ij,ij->i", scene.rows[open_], means[identity[open_]])
        found[open_] = product / length[identity[open_]]
    return found


def _clustered(
    scene: Scene, places: Ints, threshold: float, strict: float | None, tie: float | None
) -> Clusters:
    return cluster_faces(
        scene.rows[places],
        scene.face_ids[places],
        threshold=threshold,
        strict=strict,
        tie=tie,
        must_link=scene.track[places],
        frame=scene.frame[places],
        judgeable=scene.judgeable[places],
        apart=_within(scene.apart, places, len(scene.rows)),
    )


def _within(apart: Ints, places: Ints, count: int) -> Ints:
    """Return pairs of faces as rows of `places`, those that are both there."""
    row = np.full(count, -1, np.int64)
    row[places] = np.arange(len(places))
    pairs = row[apart]
    return np.asarray(pairs[(pairs >= 0).all(axis=1)], np.int64)


def _means(scene: Scene, identity: Ints, chosen: Bools | None = None) -> Floats:
    """Return the mean of each identity's chosen, or judgeable, faces, shape (K, D); zero for none.

    Not brought to unit length: the product with a face is its mean cosine to the members.
    """
    means = np.zeros((identity.max(initial=-1) + 1, scene.rows.shape[1]), np.float32)
    good = np.flatnonzero((identity >= 0) & (scene.judgeable if chosen is None else chosen))
    np.add.at(means, identity[good], scene.rows[good])
    count = np.bincount(identity[good], minlength=len(means))
    return np.asarray(means / np.maximum(count, 1)[:, None], np.float32)


def _place_declared(scene: Scene, identity: Ints) -> None:
    """Put faces of manipulated media with the donor that is declared."""
    home: dict[int, int] = {}
    for place in np.flatnonzero((identity >= 0) & (scene.subject >= 0)).tolist():
        home.setdefault(int(scene.subject[place]), int(identity[place]))
    for place in np.flatnonzero(scene.fake & (scene.subject >= 0)).tolist():
        donor = int(scene.subject[place])
        # A donor of whom no genuine face is known has an identity of manipulated faces.
        identity[place] = home.setdefault(donor, int(identity.max(initial=-1)) + 1)


def _place_alike(scene: Scene, identity: Ints, means: Floats, strict: float) -> None:
    """Put faces whose donor is not declared with whom they are most like, the surest first."""
    open_ = np.flatnonzero(scene.fake & (identity < 0) & scene.judgeable)
    if not len(open_) or not len(means):
        return
    likeness = scene.rows[open_] @ means.T
    shows, shown_in, taken = (
        _members(identity, column) for column in (scene.subject, scene.content, scene.frame)
    )
    track = _tracks(scene)
    order = np.lexsort((scene.face_ids[open_], -likeness.max(axis=1)))
    for at in order.tolist():
        place = int(open_[at])
        if identity[place] >= 0:
            continue
        members = track.get(int(scene.track[place]), [place])
        barred = shows.get(int(scene.target[place]), set()) | shown_in.get(
            int(scene.footage[place]), set()
        )
        for frame in scene.frame[members].tolist():
            barred |= taken.get(frame, set())
        others = scene.apart[np.isin(scene.apart, members).any(axis=1)]
        barred = barred | set(identity[others].ravel().tolist())
        for chosen in np.argsort(-likeness[at], kind="stable").tolist():
            if likeness[at, chosen] < strict:
                break
            if chosen not in barred:
                identity[members] = chosen
                for frame in scene.frame[members].tolist():
                    taken.setdefault(frame, set()).add(chosen)
                break


def _tracks(scene: Scene) -> dict[int, list[int]]:
    """Return the faces of manipulated media that are on one track, by its number."""
    found: dict[int, list[int]] = {}
    for place in np.flatnonzero(scene.fake & (scene.track >= 0)).tolist():
        found.setdefault(int(scene.track[place]), []).append(place)
    return found


def _members(identity: Ints, column: Ints) -> dict[int, set[int]]:
    """Return the identities that faces of each value of a column are in."""
    found: dict[int, set[int]] = {}
    for value, label in zip(column.tolist(), identity.tolist(), strict=True):
        if value >= 0 and label >= 0:
            found.setdefault(value, set()).add(label)
    return found
