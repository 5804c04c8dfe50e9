"""A folder of hostile files: each is accounted for, none stops a run, and none is cleared.

What the files are is in `tests.hostile`; ``python -m tests.hostile FOLDER`` writes them.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import curate as product
from curate.engine.local import Done, Limits, map_batches
from curate.media.stage import probe_stage
from curate.verbs.tables import facts
from tests.acceptance.conftest import Curate
from tests.hostile import build
from tests.hostile.work import weigh

pytestmark = pytest.mark.slow


def states(workspace: Path) -> dict[str, dict[str, Any]]:
    """Return what is known of each entry by its locator, its format among it."""
    project = product.open(workspace)
    formats = dict(
        project.catalog.connect("content").execute("SELECT sha256, format FROM content").fetchall()
    )
    rows = facts(project.context)["entries"].to_pylist()
    return {row["locator"]: row | {"format": formats.get(row["sha256"])} for row in rows}


def told(entry: dict[str, Any] | None, rejected: str | None) -> str:
    """Return what became of a file in the words of `tests.hostile`."""
    if entry is None:
        return f"rejected: {rejected}" if rejected else "nothing"
    if entry["state"] == "present":
        return str(entry["format"])
    return "missing" if entry["state"] == "missing" else str(entry["reason"])


def fits(outcome: str, said: str) -> bool:
    """Tell whether what became of a file is what had to."""
    if outcome == "video":
        return not said.startswith(("rejected", "nothing"))
    if outcome == "unreadable":
        return said in {"truncated", "corrupt", "bomb", "not_media", "unsupported", "too_large"}
    return said == outcome or (outcome == "rejected" and said.startswith("rejected: "))


def test_every_hostile_file_is_accounted_for_and_none_unreadable_is_cleared(
    curate: Curate, tmp_path: Path
) -> None:
    """Ingest, run, status and audit tell of each file, and the other files are judged."""
    outcomes = build(tmp_path)
    curate("init", "ws")

    (listed,) = json.loads(curate("ingest", "media", "-w", "ws", "--json").out)
    curate("run", "probe", "dedup", "-w", "ws")
    again = curate("run", "probe", "dedup", "-w", "ws").out
    audit = json.loads(curate("audit", "-w", "ws", "--format", "json").out)
    rows = json.loads(curate("status", "--rejections", "-w", "ws", "--json").out)
    status = json.loads(curate("status", "-w", "ws", "--json").out)

    assert len(outcomes) >= 60
    rejected = {row["locator"] or row["place"]: row["reason"] for row in rows}
    found = states(tmp_path / "ws")
    became = {name: told(found.get(name), rejected.get(name)) for name in outcomes}
    assert {n: (o, became[n]) for n, o in outcomes.items() if not fits(o, became[n])} == {}
    assert set(found) | set(rejected) <= set(outcomes)
    assert again.splitlines()[0] == "probe: nothing to do"
    assert "unseen" not in {row["state"] for row in found.values()}

    assert listed["entries"] == len(found)
    assert status["entries"] == dict(Counter(row["state"] for row in found.values()))
    assert sum(status["unreadable"].values()) == status["entries"]["unreadable"]
    verdicts = {row["media_id"]: row["verdict"] for row in audit["verdicts"]}
    unreadable = {row["media_id"] for row in found.values() if row["state"] == "unreadable"}
    assert len(verdicts) == len(found)
    assert unreadable
    assert {verdicts[media_id] for media_id in unreadable} == {"needs_review"}
    named = {f["media_id"] for f in audit["findings"] if f["code"] == "MED001"}
    assert named == unreadable


def test_files_of_the_imagemeta_corpus_go_through(
    curate: Curate, tmp_path: Path, shared_data: Path
) -> None:
    """Pictures whose EXIF loops or claims gigabytes, from a published corpus."""
    shutil.copytree(shared_data / "provenance" / "imagemeta", tmp_path / "imagemeta")
    curate("init", "ws")

    curate("ingest", "imagemeta", "-w", "ws")
    curate("run", "probe", "dedup", "-w", "ws")
    curate("audit", "-w", "ws")

    found = states(tmp_path / "ws")
    assert set(found) == {p.name for p in (tmp_path / "imagemeta").iterdir()}
    assert {n: told(row, None) for n, row in found.items() if row["state"] != "present"} == {
        "huge_tag_exif.jpg": "corrupt",
        "max_uint32_exif.jpg": "corrupt",
    }


def test_no_hostile_file_takes_more_memory_than_a_worker_may_have(tmp_path: Path) -> None:
    """The most that a worker ever held stays below the limit, file by file."""
    build(tmp_path)
    root = tmp_path / "media"
    names = sorted(path.name for path in root.iterdir() if path.is_file() and path.name.isascii())
    table = pa.table({"root": [str(root)] * len(names), "locator": names})
    stage = probe_stage()

    batches = (table.slice(at, 1) for at in range(len(names)))
    limits = Limits(memory=stage.memory, item_seconds=stage.item_seconds)
    outcomes = list(map_batches(weigh, batches, jobs=1, limits=limits, preload=stage.preload))

    held = {o.batch["locator"][0].as_py(): o.result for o in outcomes if isinstance(o, Done)}
    assert len(held) == len(names)
    # Shown with -s: the figure is what the limit is set by.
    sys.stdout.write(f"\nmost held for any of {len(held)} files: {max(held.values()) >> 20} MiB\n")
    assert max(held.values()) <= stage.memory
