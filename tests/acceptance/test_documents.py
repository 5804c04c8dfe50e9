"""The documents of a release of real photos: complete, loaded by machines, true to the facts."""

from __future__ import annotations

import json
import shutil
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Curate, London

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


def _read(place: Path) -> Any:
    return json.loads(place.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_documents_of_the_london_release(london: London, tmp_path: Path, curate: Curate) -> None:
    """Without a word of authors 32 questions are answered, and 15 in part; and machines agree."""
    release = london.release
    sheet = _read(release / "datasheet.json")
    sources = Counter(one["answer_source"] for one in sheet["questions"])
    assert sources["catalogue"] >= 32, _not_whole(sheet)
    assert sources["partial"] >= 15
    counted = [one for one in sheet["questions"] if one["answer_source"] == "catalogue"]
    assert all(one["queries"] for one in counted if one["tables"])
    assert _records_read(release) == 180
    summary = _read(release / "consent-summary.json")
    assert summary["curate:byConsentStatus"] == [
        {"dpv:hasConsentStatus": "dpv:ConsentGiven", "curate:people": len(london.agreed)}
    ]
    assert b"data:image" not in b"".join(p.read_bytes() for p in release.glob("*.*"))
    shutil.copytree(london.ws, tmp_path / "ws")
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
