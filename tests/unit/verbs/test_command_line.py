"""What the command line refuses or tells before a verb runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import curate
from curate.cli.main import main
from curate.schema import conform
from tests.factories import media


@pytest.mark.parametrize(
    "words",
    [
        ["consent", "withdraw", "\udcff\udcfe", "--yes"],
        ["consent", "show", "\udcff"],
        ["explain", "\udcff"],
        ["audit", "--use=\udcff"],
        ["release", "build", "\udcff"],
        ["decide", "a.jpg", "block", "--reason", "\udcff"],
    ],
)
def test_an_argument_that_is_no_text_is_wrong_input(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A shell hands over any bytes; nothing is recorded of them."""
    project = curate.init(tmp_path / "ws")

    assert main([*words, "-w", str(project.workspace.root)]) == 2
    told = capsys.readouterr().err
    assert "E100" in told
    assert "UTF-8" in told
    assert project.ledger.root()[0] == 0


def test_a_folder_may_be_called_by_bytes_that_are_no_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there, so that is its name."""
    folder = tmp_path / "caf\udce9"
    curate.init(folder)

    assert main(["status", "-w", str(folder)]) == 0
    assert "ledger: 0 entries" in capsys.readouterr().out


def test_an_audit_with_rules_left_out_is_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was not asked is no change; it is refused before anything is judged."""
    project = curate.init(tmp_path / "ws")
    project.audit()
    place = str(project.workspace.root)

    assert main(["audit", "--against", "last", "--select", "CON", "-w", place]) == 2
    assert "left out" in capsys.readouterr().err
    assert main(["audit", "--against", "last", "-w", place]) == 0
    assert "0 entries changed" in capsys.readouterr().out


def test_entries_that_no_audit_judged_are_told_beside_the_queues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty queues do not say that nothing is left to look at."""
    project = curate.init(tmp_path / "ws")
    project.audit()
    project.catalog.append("media", conform([media("a.jpg"), media("b.jpg")], "media"))

    assert main(["review", "list", "--json", "-w", str(project.workspace.root)]) == 0
    told = capsys.readouterr()
    assert all(row["waiting"] == 0 for row in json.loads(told.out))
    assert "2 entries were not judged" in told.err


def test_stages_run_where_no_file_is_there_any_more(tmp_path: Path) -> None:
    """A manifest of which every file is gone teaches nothing about labels."""
    project = curate.init(tmp_path / "ws")
    picture = tmp_path / "media" / "a.jpg"
    picture.parent.mkdir()
    picture.write_bytes(b"")
    manifest = tmp_path / "media" / "manifest.csv"
    manifest.write_text("path,authenticity\na.jpg,real\nb.jpg,fake\n", encoding="utf-8")
    picture.unlink()
    project.ingest(manifest, dataset="d")

    _, ran = project.run(["probe", "labels"])

    assert "not estimated" in ran.notes["noise"]
