"""Which edited videos are found, and with how much of each other.

The videos are ThreatExchange's samples for TMK: a few originals, and edits of each by name. Every
video of one original is held against that original; whatever is found between videos of different
originals is false. Clips are cut out of one of them here. No peer in reach matches videos offline.

    python -m bench video-quality [--quick]
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import curate
from curate.verbs.tables import facts
from tests.unit.media.videos import cut_out

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CURATE_TEST_DATA", ROOT.parent / "shared" / "data"))
ORIGINALS = {"chair": "chair-orig-22-sd-bar", "pattern": "pattern-hd-no-bar"}
CLIPS = ((3.0, 7.0), (7.4, 12.2), (15.0, 20.0))
# A logo that covers much of the picture, and a picture whose scale changed what its hash sees.
UNSEEN = ("large-logo", "pattern-sd")


def run(*, quick: bool) -> dict[str, Any]:
    """Print what is found of each edit, and return figures and whether all was found.

    Args:
        quick: The videos of one original alone.
    """
    source = DATA / "duplicates" / "tmk" / "sample-videos"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "media"
        folder.mkdir()
        for path in sorted(source.glob("chair*.mp4" if quick else "*.mp4")):
            shutil.copy(path, folder)
        for start, end in CLIPS:
            clip = cut_out(source / f"{ORIGINALS['chair']}.mp4", start, end)
            (folder / f"chair-clip-{start:g}-{end:g}.mp4").write_bytes(clip)
        project = curate.init(Path(place) / "ws")
        project.ingest(folder, dataset="videos")
        project.run(["probe", "dedup"])
        found = _found(project)
        names = sorted(path.stem for path in folder.iterdir())
    rows = {name: _with_original(name, found) for name in names}
    print(f"{len(names)} videos; how much of each is found in its original, and of that in it")
    for name, row in rows.items():
        if row is not None:
            print(f"{name:36}{row['relation']:16}{row['of_it']:6.2f}{row['of_original']:6.2f}")
    false = [pair for pair in found if pair[0].split("-")[0] != pair[1].split("-")[0]]
    asked = {n: r for n, r in rows.items() if r and not any(word in n for word in UNSEEN)}
    missed = [name for name, row in asked.items() if row["relation"] == "-"]
    print(f"between videos of different originals: {len(false)} pairs")
    print(f"expected and missed: {', '.join(missed) or 'none'}; "
          f"known not to be seen: {', '.join(UNSEEN)}")  # fmt: skip
    figures = {name: row for name, row in rows.items() if row}
    return {"figures": figures, "false_pairs": len(false), "met": not missed and not false}


def _found(project: curate.Project) -> dict[tuple[str, str], dict[str, Any]]:
    entries = facts(project.context)["entries"]
    name = {row["sha256"]: Path(row["locator"]).stem for row in entries.to_pylist()}
    found = {}
    for row in project.catalog.read("relations").to_pylist():
        if row["relation"] in ("near_duplicate", "clip_of", "shares_footage"):
            left, right = name[row["left"]], name[row["right"]]
            found[left, right] = {**row, "shares": (row["left_share"], row["right_share"])}
            found[right, left] = {**row, "shares": (row["right_share"], row["left_share"])}
    return found


def _with_original(
    name: str, found: dict[tuple[str, str], dict[str, Any]]
) -> dict[str, Any] | None:
    original = ORIGINALS.get(name.split("-", maxsplit=1)[0])
    if original is None or name == original:
        return None
    row = found.get((name, original), {"relation": "-", "shares": (0.0, 0.0)})
    of_it, of_original = row["shares"]
    return {"relation": row["relation"], "of_it": of_it, "of_original": of_original}
