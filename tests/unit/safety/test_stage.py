"""The stage, the lists and the gate on a workspace of generated pictures."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from curate.api import Project
from curate.errors import InputError, VerificationError
from curate.media import probe_media
from curate.safety.folder import hash_folder
from curate.safety.formats import read_list
from curate.safety.gate import check_gate
from curate.safety.lists import HashList, ListInfo
from curate.safety.stage import open_lists, publish

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def picture(seed: int) -> Image.Image:
    cells = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((256, 256), Image.Resampling.BICUBIC)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    for seed in range(4):
        picture(seed).save(folder / f"{seed}.png")
    picture(1).resize((200, 200)).save(folder / "edited.jpg", quality=60)
    picture(1).transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png")
    Image.new("RGB", (64, 64), (9, 9, 9)).save(folder / "blank.png")
    return folder


@pytest.fixture
def project(tmp_path: Path, media: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    made = curate.init(tmp_path / "ws")
    made.clock = lambda: NOW
    made.ingest(media)
    made.run(["probe"], jobs=1)
    return made


def hashes(media: Path, status: str = "") -> str:
    """Return a list of one picture by PDQ and another by MD5, as CSV."""
    alike = probe_media(media / "1.png", root=media).content["pdq"]
    same = hashlib.md5((media / "2.png").read_bytes()).hexdigest()
    return f"hash,type,status\n{alike.hex()},pdq,{status}\n{same},md5,{status}\n"


def register(project: Project, text: str, scratch: Path, *, days: int = 30) -> None:
    path = scratch / "list.csv"
    path.write_text(text, encoding="utf-8")
    info = ListInfo("l", "a hotline", "ncii", NOW, NOW + timedelta(days=days))
    store = open_lists(project.workspace, project.config, create=True)
    store.put(HashList(info, read_list(path).entries))
    publish(project.catalog, project.workspace)


def bands(project: Project) -> dict[str, str]:
    """Return the band of each entry that is on a list or near one, by locator."""
    rows = project.catalog.connect().execute(
        "SELECT locator, min(band) FROM hash_matches JOIN sightings USING (sha256) "
        "JOIN media USING (media_id) GROUP BY ALL"
    )
    return dict(rows.fetchall())


def test_copies_edited_and_turned_are_found_and_what_is_blank_is_not_clean(
    project: Project, media: Path, tmp_path: Path
) -> None:
    register(project, hashes(media), tmp_path)
    (ran,) = project.run(["hashlists"])
    found = bands(project)
    assert found.pop("turned.png") in {"match", "near"}
    assert found == {"1.png": "match", "edited.jpg": "match", "2.png": "match"}
    assert ran.notes["not_checkable"] == 1
    assert project.run(["hashlists"])[0].done == 0
    codes = {f["code"] for f in project.audit().findings.to_pylist()}
    assert {"HSH001", "HSH003"} <= codes


def test_what_matches_is_kept_from_other_stages(
    project: Project, media: Path, tmp_path: Path
) -> None:
    register(project, hashes(media), tmp_path)
    project.run(["hashlists", "signals", "dedup"], jobs=1)
    listed = {
        row["sha256"]
        for row in project.catalog.read("hash_matches").to_pylist() if row["band"] == "match"
    }  # fmt: skip
    for name, column in (("signal_scans", "sha256"), ("compared", "sha256"), ("groups", "sha256")):
        assert not listed & set(project.catalog.read(name)[column].to_pylist())


def test_what_was_withdrawn_opens_again(project: Project, media: Path, tmp_path: Path) -> None:
    register(project, hashes(media), tmp_path)
    project.run(["hashlists"])
    register(project, hashes(media, "Withdrawn"), tmp_path)
    project.run(["hashlists"])
    assert bands(project) == {}


def test_no_hash_of_a_list_lies_in_clear(project: Project, tmp_path: Path) -> None:
    secret = hashlib.md5(b"not in the dataset").hexdigest()
    register(project, f"hash\n{secret}\n", tmp_path)
    project.run(["hashlists"])
    spellings = (secret.encode(), secret.upper().encode(), bytes.fromhex(secret))
    for path in project.workspace.root.rglob("*"):
        if path.is_file():
            assert not any(one in path.read_bytes() for one in spellings), path
    (kept,) = project.workspace.lists.glob("*.bin")
    kept.write_bytes(kept.read_bytes().replace(b'"category": "ncii"', b'"category": "terr"'))
    with pytest.raises(VerificationError):
        open_lists(project.workspace, project.config).get("l")


@pytest.mark.parametrize("why", ["never ran", "stale", "gone", "changed"])
def test_the_gate_is_shut(project: Project, media: Path, tmp_path: Path, why: str) -> None:
    check_gate(project.workspace, project.catalog, NOW)  # no list: open
    register(project, hashes(media), tmp_path)
    if why != "never ran":
        project.run(["hashlists"])
        check_gate(project.workspace, project.catalog, NOW)
    if why == "changed":
        register(project, hashes(media, "Deleted"), tmp_path)
    if why == "gone":
        next(iter(project.workspace.lists.glob("*.bin"))).unlink()
    late = NOW + timedelta(days=31 if why == "stale" else 0)
    with pytest.raises(InputError):
        check_gate(project.workspace, project.catalog, late)
    if why != "stale":
        with pytest.raises(InputError, match="hash list"):
            project.release("v1")


def test_a_folder_without_a_workspace(media: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(hashes(media), encoding="utf-8")
    info = ListInfo("l", "", "custom", NOW, NOW)
    lists = [HashList(info, read_list(path).entries)]
    done = hash_folder(media, lists)
    told = done.match(lists)
    found = {done.paths[row["item"]][0]: row["band"] for row in told.matches.to_pylist()}
    assert found.pop("turned.png") in {"match", "near"}
    assert found == {"1.png": "match", "edited.jpg": "match", "2.png": "match"}
    assert [done.paths[row] for row in told.unchecked] == [["blank.png"]]
