"""A shortcut planted among real photos: fakes that were saved at another quality than the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.conftest import Curate
from tests.acceptance.story import POSES, Story

PEOPLE, QUALITY = 24, 70


@pytest.fixture
def told(story: Story) -> Story:
    """Tell of some people, and of each photo a fake with the middle of the face mirrored."""
    for person in story.people()[:PEOPLE]:
        for pose in POSES:
            story.photo(person, pose)
            real = story.rows[-1]["path"]
            fake = f"fake/{Path(real).name}"
            (story.media / "fake").mkdir(exist_ok=True)
            _altered(story.media / real).save(story.media / fake, "JPEG", quality=QUALITY)
            story.declare(fake, subject=f"p{person}", label="fake", derived_from=real,
                          manipulation="attribute_edit")  # fmt: skip
    return story


def _altered(photo: Path) -> Image.Image:
    picture = Image.open(photo).convert("RGB")
    width, height = picture.size
    middle = (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
    mirrored = picture.crop(middle).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture.paste(mirrored, middle)
    return picture


@pytest.mark.slow
def test_the_encoder_is_named_by_the_run_the_audit_and_the_page(
    told: Story, curate: Curate
) -> None:
    ws = told.written(curate)

    ran = curate("run", "-w", ws).out
    audit = json.loads(curate("audit", "-w", ws, "--format", "json", status=1).out)
    curate("report", "audit", "-w", ws)

    assert "authenticity: told by JPEG quality" in ran
    findings = [one for one in audit["findings"] if one["code"] == "SHC001"]
    named = {one["params"]["feature"] for one in findings}
    assert {"JPEG quality", "quantisation tables"} <= named
    # What both were made with alike tells nothing.
    assert not named & {"width", "height", "aspect", "brightness", "redness", "EXIF", "crop margin"}
    plans = {
        one["params"]["plan"] for one in findings if one["params"]["feature"] == "JPEG quality"
    }
    assert all(f"at quality {QUALITY}" in plan for plan in plans)
    page = (ws / "reports" / "audit.html").read_text(encoding="utf-8")
    section = re.search(r'<section aria-labelledby="labels">.*?</section>', page, re.DOTALL)
    assert section is not None
    assert "the worst is JPEG quality" in section[0]
    assert "Entries by JPEG quality and label" in section[0]
