"""Matching hashes against lists: a pure function, from hashes to matches and what was not checked.

Exact digests come first. PDQ is compared within `radius` bits in all eight flips and turns; up to
`near` bits, or where a hash says little (low quality) or a list doubts it, a person decides,
without viewing. The frames of videos are compared with listed pictures and with listed videos as
bags of frames. A listed hash that matches far too much is a blank picture or a mistake: what it
matches is held for review, and the hash is named by its reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.safety.entries import EXACT
from curate.safety.lists import HashList, ListInfo
from curate.safety.matches import MATCHES, Found, Items, doubted, rows_of
from curate.safety.perceptual import perceptual

_PERCEPTUAL = ("pdq", "vpdq")


def match(items: Items, lists: Sequence[HashList], *, threads: int | None = None) -> Found:
    """Return what of `items` is on `lists`.

    Args:
        items: What is checked.
        lists: The lists; negative ones take perceptual matches back, and never exact ones.
        threads: Threads to use; None for all processors. The result does not depend on it.
    """
    good = _known_good(items, [one for one in lists if one.info.negative])
    tables, floods = [MATCHES.empty_table()], {}
    for one in lists:
        if one.info.negative:
            continue
        active = one.active
        tables += _exact(items, one.info, active)
        near, flooded = perceptual(items, one.info, active, good, threads)
        tables += near
        if flooded:
            floods[one.info.list_id] = flooded
    found = pa.concat_tables(tables).sort_by(
        [("item", "ascending"), ("list_id", "ascending"), ("entry", "ascending")]
    )
    sure = set(found.filter(pc.equal(found["band"], "match"))["item"].to_pylist())
    asked, missing = _kinds(items, lists)
    unchecked = {row: why for row, why in _unchecked(items, lists, missing).items()
                 if row not in sure}  # fmt: skip
    return Found(found, unchecked, floods, asked, missing)


def _exact(items: Items, info: ListInfo, active: pa.Table) -> Iterator[pa.Table]:
    rows = np.arange(active.num_rows)
    for signal in EXACT:
        listed = rows[pc.equal(active["signal"], signal).to_numpy()]
        known = items.digests.get(signal)
        if not len(listed) or known is None:
            continue
        values = active["value"].take(pa.array(listed)).combine_chunks()
        at = pc.index_in(known, value_set=values)
        hit = np.flatnonzero(pc.is_valid(at).to_numpy(zero_copy_only=False))
        entry = listed[at.take(pa.array(hit)).to_numpy().astype(np.int64)]
        unsure = doubted(active, entry)
        yield rows_of(info, hit, entry, ~unsure, basis=signal, distance=np.zeros(len(hit)),
                    why=np.where(unsure, "the list doubts this hash", ""))  # fmt: skip


def _known_good(items: Items, negative: Sequence[HashList]) -> NDArray[np.bool_]:
    """Return which items are, byte for byte, on a list of what is known to be good."""
    good = np.zeros(len(items), bool)
    for one in negative:
        for table in _exact(items, one.info, one.active):
            good[table["item"].to_numpy()] = True
    return good


def _kinds(
    items: Items, lists: Sequence[HashList]
) -> tuple[dict[str, NDArray[np.bool_]], dict[str, NDArray[np.bool_]]]:
    """Return which items were asked by each kind of hash that lists hold, and which had none."""
    asked: dict[str, NDArray[np.bool_]] = {}
    missing: dict[str, NDArray[np.bool_]] = {}
    for kind in _held(lists):
        if kind in EXACT:
            known = items.digests.get(kind, pa.nulls(len(items), pa.binary()))
            asked[kind] = pc.is_valid(known).to_numpy(zero_copy_only=False)
            missing[kind] = ~asked[kind]
        elif kind in _PERCEPTUAL:
            asked[kind] = _believed(items, lists)
            missing[kind] = np.zeros(len(items), bool)
        else:
            asked[kind] = np.zeros(len(items), bool)
            missing[kind] = np.ones(len(items), bool)
    return asked, missing


def _held(lists: Sequence[HashList]) -> list[str]:
    """Return the kinds of hash that lists hold, but for those of what is known to be good."""
    wanted = [one for one in lists if not one.info.negative]
    kinds = {kind for one in wanted for kind in pc.unique(
        one.active["signal"].cast(pa.string())).to_pylist()}  # fmt: skip
    return sorted(kinds | {kind for one in wanted for kind in one.info.skipped})


def _unchecked(
    items: Items, lists: Sequence[HashList], missing: dict[str, NDArray[np.bool_]]
) -> dict[int, str]:
    """Return items that a list could not be asked about, and why.

    No hash of them says enough for a perceptual list, a digest that a list names files by was
    never computed of them, or nothing here computes that kind.
    """
    found = _unclear(items, lists)
    for kind in sorted(missing, key=lambda kind: (kind not in EXACT, kind), reverse=True):
        why = f"its {kind} was never computed" if kind in EXACT else (
            f"a list has hashes of the kind {kind}, which is not computed"
        )  # fmt: skip
        found |= dict.fromkeys(np.flatnonzero(missing[kind]).tolist(), why)
    return dict(sorted(found.items()))


def _unclear(items: Items, lists: Sequence[HashList]) -> dict[int, str]:
    """Return items of which no hash says enough for a perceptual list."""
    if not _asked_by_looks(lists):
        return {}
    least = _least(lists)
    seen = np.zeros(len(items), bool)
    seen[items.frame_item[items.frame_quality >= least]] = True
    found = {}
    for row in np.flatnonzero(items.moving & ~seen).tolist():
        found[row] = "no frame says enough to a hash"
    for row in np.flatnonzero(~items.moving & (items.quality < least)).tolist():
        none = items.quality[row] < 0
        found[row] = "no picture to hash" if none else "the picture says too little to a hash"
    return found


def _believed(items: Items, lists: Sequence[HashList]) -> NDArray[np.bool_]:
    """Return which items have a hash of their looks that says enough."""
    least = _least(lists)
    seen = ~items.moving & (items.quality >= least)
    seen[items.frame_item[items.frame_quality >= least]] = True
    return seen


def _asked_by_looks(lists: Sequence[HashList]) -> list[ListInfo]:
    return [one.info for one in lists if not one.info.negative
            and pc.any(pc.is_in(one.active["signal"].cast(pa.string()),
                                pa.array(_PERCEPTUAL))).as_py()]  # fmt: skip


def _least(lists: Sequence[HashList]) -> int:
    return min(info.min_quality for info in _asked_by_looks(lists))
