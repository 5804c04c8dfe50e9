"""Erased and recalled, whatever becomes of the catalogue: the record knows what it lost.

Two people went out in a release; one withdraws and is erased. Then the catalogue is emptied, a new
workspace goes on from the old one, or a file of one of its tables is deleted. The erased person's
picture comes back under another name and another pseudonym that has agreed to everything.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet

import curate as curate_
from tests.acceptance.conftest import Curate
from tests.acceptance.story import Story, write_csv

ERASED, KEPT, AGAIN = "005", "012", "900"

Loss = Callable[[Path, Curate], Path]


def _emptied(ws: Path, _: Curate) -> Path:
    shutil.rmtree(ws / "catalog")
    shutil.rmtree(ws / ".derived", ignore_errors=True)
    return ws


def _continued(ws: Path, curate: Curate) -> Path:
    curate("init", "new", "--from", ws)
    return ws.parent / "new"


def _table_lost(ws: Path, _: Curate) -> Path:
    """Lose the table of entries: the one without which nobody knows what is held."""
    shutil.rmtree(ws / "catalog" / "media")
    return ws


@pytest.mark.parametrize("lose", [_emptied, _continued, _table_lost])
def test_the_erased_are_kept_out_recalled_and_known(
    story: Story, tmp_path: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch, lose: Loss
) -> None:
    """Blocked when they come back, named in a recall, and listed with what went out."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    for person in (ERASED, KEPT):
        story.photo(person, "neutral_front", role="depicted")
        story.says(person)
    ws = story.written(curate)
    curate("run", "-w", ws)
    curate("keys", "new", "desk")
    curate("release", "build", "v1", "-w", ws, "--key", "desk")
    assert len(_items(ws / "releases" / "v1")) == 2
    curate("release", "deliver", "v1", "--to", "lab-a", "-w", ws)
    curate("consent", "withdraw", f"p{ERASED}", "--yes", "-w", ws)
    erased = json.loads(curate("consent", "erase", f"p{ERASED}", "--yes", "-w", ws, "--json").out)
    (copy,) = erased["not_destroyed"]["release_files"]
    assert Path(copy).is_relative_to(ws / "releases" / "v1" / "media")

    ws = lose(ws, curate)
    told = curate("audit", "-w", ws, status=None)
    assert "the catalogue does not know" in told.out, told.out

    # The same bytes come back as somebody else's, who has agreed to everything.
    (old,) = story.media.rglob(f"{ERASED}_*.jpg")
    old.rename(old.with_name("holiday.jpg"))
    story.rows = [row for row in story.rows if row["subject"] != f"p{ERASED}"]
    story.declare(f"neutral_front/{'holiday.jpg'}", subject=f"p{AGAIN}", role="depicted")
    write_csv(story.media / "manifest.csv", story.rows)
    story.consents.clear()
    story.says(AGAIN)
    write_csv(tmp_path / "again.csv", story.consents)
    curate("ingest", story.media, "-w", ws)
    curate("consent", "import", "again.csv", "-w", ws)
    curate("run", "-w", ws)
    curate("audit", "-w", ws, status=1)

    project = curate_.open(ws)
    (back,) = (r["media_id"] for r in project.catalog.read("media").to_pylist()
               if r["locator"].endswith("holiday.jpg"))  # fmt: skip
    (verdict,) = (r for r in project.audit().verdicts.to_pylist() if r["media_id"] == back)
    assert verdict["verdict"] == "blocked"
    assert "CON040" in verdict["codes"]
    listed = json.loads(curate("release", "list", "-w", ws, "--json").out)
    assert [row["name"] for row in listed] == ["v1"]
    recall = json.loads(
        curate("release", "recall", f"p{ERASED}", "-w", ws, "--key", "desk", "--json").out
    )
    assert recall["gone"] == 1
    assert [one["recipient"] for one in recall["behind"]] == ["lab-a"]
    assert len(_items(Path(recall["folder"]))) == 1
    again = curate("consent", "import", "consents.csv", "-w", ws, status=2)
    assert "erased" in again.err


def _items(folder: Path) -> list[str]:
    return sorted(
        path
        for part in (folder / "data").glob("*.parquet")
        for path in parquet.ParquetFile(part).read(["path"])["path"].to_pylist()
    )
