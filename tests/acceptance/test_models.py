"""`curate models` as a person runs it; nothing here reaches the network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import Curate


@pytest.fixture(autouse=True)
def models_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that models live in, which is empty."""
    folder = tmp_path / "models"
    monkeypatch.setenv("CURATE_MODELS", str(folder))
    return folder


def test_list_names_every_model_with_its_terms(curate: Curate) -> None:
    """What there is, what is in place, and under which licence."""
    rows = {row["model"]: row for row in json.loads(curate("models", "list", "--json").out)}

    assert rows["openmodelzoo"]["state"] == "missing"
    assert rows["insightface"]["state"] == "your own"
    assert all(row["licence"] and row["how to get it"] for row in rows.values())


def test_verify_of_a_missing_model_exits_3_and_says_what_to_do(curate: Curate) -> None:
    """A model that is not there is missing, not broken."""
    ran = curate("models", "verify", "openmodelzoo", status=3)

    assert "E301" in ran.err
    assert "curate models pull openmodelzoo" in ran.err


def test_verify_of_a_changed_file_exits_4(curate: Curate, models_at_home: Path) -> None:
    """A file that is not the one pinned fails verification by name."""
    models_at_home.mkdir()
    (models_at_home / "face_detection_yunet_2023mar.onnx").write_bytes(b"another")

    ran = curate("models", "verify", "openmodelzoo", status=4)

    assert "face_detection_yunet_2023mar.onnx" in ran.err


def test_a_run_without_its_model_exits_3_and_fetches_nothing(
    curate: Curate, tmp_path: Path, models_at_home: Path
) -> None:
    """Only `pull` downloads: a run names it and ends."""
    curate("init", "ws")
    config = tmp_path / "ws" / "curate.toml"
    text = config.read_text(encoding="utf-8").replace('"dlib"', '"openmodelzoo"', 1)
    config.write_text(text, encoding="utf-8")

    ran = curate("run", "faces", "-w", "ws", status=3)

    assert "curate models pull openmodelzoo" in ran.err
    assert not models_at_home.exists()
