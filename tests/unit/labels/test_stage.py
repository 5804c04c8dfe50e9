"""The labels stage on real files: a planted encoding is found, and nothing where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.labels.looks import NAMES, measure
from curate.labels.plan import plan_of
from curate.labels.stage import PARTED, WHOLE
from tests.unit.labels.made import PEOPLE, project


def test_fakes_that_were_encoded_otherwise_are_told_by_it(tmp_path: Path) -> None:
    ws = project(tmp_path, fake_quality=60)

    _, ran = ws.run(["probe", "labels"])

    rows = {row["feature"]: row for row in ws.catalog.read("shortcuts").to_pylist()}
    quality = rows["JPEG quality"]
    assert quality["flagged"]
    assert quality["auc"] == pytest.approx(1.0)
    assert quality["groups"] == PEOPLE
    assert "JPEG quality" in ran.notes["authenticity"]
    assert "at quality 60" in quality["plan"]
    shape = json.loads(quality["shape"])
    assert shape["labels"]["fake"] == [PEOPLE, 0]
    # Every picture of either label has a quality that the other never has.
    assert quality["match_loses"] == 2 * PEOPLE
    drops = ws.catalog.read("shortcut_drops").to_pylist()
    assert sum(row["feature"] == "JPEG quality" for row in drops) == 2 * PEOPLE
    assert not rows["brightness"]["flagged"]


def test_nothing_is_told_where_both_labels_were_made_alike(tmp_path: Path) -> None:
    ws = project(tmp_path, fake_quality=90)

    ws.run(["probe", "labels"])

    assert not any(row["flagged"] for row in ws.catalog.read("shortcuts").to_pylist())
    assert ws.catalog.read("shortcut_drops").num_rows == 0
    assert ws.run(["labels"])[0].done == 0


def test_a_picture_that_cannot_be_opened_again_is_told_with_its_reason(tmp_path: Path) -> None:
    ws = project(tmp_path, fake_quality=90)
    ws.run(["probe"])
    (tmp_path / "media" / "a000.jpg").unlink()

    ws.run(["labels"])

    rows = ws.catalog.read("looks").to_pylist()
    assert [row["error"] for row in rows if row["vector"] is None] == ["vanished"]
    assert len(rows) == 2 * PEOPLE


@pytest.mark.parametrize("tied", [False, True])
def test_all_three_answers_say_what_was_held_together(tmp_path: Path, *, tied: bool) -> None:
    """Where everybody is tied to everybody, folds cannot hold people together, and it is said."""
    ws = project(tmp_path, fake_quality=60, people=32, tied=tied)

    _, ran = ws.run(["probe", "labels"])

    held = PARTED if tied else WHOLE
    assert ("held together" in ran.notes) is tied
    assert {row["basis"] for row in ws.catalog.read("shortcuts").to_pylist()} == {held}
    for table in ("label_noise", "doubts"):
        rows = ws.catalog.read(table).to_pylist()
        assert {row["held_together"] for row in rows} <= {held}
    assert ws.catalog.read("label_noise").num_rows == 2


def test_looks_are_numbers_for_pictures_of_any_size() -> None:
    for shape in [(1, 1, 3), (2, 500, 3), (300, 400, 3)]:
        for value in (0, 255):
            found = measure(np.full(shape, value, np.uint8))
            assert found.shape == (len(NAMES),)
            assert np.isfinite(found).all()


def test_looks_tell_blur_from_noise() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (256, 256, 3), np.uint8)
    blurred = np.array(Image.fromarray(noise).resize((32, 32)).resize((256, 256)))
    at = NAMES.index("ring_15")

    assert measure(blurred)[at] < measure(noise)[at] - 1


def test_a_plan_brings_items_down_and_says_what_it_loses() -> None:
    values = np.concatenate([np.full(100, 90.0), np.full(97, 75.0), [20.0, 30.0, np.nan]])
    label = np.repeat([0, 1], 100)

    plan, loses = plan_of("JPEG quality", values, label)

    assert "at quality 75" in plan
    assert loses == 2
