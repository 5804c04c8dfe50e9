"""The demo, as `make demo` runs it, and what it leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.conftest import Curate

pytest.importorskip("dlib", reason="the demo needs the extra curate[faces]")

ASKED = {"CON001", "CON002", "CON003", "CON004", "CON005", "DEP001", "LAB001", "MED001",
         "SPL001", "SPL002"}  # fmt: skip


@pytest.mark.slow
def test_demo_finds_what_was_planted_and_nothing_else(curate: Curate, tmp_path: Path) -> None:
    """It ends 0, and leaves a page, a datasheet, a release and the list of what was planted."""
    ran = curate("demo", "demo")

    demo = tmp_path / "demo"
    planted = json.loads((demo / "planted.json").read_text(encoding="utf-8"))
    assert {item["rule"] for item in planted} >= ASKED
    assert all(set(item) == {"id", "rule", "locator"} for item in planted)
    lines = [line.split() for line in ran.out.splitlines() if re.match(r"[A-Z]{3}\d{3} ", line)]
    assert {line[0] for line in lines} == {item["rule"] for item in planted}
    assert sum(int(line[-4]) for line in lines) == len(planted)
    assert all(line[-2:] == ["0", "0"] for line in lines)
    for name in ("audit.html", "datasheet.html"):
        assert "invented" in (demo / "reports" / name).read_text(encoding="utf-8")
    manifest = json.loads((demo / "releases" / "v1" / "manifest.json").read_text(encoding="utf-8"))
    blocked = {item["locator"] for item in planted}
    media = sum(file["path"].startswith("media/") for file in manifest["files"])
    assert "near-duplicate" in manifest["left_out"]
    assert media == 19 - len(blocked) - 2


@pytest.mark.slow
def test_demo_twice_gives_the_same_release(curate: Curate, tmp_path: Path) -> None:
    """A second demo replaces the first, and its release has the same bytes."""
    curate("demo", "demo")
    manifest = tmp_path / "demo" / "releases" / "v1" / "manifest.json"
    first = json.loads(manifest.read_text(encoding="utf-8"))

    curate("demo", "demo")

    again = json.loads(manifest.read_text(encoding="utf-8"))
    assert _data(again) == _data(first)


def _data(manifest: dict[str, list[dict[str, object]]]) -> list[dict[str, object]]:
    """Return the files that hold data; documents and evidence name the instant of the audit."""
    return [f for f in manifest["files"] if str(f["path"]).startswith(("data/", "media/"))]


def test_demo_refuses_a_folder_that_holds_something_else(curate: Curate, tmp_path: Path) -> None:
    """What is not a demo is not overwritten."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")

    ran = curate("demo", "mine", status=2)

    assert "would be overwritten" in ran.err
    assert (tmp_path / "mine" / "thesis.txt").read_text(encoding="utf-8") == "years of work"
