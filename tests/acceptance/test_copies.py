"""Which copy is kept: the best that is cleared, in advice and in releases alike."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate as api
from tests.acceptance.conftest import Curate
from tests.acceptance.story import NOTICED, write_csv, write_records

pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")

# By name the worst comes first, and the best is of a person who withdrew.
COPIES = {"a.jpg": (320, 30, "p01"), "b.jpg": (480, 95, "p01"), "c.jpg": (640, 95, "p02")}
REVIEWERS = {"r.meyer": "Robin Meyer", "s.okoro": "Sola Okoro"}


def _written(folder: Path) -> None:
    """Write one picture without a face in three sizes."""
    (folder / "media").mkdir()
    noise = np.random.default_rng(3).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((640, 640), Image.Resampling.BICUBIC)
    for name, (side, quality, _) in COPIES.items():
        picture.resize((side, side)).save(folder / "media" / name, quality=quality)
    write_csv(folder / "media" / "manifest.csv", [
        {"path": name, "label": "real", "source": "london", "subject": person, "role": "bystander"}
        for name, (_, _, person) in COPIES.items()
    ])  # fmt: skip
    _say(folder, p02="withdrawn")
    write_records(folder)


def _say(folder: Path, **states: str) -> None:
    write_csv(folder / "consents.csv", [
        {"subject": person, "subject_kind": "adult", "minor_at_capture": "no",
         "purposes": "train-detector", "roles": "depicted;bystander",
         "operations": "include;train_detector", "valid_from": "2020-01-01",
         "valid_until": "2100-01-01", "state": states.get(person, "given"),
         "state_at": "2026-01-05" if person in states else "2026-01-06", **NOTICED}
        for person in ("p01", "p02")
    ])  # fmt: skip


def _advice(curate: Curate) -> dict[str, str]:
    """Return what the audit says of copies, by entry."""
    lines = curate("audit", "-w", "ws", status=None).out.splitlines()
    said = [line.removeprefix("DUP002 ") for line in lines if line.startswith("DUP002 ")]
    return {name: text for name, _, text in (line.partition(": ") for line in said) if text}


def _cleared(curate: Curate, *names: str) -> None:
    """Have both reviewers clear entries: no face is in them by which a person could be seen."""
    curate("audit", "-w", "ws", status=None)
    for reviewer in REVIEWERS:
        for name in names:
            curate("decide", name, "cleared", "--by", reviewer, "--reason", "as declared",
                   "-w", "ws")  # fmt: skip


def _released(tmp_path: Path, name: str) -> list[str]:
    out = [hashlib.sha256(path.read_bytes()).hexdigest()
           for path in (tmp_path / "ws" / "releases" / name / "media").rglob("*.jpg")]  # fmt: skip
    catalog = api.open(tmp_path / "ws").catalog
    seen = catalog.connect("media", "sightings").execute(
        "SELECT locator FROM media JOIN sightings USING (media_id) "
        "WHERE sha256 IN (SELECT unnest(?)) ORDER BY locator", [out]
    )  # fmt: skip
    return [locator for (locator,) in seen.fetchall()]


def test_the_best_copy_that_is_cleared_is_kept(curate: Curate, tmp_path: Path) -> None:
    """One of a person who withdrew is neither advised nor released, however large; later it is."""
    _written(tmp_path)
    curate("init", "ws")
    curate("ingest", "media", "-w", "ws")
    curate("consent", "import", "sources.toml", "notices.toml", "consents.csv", "-w", "ws")
    curate("run", "probe", "signals", "faces", "dedup", "-w", "ws")
    for reviewer, name in REVIEWERS.items():
        curate("review", "reviewers", "add", reviewer, "--name", name, "-w", "ws")
    _cleared(curate, "a.jpg", "b.jpg")

    said = _advice(curate)
    assert set(said) == set(COPIES)
    assert said["a.jpg"].endswith("the one to keep is b.jpg (larger)")
    assert said["b.jpg"].endswith("the one to keep is b.jpg (kept)")
    assert said["c.jpg"].endswith("the one to keep is b.jpg (cleared)")
    curate("release", "build", "v1", "-w", "ws")
    assert _released(tmp_path, "v1") == ["b.jpg"]

    _say(tmp_path)
    curate("consent", "import", "consents.csv", "-w", "ws")
    _cleared(curate, "c.jpg")
    assert all("the one to keep is c.jpg" in text for text in _advice(curate).values())
    curate("release", "build", "v2", "-w", "ws")
    assert _released(tmp_path, "v2") == ["c.jpg"]
