"""The gate before a release opens only when every entry was asked of fresh lists."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from curate.api import Project
from curate.errors import InputError
from curate.safety.gate import check_gate
from curate.safety.lists import ListInfo
from tests.unit.safety.test_stage import NOW, hashes, media, picture, project, register

__all__ = ["media", "project"]


def test_one_entry_that_was_not_asked_is_enough(
    project: Project, media: Path, tmp_path: Path
) -> None:
    """Of seven entries all are asked; then an eighth comes."""
    register(project, hashes(media), tmp_path)
    project.run(["hashlists"], jobs=1)
    check_gate(project.workspace, project.catalog, NOW)

    picture(9).save(media / "new.png")
    project.ingest(media)
    project.run(["probe"], jobs=1)

    with pytest.raises(InputError, match="1 entry was not held"):
        check_gate(project.workspace, project.catalog, NOW)


@pytest.mark.parametrize(("seconds", "stale"), [(-1, False), (0, True), (1, True)])
def test_a_list_is_stale_from_the_instant_that_it_names(seconds: int, *, stale: bool) -> None:
    info = ListInfo("l", "p", "ncii", NOW - timedelta(days=30), NOW)

    assert info.is_stale(NOW + timedelta(seconds=seconds)) is stale
