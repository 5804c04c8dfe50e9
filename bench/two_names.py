"""One person under two names: how many are noticed, and how many honest people are accused.

Sets: the Face Research Lab London Set (102 people x 2), ORL (39 x 10), and both together, with
each analyzer whose model is there, all faces declared. Of 50 people (39 in ORL, which has no
more) one picture each is declared under a second name, by a draw, and the identity stage runs on
the tables as it does in a project. A second name is noticed when its picture is told to be like
the first. Then 200 pairs of different people are drawn of the set with true names alone: one is
accused when a face of either is told to be like the other.

    python -m bench two-names [--quick]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.identity import DATA, cases
from curate.schema import arrow_schema

PLANTED, PAIRS, DRAWS = 50, 200, 5
MISSED, ACCUSED = 2, 1
"""Of those planted, and of those pairs, at most so many."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def face_id(place: int) -> str:
    """Return the id of the face of a row."""
    return f"{place:06d}"


def stage_rows(
    rows: Floats, names: list[str | None], info: Any, table: str = "identities"
) -> list[dict[str, Any]]:
    """Return rows that the stage writes of faces, each alone in an entry with one name, or none."""
    from curate.faces.stage import embedding_table
    from curate.identity.find import find_identities

    ids = [face_id(place) for place in range(len(rows))]
    none = pa.array([], pa.string())
    tables = {
        "faces": pa.table({
            "face_id": ids, "sha256": ids, "frame": [0] * len(ids),
            "track_id": pa.nulls(len(ids), pa.string()), "judgeable": [True] * len(ids),
            "stands": ids, "fake": [False] * len(ids),
        }),
        "seen": pa.table({"media_id": ids, "sha256": ids, "subject_id": names}),
        "named": pa.table({
            "sha256": ids, "subject_id": pa.array(names, pa.string()), "held": [True] * len(ids),
            "sought": [True] * len(ids),
        }).drop_null(),
        "put_on": pa.table({"sha256": none, "subject_id": none, "footage": none}),
        "told": pa.table({"subject_id": none, "extra": none}),
        "links": pa.table({"left": none, "relation": none, "right": none}),
        "turns": pa.table({"sha256": none, "pdq_dihedral": pa.array([], pa.binary())}),
        "before": arrow_schema("resemblances").empty_table(),
        "compared_before": arrow_schema("compared_names").empty_table(),
        "embeddings": embedding_table(ids, rows),
    }  # fmt: skip
    parameters = {
        "model": "bench", "false_match_rate": 0.001, "default_basis": "the model's default",
        "default_threshold": info.default_threshold, "default_strict": info.default_strict,
    }  # fmt: skip
    found: list[dict[str, Any]] = find_identities(tables, parameters)[table].to_pylist()
    return found


def noticed(rows: Floats, people: list[str], info: Any, rng: np.random.Generator) -> list[bool]:
    """Return of each person given a second name whether it was noticed."""
    person = np.array(people)
    names = list(people)
    who = rng.permutation(np.unique(person))[:PLANTED]
    chosen = [int(rng.choice(np.flatnonzero(person == one))) for one in who]
    for place in chosen:
        names[place] = f"second name of {people[place]}"
    found = stage_rows(rows, list(names), info, "resemblances")
    told = {(row["face_id"], row["other_subject_id"]) for row in found}
    return [(face_id(place), people[place]) in told for place in chosen]


def accused(rows: Floats, people: list[str], info: Any, rng: np.random.Generator) -> list[int]:
    """Return how many of each draw's pairs of different people are accused."""
    told = {
        frozenset((people[int(row["face_id"])], row["other_subject_id"]))
        for row in stage_rows(rows, list(people), info, "resemblances")
    }
    everyone = np.unique(people)
    one, other = np.triu_indices(len(everyone), 1)
    counts = []
    for _ in range(DRAWS):
        drawn = rng.choice(len(one), PAIRS, replace=False)
        counts.append(sum(frozenset((str(everyone[one[at]]), str(everyone[other[at]]))) in told
                          for at in drawn))  # fmt: skip
    return counts


def run(*, quick: bool) -> dict[str, object]:
    """Return the figures; `quick` takes one model and one draw."""
    if not DATA.is_dir():
        return {"skipped": f"no test data at {DATA}", "met": False}
    figures: dict[str, object] = {}
    missed: list[str] = []
    print(f"{'model, set':24} {'noticed, worst draw':>22} {'floor':>7} "
          f"{'accused of 200, worst':>22} {'floor':>6}")  # fmt: skip
    for kind, name, some, own, info in cases("openmodelzoo" if quick else None):
        draws = [
            noticed(some, own, info, np.random.default_rng(seed))
            for seed in range(1 if quick else DRAWS)
        ]
        found, planted = min(sum(draw) for draw in draws), len(draws[0])
        wrong = max(accused(some, own, info, np.random.default_rng(1000)))
        met = found >= planted - MISSED and wrong <= ACCUSED
        figures[f"{kind}/{name}"] = {
            "noticed": found, "planted": planted, "accused": wrong, "met": met,
        }  # fmt: skip
        print(f"{kind + ', ' + name:24} {f'{found} of {planted}':>22} "
              f"{planted - MISSED:>7} {wrong:>22} {ACCUSED:>6}")  # fmt: skip
        if not met:
            missed.append(f"{kind}/{name}")
    targets = {"missed_at_most": MISSED, "accused_at_most": ACCUSED}
    return {"figures": figures, "targets": targets, "missed": missed, "met": not missed}
