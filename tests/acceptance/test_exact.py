"""`curate run probe --exact`: whole decodes where they are asked for, and only there."""

from __future__ import annotations

import shutil
from pathlib import Path

import imagehash
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import curate as api
from tests.acceptance.conftest import Curate

COUNT = 6


@pytest.fixture
def media(curate: Curate, tmp_path: Path) -> Path:
    """Write JPEGs large enough to be decoded at a smaller scale, and ingest them into ``ws``."""
    folder = tmp_path / "media"
    folder.mkdir()
    for number in range(COUNT):
        noise = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((1024, 768), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number}.jpg", quality=85)
    curate("init", "ws")
    curate("ingest", "media", "-w", "ws")
    return folder


def _content(tmp_path: Path) -> pa.Table:
    return api.open(tmp_path / "ws").catalog.read("content")


def _imagehashes(folder: Path) -> set[bytes]:
    return {bytes.fromhex(str(imagehash.phash(Image.open(path)))) for path in folder.glob("*.jpg")}


def test_exact_probe_gives_the_hashes_of_imagehash(
    curate: Curate, media: Path, tmp_path: Path
) -> None:
    """What was probed at a smaller scale is probed again, and its rows are replaced."""
    curate("run", "probe", "-w", "ws")
    scaled = _content(tmp_path)

    curate("run", "probe", "--exact", "-w", "ws")

    exact = _content(tmp_path)
    assert set(scaled["pixel_digest_basis"].to_pylist()) == {"coded"}
    assert set(exact["pixel_digest_basis"].to_pylist()) == {"pixels"}
    assert exact["sha256"].equals(scaled["sha256"])
    assert set(exact["phash"].to_pylist()) == _imagehashes(media)


def test_what_was_probed_whole_stays_so(curate: Curate, media: Path, tmp_path: Path) -> None:
    """Nothing is pending for the default mode, and a copy of a file does not undo its content."""
    curate("run", "probe", "--exact", "-w", "ws")
    exact = _content(tmp_path)
    assert curate("run", "probe", "-w", "ws").out == "probe: nothing to do\n"
    shutil.copy(media / "0.jpg", media / "copy.jpg")
    curate("ingest", "media", "-w", "ws")

    curate("run", "probe", "-w", "ws")

    assert _content(tmp_path).equals(exact)
    assert curate("run", "probe", "--exact", "-w", "ws").out.startswith("probe: ")
    assert _content(tmp_path).equals(exact)


def test_settings_may_ask_for_exact_probing(curate: Curate, media: Path, tmp_path: Path) -> None:
    """As the option does, for every run."""
    with (tmp_path / "ws" / "curate.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[probe]\nexact = true\n")

    curate("run", "probe", "-w", "ws")

    assert set(_content(tmp_path)["phash"].to_pylist()) == _imagehashes(media)
