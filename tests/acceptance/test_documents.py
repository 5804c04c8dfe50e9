"""The documents of a release of real photos: complete, loaded by machines, true to the facts."""

from __future__ import annotations

import csv
import json
import shutil
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Curate

AGREED = 90

SOURCES = """
[[sources]]
source_id = "london"
name = "Face Research Lab London Set"
kind = "public_dataset"
acquisition_method = "via_publisher"
acquired_at = "2026-01-02T00:00:00Z"
licence = "CC-BY-4.0"
terms_flags = []
consent_claim = "individual_records"
"""
NOTICES = """
[[notices]]
notice = "notice-1"
version = "1"
language = "en"
text_file = "notice.txt"
covers_purposes = ["train-detector"]
covers_operations = ["include", "train_detector"]
"""
AUTHORS = """
[about]
title = "London faces"
contact = "privacy@lab.example"

[answers]
1 = "To train detectors of manipulated faces."
13 = "There are no duplicates."
29 = "All subjects have given their informed consent."

[numbers]
people = 102
"""


def _lay_out(shared: Path, folder: Path, pack: Path, curate: Curate) -> Path:
    """Build the release v1 of two photos each of 102 people, of whom 90 agreed; return it."""
    media, rows, people = folder / "media", [], []
    for pose in ("neutral_front", "smiling_front"):
        for photo in sorted((shared / "faces" / "london" / pose).glob("*.jpg")):
            place = media / pose / photo.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, place)
            rows.append({"path": f"{pose}/{photo.name}", "label": "real", "source": "london",
                         "subject": f"p{photo.name[:3]}", "captured_at": "2012-04-01"})  # fmt: skip
            people.append(photo.name[:3])
    _write(media / "manifest.csv", rows)
    _write(folder / "consents.csv", [_consent(p) for p in sorted(set(people))[:AGREED]])
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (folder / "notices.toml").write_text(NOTICES, encoding="utf-8")
    (folder / "notice.txt").write_text("Your photos train detectors.", encoding="utf-8")
    ws = folder / "ws"
    curate("init", ws)
    config = (ws / "curate.toml").read_text(encoding="utf-8")
    config = config.replace('analyzer = "dlib"', f'analyzer = "insightface"\nmodel = "{pack}"')
    (ws / "curate.toml").write_text(config, encoding="utf-8")
    curate("ingest", media, "-w", ws)
    records = [folder / name for name in ("sources.toml", "notices.toml", "consents.csv")]
    for record in records:
        curate("consent", "import", record, "-w", ws)
    curate("run", "-w", ws)
    curate("release", "build", "v1", "-w", ws)
    return ws / "releases" / "v1"


def _consent(person: str) -> dict[str, str]:
    return {
        "subject": f"p{person}",
        "subject_kind": "adult",
        "minor_at_capture": "no",
        "purposes": "train-detector",
        "operations": "include;train_detector",
        "roles": "depicted",
        "valid_from": "2020-01-01",
        "valid_until": "2100-01-01",
        "notice": "notice-1",
        "withdrawal_method": "write to the contact in the notice",
    }


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _read(place: Path) -> Any:
    return json.loads(place.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_documents_of_the_london_release(shared_data: Path, tmp_path: Path, curate: Curate) -> None:
    """Without a word of authors 32 questions are answered, and 15 in part; and machines agree."""
    pack = shared_data / "models" / "insightface" / "dev_mobile"
    release = _lay_out(shared_data, tmp_path, pack, curate)

    sheet = _read(release / "datasheet.json")
    sources = Counter(one["answer_source"] for one in sheet["questions"])
    assert sources["catalogue"] >= 32, _not_whole(sheet)
    assert sources["partial"] >= 15
    counted = [one for one in sheet["questions"] if one["answer_source"] == "catalogue"]
    assert all(one["queries"] for one in counted if one["tables"])
    assert _records_read(release) == 180
    summary = _read(release / "consent-summary.json")
    assert summary["curate:byConsentStatus"] == [
        {"dpv:hasConsentStatus": "dpv:ConsentGiven", "curate:people": AGREED}
    ]
    assert b"data:image" not in b"".join(p.read_bytes() for p in release.glob("*.*"))
    _lint(tmp_path / "ws", curate)


def _not_whole(sheet: dict[str, Any]) -> list[int]:
    return [one["id"] for one in sheet["questions"] if one["answer_source"] != "catalogue"]


def _records_read(release: Path) -> int:
    """Return how many records mlcroissant reads from the item tables of a release."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant

        dataset = mlcroissant.Dataset(jsonld=str(release / "croissant.json"))
        tables = [one.uuid for one in dataset.metadata.record_sets if one.uuid != "splits"]
        return sum(1 for table in tables for _ in dataset.records(table))


def _lint(ws: Path, curate: Curate) -> None:
    """The authors claim more than the catalogue has, and as much as the release has."""
    (ws / "datasheet.toml").write_text(AUTHORS, encoding="utf-8")

    found = json.loads(curate("report", "lint", "-w", ws, "--json", status=1).out)
    wrong = [(one["code"], one["place"]) for one in found if one["effect"] == "block"]
    assert wrong == [("DOC001", "answers.29")]
    assert next(one for one in found if one["code"] == "DOC001")["params"]["counted"] == 12

    found = json.loads(
        curate("report", "lint", "--release", "v1", "-w", ws, "--json", status=1).out
    )
    wrong = [(one["code"], one["place"]) for one in found if one["effect"] == "block"]
    assert wrong == [("DOC002", "numbers.people")]
