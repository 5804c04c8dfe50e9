"""What clustering must and must not join, as atoms and forbidden pairs.

An atom is a set of faces that are one person by declaration: a track, or one declared subject.
Two atoms are forbidden to join when they share a frame (one picture shows two people) or when
their declared subjects differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.errors import InputError

Ints = npt.NDArray[np.int64]

# No pair of faces at all.
NOBODY = np.empty((0, 2), np.int64)


@dataclass(frozen=True)
class Atoms:
    """Faces joined by declaration, before any evidence.

    Attributes:
        of_face: Atom of each face, shape (N,), dtype int64, 0 to `count` - 1.
        subject: Declared subject of each atom or -1, shape (count,), dtype int64.
        count: How many atoms there are.
    """

    of_face: Ints
    subject: Ints
    count: int


def atoms(must_link: Ints, frame: Ints, subject: Ints, face_ids: npt.NDArray[np.str_]) -> Atoms:
    """Return the atoms of N faces, numbered by their first face.

    Args:
        must_link: Faces of one number are one person; -1 for none, shape (N,).
        frame: Faces of one number are in one picture; -1 for unknown, shape (N,).
        subject: Declared subject, -1 for none, shape (N,).
        face_ids: Names for the message, shape (N,).

    Raises:
        InputError: Faces that must be joined stand in one frame or have different subjects.
    """
    n = len(must_link)
    # Free faces get numbers of their own above all must-link numbers.
    free = must_link < 0
    keys = np.where(free, must_link.max(initial=-1) + 1 + np.arange(n), must_link)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    of_face = rank[inverse]
    count = len(first)
    _refuse_repeats(of_face, frame, face_ids)
    return Atoms(of_face, _one_subject(of_face, subject, count, face_ids), count)


def _refuse_repeats(of_face: Ints, frame: Ints, face_ids: npt.NDArray[np.str_]) -> None:
    known = np.flatnonzero(frame >= 0)
    order = known[np.lexsort((known, frame[known], of_face[known]))]
    twice = (np.diff(of_face[order]) == 0) & (np.diff(frame[order]) == 0)
    if twice.any():
        at = int(np.argmax(twice))
        one, other = face_ids[order[at]], face_ids[order[at + 1]]
        raise InputError(
            f"faces {one} and {other} are in one frame and must not be one person, "
            "yet a track or a declared subject joins them",
            hint="one of the two declarations is wrong: correct the depictions or the track",
        )


def _one_subject(of_face: Ints, subject: Ints, count: int, face_ids: npt.NDArray[np.str_]) -> Ints:
    known = np.flatnonzero(subject >= 0)
    result = np.full(count, -1, np.int64)
    result[of_face[known]] = subject[known]
    wrong = known[result[of_face[known]] != subject[known]]
    if len(wrong):
        raise InputError(
            f"face {face_ids[wrong[0]]} must be joined with a face of another declared subject",
            hint="one of the two declarations is wrong: correct the depictions or the track",
        )
    return result


def frame_conflicts(group: Ints, frame: Ints) -> Ints:
    """Return the pairs of groups that share a frame, shape (P, 2), smaller first, each once.

    Args:
        group: Group of each face, shape (N,).
        frame: Picture of each face, -1 for unknown, shape (N,).
    """
    known = np.flatnonzero(frame >= 0)
    order = known[np.lexsort((group[known], frame[known]))]
    _, start, size = np.unique(frame[order], return_index=True, return_counts=True)
    found = [np.empty((0, 2), np.int64)]
    for members in np.unique(size[size > 1]):
        # All frames of one size at once: their faces as a table, then every pair of columns.
        places = start[size == members][:, None] + np.arange(members)
        table = group[order][places]
        left, right = np.triu_indices(members, 1)
        found.append(np.stack([table[:, left].ravel(), table[:, right].ravel()], axis=1))
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def set_apart(group: Ints, apart: Ints) -> Ints:
    """Return the pairs of groups of faces that are two people, shape (P, 2), smaller first.

    Args:
        group: Group of each face, shape (N,).
        apart: Rows of two faces, shape (P, 2); two of one group are left out.
    """
    pairs = np.sort(group[apart], axis=1)
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]], np.int64)
