"""A small workspace in which hash lists name a picture, for tests of sealing."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image

import curate
from curate.api import Project
from curate.safety.entries import SCHEMA
from curate.safety.lists import HashList, ListInfo
from curate.safety.seal.keys import make_pair
from curate.safety.stage import open_lists, publish

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
NAME = "Wanda Zebrowska 17.jpg"
_PICTURE = re.compile(rb"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)")
# So alike are a picture and another size of it; other pictures of these tests are far below.
_ALIKE = 0.95
LOCATOR = f"train/real/{NAME}"


def picture(path: Path, seed: int) -> bytes:
    """Write a picture like no other seed's; return its bytes."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse.resize((256, 256), Image.Resampling.BICUBIC).save(path, "JPEG", quality=90)
    return path.read_bytes()


def workspace(folder: Path) -> Project:
    """Make a workspace of three pictures, one of them twice, and an officer's key beside it."""
    media = folder / "media"
    for name, seed in ((NAME, 1), ("b.jpg", 2), ("c.jpg", 3)):
        picture(media / "train" / "real" / name, seed)
    picture(media / "test" / "real" / "again.jpg", 1)
    make_pair(folder / "officer", None)
    project = replace_clock(curate.init(folder / "ws"))
    project.ingest(media)
    project.run(["probe"], jobs=1)
    return project


def name_officer(project: Project, *more: str) -> Project:
    """Name the officer's key in the settings; return the project with them."""
    with project.workspace.config.open("a", encoding="utf-8") as config:
        config.write("\n".join(["", "[safety]", 'officer = "../officer.pub"', *more, ""]))
    return replace_clock(curate.open(project.workspace.root))


def replace_clock(project: Project) -> Project:
    """Return the project at a known instant."""
    project.clock = lambda: NOW
    return project


def add_list(project: Project, digests: Sequence[str], category: str, name: str = "desk") -> None:
    """Register a list of MD5 digests."""
    rows = [{"signal": "md5", "value": bytes.fromhex(one), "status": "active", "quality": 100,
             "video": -1} for one in digests]  # fmt: skip
    info = ListInfo(name, "tests", category, NOW, NOW + timedelta(days=30))
    store = open_lists(project.workspace, project.config, create=True)
    store.put(HashList(info, pa.Table.from_pylist(rows, schema=SCHEMA)))
    publish(project.catalog, project.workspace)


def shows(page: bytes, media: bytes) -> bool:
    """Return whether a page has a picture that is like `media` in light and dark, of any size."""
    shown = [base64.b64decode(found) for found in _PICTURE.findall(page)]
    return any(np.corrcoef(_shape(one), _shape(media))[0, 1] > _ALIKE for one in shown)


def _shape(picture: bytes) -> npt.NDArray[np.float64]:
    """Return light and dark on a grid, shape (64,)."""
    grey = Image.open(io.BytesIO(picture)).convert("L")
    return np.asarray(grey.resize((8, 8), Image.Resampling.BOX), float).ravel()


def md5_of(path: Path) -> str:
    """Return the MD5 of a file, hex."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
