"""A shortcut planted among real photos: fakes that were saved at another quality than the rest."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.conftest import Curate

PEOPLE, QUALITY = 24, 70


@pytest.fixture
def london(shared_data: Path, tmp_path: Path) -> Path:
    """Lay out photos of some people, and of each a fake with the middle of the face mirrored."""
    folder = shared_data / "faces" / "london"
    photos = sorted([*folder.glob("neutral_front/*.jpg"), *folder.glob("smiling_front/*.jpg")])
    people = sorted({photo.name[:3] for photo in photos})[:PEOPLE]
    rows = []
    for photo in (photo for photo in photos if photo.name[:3] in people):
        real, fake = (f"{label}/{photo.name}" for label in ("real", "fake"))
        for name in (real, fake):
            (tmp_path / "media" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, tmp_path / "media" / real)
        _altered(photo).save(tmp_path / "media" / fake, "JPEG", quality=QUALITY)
        said = {"subject": f"p{photo.name[:3]}"}
        rows.append({**said, "path": real, "label": "real"})
        rows.append({**said, "path": fake, "label": "fake", "manipulation": "attribute_edit",
                     "derived_from": real})  # fmt: skip
    with (tmp_path / "media" / "manifest.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[1]))
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path / "media"


def _altered(photo: Path) -> Image.Image:
    picture = Image.open(photo).convert("RGB")
    width, height = picture.size
    middle = (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
    mirrored = picture.crop(middle).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture.paste(mirrored, middle)
    return picture


@pytest.mark.slow
def test_the_encoder_is_named_by_the_run_the_audit_and_the_page(
    london: Path, shared_data: Path, tmp_path: Path, curate: Curate
) -> None:
    ws = tmp_path / "ws"
    curate("init", ws)
    config = (ws / "curate.toml").read_text(encoding="utf-8")
    pack = shared_data / "models" / "insightface" / "dev_mobile"
    config = config.replace('analyzer = "dlib"', f'analyzer = "insightface"\nmodel = "{pack}"')
    (ws / "curate.toml").write_text(config, encoding="utf-8")
    curate("ingest", london, "-w", ws)

    ran = curate("run", "-w", ws).out
    audit = json.loads(curate("audit", "-w", ws, "--format", "json", status=1).out)
    curate("report", "audit", "-w", ws)

    assert "authenticity: told by JPEG quality" in ran
    findings = [one for one in audit["findings"] if one["code"] == "SHC001"]
    told = {one["params"]["feature"] for one in findings}
    assert {"JPEG quality", "quantisation tables"} <= told
    # What both were made with alike tells nothing.
    assert not told & {"width", "height", "aspect", "brightness", "redness", "EXIF", "crop margin"}
    plans = {
        one["params"]["plan"] for one in findings if one["params"]["feature"] == "JPEG quality"
    }
    assert all(f"at quality {QUALITY}" in plan for plan in plans)
    page = (ws / "reports" / "audit.html").read_text(encoding="utf-8")
    section = re.search(r'<section aria-labelledby="labels">.*?</section>', page, re.DOTALL)
    assert section is not None
    assert "the worst is JPEG quality" in section[0]
    assert "Entries by JPEG quality and label" in section[0]
