"""Which copies are found after which edit, beside imagededup's pHash and cleanvision.

Originals are the photographs of the London set (102 people, neutral and smiling: studio portraits
that resemble one another) and of PDQ's reference data. For each edit the three see all originals
and an edited copy of each. Two files that a tool puts together are a pair: for curate the members
of one group, for imagededup (pHash, at most 10 bits) its pairs, for cleanvision its exact and
near duplicate sets. Recall is the share of copies that are paired with their own original,
precision the share of true ones among all pairs; a pair of two different photographs is false,
of the same person too. Then PDQ's own edits of one picture, which are found or not.

    python -m bench dedup-quality [--quick]
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

import curate
from bench.edits import EDITS
from curate.dedup.stage import dedup_stage
from curate.engine.pipeline import Pipeline
from curate.verbs.tables import facts

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CURATE_TEST_DATA", ROOT.parent / "shared" / "data"))
PROCESSES = 2

_PEERS = """
import json, logging, sys
from pathlib import Path
logging.disable(logging.CRITICAL)
from imagededup.methods import PHash
from cleanvision import Imagelab
folder, subsets = json.load(sys.stdin)
hasher = PHash(verbose=False)
codes = hasher.encode_images(image_dir=folder, num_enc_workers=2)
pairs = {}
for edit, names in subsets.items():
    found = hasher.find_duplicates(encoding_map={n: codes[n] for n in names if n in codes},
                                   max_distance_threshold=10, num_dist_workers=2)
    pairs[edit] = sorted({tuple(sorted((a, b))) for a, near in found.items() for b in near})
lab = Imagelab(filepaths=sorted(str(p) for p in Path(folder).iterdir()), verbose=False)
lab.find_issues({"exact_duplicates": {}, "near_duplicates": {}}, n_jobs=2, verbose=False)
sets = [s for kind in ("exact_duplicates", "near_duplicates") for s in lab.info[kind]["sets"]]
sets = [[Path(p).name for p in s] for s in sets]
print(json.dumps({"imagededup": pairs, "cleanvision": sets}))
"""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Score:
    """How well one tool did on one edit."""

    recall: float
    precision: float
    false_pairs: int


def originals(*, quick: bool) -> dict[str, Path]:
    """Return the photographs by name."""
    photos = sorted((DATA / "faces" / "london").glob("*_front/*.jpg"))
    reference = DATA / "duplicates" / "pdq"
    photos += sorted(reference.glob("reg-test-input/labelme-subset/*.jpg"))
    photos.append(reference / "bridge-mods" / "aaa-orig.jpg")
    if not photos[0].exists():
        raise SystemExit(f"the photographs are absent ({DATA}); set CURATE_TEST_DATA")
    return {f"{path.parent.name}-{path.stem}": path for path in photos[:: 6 if quick else 1]}


def reference_edits() -> dict[str, Path]:
    """Return PDQ's own edits of one picture by name."""
    folder = DATA / "duplicates" / "pdq"
    files = [*folder.glob("bridge-mods/*.jpg"), *folder.glob("reg-test-input/dih/*.jpg")]
    return {path.stem: path for path in sorted(files) if path.stem != "aaa-orig"}


def write_files(folder: Path, photos: dict[str, Path]) -> dict[str, list[str]]:
    """Write originals and edited copies as ``ORIGINAL@EDIT.jpg``; return the files per edit."""
    plain = [f"{name}@.jpg" for name in photos]
    for name, path in photos.items():
        (folder / f"{name}@.jpg").write_bytes(path.read_bytes())
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        for number, edit in enumerate(EDITS.values()):
            (folder / f"{name}@{number:02}.jpg").write_bytes(edit(picture))
    for name, path in reference_edits().items():
        (folder / f"{BRIDGE}@{name}.jpg").write_bytes(path.read_bytes())
    subsets = {
        edit: [*plain, *(f"{name}@{number:02}.jpg" for name in photos)]
        for number, edit in enumerate(EDITS)
    }
    subsets["(originals alone)"] = plain
    subsets |= {name: [*plain, f"{BRIDGE}@{name}.jpg"] for name in reference_edits()}
    return subsets


BRIDGE = "bridge-mods-aaa-orig"


