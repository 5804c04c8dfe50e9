"""The registry of known datasets: whole, with references, and believed where it forbids."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from curate.ingest.layouts import LAYOUTS
from curate.model.known_datasets import fold, known_datasets, withdrawn_by_name
from curate.schema import problems, resource_folder

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def rows() -> list[dict[str, Any]]:
    """Return the registry as it is written."""
    path = resource_folder("schemas") / "known_datasets.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["datasets"]
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["source_id"])
def test_row_is_whole(row: dict[str, Any]) -> None:
    """It follows the schema; what was read says when, and a claim says its words."""
    assert problems(row, "known_dataset") == []
    claims = row["consent_claim"] not in ("none", "not_applicable")
    assert claims <= bool(row.get("consent_statement") or "agreed" in row["references"][0]["says"])
    assert not (claims and row["rights_cleared"] == "no")


def test_names_are_of_one_dataset_each() -> None:
    """No two rows go by one name."""
    names = [name for known in known_datasets().values() for name in known.names]

    assert len(names) == len(set(names))
    assert len(rows()) == len(known_datasets())


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_datasets_of_layouts_are_known(layout: Any) -> None:
    """What a layout says of terms and consent, it says by the registry."""
    assert set(layout.about.datasets) <= known_datasets().keys()


def test_withdrawal_has_a_date() -> None:
    """Before it, an audit sees the dataset as it was."""
    known = known_datasets()["ms-celeb-1m"]

    assert known.source(NOW)["status"] == "retracted"
    assert known.source(datetime(2019, 6, 5, 23, tzinfo=UTC))["status"] == "active"
    assert known.source(datetime(2019, 6, 6, tzinfo=UTC))["status"] == "retracted"


@pytest.mark.parametrize("name", ["MS-Celeb-1M", "ms1m", "MS1M_ArcFace", "MegaFace"])
def test_withdrawn_by_name(name: str) -> None:
    """Copies go by many names."""
    assert withdrawn_by_name(name) is not None


@pytest.mark.parametrize("name", ["FFHQ", "DFDC", "ms1m-experiments", "", "--"])
def test_names_raise_nothing(name: str) -> None:
    """A dataset that is not withdrawn is not told by its name, and neither is a part of one."""
    assert withdrawn_by_name(name) is None


def test_fold() -> None:
    """Case and signs do not tell names apart."""
    assert fold("MS-Celeb 1M") == fold("ms_celeb-1m")
