"""A withdrawal is recorded whatever else is broken; the proof of a ledger covers what went out."""

from __future__ import annotations

from pathlib import Path

import pytest

import curate
from curate.catalog.record import FOLDER, ITEMS
from curate.cli.main import main
from curate.schema import conform
from tests.factories import day, whole


@pytest.fixture
def released(tmp_path: Path) -> curate.Project:
    """Return a workspace whose record has a release, and whose file of items is gone."""
    project = curate.init(tmp_path / "ws")
    item = whole(ITEMS)
    row = {k: v for k, v in whole("releases").items() if k not in {"items_sha256", "status"}}
    record = project.context.record
    record.add_release(
        row | {"release_id": item["release_id"], "built_at": day(5)},
        conform([item], ITEMS),
        recorded_at=day(5),
    )
    for file in (project.workspace.root / FOLDER).glob("*.parquet"):
        file.unlink()
    return project


def _run(project: curate.Project, *words: str) -> int:
    return main([*words, "-w", str(project.workspace.root)])


def test_a_withdrawal_is_recorded_although_the_items_of_a_release_are_gone(
    released: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """And whoever recorded it is told that copies of what went out were not looked for."""
    released.ledger.record_all(
        {"subjects": [whole("subjects") | {"subject_id": "p1"}]}, recorded_at=day(6)
    )

    assert _run(released, "consent", "withdraw", "p1", "--yes") == 4

    told = capsys.readouterr().err
    assert "the withdrawal is recorded, and what it touches is not known" in told
    asked = released.ledger.read("requests").to_pylist()
    assert [(row["subject_id"], row["kind"]) for row in asked] == [("p1", "withdrawal")]


def test_the_proof_of_a_ledger_covers_the_items_of_releases(
    released: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is gone is status 4, and nothing is printed that says all is well."""
    assert _run(released, "consent", "verify") == 4
    told = capsys.readouterr()
    assert "a release's items are not" in told.err
    assert "are what was recorded" not in told.out


def test_help_is_for_users(capsys: pytest.CaptureFixture[str]) -> None:
    """The errors that a docstring lists are for programmers."""
    for words in (["match"], ["doctor"], ["consent", "verify"], ["release", "build"]):
        assert main([*words, "--help"]) == 0
        told = capsys.readouterr().out
        assert "Usage:" in told
        assert "Raises" not in told
