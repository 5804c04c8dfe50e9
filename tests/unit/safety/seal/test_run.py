"""Sealing: what goes, what stays, who opens it, and how it comes back."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import curate
from curate.api import Project
from curate.catalog.views import read_entries
from curate.errors import InputError, VerificationError
from curate.safety.gate import check_gate
from curate.safety.lists import HashList
from curate.safety.seal.custody import Custody
from curate.safety.seal.keys import OpeningKey, make_pair
from curate.safety.seal.open import PREDICATE, Opening
from curate.safety.seal.places import sealed_file
from curate.safety.seal.run import Sealed, sealer_of
from curate.safety.stage import open_lists
from curate.schema import conform
from curate.signing import new_key, verify
from tests.sealing import (
    LOCATOR,
    NOW,
    add_list,
    md5_of,
    name_officer,
    picture,
    replace_clock,
    shows,
    workspace,
)

ANNA, BEN, EVE = new_key(), new_key(), new_key()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a workspace in which a list of intimate imagery names two copies of a picture."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    made = name_officer(workspace(tmp_path))
    add_list(made, [md5_of(tmp_path / "media" / LOCATOR)], "ncii")
    return made


def _seal(project: Project) -> Sealed:
    done = sealer_of(project.workspace, project.config, NOW)
    return done.run(categories=project.config.seal, in_place=project.config.in_place)


def _states(project: Project) -> dict[str, str]:
    return {row["locator"]: row["state"] for row in read_entries(project.catalog).to_pylist()}


@pytest.fixture
def opening(project: Project, tmp_path: Path) -> Callable[..., Opening]:
    """Return a function that gives the opening of what the stage sealed."""
    project.run(["hashlists"], jobs=1)
    custody = Custody(project.ledger)

    def make(**changed: object) -> Opening:
        (held,) = custody.all()
        plain = Opening(
            place=project.workspace,
            custody=custody,
            held=held,
            officer=OpeningKey.read(str(tmp_path / "officer.pem"), lambda: None),
            signers=(ANNA, BEN),
            openers=(ANNA.public, BEN.public),
            reason="order 12/2026",
            now=NOW,
        )
        return replace(plain, **changed)  # type: ignore[arg-type]

    return make


def test_a_match_is_sealed_at_once_with_its_copies(project: Project, tmp_path: Path) -> None:
    """One seal for both copies; neighbours stay; the run tells ids and no name."""
    ran = project.run(["hashlists"], jobs=1)

    (held,) = Custody(project.ledger).all()
    assert ran[0].notes["sealed"] == [held.seal_id]
    assert (held.state, held.first["category"], held.first["lists"]) == ("sealed", "ncii", ["desk"])
    left = {p.name for p in (tmp_path / "media").rglob("*") if p.is_file()}
    assert left == {"b.jpg", "c.jpg"}
    assert sorted(_states(project).values()) == ["present", "present", "sealed", "sealed"]
    assert project.audit().counts()["blocked"] == 2
    check_gate(project.workspace, project.catalog, NOW)
    assert _seal(project) == Sealed()


def test_grave_categories_and_wishes_stay_in_place(project: Project, tmp_path: Path) -> None:
    """Bytes, time and name of the file are as they were; its name is out of the workspace."""
    add_list(project, [md5_of(tmp_path / "media" / LOCATOR)], "csam", "hotline")
    before = (tmp_path / "media" / LOCATOR).stat()

    project.run(["hashlists"], jobs=1)

    after = (tmp_path / "media" / LOCATOR).stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (
        before.st_ino, before.st_mtime_ns, before.st_size
    )  # fmt: skip
    (held,) = Custody(project.ledger).all()
    assert (held.state, held.first["category"]) == ("left_in_place", "csam")
    assert held.first["lists"] == ["desk", "hotline"]
    assert sealed_file(project.workspace, held.seal_id).stat().st_size < before.st_size
    assert list(_states(project).values()).count("sealed") == 2

    project.ingest(tmp_path / "media")
    project.run(["probe", "hashlists"], jobs=1)

    assert LOCATOR not in _states(project)
    assert list(_states(project).values()).count("sealed") == 2
    assert len(Custody(project.ledger).all()) == 1


def test_what_comes_back_is_sealed_anew(project: Project, tmp_path: Path) -> None:
    project.run(["hashlists"], jobs=1)
    picture(tmp_path / "media" / "train" / "real" / "other name.jpg", 1)
    project.ingest(tmp_path / "media")

    project.run(["probe", "hashlists"], jobs=1)

    assert len(Custody(project.ledger).all()) == 2
    assert not (tmp_path / "media" / "train" / "real" / "other name.jpg").exists()
    assert list(_states(project).values()).count("sealed") == 3


def test_a_manifest_that_names_it_still_names_it_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is in the listing, twice: as an entry whose file is gone, and as a rejection."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    name = "a very plain name.jpg"
    picture(tmp_path / "media" / name, 1)
    md5 = md5_of(tmp_path / "media" / name)
    manifest = tmp_path / "media" / "manifest.csv"
    manifest.write_text(f"path,label\n{name},real\n{name},fake\n", encoding="utf-8")
    make_pair(tmp_path / "officer", None)
    project = name_officer(curate.init(tmp_path / "ws"))
    project.ingest(tmp_path / "media")
    before = project.catalog.read("rejections").to_pylist()
    assert any(name in str(row) for row in before)
    add_list(project, [md5], "ncii")
    project.run(["probe", "hashlists"], jobs=1)

    project.ingest(tmp_path / "media")

    tables = [project.catalog.read(one).to_pylist() for one in ("media", "rejections", "labels")]
    assert name not in str(tables)
    assert len(tables[1]) == len(before)
    assert list(_states(project).values()) == ["sealed"]


def test_without_an_officer_nothing_is_touched(project: Project, tmp_path: Path) -> None:
    config = project.workspace.config
    config.write_text(config.read_text("utf-8").replace("officer", "# officer"), encoding="utf-8")
    project = replace_clock(curate.open(project.workspace.root))

    project.audit()
    media = (tmp_path / "media" / LOCATOR).read_bytes()
    assert shows(project.report("pictures")[0].read_bytes(), media)

    project.run(["hashlists"], jobs=1)

    assert (tmp_path / "media" / LOCATOR).exists()
    assert not Custody(project.ledger).all()
    assert list(_states(project).values()).count("withheld") == 2
    # The audit is older than the match: its findings do not tell of it.
    page = project.report("pictures")[0].read_bytes()
    assert b"data:image" in page
    assert not shows(page, media)
    assert project.audit().counts()["blocked"] == 2
    with pytest.raises(InputError, match="officer"):
        _seal(project)


def test_what_is_near_is_handed_to_no_reviewer(project: Project) -> None:
    """The audit is older than the list: its findings do not tell of it."""
    config = project.workspace.config
    config.write_text(config.read_text("utf-8").replace("officer", "# officer"), encoding="utf-8")
    project = replace_clock(curate.open(project.workspace.root))
    audited = project.audit()
    (mine,) = {row["sha256"] for row in read_entries(project.catalog).to_pylist()
               if row["locator"] == LOCATOR}  # fmt: skip
    near = {"sha256": mine, "list_id": "l", "category": "ncii", "ref": "r", "band": "near",
            "basis": "pdq", "distance": 35}  # fmt: skip
    assert LOCATOR in _locators(project)

    project.catalog.append("hash_matches", conform([near], "hash_matches"))

    assert audited.counts()["needs_review"] == 4
    assert _locators(project) == {"train/real/b.jpg", "train/real/c.jpg"}


def _locators(project: Project) -> set[str]:
    work = project.review_list(limit=100)
    return {item["locator"] for item in work.items.values()}


def test_a_changed_file_is_not_taken_for_what_matched(project: Project, tmp_path: Path) -> None:
    """Neither copy goes: one of them holds other bytes now, and nobody knows what they are."""
    config = project.config
    project.context.config = replace(config, officer="")
    project.run(["hashlists"], jobs=1)
    project.context.config = config
    picture(tmp_path / "media" / LOCATOR, 9)

    done = _seal(project)

    assert not done.sealed
    assert list(done.problems.values()) == [
        "the file changed since it was probed: ingest and run again"
    ]
    assert (tmp_path / "media" / "test" / "real" / "again.jpg").exists()
    assert not Custody(project.ledger).all()
    assert project.audit().counts()["blocked"] == 2


def test_what_cannot_be_taken_away_is_told(project: Project, tmp_path: Path) -> None:
    """A link's target and a file with another name on its disk stay, and custody says so."""
    media = tmp_path / "media"
    (tmp_path / "backup.jpg").hardlink_to(media / LOCATOR)

    project.run(["hashlists"], jobs=1)

    (held,) = Custody(project.ledger).all()
    assert held.first["left"] == ["it has 1 other names on its disk, which stay"]
    assert (tmp_path / "backup.jpg").exists()


