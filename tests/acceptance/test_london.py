"""The main job on real photos: 204 of 102 people, of whom 90 agreed, 6 withdrew, 6 said nothing."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.acceptance.conftest import Curate

AGREED, WITHDREW = 90, 6


@pytest.fixture
def london(shared_data: Path, tmp_path: Path) -> list[str]:
    """Lay out the photos with a manifest and a consent spreadsheet; return the people."""
    photos = sorted(
        path
        for folder in ("neutral_front", "smiling_front")
        for path in (shared_data / "faces" / "london" / folder).glob("*.jpg")
    )
    people = sorted({photo.name[:3] for photo in photos})
    rows = []
    for photo in photos:
        place = tmp_path / "media" / photo.parent.name / photo.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, place)
        rows.append({"path": f"{photo.parent.name}/{photo.name}", "label": "real",
                     "subject": f"p{photo.name[:3]}", "source": "london"})  # fmt: skip
    _write(tmp_path / "media" / "manifest.csv", rows)
    _write(tmp_path / "consents.csv", [_consent(i, p) for i, p in enumerate(people)][:96])
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return people


SOURCES = """
[[sources]]
source_id = "london"
kind = "public_dataset"
licence = "CC-BY-4.0"
terms_flags = []
consent_claim = "individual_records"
"""


def _consent(number: int, person: str) -> dict[str, str]:
    withdrew = number >= AGREED
    return {
        "subject": f"p{person}",
        "subject_kind": "adult",
        "minor_at_capture": "no",
        "purposes": "train-detector",
        "operations": "include;train_detector",
        "roles": "depicted",
        "valid_from": "2020-01-01",
        "valid_until": "2100-01-01",
        "state": "withdrawn" if withdrew else "given",
        "state_at": "2026-01-05" if withdrew else "",
    }


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.slow
def test_release_holds_exactly_the_photos_of_people_who_agreed(
    london: list[str], shared_data: Path, tmp_path: Path, curate: Curate
) -> None:
    """From a folder and a spreadsheet to a release of exactly 180 photos."""
    ws = tmp_path / "ws"
    curate("init", ws)
    config = (ws / "curate.toml").read_text(encoding="utf-8")
    pack = shared_data / "models" / "insightface" / "dev_mobile"
    config = config.replace('analyzer = "dlib"', f'analyzer = "insightface"\nmodel = "{pack}"')
    (ws / "curate.toml").write_text(config, encoding="utf-8")
    curate("ingest", tmp_path / "media", "-w", ws)
    curate("consent", "import", tmp_path / "sources.toml", tmp_path / "consents.csv", "-w", ws)

    ran = curate("run", "-w", ws)
    audit = json.loads(curate("audit", "-w", ws, "--format", "json", status=1).out)
    built = json.loads(curate("release", "build", "v1", "-w", ws, "--json").out)

    assert "non-commercial" in ran.err
    assert audit["counts"] == {"cleared": 180, "needs_review": 0, "blocked": 24}
    assert built["items"] == 180
    # Of those who said nothing no record tells whether they were minors.
    assert built["left_out"] == {"CON001": 12, "CON002": 12, "CON028": 12}
    released = pq.read_table(Path(built["folder"]) / "data" / "all-00000-of-00001.parquet")
    assert set(released["media_id"].to_pylist()) == _entries_of(ws, set(london[:AGREED]))
    assert "nothing to do" in curate("run", "-w", ws).out


def _entries_of(ws: Path, agreed: set[str]) -> set[str]:
    """Return the entries whose file name says that they show someone who agreed."""
    import curate

    media = curate.open(ws).catalog.read("media").select(["media_id", "locator"]).to_pylist()
    return {row["media_id"] for row in media if Path(row["locator"]).name[:3] in agreed}
