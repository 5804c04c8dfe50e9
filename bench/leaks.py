"""Planted leaks between splits: ours beside FiftyOne's leaky splits, on the same hashes.

Chains of three hashes: neighbours within 31 bits, ends further apart, and often one pair of
neighbours alone across splits. Ours groups them as `curate run dedup` does and lints; FiftyOne is
given the bits as embeddings of -1 and 1, and the same radius as its cosine distance. What counts
is how many of the entries that have a near one in another split, by comparing all with all, each
tells. FiftyOne is the product's extra `review`; what it tells is its view of leaks, and all that
it names as leaks of these.

    python -m bench leaks [--quick]
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.schema import conform
from curate.splits.lint import declared
from curate.splits.placements import crossing
from curate.splits.ties import INPUTS, read_ties

CHAINS, RADIUS = (300, 60), 31
Bits = NDArray[np.uint8]


def plant(chains: int) -> tuple[Bits, list[str]]:
    """Return hashes as bits, shape (3 * chains, 256), and the split of each."""
    rng = np.random.default_rng(0)
    bits, splits = [], []
    for _ in range(chains):
        first = rng.integers(0, 2, 256, dtype=np.uint8)
        order = rng.permutation(256)
        second, third = first.copy(), first.copy()
        second[order[:24]] ^= 1
        third[order[:48]] ^= 1
        bits += [first, second, third]
        splits += [str(name) for name in rng.choice(["train", "test"], 3, p=[0.8, 0.2])]
    return np.array(bits), splits


def near(bits: Bits) -> NDArray[np.bool_]:
    """Return which hashes are within the radius of one another, all with all."""
    signed = bits.astype(np.int32)
    ones = signed.sum(axis=1)
    found = ones[:, None] + ones[None] - 2 * signed @ signed.T <= RADIUS
    np.fill_diagonal(found, val=False)
    return found


def ours(bits: Bits, splits: list[str]) -> set[int]:
    """Return the entries that curate tells of."""
    from curate.dedup.stage import find_duplicates

    names = [f"{i:064x}" for i in range(len(bits))]
    hashes = pa.array([row.tobytes() for row in np.packbits(bits, axis=1)], pa.binary())
    text = pa.array(names)
    contents = pa.table({
        "sha256": text, "pixel_digest": text, "hashes": hashes, "fingerprint": text, "name": text,
        "pdq_quality": pa.array([100] * len(bits), pa.int8()), "byte_size": [1] * len(bits),
        "pixels": [1] * len(bits), "quality": [1.0] * len(bits), "derivative": [False] * len(bits),
        "chosen": [False] * len(bits),
    })  # fmt: skip
    nobody = {"sha256": pa.array([], pa.string()), "person": pa.array([], pa.string())}
    compared = conform([], "compared").select(["sha256", "fingerprint", "chain"])
    read = {"contents": contents, "compared": compared, "people": pa.table(nobody)}
    found = find_duplicates(read, radius=RADIUS, min_quality=50, evidence="bench", basis="bench")
    tables = {n: found.get(n, conform([], n)) for n in INPUTS if n != "entries"}
    nothing = pa.nulls(len(bits), pa.string())
    tables["entries"] = pa.table({"media_id": names, "sha256": names, "split": splits,
                                  "dataset": nothing})  # fmt: skip
    ties = read_ties(tables, ("near", "chain"))
    placed = declared(ties, tables["relations"])
    runs = placed.runs(len(bits))
    told = [crossing(placed, runs, ties.groups[kind]).reach != 0 for kind in ("near", "chain")]
    return set(placed.item[told[0] | told[1]].tolist())


def fiftyone_leaks(bits: Bits, splits: list[str]) -> set[int] | None:
    """Return the entries that FiftyOne tells of, or None where it is not installed."""
    os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
    try:
        import fiftyone
        import fiftyone.brain
    except ImportError:
        return None
    samples = [fiftyone.Sample(filepath=f"/{i}.png", tags=[s]) for i, s in enumerate(splits)]
    dataset = fiftyone.Dataset()
    dataset.add_samples(samples)
    try:
        index = fiftyone.brain.compute_leaky_splits(
            dataset, splits=["train", "test"], embeddings=2.0 * bits - 1,
            threshold=2 * (RADIUS + 0.5) / 256,
        )  # fmt: skip
        place = {one: i for i, one in enumerate(dataset.values("id"))}
        view = index.leaks_view()
        told = {place[one] for one in view.values("id")}
        for sample in view:
            told |= {place[one] for one in index.leaks_for_sample(sample).values("id")}
        return told
    finally:
        dataset.delete()


def run(*, quick: bool) -> dict[str, Any]:
    """Return the share of leaking entries that each tells."""
    bits, splits = plant(CHAINS[quick])
    named = np.array(splits)
    leaks = set(np.flatnonzero((near(bits) & (named[:, None] != named)).any(axis=1)).tolist())
    found, peer = ours(bits, splits), fiftyone_leaks(bits, splits)
    share = len(found & leaks) / len(leaks)
    print(f"{len(bits):,} entries, {len(leaks):,} with a near one in the other split")
    print(
        f"curate    tells {share:.1%} of them, and {len(found - leaks):,} others, linked by chains"
    )
    figures: dict[str, Any] = {"leaks": len(leaks), "ours": share}
    if peer is None:
        print("FiftyOne: not measured; install `curate[review]`")
    else:
        figures["fiftyone"] = len(peer & leaks) / len(leaks)
        print(
            f"FiftyOne  tells {figures['fiftyone']:.1%} of them, and {len(peer - leaks):,} others"
        )
    return figures | {"target": 1.0, "met": share == 1.0}
