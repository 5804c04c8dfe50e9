"""How like each face is to the other faces of its person: those of other contents, no copies.

An identity holds faces that a declaration put there, so that a face is in it proves nothing, and
neither does its likeness to a mean that it is part of. What counts is each face by itself against
the faces of the same person in other contents: the median of its likeness to each of these, so
that one wrong name among them neither makes nor breaks it. Copies of one picture are one content.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint64]

# Of a person with more faces, every face is compared with so many.
MOST_COMPARED = 512
# Largest Hamming distance of the PDQ hashes of two copies, in bits, in any of the eight turns.
_COPY_BITS = 31
_TURNS, _WORDS = 8, 4
_BLOCK = 256


def likeness_to_others(
    rows: Floats,
    person: Ints,
    content: Ints,
    *,
    evidence: Bools,
    fake: Bools,
    turns: Mapping[int, bytes],
) -> Floats:
    """Return how like each face is to the faces of the same person in other contents.

    Args:
        rows: Unit embeddings, shape (N, D), dtype float32.
        person: The person of each face, -1 for none, shape (N,).
        content: The content of each face, shape (N,).
        evidence: Whether a face can be judged, and stands for its track, shape (N,).
        fake: Whether it is in a manipulated medium, shape (N,): such faces are compared with, only
            where nothing genuine of the person is there.
        turns: PDQ hashes of the eight turns of a content, 256 bytes, where they are known.

    Returns:
        The median cosine, NaN for a face with nothing to compare it with, shape (N,), float32.
    """
    found = np.full(len(rows), np.nan, np.float32)
    order = np.argsort(person, kind="stable")
    order = order[person[order] >= 0]
    starts = np.flatnonzero(np.diff(person[order], prepend=-1))
    for members in np.split(order, starts[1:]) if len(order) else ():
        speak = members[evidence[members] & ~fake[members]]
        if not len(speak):
            speak = members[evidence[members]]
        speak = speak[:: max(1, -(-len(speak) // MOST_COMPARED))]
        if len(speak):
            found[members] = _medians(rows, content, turns, members, speak)
    return found


def _medians(
    rows: Floats, content: Ints, turns: Mapping[int, bytes], members: Ints, speak: Ints
) -> Floats:
    """Return the median likeness of `members` to the pictures of `speak`, NaN without any."""
    pictures, own = np.unique(content[speak], return_inverse=True)
    # Of pictures that are copies of each other the first stands for all.
    same = _copies(pictures, pictures, turns)
    stands = same.argmax(axis=1)
    stands = stands[stands]
    picture = stands[own]
    by_picture = np.argsort(picture, kind="stable")
    kinds, starts = np.unique(picture[by_picture], return_index=True)
    found = np.empty(len(members), np.float32)
    for start in range(0, len(members), _BLOCK):
        block = members[start : start + _BLOCK]
        cosines = rows[block] @ rows[speak[by_picture]].T
        best = np.maximum.reduceat(cosines, starts, axis=1)
        copies = _copies(content[block], pictures, turns)
        mine = np.zeros_like(best, np.bool_)
        for place, kind in enumerate(kinds.tolist()):
            mine[:, place] = copies[:, stands == kind].any(axis=1)
        best[mine] = np.nan
        known = ~mine.all(axis=1)
        medians = np.full(len(block), np.nan, np.float32)
        medians[known] = np.nanmedian(best[known], axis=1)
        found[start : start + _BLOCK] = medians
    return found


def _copies(left: Ints, right: Ints, turns: Mapping[int, bytes]) -> Bools:
    """Return which contents are the same or copies, shape (len(left), len(right))."""
    found = left[:, None] == right[None, :]
    has = [np.array([c in turns for c in side.tolist()], np.bool_) for side in (left, right)]
    if has[0].any() and has[1].any():
        one, other = (_packed(side[known], turns) for side, known in zip((left, right), has,
                                                                        strict=True))  # fmt: skip
        least = np.full((len(one), len(other)), 256, np.int64)
        for turn in range(_TURNS):
            differ = np.bitwise_count(one[:, None, turn] ^ other[None, :, 0]).sum(axis=-1)
            least = np.minimum(least, differ)
        found[np.ix_(*has)] |= least <= _COPY_BITS
    return found


def _packed(contents: Ints, turns: Mapping[int, bytes]) -> Codes:
    """Return hashes as words, shape (N, turns, words)."""
    raw = b"".join(turns[content] for content in contents.tolist())
    return np.frombuffer(raw, np.uint64).reshape(len(contents), _TURNS, _WORDS)
