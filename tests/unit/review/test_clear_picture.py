"""The one door to a clear picture in FiftyOne: what is sealed or withheld does not pass it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.errors import InputError
from curate.media import load_rgb
from curate.review.viewer import clear_picture
from tests.unit.review.conftest import Told

NOTHING: dict[str, list[str]] = {"media_id": [], "code": []}


def found(**columns: list[str]) -> pa.Table:
    """Return findings, none by default."""
    text = pa.string()
    return pa.table({name: pa.array(values, text) for name, values in (NOTHING | columns).items()})


def test_a_picture_is_shown_as_it_is(told: Told, tmp_path: Path) -> None:
    entry = told.project.entry("a.png")
    path = clear_picture(entry, found(), tmp_path / "clear")

    assert path == tmp_path / "clear" / f"{entry['media_id']}.jpg"
    assert load_rgb(path).shape == (96, 128, 3)


@pytest.mark.parametrize("state", ["sealed", "withheld", "unreadable", "missing", "unseen"])
def test_what_is_not_plainly_there_is_not_shown(told: Told, tmp_path: Path, state: str) -> None:
    entry = told.project.entry("a.png") | {"state": state}
    with pytest.raises(InputError, match="not for reviewers"):
        clear_picture(entry, found(), tmp_path / "clear")
    assert not (tmp_path / "clear").exists()


@pytest.mark.parametrize("code", ["HSH001", "HSH002"])
def test_what_a_hash_list_names_is_not_shown(told: Told, tmp_path: Path, code: str) -> None:
    entry = told.project.entry("a.png")
    findings = found(media_id=[entry["media_id"]], code=[code])
    with pytest.raises(InputError, match="not for reviewers"):
        clear_picture(entry, findings, tmp_path / "clear")


def test_a_file_that_is_not_what_was_judged_is_not_shown(told: Told, tmp_path: Path) -> None:
    entry: dict[str, Any] = told.project.entry("a.png") | {"sha256": "0" * 64}
    with pytest.raises(InputError, match="not the file that was judged"):
        clear_picture(entry, found(), tmp_path / "clear")