@pytest.mark.parametrize("category", ["ncii", "csam"])
def test_releases_that_hold_it_are_told_and_go(project: Project, category: str) -> None:
    """Another release stays; where nothing may be deleted, so does the one that holds it."""
    mine = {row["locator"]: row["media_id"] for row in project.catalog.read("media").to_pylist()}
    rows = {"v1": mine[LOCATOR], "v2": mine["train/real/b.jpg"]}
    for name, media_id in rows.items():
        release = {"release_id": name, "name": name, "use": "u", "audit_run_id": "a",
                   "built_at": NOW, "path": f"releases/{name}", "merkle_root": "00",
                   "item_count": 1}  # fmt: skip
        item = {"release_id": name, "media_id": media_id, "path": "media/x.jpg", "sha256": "00"}
        items = conform([item], "release_items")
        project.context.record.add_release(release, items, recorded_at=NOW)
    folders = [project.workspace.releases / name for name in ("v1", "v2", ".v3.partial")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "x.jpg").write_bytes(b"media")
    add_list(project, [md5_of(Path(project.catalog.read("media")["root"][0].as_py()) / LOCATOR)],
             category, "other")  # fmt: skip

    project.run(["hashlists"], jobs=1)

    (held,) = Custody(project.ledger).all()
    kept = category == "csam"
    assert [folder.exists() for folder in folders] == [kept, True, kept]
    (told,) = held.first["left"]
    assert told.startswith("the release v1 holds it, and stays" if kept else "the release v1 held")


