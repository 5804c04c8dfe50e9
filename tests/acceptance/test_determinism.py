"""The same groups, byte for byte: whatever the workers, the order of files, and how they came."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageOps

import curate as api
from tests.acceptance.conftest import Curate

PICTURES = 12
TABLES = ("content", "groups", "relations", "compared")


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    """Write pictures, each saved again, mirrored, turned, or under another name; return names."""
    folder = tmp_path / "media"
    folder.mkdir()
    for number in range(PICTURES):
        noise = np.random.default_rng(number).integers(0, 255, (9, 9, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((256, 256), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:02}.jpg", quality=90)
        picture.save(folder / f"{number:02}-again.jpg", quality=60)
        ImageOps.mirror(picture).save(folder / f"{number:02}-mirrored.png")
        picture.rotate(90).save(folder / f"{number:02}-turned.jpg", quality=80)
        picture.rotate(90).save(folder / f"{number:02}-twin.jpg", quality=80, comment=b"twin")
    return sorted(path.name for path in folder.iterdir())


def _manifest(folder: Path, names: list[str], seed: int) -> None:
    shuffled = random.Random(seed).sample(names, len(names))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerows([["path"], *([name] for name in shuffled)])


def _tables(ws: Path) -> dict[str, pa.Table]:
    catalog = api.open(ws).catalog
    return {name: catalog.read(name) for name in TABLES}


def test_groups_do_not_depend_on_workers_or_order(
    curate: Curate, names: list[str], tmp_path: Path
) -> None:
    """One, two and three workers, each over another order of the manifest's rows."""
    made = []
    for jobs in (1, 2, 3):
        _manifest(tmp_path / "media", names, jobs)
        curate("init", f"ws{jobs}")
        curate("ingest", "media/manifest.csv", "-w", f"ws{jobs}")
        curate("run", "probe", "dedup", "--jobs", jobs, "-w", f"ws{jobs}")
        made.append(_tables(tmp_path / f"ws{jobs}"))

    assert made[0]["groups"].num_rows > 0.9 * len(names)
    assert set(made[0]["groups"]["tier"].to_pylist()) == {"near", "dihedral", "pixels"}
    assert made[1] == made[0]
    assert made[2] == made[0]


def test_groups_do_not_depend_on_when_files_came(
    curate: Curate, names: list[str], tmp_path: Path
) -> None:
    """A dataset in three pieces, of which one is withdrawn on the way, is the dataset at once."""
    pieces = [names[0::3], names[0::3] + names[1::3], names[1::3], names]
    curate("init", "pieces")
    for number, piece in enumerate(pieces):
        _manifest(tmp_path / "media", piece, number)
        curate("ingest", "media/manifest.csv", "-w", "pieces")
        curate("run", "probe", "dedup", "-w", "pieces")
    curate("init", "whole")
    curate("ingest", "media/manifest.csv", "-w", "whole")
    curate("run", "probe", "dedup", "-w", "whole")

    pieces_made, whole_made = _tables(tmp_path / "pieces"), _tables(tmp_path / "whole")
    assert pieces_made == whole_made
