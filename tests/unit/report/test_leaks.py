"""The page of leaks: every number of the lint is on it, and what is not known is no nought."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import curate
from curate.report.charts.draw import VERMILLION, matrix
from curate.report.leaks import leak_page, leaks, read_leaks
from curate.splits.lint import Lint, lint
from tests.unit.report.conftest import AS_OF
from tests.unit.report.page_reader import read


def _lint(tmp_path: Path, *, splits: int = 2) -> Lint:
    rows = ["path,label,split,subject"]
    rows += [f"d/{n:02}.png,real,part-{n % splits},p{n // 2}" for n in range(12)]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    project = curate.init(tmp_path / "ws")
    project.ingest(tmp_path / "manifest.csv")
    return project.lint_splits()


def test_the_matrix_counts_each_entry_once(tmp_path: Path) -> None:
    """An entry that is tied to two other splits is one entry."""
    found = _lint(tmp_path, splits=3)

    assert found.tied["identity"] == {"part-0": 4, "part-1": 4, "part-2": 4}
    words = leaks(found).charts[0].alternative
    assert "identity part-0 4, part-1 4 and part-2 4" in words.replace(", part-2", " and part-2")
    assert "near not known" in words


def test_examples_are_told_by_id(tmp_path: Path) -> None:
    found = _lint(tmp_path)

    page = read(leak_page(found, name="set", tool="curate", created_at=AS_OF))

    for leak in found.leaks:
        for _, one, other in leak.examples:
            assert one in page.text
            assert other in page.text
    assert "Result: leaks" in page.text
    assert "subject p0" not in page.text


def test_many_splits_are_drawn_in_parts(tmp_path: Path) -> None:
    """Each part fits a telephone; together they hold every split."""
    drawn = leaks(_lint(tmp_path, splits=12)).charts

    assert len(drawn) == 3
    assert {f"part-{n}" for n in range(12)} <= set(re.findall(r"part-\d+", " ".join(
        chart.alternative for chart in drawn)))  # fmt: skip


def test_one_split_leaks_nowhere(tmp_path: Path) -> None:
    from curate.verbs.split import read_tables

    _lint(tmp_path, splits=1)

    project = curate.open(tmp_path / "ws")
    assert read_leaks(lint(read_tables(project.catalog, project.ledger))) is None


def test_what_is_not_known_is_no_nought() -> None:
    chart = matrix("m", "T", {"a": [0, 3], "b": None}, {"x": 10, "y": 10})

    assert chart.alternative == "T: a x 0, y 3; b not known"
    assert chart.svg.count(VERMILLION) == 1
    assert re.findall(r">([?\d]+)</text>", str(chart.svg)) == ["0", "3", "?", "?"]


def test_a_cell_is_darker_for_a_larger_share() -> None:
    chart = matrix("m", "T", {"a": [1, 9]}, {"x": 10, "y": 10})

    light, dark = map(float, re.findall(r"opacity: ([\d.]+)", str(chart.svg)))
    assert 0.15 < light < dark < 0.45


def test_the_page_fits_a_telephone(tmp_path: Path) -> None:
    """At 400 pixels nothing but a table in its own frame is wider than the screen."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed")
    page = leak_page(_lint(tmp_path, splits=5), name="set", tool="curate", created_at=AS_OF)
    # The page forbids scripts; the frame around it measures.
    (tmp_path / "page.html").write_text(re.sub(r"<meta http-equiv[^>]*>", "", page), "utf-8")
    (tmp_path / "frame.html").write_text(
        "<iframe id=f src=page.html style='width:400px;height:900px;border:0'></iframe><script>"
        "onload=()=>{const d=f.contentDocument.documentElement;"
        "document.title=d.scrollWidth+' of '+d.clientWidth}</script>",
        "utf-8",
    )

    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
         "--virtual-time-budget=3000", "--dump-dom", (tmp_path / "frame.html").as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip

    wide, screen = map(int, re.findall(r"<title>(\d+) of (\d+)</title>", done.stdout)[0])
    assert wide <= screen
