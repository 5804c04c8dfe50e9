"""Curate installed without any extra, in an environment of its own, does what the core can."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
# What tests set for this environment means nothing to another.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
UV = Path(sysconfig.get_path("scripts")) / "uv"


@pytest.fixture(scope="module")
def curate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program of a fresh environment with the core alone."""
    if not UV.exists():
        pytest.skip("uv is not installed beside Python, so no environment can be made offline")
    place = tmp_path_factory.mktemp("core") / "env"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, place], check=True)
    python = place / "bin" / "python"
    # The packages that `make setup` installed lie in uv's cache: nothing is fetched.
    made = subprocess.run(
        [UV, "pip", "install", "--quiet", "--offline", "--python", python, "--constraint",
         ROOT / "constraints.txt", ROOT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode and "cache" in made.stderr:
        pytest.skip(f"the packages of the core are not all in uv's cache: {made.stderr[-300:]}")
    assert made.returncode == 0, made.stderr
    return place / "bin" / "curate"


@pytest.mark.slow
def test_the_core_runs_and_names_what_it_leaves_out(curate: Path, tmp_path: Path) -> None:
    """`init ingest run audit report`, each to its end, with the extras that are missing named."""
    _media(tmp_path / "media")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [curate, *words, "-w", "ws"],
            cwd=tmp_path, env=BARE, capture_output=True, text=True, check=False,
        )  # fmt: skip

    subprocess.run([curate, "init", "ws"], cwd=tmp_path, env=BARE, check=True)
    assert run("ingest", "media").returncode == 0
    ran = run("run")
    assert ran.returncode == 0, ran.stderr
    for stage, extra in (("signals", "signals"), ("faces", "faces"), ("identity", "faces"),
                         ("labels", "labels")):  # fmt: skip
        assert f"{stage}: left out: " in ran.stdout
        assert f"curate[{extra}]" in ran.stdout
    named = run("run", "signals")
    assert named.returncode == 3
    assert "curate[signals]" in named.stderr
    audited = run("audit")
    assert audited.returncode in (0, 1), audited.stderr
    for kind in ("audit", "datasheet", "accounts"):
        written = run("report", kind)
        assert written.returncode == 0, written.stderr
    assert "0 cleared" in audited.stdout


def _media(folder: Path) -> None:
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((200, 200)).save(folder / "a.jpg")
    (folder / "manifest.csv").write_text("path,label,subject\na.jpg,real,p1\n", encoding="utf-8")
