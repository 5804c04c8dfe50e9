"""The dedup stage: pairs of contents that look alike, their groups, and which member to keep.

What looks alike is a chain of near pairs; a chain is found once, and afterwards only contents
that are new or changed are compared with all others. Groups, relations and choices are made from
chains alone, so they are the same whether a dataset came at once or piece by piece.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows, pack_codes
from curate.dedup.groups import Groups, duplicate_groups
from curate.dedup.hamming import Pairs
from curate.dedup.keep import QUALITY, Candidates, choose_kept
from curate.dedup.people import PEOPLE, keep_apart
from curate.dedup.turned import TURNS, chains, nearest_turn
from curate.dedup.videos import NAMED, VIDEO_READS, with_videos
from curate.engine.stage import Tables, WholeStage
from curate.schema import conform

VERSION = "4"
STAGE = f"dedup/{VERSION}"
CODE_BYTES = 32

_CONTENTS = """
    SELECT c.sha256, c.pixel_digest, {hashes} AS hashes, c.pdq_quality,
           md5(concat_ws('/', c.pixel_digest, md5({hashes}), c.pdq_quality)) AS fingerprint,
           {quality}, e.name,
           coalesce(e.derived, FALSE) AS derivative, e.chosen
    FROM content c
    JOIN ({named}) e USING (sha256)
    WHERE c.kind = 'image'
    ORDER BY c.sha256