def test_members_of_an_archive_stay_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    data = picture(tmp_path / "x.jpg", 1)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("real/x.jpg", data)
    make_pair(tmp_path / "officer", None)
    project = name_officer(curate.init(tmp_path / "ws"))
    project.ingest(tmp_path / "set.zip")
    add_list(project, [md5_of(tmp_path / "x.jpg")], "ncii")

    project.run(["probe", "hashlists"], jobs=1)

    (held,) = Custody(project.ledger).all()
    assert held.state == "left_in_place"
    assert held.first["left"] == ["it lies in an archive or at an address, and stays there"]
    assert _states(project) == {f"{held.seal_id}/0": "sealed"}


def test_two_people_open_it_and_the_log_says_so(
    opening: Callable[..., Opening], project: Project, tmp_path: Path
) -> None:
    record = opening().open(tmp_path / "out")

    assert sorted(name for _, name in record["files"]) == ["test/real/again.jpg", LOCATOR]
    assert (tmp_path / "out" / "media.bin").read_bytes() == picture(tmp_path / "x.jpg", 1)
    assert oct((tmp_path / "out").stat().st_mode)[-3:] == "700"
    (held,) = Custody(project.ledger).all()
    act = held.acts[-1]
    assert (act["event"], act["reason"], held.opened) == ("opened", "order 12/2026", 1)
    assert sorted(act["by"]) == sorted([ANNA.public.keyid, BEN.public.keyid])
    for envelope, key in zip(json.loads(act["signatures"]), (ANNA, BEN), strict=True):
        said = verify(envelope, [key.public], predicate_type=PREDICATE, where="custody")
        assert said["subject"][0]["name"] == held.seal_id
    assert project.ledger.verify()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"signers": (ANNA, ANNA)}, "two people"),
        ({"signers": (ANNA, EVE)}, "not one of those who may open"),
        ({"reason": "  "}, "why"),
    ],
)
def test_nobody_opens_it_otherwise(
    opening: Callable[..., Opening],
    project: Project,
    tmp_path: Path,
    changed: dict[str, object],
    told: str,
) -> None:
    with pytest.raises(InputError, match=told):
        opening(**changed).open(tmp_path / "out")

    assert not (tmp_path / "out").exists()
    assert [act["event"] for one in Custody(project.ledger).all() for act in one.acts] == ["sealed"]


