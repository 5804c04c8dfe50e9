"""The main job on real photos: 204 of 102 people, of whom 90 agreed, 6 withdrew, 6 said nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import curate as curate_
from tests.acceptance.conftest import Curate, London


@pytest.mark.slow
def test_release_holds_exactly_the_photos_of_people_who_agreed(
    london: London, curate: Curate
) -> None:
    """From a folder and a spreadsheet to a release of exactly 180 photos."""
    assert "non-commercial" in london.run
    assert london.audit["counts"] == {"cleared": 180, "needs_review": 0, "blocked": 24}
    assert london.built["items"] == 180
    # Of those who said nothing no record tells whether they were minors.
    assert london.built["left_out"] == {"CON001": 12, "CON002": 12, "CON028": 12}
    released = pq.read_table(london.release / "data" / "all-00000-of-00001.parquet")
    assert set(released["media_id"].to_pylist()) == _entries_of(london.ws, set(london.agreed))
    assert "nothing to do" in curate("run", "-w", london.ws).out


def _entries_of(ws: Path, agreed: set[str]) -> set[str]:
    """Return the entries whose file name says that they show someone who agreed."""
    media = curate_.open(ws).catalog.read("media").select(["media_id", "locator"]).to_pylist()
    return {row["media_id"] for row in media if Path(row["locator"]).name[:3] in agreed}
