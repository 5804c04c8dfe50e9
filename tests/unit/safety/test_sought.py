"""Takedowns by a picture, a hash or an address, whether it is catalogued or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

import curate
from curate.api import Project
from curate.errors import InputError, PathNotFoundError
from curate.safety.requests import NOTICE
from curate.verbs.requests import open_request


def picture(seed: int) -> Image.Image:
    """Return a smooth picture."""
    cells = np.random.default_rng(seed).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    shown = Image.fromarray(cells).resize((300, 300), Image.Resampling.BICUBIC)
    return shown.filter(ImageFilter.GaussianBlur(2))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a workspace with three pictures."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    (tmp_path / "media").mkdir()
    for seed in range(3):
        picture(seed).save(tmp_path / "media" / f"{seed}.jpg", quality=92)
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "media")
    made.run(["probe"], jobs=1)
    return made


def ask(project: Project, **values: object) -> dict[str, list[object]]:
    """Open a takedown, and return what was found."""
    made = open_request(project.context, "takedown_likeness", notice=NOTICE, **values)  # type: ignore[arg-type]
    found: dict[str, list[object]] = made["found"]
    return found


def locators(project: Project, ids: list[object]) -> list[str]:
    """Return the locators of entries."""
    rows = project.catalog.read("media").to_pylist()
    return sorted(row["locator"] for row in rows if row["media_id"] in ids)


def test_a_picture_is_found_mirrored_and_recompressed(project: Project, tmp_path: Path) -> None:
    """And its entry is the request's."""
    ImageOps.mirror(picture(1)).save(tmp_path / "m.jpg", quality=60)

    assert locators(project, ask(project, files=[tmp_path / "m.jpg"])["same"]) == ["1.jpg"]


def test_a_screenshot_and_a_crop_go_to_review(project: Project, tmp_path: Path) -> None:
    """They are near: somebody has to look."""
    framed = ImageOps.expand(picture(1), border=37, fill="white")
    framed.save(tmp_path / "f.png")
    picture(1).crop((15, 15, 285, 285)).save(tmp_path / "c.png")

    for name in ("f.png", "c.png"):
        found = ask(project, files=[tmp_path / name])
        assert "1.jpg" in [*locators(project, found["same"]), *found["near"]], name


@pytest.mark.parametrize(
    "box", [(0, 20, 300, 300), (0, 0, 300, 280), (20, 0, 300, 300), (0, 0, 280, 300)]
)
def test_a_picture_with_one_edge_cut_off_goes_to_review(
    project: Project, tmp_path: Path, box: tuple[int, int, int, int]
) -> None:
    """As where somebody cut off a caption."""
    picture(1).crop(box).save(tmp_path / "c.png")

    found = ask(project, files=[tmp_path / "c.png"])

    assert "1.jpg" in [*locators(project, found["same"]), *found["near"]]


def test_what_is_nowhere_stays_on_the_deny_list(project: Project, tmp_path: Path) -> None:
    """It is blocked when it comes."""
    picture(7).save(tmp_path / "new.jpg", quality=92)
    found = ask(project, files=[tmp_path / "new.jpg"])
    assert not any(found.values())

    picture(7).save(tmp_path / "media" / "new.jpg", quality=80)
    project.ingest(tmp_path / "media")
    project.run(["probe", "hashlists"], jobs=1)

    codes = {
        (f["code"], tuple(locators(project, [f["media_id"]])))
        for f in project.audit().findings.to_pylist()
    }
    assert ("HSH001", ("new.jpg",)) in codes


def test_a_hash_is_told_by_its_length_or_its_kind(project: Project) -> None:
    """SHA-256 and PDQ have as many digits."""
    row = project.catalog.read("content").to_pylist()[0]

    found = ask(project, hashes=[row["sha256"]])["same"]
    assert len(found) == 1
    assert ask(project, hashes=[f"pdq:{row['pdq'].hex()}"])["same"] == found


@pytest.mark.parametrize("angle", [-9, -3, 3, 7])
def test_a_picture_that_was_turned_a_little_goes_to_review(
    project: Project, tmp_path: Path, angle: int
) -> None:
    picture(1).rotate(angle, Image.Resampling.BICUBIC).save(tmp_path / "t.jpg")

    found = ask(project, files=[tmp_path / "t.jpg"])

    assert "1.jpg" in [*locators(project, found["same"]), *found["near"]]


def test_a_hash_with_blanks_and_capitals_is_a_hash(project: Project) -> None:
    row = project.catalog.read("content").to_pylist()[0]
    assert len(ask(project, hashes=[f"  SHA256:{row['sha256'].upper()} "])["same"]) == 1


def test_an_address_is_compared_with_what_is_declared_and_with_sources(tmp_path: Path) -> None:
    """And no part of an address is the address."""
    (tmp_path / "media").mkdir()
    for seed in range(2):
        picture(seed).save(tmp_path / "media" / f"{seed}.jpg")
    (tmp_path / "media" / "manifest.csv").write_text(
        "path,label,source,page\n0.jpg,real,web,https://host.example/a/0\n"
        "1.jpg,real,web,https://host.example/a/01\n"
    )
    (tmp_path / "sources.toml").write_text(
        '[[sources]]\nsource_id = "web"\nname = "The web"\nkind = "web_crawl"\n'
        'origin_url = "http://host.example/a/"\n'
    )
    project = curate.init(tmp_path / "ws")
    project.ingest(tmp_path / "media")
    project.import_statements(tmp_path / "sources.toml")
    found = ask(project, urls=["http://HOST.example/a/0#top"])
    assert locators(project, found["same"]) == ["0.jpg"]
    found = ask(project, urls=["https://host.example/a/9.jpg"])
    assert found["same"] == []
    assert found["sources"] == [("The web", 2)]
    assert ask(project, urls=["https://host.example/a"])["same"] == []


def test_an_address_is_compared_as_it_is_written(project: Project) -> None:
    """With locators."""
    assert locators(project, ask(project, urls=["2.jpg"])["same"]) == ["2.jpg"]


@pytest.mark.parametrize("wrong", ["xyz", "abcd", "md4:00"])
def test_what_is_no_hash_is_refused(project: Project, wrong: str) -> None:
    """With the kinds that there are."""
    with pytest.raises(InputError, match="hash"):
        ask(project, hashes=[wrong])


def test_files_that_are_not_there_or_no_pictures(project: Project, tmp_path: Path) -> None:
    """Each has its error."""
    (tmp_path / "t.txt").write_text("no picture")

    with pytest.raises(PathNotFoundError):
        ask(project, files=[tmp_path / "gone.jpg"])
    with pytest.raises(InputError, match="cannot be read"):
        ask(project, files=[tmp_path / "t.txt"])


def test_a_request_for_somebody_whom_nothing_names_is_refused(project: Project) -> None:
    """It would reach nobody."""
    with pytest.raises(InputError, match="nothing on record"):
        open_request(project.context, "access", subject="nobody", notice=())
