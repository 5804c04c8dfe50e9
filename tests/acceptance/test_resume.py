"""A run that is killed goes on where it was, and ends with the same tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageOps

import curate as api
from curate.verbs.run import STAGES
from tests.acceptance.conftest import Curate

pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")
data = pytest.importorskip("skimage.data", reason="the pictures come with scikit-image")

COUNT = 40
TABLES = ("content", "sightings", "faces", "face_scans", "groups", "relations", "identities")


def _media(folder: Path) -> None:
    """Write views of one face over noise, in pairs that are near duplicates, some mirrored."""
    folder.mkdir()
    face = Image.fromarray(data.astronaut()[40:240, 120:320])
    for number in range(COUNT):
        noise = np.random.default_rng(number // 2).integers(0, 255, (9, 9, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((400, 400), Image.Resampling.BICUBIC)
        picture.paste(ImageOps.mirror(face) if number % 4 > 1 else face, (100, 100))
        picture.save(folder / f"{number:04}.jpg", quality=75 + 15 * (number % 2))


def _tables(ws: Path) -> dict[str, pa.Table]:
    catalog = api.open(ws).catalog
    return {name: catalog.read(name) for name in TABLES}


@pytest.mark.slow
def test_killed_run_resumes_to_the_same_tables(curate_apart: Curate, tmp_path: Path) -> None:
    """SIGKILL in the middle, run again: as if nothing had happened, and then nothing to do."""
    _media(tmp_path / "media")
    for name in ("whole", "killed"):
        curate_apart("init", name)
        curate_apart("ingest", "media", "-w", name)
    curate_apart("run", "-w", "whole")

    seen = _run_and_kill(tmp_path / "killed")
    curate_apart("run", "-w", "killed")

    assert 0 < seen < COUNT
    assert api.open(tmp_path / "whole").catalog.count("identities") >= COUNT
    whole, killed = _tables(tmp_path / "whole"), _tables(tmp_path / "killed")
    for name in TABLES:
        assert killed[name].equals(whole[name]), name
    again = curate_apart("run", "-w", "killed").out.splitlines()
    assert again == [f"{s}: nothing to do" for s in STAGES]


def _run_and_kill(ws: Path) -> int:
    """Start a run, kill it with all its workers once it has committed; return how much it had."""
    command = [sys.executable, "-m", "curate", "run", "-w", str(ws)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    catalog = api.open(ws).catalog
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if catalog.count("face_scans"):
            break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return catalog.count("face_scans")
