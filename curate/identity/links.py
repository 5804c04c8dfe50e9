"""Identities to subjects, by what the entries declare.

An entry that shows one identity and declares one visible subject votes for that link. What
votes leave open is resolved by exclusion: in an entry where all but one identity and all but
one subject are linked to each other, the remaining two belong together. A link is

- confirmed: enough entries voted for it and none against;
- proposed: by fewer votes, or by exclusion;
- disputed: entries voted for different subjects.

Nothing here corrects a declaration: the rules DEP and IDN list contradictions for people to decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]

LINKS = pa.schema(
    [
        pa.field("identity_id", pa.string(), nullable=False),
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("votes", pa.int64(), nullable=False),
        pa.field("against", pa.int64(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),
    ]
)


def link_identities(faces: pa.Table, depictions: pa.Table, *, enough_votes: int = 2) -> pa.Table:
    """Return the links of one project: rows of `LINKS`, one for each linked identity.

    Args:
        faces: One row for each face of each entry: media_id, identity_id (null when
            unassigned), and optionally frame (int) and judgeable (bool).
        depictions: One row for each visible subject of each entry: media_id, subject_id.
            Leave out roles that are not seen, such as the target of a face swap.
        enough_votes: How many entries must agree before a link is confirmed.
    """
    tables = _Tables.of(faces, depictions)
    votes = _votes(tables)
    links = _choose(votes, enough_votes, len(tables.identities))
    _exclude(tables, links)
    return _link_rows(tables, links)


@dataclass
class _Tables:
    """The input as numbers: entries, identities and subjects by their place in sorted names."""

    media: list[str]
    identities: list[str]
    subjects: list[str]
    shown: Ints  # (P, 2) entry, identity; unique, sorted
    declared: Ints  # (Q, 2) entry, subject; unique, sorted
    people: Ints  # (M,) least number of people that an entry's judgeable faces show
    unassigned: Ints  # (M,) judgeable faces of no identity

    @staticmethod
    def of(faces: pa.Table, depictions: pa.Table) -> _Tables:
        media = _names(faces["media_id"], depictions["media_id"])
        identities, subjects = _names(faces["identity_id"]), _names(depictions["subject_id"])
        f_media, f_identity = (
            _code(faces["media_id"], media),
            _code(faces["identity_id"], identities),
        )
        good = _flags(faces)
        frame = _numbers(faces, "frame")
        declared = np.stack(
            [_code(depictions["media_id"], media), _code(depictions["subject_id"], subjects)], 1
        )
        assigned = good & (f_identity >= 0)
        shown = np.unique(np.stack([f_media, f_identity], 1)[assigned], axis=0)
        # Two faces of one frame are two people, even while neither has an identity.
        at_once, count = np.unique(np.stack([f_media, frame], 1)[good], axis=0, return_counts=True)
        people = np.bincount(shown[:, 0], minlength=len(media))
        np.maximum.at(people, at_once[:, 0], count)
        return _Tables(
            media,
            identities,
            subjects,
            shown,
            np.unique(declared, axis=0),
            people,
            np.bincount(f_media[good & (f_identity < 0)], minlength=len(media)),
        )


@dataclass
class _Chosen:
    """For each identity: its subject or -1, status, votes for and against, basis."""

    subject: Ints
    status: npt.NDArray[np.str_]
    votes: Ints
    against: Ints
    basis: npt.NDArray[np.str_]


def _votes(t: _Tables) -> Ints:
    """Return identity, subject, number of entries that vote for it: shape (V, 3), sorted."""
    single = (_counts(t.shown, t) == 1) & (_counts(t.declared, t) == 1)
    single &= (t.people == 1) & (t.unassigned == 0)
    identity = t.shown[single[t.shown[:, 0]]]
    subject = t.declared[single[t.declared[:, 0]]]
    # Both are sorted by entry and have one row for each.
    pairs = np.stack([identity[:, 1], subject[:, 1]], axis=1)
    kinds, count = np.unique(pairs, axis=0, return_counts=True)
    return np.column_stack([kinds, count]).astype(np.int64)


def _choose(votes: Ints, enough: int, identities: int) -> _Chosen:
    chosen = _Chosen(
        np.full(identities, -1, np.int64),
        np.full(identities, "proposed", "<U9"),
        np.zeros(identities, np.int64),
        np.zeros(identities, np.int64),
        np.full(identities, "declared", "<U9"),
    )
    # Most votes first, ties to the first subject by name.
    order = np.lexsort((votes[:, 1], -votes[:, 2], votes[:, 0]))
    identity, first = np.unique(votes[order, 0], return_index=True)
    best = votes[order][first]
    total = np.bincount(votes[:, 0], votes[:, 2], identities).astype(np.int64)
    chosen.subject[identity] = best[:, 1]
    chosen.votes[identity] = best[:, 2]
    chosen.against[identity] = total[identity] - best[:, 2]
    chosen.status[(chosen.votes >= enough) & (chosen.against == 0)] = "confirmed"
    chosen.status[chosen.against > 0] = "disputed"
    return chosen


def _exclude(t: _Tables, chosen: _Chosen) -> None:
    """Link what is left over in entries where everything else is accounted for."""
    while True:
        taken = _accounted(t, chosen.subject)
        open_shown = t.shown[(chosen.subject[t.shown[:, 1]] < 0)]
        has_link = np.isin(np.arange(len(t.subjects)), chosen.subject)
        open_declared = t.declared[~taken & ~has_link[t.declared[:, 1]]]
        # A linked subject whose face is missing here leaves room for doubt: no exclusion.
        lost = np.bincount(
            t.declared[~taken & has_link[t.declared[:, 1]], 0], minlength=len(t.media)
        )
        single = (_counts(open_shown, t) == 1) & (_counts(open_declared, t) == 1)
        single &= (lost == 0) & (t.unassigned == 0)
        pairs = np.stack(
            [
                open_shown[single[open_shown[:, 0]], 1],
                open_declared[single[open_declared[:, 0]], 1],
            ],
            axis=1,
        )
        kinds, count = np.unique(pairs, axis=0, return_counts=True)
        # Only what excludes to one answer on both sides is taken.
        clear = _once(kinds[:, 0]) & _once(kinds[:, 1])
        if not clear.any():
            return
        identity, subject = kinds[clear].T
        chosen.subject[identity], chosen.votes[identity] = subject, count[clear]
        chosen.basis[identity] = "exclusion"


def _accounted(t: _Tables, subject: Ints) -> npt.NDArray[np.bool_]:
    """Return which rows of `declared` have a face in the entry that is linked to the subject."""
    linked = t.shown[subject[t.shown[:, 1]] >= 0]
    base = max(len(t.subjects), 1)
    seen = linked[:, 0] * base + subject[linked[:, 1]]
    return np.isin(t.declared[:, 0] * base + t.declared[:, 1], seen)


def _link_rows(t: _Tables, chosen: _Chosen) -> pa.Table:
    linked = np.flatnonzero(chosen.subject >= 0)
    columns = [
        [t.identities[i] for i in linked],
        [t.subjects[s] for s in chosen.subject[linked]],
        chosen.status[linked].tolist(),
        chosen.votes[linked].tolist(),
        chosen.against[linked].tolist(),
        chosen.basis[linked].tolist(),
    ]
    return pa.table(columns, schema=LINKS)


def _counts(pairs: Ints, t: _Tables) -> Ints:
    return np.bincount(pairs[:, 0], minlength=len(t.media))


def _once(values: Ints) -> npt.NDArray[np.bool_]:
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(count[inverse] == 1, np.bool_)


def _names(*columns: pa.ChunkedArray) -> list[str]:
    seen: set[str] = set()
    for column in columns:
        seen.update(pc.unique(column.cast(pa.string())).drop_null().to_pylist())
    return sorted(seen)


def _code(column: pa.ChunkedArray, names: list[str]) -> Ints:
    at = pc.index_in(column.cast(pa.string()), value_set=pa.array(names, pa.string()))
    return np.asarray(pc.fill_null(at, -1).to_numpy(), np.int64)


def _flags(faces: pa.Table) -> npt.NDArray[np.bool_]:
    if "judgeable" not in faces.column_names:
        return np.ones(len(faces), np.bool_)
    return np.asarray(pc.fill_null(faces["judgeable"], fill_value=False).to_numpy(), np.bool_)


def _numbers(table: pa.Table, name: str) -> Ints:
    if name not in table.column_names:
        return np.zeros(len(table), np.int64)
    return np.asarray(pc.fill_null(table[name].cast(pa.int64()), 0).to_numpy(), np.int64)
