"""The model files curate knows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from curate.errors import DependencyError, UnknownNameError, VerificationError
from curate.faces.dlib import model_folder
from curate.faces.models import (
    MODELS,
    Model,
    ModelFile,
    check_model,
    known_model,
    model_home,
    pull_model,
)


def test_the_embedded_model_is_the_pinned_one() -> None:
    states = check_model(known_model("dlib"), model_folder())

    assert [s.state for s in states] == ["good", "good"]


def test_the_shared_open_model_zoo_files_are_the_pinned_ones(shared_data: Path) -> None:
    states = check_model(known_model("openmodelzoo"), shared_data / "models")

    assert [s.state for s in states] == ["good"] * 3


def test_a_changed_file_is_told_from_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"other")

    states = check_model(known_model("openmodelzoo"), tmp_path)

    assert [s.state for s in states] == ["changed", "missing", "missing"]


def test_pull_refuses_to_overwrite_a_changed_file(tmp_path: Path) -> None:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"other")

    with pytest.raises(VerificationError, match="not the one pinned"):
        pull_model(known_model("openmodelzoo"), tmp_path)


@pytest.mark.parametrize("name", ["dlib", "insightface"])
def test_pull_of_a_model_without_an_official_place_says_how_to_get_it(name, tmp_path) -> None:
    with pytest.raises(DependencyError) as caught:
        pull_model(known_model(name), tmp_path)

    assert caught.value.hint


def test_pull_takes_nothing_but_https(tmp_path: Path) -> None:
    file = ModelFile("x", "0" * 64, "http://localhost/x")
    model = dataclasses.replace(known_model("openmodelzoo"), files=(file,))

    with pytest.raises(DependencyError, match="https"):
        pull_model(model, tmp_path)

    assert not list(tmp_path.iterdir())


def test_every_official_place_is_https() -> None:
    places = [f.url for m in MODELS for f in m.files if f.url]

    assert places
    assert all(p.startswith("https://") for p in places)


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        known_model("facenet")

    assert "openmodelzoo" in caught.value.hint


def test_model_home_follows_the_environment(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CURATE_MODELS", str(tmp_path))

    assert model_home() == tmp_path


def test_models_with_pins_have_64_digits() -> None:
    pinned: list[Model] = [m for m in MODELS if m.files]

    assert {len(f.sha256) for m in pinned for f in m.files} == {64}
