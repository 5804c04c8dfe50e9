"""People in two splits whom nothing tells of: is the number that is stated true?

Sets: the Face Research Lab London Set (102 people x 2), ORL (39 x 10), and both together, with
each analyzer whose model is there. As these models miss nobody there, each set is tried as well
with a third of its faces made worse: their embeddings are moved by noise, so far that some people
fall apart. In each draw half of the people, at random, are declared; the identity stage runs on
the tables as it does in a project, splits of 0.8, 0.1 and 0.1 are made by identity, and the
undeclared people who stand in two splits are counted and held against the interval stated.

    python -m bench split-safety [--quick]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.identity import DATA, cases
from bench.two_names import stage_rows

DRAWS, COVERED = 100, 95
SPLITS, SHARES = ("train", "val", "test"), (0.8, 0.1, 0.1)

Floats = npt.NDArray[np.float32]


def run(*, quick: bool) -> dict[str, object]:
    """Return the figures; `quick` takes one model and ten draws."""
    if not DATA.is_dir():
        return {"skipped": f"no test data at {DATA}", "met": False}
    figures: dict[str, object] = {}
    missed: list[str] = []
    draws = 10 if quick else DRAWS
    print(f"{'model, set':24} {'in two splits, mean':>20} {'expected, mean':>15} "
          f"{'interval, mean':>15} {'covered':>12}")  # fmt: skip
    for kind, name, some, own, info in cases("dlib" if quick else None):
        for case, faces in ((name, some), (f"{name}, worse", worse(some, info))):
            found = [drawn(faces, own, info, seed) for seed in range(draws)]
            truth, expected, low, high = (np.array(c) for c in zip(*found, strict=True))
            covered = int(((low <= truth) & (truth <= high)).sum())
            met = covered >= COVERED * draws // DRAWS
            figures[f"{kind}/{case}"] = {
                "in_two_splits": float(truth.mean()), "expected": float(expected.mean()),
                "covered": covered, "draws": draws, "met": met,
            }  # fmt: skip
            interval = f"{low.mean():.1f} to {high.mean():.1f}"
            print(f"{kind + ', ' + case:24} {truth.mean():20.2f} {expected.mean():15.2f} "
                  f"{interval:>15} {f'{covered} of {draws}':>12}", flush=True)  # fmt: skip
            if not met:
                missed.append(f"{kind}/{case}")
    return {"figures": figures, "target": COVERED, "missed": missed, "met": not missed}


def worse(rows: Floats, info: Any) -> Floats:
    """Return faces of which a third are moved by noise, as far as strangers are apart or less."""
    rng = np.random.default_rng(7)
    # The length of noise at which a face of itself would be at the threshold, more or less.
    reach = np.sqrt(1 / info.default_threshold**2 - 1) * rng.uniform(0.3, 1.2, (len(rows), 1))
    noise = rng.normal(0, 1, rows.shape)
    noise *= reach / np.linalg.norm(noise, axis=1, keepdims=True)
    moved = rows + np.where(rng.random((len(rows), 1)) < 1 / 3, noise, 0)
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def drawn(rows: Floats, people: list[str], info: Any, seed: int) -> tuple[int, float, int, int]:
    """Return how many undeclared people are in two splits, how many are expected, and between."""
    from curate.schema import arrow_schema
    from curate.splits.assign import Plan, assign
    from curate.splits.expected import expected_people
    from curate.splits.maker import strata_of
    from curate.splits.ties import INPUTS, read_ties

    everyone = np.unique(people)
    rng = np.random.default_rng(seed)
    declared = set(rng.permutation(everyone)[: len(everyone) // 2].tolist())
    names = [name if name in declared else None for name in people]
    found = stage_rows(rows, names, info)
    ids = [row["face_id"] for row in found]
    tables = {name: arrow_schema(name).empty_table() for name in INPUTS if name != "entries"}
    tables["entries"] = _entries(ids)
    tables["faces"] = pa.table({"face_id": ids, "sha256": ids})
    tables["identities"] = pa.Table.from_pylist(found, schema=arrow_schema("identities"))
    tables["depictions"] = pa.Table.from_pylist(
        [
            {"media_id": one, "subject_id": name, "role": "depicted", "link_method": "declared",
             "link_status": "confirmed"}
            for one, name in zip(ids, names, strict=True) if name is not None
        ],
        schema=arrow_schema("depictions"),
    )  # fmt: skip
    plan = Plan(SPLITS, SHARES, ("identity",), seed)
    ties = read_ties(tables, plan.kinds, looser=True)
    made = assign(ties, plan, strata_of(ties, tables["labels"]))
    table = made.table(ties.ids)
    expected = expected_people(tables, table.filter(table["split"].is_valid()), made=True)
    split_of = dict(zip(table["media_id"].to_pylist(), table["split"].to_pylist(), strict=True))
    where: dict[str, set[str]] = {}
    for one, person in zip(ids, people, strict=True):
        if person not in declared:
            where.setdefault(person, set()).add(split_of[one])
    truth = sum(len(splits - {None}) > 1 for splits in where.values())
    low, high = expected.interval or (0, -1)
    return truth, expected.people or 0.0, low, high


def _entries(ids: list[str]) -> pa.Table:
    from tests import factories

    row = factories.entries([{**factories.media(), "media_id": "x"}]).to_pylist()[0]
    rows = [{**row, "media_id": one, "sha256": one, "split": None} for one in ids]
    return pa.Table.from_pylist(rows, schema=factories.entries([factories.media()]).schema)
