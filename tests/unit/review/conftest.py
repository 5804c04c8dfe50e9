"""A small workspace that was audited: pictures of noise, two of them alike, nobody declared."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import curate
from curate.api import Project
from curate.review.work import Work
from curate.verbs.tables import facts

LISTED = """path,subject
a.png,
b.png,
copy.png,
broken.png,
refused.png,p01
refused_copy.png,p01
../outside.png,
"""
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
USE = "detector-training"
CONSENTS = """subject,purposes,operations,roles,state,state_at
p01,train-detector,include;train_detector,depicted,refused,2026-01-01
"""


def picture(seed: int) -> bytes:
    """Return a PNG of noise: nobody's face."""
    pixels = np.random.default_rng(seed).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


@dataclass
class Told:
    """A workspace and a clock that goes on by a second each time it is read."""

    project: Project
    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def work(self, limit: int = 100) -> Work:
        """Return everything that waits."""
        return self.project.review_list(use=USE, limit=limit)

    def entry(self, name: str) -> dict[str, Any]:
        """Return an entry that waits, with its evidence."""
        found: dict[str, Any] = next(
            row for row in self.work().items.values() if row["locator"].endswith(name)
        )
        return found

    def verdict(self, name: str) -> str:
        """Return what a new audit says of an entry."""
        audited = self.project.audit()
        rows = {row["media_id"]: row["verdict"] for row in audited.verdicts.to_pylist()}
        (found,) = [row["media_id"] for row in facts(self.project.context)["entries"].to_pylist()
                    if row["locator"].endswith(name)]  # fmt: skip
        return str(rows[found])


@pytest.fixture(scope="session")
def audited_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of media and a workspace: two copies, a broken file, one who refused."""
    root = tmp_path_factory.mktemp("review")
    folder = root / "media"
    folder.mkdir()
    names = ("a.png", "b.png", "copy.png", "refused.png", "refused_copy.png")
    for seed, name in zip((0, 1, 1, 2, 2), names, strict=True):
        (folder / name).write_bytes(picture(seed))
    (folder / "broken.png").write_bytes(picture(3)[:200])
    (root / "list.csv").write_text(LISTED, encoding="utf-8")
    (root / "consents.csv").write_text(CONSENTS, encoding="utf-8")
    project = curate.init(root / "ws")
    project.clock = Told(project)
    project.ingest(root / "list.csv", dataset="d", media_root=folder)
    project.import_statements(root / "consents.csv")
    project.run(["probe"], jobs=1)
    project.audit()
    return root


@pytest.fixture
def told(audited_folder: Path, tmp_path: Path) -> Told:
    """Return a copy of the workspace; media are shared, and stay as they are."""
    shutil.copytree(audited_folder / "ws", tmp_path / "ws")
    made = Told(curate.open(tmp_path / "ws"), NOW + timedelta(hours=1))
    made.project.clock = made
    return made
