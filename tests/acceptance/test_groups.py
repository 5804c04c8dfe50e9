"""Errors by group on real photos, as their people told of themselves."""

from __future__ import annotations

import csv
import json

import pytest

from tests.acceptance.conftest import Curate
from tests.acceptance.story import POSES, Story


@pytest.mark.slow
def test_errors_are_told_by_what_the_people_of_london_said_of_themselves(
    story: Story, curate: Curate
) -> None:
    """Women and men, and the largest ethnicities, in the datasheet's JSON and on the page."""
    with (story.london / "london_info.csv").open(encoding="utf-8", newline="") as handle:
        said = {row["face_id"]: row for row in csv.DictReader(handle)}
    for person in story.people():
        for pose in POSES:
            story.photo(person, pose, subject_gender=said[person]["face_gender"],
                        subject_ethnicity=said[person]["face_eth"])  # fmt: skip
    ws = story.written(curate, analyzer="openmodelzoo", model=str(story.shared / "models"))

    ran = curate("run", "probe", "faces", "identity", "-w", ws).out
    curate("audit", "-w", ws, status=None)
    curate("report", "audit", "-w", ws)
    curate("report", "datasheet", "-w", ws)

    assert "  false non-match rate 0" in ran
    sheet = json.loads((ws / "reports" / "datasheet.json").read_text(encoding="utf-8"))
    (compared,) = sheet["comparisons"]
    low, high = compared["fnmr_interval"]
    assert low <= compared["fnmr"] <= high < 0.1
    assert len(compared["curves"]["cosine"]) == len(compared["curves"]["mated"]) > 50
    by_group = {one["group"]: one for one in compared["by_group"]}
    for kind, column in (("gender", "face_gender"), ("ethnicity", "face_eth")):
        sizes = [row[column] for row in said.values()]
        large = {group for group in sizes if sizes.count(group) >= 10}
        assert {g for g, one in by_group.items() if one["kind"] == kind} == large
        assert all(by_group[group]["people"] == sizes.count(group) for group in large)
    for group in ("female", "male"):
        low, high = by_group[group]["fmr_interval"]
        assert low <= by_group[group]["fmr"] <= high < 0.01
        assert by_group[group]["fnmr"] < 0.05
    page = (ws / "reports" / "audit.html").read_text(encoding="utf-8")
    assert "Of pairs of pictures of one person, " in page
    assert "Errors in comparing faces, by declared group" in page
