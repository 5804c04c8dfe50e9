"""FiftyOne with a real database: what it shows, blurred where people are in doubt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curate.media import load_rgb
from curate.review.viewer import settings
from curate.verbs.doctor import find_mongod
from curate.viewing.processes import start_database, stop
from tests.unit.review.conftest import Told

LOAD = """
import json, sys
from pathlib import Path
import curate
from curate.verbs.review import load_viewer
project = curate.open(sys.argv[1])
loaded = load_viewer(project.context, Path(sys.argv[2]), "detector-training")
data = loaded.dataset
print("told", json.dumps({
    "samples": loaded.samples,
    "blurred": loaded.blurred,
    "views": {name: data.load_saved_view(name).values("locator")
              for name in data.list_saved_views()},
    "files": dict(zip(data.values("locator"), data.values("filepath"))),
    "verdicts": data.count_values("verdict"),
    "tags": data.count_values("tags"),
    "persistent": data.persistent,
}))
"""


def loaded(folder: Path, kept: Path) -> dict[str, Any]:
    """Return what FiftyOne holds of a workspace, in a process and a home of its own."""
    pytest.importorskip("fiftyone.constants", reason="FiftyOne is not installed")
    if find_mongod() is None:
        pytest.skip("no mongod can be had")
    kept.mkdir()
    database, address = start_database(kept / "database")
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), str(kept)],
        check=False, capture_output=True, text=True, timeout=300,
        env={**os.environ, **settings(kept, address), "HOME": str(kept)},
    )  # fmt: skip
    stop(database)
    assert ran.returncode == 0, ran.stderr
    (line,) = [x for x in ran.stdout.splitlines() if x.startswith("told ")]
    told: dict[str, Any] = json.loads(line.removeprefix("told "))
    return told


@pytest.mark.slow
def test_fiftyone_shows_the_queues(told: Told, tmp_path: Path) -> None:
    """Each as a saved view in its order, with nobody to be seen who did not agree."""
    found = loaded(told.project.workspace.root, tmp_path / "kept")
    work = told.work()
    for queue in work.queues:
        wanted = [row["locator"] for row in work.places
                  if row["queue"] == queue.name and row["state"] == "present"]  # fmt: skip
        assert found["views"][queue.name] == wanted, queue.name

    assert (found["samples"], found["blurred"], found["persistent"]) == (5, 5, False)
    assert found["verdicts"] == {"needs_review": 3, "blocked": 2}
    assert found["tags"]["CON008"] == 2
    for locator, path in found["files"].items():
        assert Path(path).is_relative_to(tmp_path / "kept" / "blurred"), locator
        assert max(load_rgb(Path(path)).shape) <= 160