def ours(folder: Path, ws: Path, subsets: dict[str, list[str]]) -> dict[str, set[Pair]]:
    """Return the pairs in curate's groups, for each subset by itself."""
    project = curate.init(ws)
    project.ingest(folder, dataset="edits")
    project.run(["probe"], jobs=PROCESSES)
    config = project.config
    stage = dedup_stage(radius=config.radius, min_quality=config.min_quality, turned=config.turned)
    pipeline = Pipeline(project.catalog, project.clock)
    tables = pipeline.read(stage)
    contents = tables["contents"]
    entries = facts(project.context)["entries"]
    sha256_of = dict(zip(*(entries[c].to_pylist() for c in ("locator", "sha256")), strict=True))
    found = {}
    for edit, names in subsets.items():
        here: dict[str, list[str]] = {sha256_of[name]: [] for name in names}
        for name in names:
            here[sha256_of[name]].append(name)
        part = contents.filter(pc.is_in(contents["sha256"], pa.array(list(here))))
        groups = stage.work({**tables, "contents": part})["groups"]
        group_of = dict(zip(*(groups[c].to_pylist() for c in ("sha256", "group_id")), strict=True))
        members: dict[str, list[str]] = {}
        for sha256, names_of_it in here.items():
            members.setdefault(group_of.get(sha256, sha256), []).extend(names_of_it)
        found[edit] = pairs_of(members.values())
    return found


def peers(folder: Path, subsets: dict[str, list[str]]) -> dict[str, dict[str, set[Pair]]]:
    """Return the pairs of the peers, where they are installed."""
    python = Path(os.environ.get("CURATE_BENCH_PYTHON", ROOT / ".bench-venv/bin/python"))
    if not python.exists():
        print("peers: not measured; run `make bench-setup` first")
        return {}
    command = [str(python), "-c", _PEERS]
    job = json.dumps([str(folder), subsets])
    done = subprocess.run(command, input=job, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    # cleanvision puts equal hashes together, so what it says of all holds for a part of them.
    sets = told["cleanvision"]
    parts = {edit: [[m for m in s if m in set(names)] for s in sets]
             for edit, names in subsets.items()}  # fmt: skip
    return {
        "imagededup": {e: {(a, b) for a, b in pairs} for e, pairs in told["imagededup"].items()},
        "cleanvision": {edit: pairs_of(part) for edit, part in parts.items()},
    }


def pairs_of(groups: Iterable[Iterable[str]]) -> set[Pair]:
    """Return every pair of members, each sorted."""
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def score(pairs: set[Pair], names: list[str]) -> Score:
    """Hold pairs of files against what they were made from."""
    true = sum(_origin(a) == _origin(b) for a, b in pairs)
    copies = sum(not name.endswith("@.jpg") for name in names)
    precision = true / len(pairs) if pairs else 1.0
    return Score(true / copies if copies else 1.0, precision, len(pairs) - true)


def _best(row: dict[str, Score]) -> bool:
    """Whether no tool finds more at the same or a better precision."""
    mine = row["curate"]
    return not any(s.recall > mine.recall and s.precision >= mine.precision for s in row.values())


def _origin(name: str) -> str:
    return name.split("@", maxsplit=1)[0]


def run(*, quick: bool) -> dict[str, Any]:
    """Print the table, and return figures, targets and whether they are met.

    Args:
        quick: A sixth of the photographs.
    """
    photos = originals(quick=quick)
    photos.setdefault(BRIDGE, DATA / "duplicates" / "pdq" / "bridge-mods" / "aaa-orig.jpg")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "files"
        folder.mkdir()
        subsets = write_files(folder, photos)
        found = {"curate": ours(folder, Path(place) / "ws", subsets), **peers(folder, subsets)}
    scores = {
        edit: {tool: score(pairs[edit], names) for tool, pairs in found.items()}
        for edit, names in subsets.items()
    }
    print(f"{len(photos)} photographs; recall, precision and false pairs of each")
    print(f"{'':28}" + "".join(f"{tool:>24}" for tool in found))
    for edit in [*EDITS, "(originals alone)"]:
        told = (f"{s.recall:10.3f}{s.precision:8.3f}{s.false_pairs:6}"
                for s in scores[edit].values())  # fmt: skip
        print(f"{edit:28}" + "".join(told))
    print("\nPDQ's own edits of one picture: found or not")
    for edit in reference_edits():
        told = (f"{'found' if s.recall else '-':>24}" for s in scores[edit].values())
        print(f"{edit:28}" + "".join(told))
    checks = {edit: _best(row) for edit, row in scores.items() if edit in EDITS}
    missed = [edit for edit, held in checks.items() if not held]
    print(f"\ntarget: no peer finds more at the same or a better precision; "
          f"missed: {', '.join(missed) or 'none'}")  # fmt: skip
    return {
        "benchmark": "dedup-quality",
        "figures": {e: {t: vars(s) for t, s in row.items()} for e, row in scores.items()},
        "targets": "no peer finds more at the same or a better precision",
        "checks": checks,
        "met": not missed,
    }
