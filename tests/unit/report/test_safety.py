"""The safety report: counts that point at nobody, and what must not be taken for clean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from curate.api import Project
from curate.report.safety import safety_report
from curate.safety.report import Figures, figures, keyed
from curate.safety.seal.custody import Custody
from tests.sealing import LOCATOR, NAME, NOW, add_list, md5_of, name_officer, workspace


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a workspace with a list, and a match that was sealed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    made = name_officer(workspace(tmp_path))
    add_list(made, [md5_of(tmp_path / "media" / LOCATOR)], "ncii", "secret provider's list")
    made.run(["hashlists"], jobs=1)
    return made


def _figures(project: Project) -> Figures:
    return figures(project.workspace, project.catalog, project.ledger, NOW)


def _document(found: Figures) -> dict[str, object]:
    made = safety_report(found, project="p", tool="t", name="{}-{}".format)
    told: dict[str, object] = json.loads(made["safety.json"])
    return told


def test_it_counts_and_names_nothing(project: Project) -> None:
    """Neither list nor seal nor file is named, and one seal is no number."""
    paths = project.report("safety")

    assert {path.name for path in paths} == {"safety.html", "safety.json"}
    (held,) = Custody(project.ledger).all()
    for path in paths:
        text = path.read_text("utf-8")
        for name in (NAME, held.seal_id, "secret provider", *held.first["media_ids"]):
            assert name not in text
    told = json.loads((project.workspace.reports / "safety.json").read_text("utf-8"))
    assert told["seals_by_category"] == {"ncii": "fewer than 5"}
    assert told["seals"] == []
    assert (told["entries_not_sealed"], told["held_against_lists"]) == (2, 2)
    size, root = project.ledger.root()
    assert told["custody"] == {"log_root": root, "log_size": size, "verified": True}


def test_ids_are_keyed_and_the_same_every_time(project: Project, tmp_path: Path) -> None:
    one = keyed(project.workspace, "seal", "s-1")

    assert one == keyed(project.workspace, "seal", "s-1")
    assert one != keyed(project.workspace, "list", "s-1").replace("list", "seal")
    assert "s-1" not in one
    (tmp_path / "ws" / "safety" / "report.key").unlink()
    assert one != keyed(project.workspace, "seal", "s-1")


def test_enough_seals_are_listed_by_keyed_ids(project: Project) -> None:
    found = _figures(project)
    (held,) = found.seals
    many = replace(found, seals=list(found.seals) * 5)

    told = _document(many)

    assert told["seals_by_state"] == {"sealed": 5}
    assert [row["seal"] for row in told["seals"]] == [f"seal-{held.seal_id}"] * 5  # type: ignore[index,attr-defined]


def test_what_was_not_checked_is_told_and_keeps_the_gate_shut(project: Project) -> None:
    """A list that came since: nothing was held against the lists as they are."""
    add_list(project, ["00" * 16], "csam", "newer")

    told = _document(_figures(project))

    assert told["held_against_lists"] == 0
    assert told["not_checked"] == {"missing": 0, "unasked": "fewer than 5", "unclear": 0,
                                   "unseen": 0}  # fmt: skip
    assert told["gate"]["open"] is False  # type: ignore[index]
    assert "not held against" in told["gate"]["why"]  # type: ignore[index]


def test_a_stale_list_is_told(project: Project) -> None:
    found = figures(project.workspace, project.catalog, project.ledger, NOW + timedelta(days=31))

    told = _document(found)

    assert told["lists_stale"] == 1
    assert told["lists"][0]["stale"] is True  # type: ignore[index]
    assert told["gate"]["open"] is False  # type: ignore[index]


def test_without_a_list_nothing_is_said_to_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    project = workspace(tmp_path)

    page = project.report("safety")[0].read_text("utf-8")

    assert "no list is registered, so nothing was held against one" in page
    assert _figures(project).entries == {"all": 4, "unasked": 4}
