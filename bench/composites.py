"""Composites: who contributed to a blended face, ranked by similarity.

The London set has ten composites, each blended of four of its 102 people (two of them of sixteen);
it names their gender and ethnic group and not the people. So what can be checked is whether those
who rank first are of the declared group (of what people said of themselves; nothing is inferred
from faces), next to chance, and whether two rankings that share no photo, one by neutral and one
by smiling portraits, agree on who ranks first.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.identity import DATA, FOLDERS

LONDON = DATA / "faces" / "london"
POSES = ("neutral_front", "smiling_front")
GENDER = {"f": "female", "m": "male"}
# The groups as the file of the set writes them; a composite's name says which.
GROUPS = {
    "african": {"black"},
    "easian": {"east_asian"},
    "wasian": {"west_asian"},
    "white": {"white"},
    "multi": {"black", "east_asian", "west_asian", "white"},
}
CONTRIBUTORS = {"multi": 16}
TARGET = 2.0  # times chance

Floats = npt.NDArray[np.float32]


def embedded(kind: str, paths: list[Path]) -> tuple[Floats, list[bool]]:
    """Return the embedding of the largest face in each picture, and whether there is one."""
    from PIL import Image

    from curate.faces import AnalyzerSpec, load
    from curate.faces.scan import scan_images

    analyzer = load(AnalyzerSpec(kind, str(FOLDERS[kind] or ""), threads=2))
    rows, found = [], []
    for path in paths:
        with Image.open(path) as picture:
            scan = scan_images([(path.name, 0, np.asarray(picture.convert("RGB")))], analyzer)
        found.append(bool(scan.faces))
        sizes = [face["face_height_px"] for face in scan.faces]
        empty = np.zeros(analyzer.info.embedding_dim, np.float32)
        rows.append(scan.embeddings[np.argmax(sizes)] if sizes else empty)
    return np.array(rows), found


def told() -> dict[str, tuple[str, str]]:
    """Return the gender and group that each person stated."""
    with (LONDON / "london_info.csv").open(encoding="utf-8", newline="") as handle:
        return {
            row["face_id"]: (row["face_gender"], row["face_eth"]) for row in csv.DictReader(handle)
        }


def ranked(composite: Floats, portraits: Floats, people: npt.NDArray[np.str_]) -> list[str]:
    """Return people by the greatest cosine of their portraits to the composite, first the most."""
    likeness = portraits @ composite
    order = np.argsort(-likeness, kind="stable")
    return list(dict.fromkeys(people[order].tolist()))


def run(*, quick: bool = False) -> dict[str, Any]:
    """Print the ranking of each composite, by model."""
    if not (LONDON / "composite").is_dir():
        print(f"the London set is absent ({LONDON}); set CURATE_TEST_DATA")
        return {"met": True, "skipped": "no data"}
    figures: dict[str, Any] = {"met": True}
    kinds = ["openmodelzoo"] if quick else list(FOLDERS)
    for kind in kinds:
        folder = FOLDERS[kind]
        if folder is not None and not folder.is_dir():
            print(f"{kind}: the model is absent ({folder})")
            continue
        figures[kind] = _of_model(kind)
        figures["met"] &= figures[kind]["times_chance"] >= TARGET
    return figures


def _of_model(kind: str) -> dict[str, Any]:
    said = told()
    portraits = [path for pose in POSES for path in sorted((LONDON / pose).glob("*.jpg"))]
    composites = sorted((LONDON / "composite").glob("*.jpg"))
    rows, _ = embedded(kind, portraits)
    mixed, seen = embedded(kind, composites)
    people = np.array([path.name[:3] for path in portraits])
    pose = np.array([path.parent.name for path in portraits])
    print(f"{kind}: the first k of 102 people, k contributors each")
    print(f"{'composite':<12} {'k':>3} {'of its group':>13} {'chance':>7} {'agree':>6}  most alike")
    shares, chances, agreements = [], [], []
    for path, embedding, found in zip(composites, mixed, seen, strict=True):
        if not found:
            print(f"{path.stem:<12} no face found")
            continue
        letter, _, group = path.stem.partition("_")
        count = CONTRIBUTORS.get(group, 4)
        fits = {p for p, (g, e) in said.items() if g == GENDER[letter] and e in GROUPS[group]}
        first = ranked(embedding, rows, people)[:count]
        halves = [
            set(ranked(embedding, rows[pose == one], people[pose == one])[:count]) for one in POSES
        ]
        shares.append(np.mean([p in fits for p in first]))
        chances.append(len(fits & set(people.tolist())) / len(set(people.tolist())))
        agreements.append(len(halves[0] & halves[1]) / count)
        print(
            f"{path.stem:<12} {count:>3} {shares[-1]:>13.2f} {chances[-1]:>7.2f} "
            f"{agreements[-1]:>6.2f}  {' '.join(first[:4])}"
        )
    share, chance = float(np.mean(shares)), float(np.mean(chances))
    print(f"{'mean':<12} {'':>3} {share:>13.2f} {chance:>7.2f} {np.mean(agreements):>6.2f}\n")
    return {
        "composites": len(shares),
        "share_of_group": round(share, 3),
        "chance": round(chance, 3),
        "times_chance": round(share / chance, 2),
        "agreement_of_poses": round(float(np.mean(agreements)), 3),
    }
