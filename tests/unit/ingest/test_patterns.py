"""Who is shown, by a pattern of paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.errors import ConfigError
from curate.ingest.layouts.folder import FolderLayout
from curate.ingest.listing import Listing, Target
from curate.ingest.patterns import compiled, subject_of
from curate.model.config import Config, parse_config


@pytest.mark.parametrize(
    ("pattern", "locator", "subject"),
    [
        ("{name}_{n:d}.jpg", "a/Ana_Lee_0001.jpg", "Ana_Lee"),
        ("{name}_{n:d}.jpg", "Ana.jpg", None),
        ("{name}/{file}", "train/p07/x.png", "p07"),
        ("{name}/{file}", "x.png", None),
        ("id{subject:d}_{take}.{ext}", "id7_a_b.mp4", "7"),
        ("{name}.jpg", "a+b (2).jpg", "a+b (2)"),
    ],
)
def test_path_names_a_subject(pattern: str, locator: str, subject: str | None) -> None:
    assert subject_of(pattern, locator) == subject


@pytest.mark.parametrize(
    "pattern",
    ["{n:d}.jpg", "{name}_{name}.jpg", "{name}{other}.jpg", "{name", "{name:x}", "{name!r}"],
)
def test_pattern_that_tells_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"ingest\.subject"):
        compiled(pattern)


def test_folder_declares_whom_its_files_name(tmp_path: Path) -> None:
    for name in ("real/ana_1.jpg", "fake/ana_2.jpg", "real/other.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    config = parse_config('[ingest]\nsubject = "{name}_{n:d}.jpg"\n', where="curate.toml")
    into = Listing("d", tmp_path, "folder")
    FolderLayout().read(Target(tmp_path, "d", tmp_path, config), into)

    locators = {row["media_id"]: row["locator"] for row in into.rows["media"]}
    shown = {locators[row["media_id"]]: (row["subject_id"], row["role"], row["link_status"])
             for row in into.rows["depictions"]}  # fmt: skip
    assert shown == {
        "real/ana_1.jpg": ("ana", "depicted", "confirmed"),
        "fake/ana_2.jpg": ("ana", "unknown", "confirmed"),
    }
    plain = Listing("d", tmp_path, "folder")
    FolderLayout().read(Target(tmp_path, "d", tmp_path, Config()), plain)
    assert plain.rows["depictions"] == []
