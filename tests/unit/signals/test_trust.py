"""Trust anchors of `curate.toml`: whose C2PA signatures count, and files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

import curate
from curate.errors import ConfigError
from curate.signals.trust import read_anchors
from tests.unit.signals.made import mining, signed, trust


@pytest.fixture
def project(tmp_path: Path) -> curate.api.Project:
    """Return a workspace with one signed picture, probed."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.jpg").write_bytes(signed([mining("notAllowed")]))
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "media")
    made.run(["probe"])
    return made


def trusting(project: curate.api.Project, *files: str) -> curate.api.Project:
    """Return the project with anchors named in its settings."""
    config = project.workspace.config
    names = ", ".join(f'"{name}"' for name in files)
    text = config.read_text(encoding="utf-8").split("[signals]")[0]
    config.write_text(f"{text}[signals]\ntrust = [{names}]\n", encoding="utf-8")
    return curate.open(project.workspace.root)


def states(project: curate.api.Project) -> list[str]:
    return [row["c2pa_state"] for row in project.catalog.read("signal_scans").to_pylist()]


def test_signer_is_trusted_once_the_settings_name_the_anchor(project: curate.api.Project) -> None:
    """The file is read again for that, and not for the same anchor under another name."""
    project.run(["signals"])
    assert states(project) == ["valid"]
    for name in ("anchors.pem", "others.pem"):
        (project.workspace.root / name).write_text(trust(), encoding="ascii")

    project = trusting(project, "anchors.pem")
    project.run(["signals"])

    assert states(project) == ["trusted"]
    assert project.run(["signals"])[0].done == 0
    again = trusting(project, "others.pem", "anchors.pem")
    assert again.run(["signals"])[0].done == 0
    without = trusting(again)
    without.run(["signals"])
    assert states(without) == ["valid"]


def test_anchor_that_is_not_there_stops_the_run(project: curate.api.Project) -> None:
    with pytest.raises(ConfigError, match=r"signals\.trust: gone\.pem: cannot be read"):
        trusting(project, "gone.pem").run(["signals"])
    assert states(project) == []


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_file_without_a_certificate_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.pem").write_text(text, encoding="ascii")
    with pytest.raises(ConfigError, match="no certificate"):
        read_anchors(["a.pem"], tmp_path)


def test_entry_is_explained_with_what_its_file_says(project: curate.api.Project) -> None:
    """Kind, value, place, strength and normal form of each statement, read by one search."""
    project.run(["signals"])
    project.audit()
    told = project.explain("a.jpg")

    said = [row for row in told.signals if row["kind"] == "optout"]
    lines = [line for line in told.lines() if line.startswith("  optout")]
    assert len(lines) == len(said) > 0
    for row, line in zip(said, lines, strict=True):
        assert f"{row['value']}, at {row['place']} (signed): " in line
        assert "prohibited" in line
    assert told.as_json()["signals"] == told.signals