"""
_COMPARED = "SELECT sha256, fingerprint, chain FROM compared WHERE basis = '{basis}'"


def dedup_stage(*, radius: int, min_quality: int, turned: bool) -> WholeStage:
    """Return the stage.

    Args:
        radius: Largest Hamming distance of near duplicates' PDQ hashes, in bits.
        min_quality: Least PDQ quality at which a hash is believed, 0 to 100.
        turned: Find mirrored and rotated copies as well.
    """
    evidence = f"pdq<={radius} quality>={min_quality}"
    basis = f"{STAGE} {evidence}{' turned' * turned}"
    hashes = "c.pdq_dihedral" if turned else "c.pdq"
    return WholeStage(
        name="dedup",
        version=VERSION,
        reads={
            "contents": _CONTENTS.format(hashes=hashes, named=NAMED, quality=QUALITY),
            "people": PEOPLE,
            **VIDEO_READS,
        },
        recalls={"compared": _COMPARED.format(basis=basis)},
        work=lambda tables: with_videos(
            find_duplicates(
                tables, radius=radius, min_quality=min_quality, evidence=evidence, basis=basis
            ),
            tables,
            radius=radius,
            min_quality=min_quality,
            stage=STAGE,
        ),
        writes=("relations", "groups", "compared"),
        parameters={"radius": radius, "min_quality": min_quality, "turned": turned},
    )


def find_duplicates(
    tables: Tables, *, radius: int, min_quality: int, evidence: str, basis: str
) -> dict[str, pa.Table]:
    """Return rows of `relations`, `groups` and `compared` for the contents in `tables`.

    Args:
        tables: ``contents`` as the stage reads it, sorted by digest, with the hashes of one or
            eight turns; ``people``, who is in them where that is sure; ``compared`` as an
            earlier run left it, or empty.
        radius: Largest distance of near duplicates, in bits.
        min_quality: Least PDQ quality at which a hash is believed.
        evidence: What near pairs rest on, in words.
        basis: What comparing rests on, in words.
    """
    contents = tables["contents"]
    codes, believed = _codes(contents, min_quality)
    same = _equal_pixels(contents["pixel_digest"])
    settled, links = _known(contents, tables["compared"])
    chain = chains(codes, radius, believed, settled, [same, links])
    ends = Pairs(chain, np.arange(len(chain)), np.zeros(len(chain), np.uint8))
    groups = duplicate_groups(len(chain), ends, limit=radius, codes=codes)
    person = _labels(_looked_up(tables["people"], "person", contents["sha256"]))
    groups, apart = keep_apart(groups, codes, person, same, radius)
    same_pixels = pa.repeat("pixel_digest", len(same[0]))
    rows, noted = _groups(contents, groups, codes, same, radius)
    return {
        "relations": pa.concat_tables([
            _relations(contents, same, np.zeros(len(same[0])), "same_pixels", same_pixels),
            _near(contents, groups, codes, believed, radius, evidence),
        ]),
        "groups": rows,
        "compared": _compared(contents, chain, basis),
        "notes": pa.table({"note": [json.dumps({**noted, "people_apart": apart})]}),
    }  # fmt: skip


def _codes(contents: pa.Table, min_quality: int) -> tuple[Codes, NDArray[np.bool_]]:
    """Return codes of each picture's turns, shape (n, turns, 4), and which are believed."""
    hashes = contents["hashes"].combine_chunks()
    widths = pc.max(pc.binary_length(hashes)).as_py() or CODE_BYTES
    packed = pack_codes(hashes.fill_null(bytes(widths)))
    quality = contents["pdq_quality"].fill_null(0).to_numpy()
    believed = hashes.is_valid().to_numpy(zero_copy_only=False) & (quality >= min_quality)
    return packed.reshape(len(hashes), widths // CODE_BYTES, CODE_BYTES // 8), believed


def _stars(label: NDArray[np.integer], rows: Rows) -> tuple[Rows, Rows]:
    """Return links from the first of the rows with a label to the others; -1 is no label."""
    rows = rows[label >= 0]
    _, first, same = np.unique(label[label >= 0], return_index=True, return_inverse=True)
    left = rows[first][same]
    return left[left != rows], rows[left != rows]


def _labels(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a number per value, equal for equal values, and -1 for null."""
    encoded = column.combine_chunks().dictionary_encode()
    found: NDArray[np.int64] = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return found


def _looked_up(table: pa.Table, column: str, digests: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of the rows that have `digests`, null where there is none."""
    return table[column].take(pc.index_in(digests, value_set=table["sha256"]))


def _equal_pixels(digests: pa.ChunkedArray) -> tuple[Rows, Rows]:
    """Return a star per pixel digest that several contents share."""
    return _stars(_labels(digests), np.arange(len(digests)))


def _known(contents: pa.Table, compared: pa.Table) -> tuple[NDArray[np.bool_], tuple[Rows, Rows]]:
    """Return which rows were compared with one another before, and what connects them.

    A chain holds only while all its members are there and look as they did: of one that lost a
    member nothing is known, since the rest may have hung together by it.
    """
    place = pc.index_in(contents["sha256"], value_set=compared["sha256"]).combine_chunks()
    row = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
    place = place.drop_null().to_numpy()
    then = compared["fingerprint"].take(place)
    same = pc.equal(contents["fingerprint"].take(row), then).to_numpy()
    row, place = row[same], place[same]
    chain = _labels(compared["chain"])
    whole = np.bincount(chain[chain >= 0], minlength=len(chain) + 1)
    found = chain[place]
    there = np.bincount(found[found >= 0], minlength=len(chain) + 1)
    holds = (found < 0) | (there == whole)[found]
    settled = np.zeros(contents.num_rows, bool)
    settled[row[holds]] = True
    return settled, _stars(found[holds], row[holds])


def _near(
    contents: pa.Table,
    groups: Groups,
    codes: Codes,
    believed: NDArray[np.bool_],
    radius: int,
    evidence: str,
) -> pa.Table:
    """Return the relation of each member to its group's medoid."""
    rows = np.flatnonzero((groups.group >= 0) & believed)
    medoid = groups.medoid[groups.group[rows]]
    near = (rows != medoid) & believed[medoid]
    # Rows are sorted by digest, so left < right here is left < right there.
    left, right = np.minimum(rows, medoid)[near], np.maximum(rows, medoid)[near]
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    distance, turn = nearest_turn(codes, left, right, radius)
    said = pa.array([evidence, *(f"{evidence}, right {turn}" for turn in TURNS[1:])])
    return _relations(contents, (left, right), distance, "near_duplicate", said.take(turn))


def _relations(
    contents: pa.Table,
    links: tuple[Rows, Rows],
    measure: NDArray[Any],
    relation: str,
    basis: pa.Array,
) -> pa.Table:
    count = len(links[0])
    constant = {
        "relation": relation,
        "left_kind": "content",
        "right_kind": "content",
        "stage": STAGE,
    }
    columns = {name: pa.repeat(value, count) for name, value in constant.items()}
    columns["left"], columns["right"] = (contents["sha256"].take(rows) for rows in links)
    columns["measure"] = pa.array(measure.astype(np.float64))
    columns["basis"] = basis
    return conform(pa.table(columns), "relations")


def _groups(
    contents: pa.Table, groups: Groups, codes: Codes, same: tuple[Rows, Rows], radius: int
) -> tuple[pa.Table, dict[str, int]]:
    """Return rows of `groups`, and what to note of them."""
    rows = np.flatnonzero(groups.group >= 0)
    number = groups.group[rows]
    medoid = groups.medoid[number]
    distance, turn = nearest_turn(codes, medoid, rows, radius)
    kept = choose_kept(groups.group, Candidates.of(contents))
    _, first = np.unique(number, return_index=True)
    tier = np.where(np.isin(rows, np.concatenate(same)), 0, np.where(turn, 2, 1))
    digests = contents["sha256"]
    table = pa.table({
        "sha256": digests.take(rows),
        "group_id": digests.take(rows[first][number]),
        "medoid": digests.take(medoid),
        "tier": pa.array(["pixels", "near", "dihedral"]).take(tier),
        "distance": pa.array(distance.astype(np.float64)),
        "keep": digests.take(kept.row[number]),
        "keep_reason": pa.array([str(reason) for reason in kept.reason[rows]], pa.string()),
    })  # fmt: skip
    noted = {"turned": int((tier == 2).sum()), "chains_split": len(groups.broken)}
    return conform(table, "groups"), noted


def _compared(contents: pa.Table, chain: Rows, basis: str) -> pa.Table:
    shared = np.bincount(chain, minlength=len(chain))[chain] > 1
    names = contents["sha256"].take(pa.array(chain, mask=~shared))
    table = contents.select(["sha256", "fingerprint"]).append_column("chain", names)
    return conform(table.append_column("basis", pa.repeat(basis, table.num_rows)), "compared")
