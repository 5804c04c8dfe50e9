"""Errors by group on real photos, as their people told of themselves."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import Curate


@pytest.mark.slow
def test_errors_are_told_by_what_the_people_of_london_said_of_themselves(
    shared_data: Path, tmp_path: Path, curate: Curate
) -> None:
    """Women and men, and the largest ethnicities, in the run's record and on the audit page."""
    london, media, ws = shared_data / "faces" / "london", tmp_path / "media", tmp_path / "ws"
    with (london / "london_info.csv").open(encoding="utf-8", newline="") as handle:
        said = {row["face_id"]: row for row in csv.DictReader(handle)}
    media.mkdir()
    rows = []
    for photo in sorted(london.glob("*_front/*.jpg")):
        shutil.copy(photo, media / photo.name)
        person = photo.name[:3]
        rows.append({"path": photo.name, "label": "real", "subject": f"p{person}",
                     "subject_gender": said[person]["face_gender"],
                     "subject_ethnicity": said[person]["face_eth"]})  # fmt: skip
    with (media / "manifest.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    curate("init", ws)
    config = (ws / "curate.toml").read_text(encoding="utf-8")
    config = config.replace(
        'analyzer = "dlib"', f'analyzer = "openmodelzoo"\nmodel = "{shared_data / "models"}"'
    )
    (ws / "curate.toml").write_text(config, encoding="utf-8")

    curate("ingest", media, "-w", ws)
    ran = json.loads(curate("run", "probe", "faces", "identity", "-w", ws, "--json").out)

    by_group = {one["group"]: one for one in ran[-1]["notes"]["by_group"]}
    for kind, column in (("gender", "face_gender"), ("ethnicity", "face_eth")):
        sizes = [row[column] for row in said.values()]
        large = {group for group in sizes if sizes.count(group) >= 10}
        assert {g for g, one in by_group.items() if one["kind"] == kind} == large
        assert all(by_group[group]["people"] == sizes.count(group) for group in large)
    for group in ("female", "male"):
        low, high = by_group[group]["fmr_interval"]
        assert low <= by_group[group]["fmr"] <= high < 0.01
        assert by_group[group]["fnmr"] < 0.05
    curate("audit", "-w", ws, status=None)
    curate("report", "audit", "-w", ws)
    page = next((ws / "reports").glob("*.html")).read_text(encoding="utf-8")
    assert "Errors in comparing faces, by declared group" in page