def test_it_is_not_opened_into_the_workspace_or_over_a_file(
    opening: Callable[..., Opening], project: Project, tmp_path: Path
) -> None:
    for folder in (project.workspace.root / "out", tmp_path / "media"):
        with pytest.raises(InputError):
            opening().open(folder)


def test_a_changed_sealed_file_is_told_and_not_opened(
    opening: Callable[..., Opening], project: Project, tmp_path: Path
) -> None:
    path = sealed_file(project.workspace, opening().held.seal_id)
    held = bytearray(path.read_bytes())
    held[-1] ^= 1
    path.write_bytes(held)

    with pytest.raises(VerificationError, match="on record"):
        opening().open(tmp_path / "out")
    make_pair(tmp_path / "other", None)
    other = OpeningKey.read(str(tmp_path / "other.pem"), lambda: None)
    held[-1] ^= 1
    path.write_bytes(held)
    with pytest.raises(VerificationError, match="another officer"):
        opening(officer=other).open(tmp_path / "out")


def test_it_comes_back_once_no_list_names_it(
    opening: Callable[..., Opening], project: Project, tmp_path: Path
) -> None:
    """A provider takes a hash back; two people put the file back, and it is judged anew."""
    store = open_lists(project.workspace, project.config)
    with pytest.raises(InputError, match="name it still"):
        opening().restore(store.all(), store)
    held = store.get("desk")
    rows = [{**row, "status": "withdrawn"} for row in held.entries.to_pylist()]
    store.put(HashList(held.info, held.entries.from_pylist(rows, schema=held.entries.schema)))

    assert opening().restore(store.all(), store) == 2

    assert (tmp_path / "media" / LOCATOR).read_bytes() == picture(tmp_path / "x.jpg", 1)
    assert _states(project)[LOCATOR] == "unseen"
    project.ingest(tmp_path / "media")
    project.run(["probe", "hashlists"], jobs=1)
    assert set(_states(project).values()) == {"present"}
    assert project.audit().counts()["blocked"] == 0
    (one,) = Custody(project.ledger).all()
    assert one.state == "restored"


def test_a_restoring_that_was_killed_goes_on(
    opening: Callable[..., Opening], project: Project, tmp_path: Path
) -> None:
    """The act is on record, and one of two files is back: asked for again, it does the rest."""
    opening()._state("restored")
    picture(tmp_path / "media" / LOCATOR, 1)
    store = open_lists(project.workspace, project.config)
    store.drop("desk")

    assert opening().restore(store.all(), store) == 2

    assert (tmp_path / "media" / "test" / "real" / "again.jpg").exists()
    assert [act["event"] for act in Custody(project.ledger).all()[0].acts] == ["sealed", "restored"]
    assert set(_states(project)) >= {LOCATOR, "test/real/again.jpg"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove any file")
def test_a_file_that_may_not_be_removed_is_not_called_sealed(
    project: Project, tmp_path: Path
) -> None:
    folder = (tmp_path / "media" / LOCATOR).parent
    folder.chmod(0o500)

    ran = project.run(["hashlists"], jobs=1)

    folder.chmod(0o700)
    assert list(ran[0].notes["problems"].values()) == ["Permission denied"]
    assert not Custody(project.ledger).all()
    assert _seal(project).sealed


def test_a_copy_that_cannot_be_read_back_removes_nothing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that gives back other bytes than it took: the originals stay."""
    from curate.safety.seal import run

    monkeypatch.setattr(run.Box, "media", lambda *_, **__: "0" * 64)

    ran = project.run(["hashlists"], jobs=1)

    assert list(ran[0].notes["problems"].values()) == [run._UNLIKE]
    assert (tmp_path / "media" / LOCATOR).exists()
    assert not Custody(project.ledger).all()
