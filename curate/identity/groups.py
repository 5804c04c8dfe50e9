"""Error rates of the comparison of faces, for each group that sources declare of people.

A manifest declares groups in columns that begin with ``subject_``, such as ``subject_gender``, of
entries that show one person. They are taken as they are written; nothing is ever inferred from a
face. Strangers are compared within their group, where mistakes are likeliest. Rates of few people
would tell of those people rather than of the group, and are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.identity.calibrate import MOST_FACES, interval_of
from curate.identity.curves import LEAST_PAIRS, LEAST_PEOPLE

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Interval = tuple[float, float]

PREFIX = "subject_"
_BLOCK = 1024


@dataclass(frozen=True)
class GroupRates:
    """The errors within one group at one threshold; None where too little is known to tell.

    Attributes:
        kind: What the group is by, such as ``gender``.
        group: The group, as declared.
        people: How many people with a judgeable face it has.
        pairs: Pairs of faces of two of its people.
        fmr: Share of those at or above the threshold: the false match rate.
        fmr_interval: Its Clopper-Pearson interval, over pairs of people.
        mated_people: How many of its people have two judgeable faces.
        fnmr: Share of pairs of one person's faces below the threshold: the false non-match rate.
        fnmr_interval: Its interval, over people.
    """

    kind: str
    group: str
    people: int
    pairs: int
    fmr: float | None
    fmr_interval: Interval | None
    mated_people: int
    fnmr: float | None
    fnmr_interval: Interval | None


def declared_groups(told: pa.Table) -> dict[str, dict[str, str]]:
    """Return the group of each subject, by what groups are by.

    A subject whom two entries put into two groups is in neither.

    Args:
        told: ``subject_id`` and ``extra``, the other columns of the manifest as a JSON object.
    """
    said: dict[str, dict[str, set[str]]] = {}
    pairs = zip(told["subject_id"].to_pylist(), told["extra"].to_pylist(), strict=True)
    for subject, extra in pairs:
        for name, value in json.loads(extra).items():
            if name.startswith(PREFIX) and isinstance(value, str) and value.strip():
                by_subject = said.setdefault(name.removeprefix(PREFIX), {})
                by_subject.setdefault(subject, set()).add(value.strip())
    return {
        kind: {subject: min(values) for subject, values in people.items() if len(values) == 1}
        for kind, people in sorted(said.items())
    }


def rates_by_group(
    embeddings: Floats,
    *,
    subject: Ints,
    names: list[str],
    groups: Mapping[str, Mapping[str, str]],
    threshold: float,
    judgeable: Bools,
    confidence: float = 0.95,
) -> list[GroupRates]:
    """Return the error rates of each declared group of enough people.

    Of more than 20,000 usable faces, an evenly spaced subset is compared.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        subject: Declared subject of each face, -1 for none, shape (N,).
        names: The subjects by number.
        groups: The group of each subject, by what groups are by.
        threshold: Cosine at or above which two faces are taken for one person.
        judgeable: Whether a face is evidence, shape (N,).
        confidence: Confidence of the intervals.
    """
    usable = np.flatnonzero(judgeable & (subject >= 0))
    usable = usable[:: -(-len(usable) // MOST_FACES) or 1]
    found = []
    for kind, group_of in groups.items():
        own = np.array([group_of.get(names[s], "") for s in subject[usable]], np.str_)
        for group in sorted(set(own.tolist()) - {""}):
            chosen = usable[own == group]
            if len(np.unique(subject[chosen])) >= LEAST_PEOPLE:
                counts = _count(embeddings[chosen], subject[chosen], threshold)
                found.append(_rates(kind, group, subject[chosen], counts, confidence))
    return found


def as_notes(rates: list[GroupRates]) -> Iterator[dict[str, Any]]:
    """Yield the rates as JSON values, rounded to what they can tell."""
    for one in rates:
        yield {
            name: float(f"{value:.3g}") if isinstance(value, float)
            else [float(f"{end:.3g}") for end in value] if isinstance(value, tuple)
            else value
            for name, value in vars(one).items()
        }  # fmt: skip


def _count(rows: Floats, subject: Ints, threshold: float) -> tuple[int, int, int, int]:
    """Return pairs of two people, those of them alike, pairs of one person, those unlike."""
    totals = np.zeros(4, np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        alike = rows[block] @ rows[start:].T >= threshold
        # Each pair once: only columns beyond the row's own.
        after = np.arange(alike.shape[1]) > np.arange(len(alike))[:, None]
        same = subject[block, None] == subject[start:]
        strangers, mated = ~same & after, same & after
        totals += [strangers.sum(), (strangers & alike).sum(), mated.sum(), (mated & ~alike).sum()]
    pairs, matches, own, misses = totals.tolist()
    return pairs, matches, own, misses


def _rates(
    kind: str, group: str, subject: Ints, counts: tuple[int, int, int, int], confidence: float
) -> GroupRates:
    pairs, matches, own, misses = counts
    faces = np.unique(subject, return_counts=True)[1]
    people, mated = len(faces), int((faces > 1).sum())
    apart = people * (people - 1) // 2
    fmr = matches / pairs if apart >= LEAST_PAIRS else None
    fnmr = misses / own if mated >= LEAST_PEOPLE else None
    return GroupRates(
        kind, group, people, pairs,
        fmr, None if fmr is None else interval_of(fmr, apart, confidence),
        mated,
        fnmr, None if fnmr is None else interval_of(fnmr, mated, confidence),
    )  # fmt: skip
