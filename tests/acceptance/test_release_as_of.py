"""A release as of an instant: the same bytes whenever it is built, and nothing that went since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

import curate as api
from curate.errors import DependencyError, InputError
from curate.files import write_whole
from curate.model.instants import print_instant
from curate.release.feed import FEED, read_feed
from curate.release.verify import verify
from curate.signing import new_key
from curate.verbs.release import Order
from tests.acceptance.conftest import Curate

PEOPLE = ("p1", "p2", "p3")
SETTINGS = """
[release]
documents = true
"""
REVIEWERS = {"ana": "Ana Silva", "bo": "Bo Berg"}
FORMS = ("webdataset", "huggingface", "coco")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """Make a workspace of one picture each of three people; return it, and when two had agreed."""
    root = tmp_path_factory.mktemp("as-of")
    (root / "media").mkdir()
    lines = ["path,label,subject,role"]
    for number, person in enumerate(PEOPLE):
        noise = np.random.default_rng(number).integers(0, 256, (12, 12, 3), np.uint8)
        picture = Image.fromarray(noise).resize((256, 256), Image.Resampling.BICUBIC)
        picture.save(root / "media" / f"{person}.jpg")
        lines.append(f"{person}.jpg,real,{person},depicted")
    (root / "media" / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")
    with api.init(root / "ws").workspace.config.open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    (root / "ws" / "datasheet.toml").write_text('[documents]\nform = "form.md"\n', "utf-8")
    (root / "ws" / "form.md").write_text("I agree.", "utf-8")
    project = api.open(root / "ws")
    project.ingest(root / "media")
    agree(root / "ws", PEOPLE[:2])
    project.run(["probe", "signals", "dedup"], jobs=1)
    for reviewer, name in REVIEWERS.items():
        project.add_reviewer(reviewer, name=name)
    let_pass(root / "ws")
    return root / "ws", project.clock()


def let_pass(ws: Path) -> None:
    """Have two people clear what needs review: no model looked for faces, and these are noise."""
    project = api.open(ws)
    for row in project.audit().verdicts.to_pylist():
        for reviewer in REVIEWERS if row["verdict"] == "needs_review" else ():
            project.decide(row["media_id"], "cleared", reviewer=reviewer, reason="noise")


def agree(ws: Path, people: Sequence[str]) -> None:
    """Import a consent of each of these people."""
    head = "subject,subject_kind,minor_at_capture,purposes,roles,operations,valid_from,valid_until"
    rows = [f"{who},adult,no,train-detector,depicted,include;train_detector,2020-01-01,2100-01-01"
            for who in people]  # fmt: skip
    place = ws.parent / f"consents-{'-'.join(people)}.csv"
    place.write_text("\n".join([head, *rows]), encoding="utf-8")
    api.open(ws).import_statements(place)


@pytest.fixture
def ws(made: tuple[Path, datetime], tmp_path: Path) -> Path:
    """Return a copy of the workspace."""
    shutil.copytree(made[0], tmp_path / "ws")
    return tmp_path / "ws"


def people_of(folder: Path, ws: Path) -> set[str]:
    """Return who is in a release."""
    tables = [parquet.ParquetFile(path).read() for path in (folder / "data").glob("*.parquet")]
    ids = {media for table in tables for media in table["media_id"].to_pylist()}
    media = api.open(ws).catalog.read("media").to_pylist()
    return {Path(row["locator"]).stem for row in media if row["media_id"] in ids}


def test_two_builds_have_the_same_bytes(
    made: tuple[Path, datetime], tmp_path: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two processes, at two times: every file that is listed, and the manifest that lists it.

    What the ledger salts and dates when it is recorded is not listed, nor is a signature over it.
    """
    forms = [word for form in FORMS for word in ("--format", form)]
    key = tmp_path / "key.pem"
    write_whole(key, new_key("ecdsa-p256").pem(), private=True)
    found = []
    for name in ("one", "other"):
        shutil.copytree(made[0], tmp_path / name)
        monkeypatch.setenv("PYTHONHASHSEED", str(len(found)))
        curate("release", "build", "v1", "-w", name, "--as-of", print_instant(made[1]),
               "--crops", "0.3", "--key", key, *forms)  # fmt: skip
        folder = tmp_path / name / "releases" / "v1"
        found.append({path.relative_to(folder).as_posix(): path.read_bytes()
                      for path in folder.rglob("*") if path.is_file()})  # fmt: skip
    said = json.loads(found[0]["manifest.json"])
    beside = set(said["beside"])
    documents = {"README.md", "croissant.json", "datasheet.html", "documents/form.md"}
    assert documents <= found[0].keys() - beside
    assert found[0].keys() == found[1].keys()
    differing = {path for path in found[0] if found[0][path] != found[1][path]}
    assert differing == beside - {"verdicts.dsse.json"} == {
        "log/checkpoint", "log/inclusion.json", "model.sig", "attestation.dsse.json"
    }  # fmt: skip
    assert (said["as_of"], said["judged_at"]) == (print_instant(made[1]), ["as_of", "build"])
    assert "That instant was asked for" in found[0]["datasheet.md"].decode()


def test_what_was_withdrawn_since_is_out(made: tuple[Path, datetime], ws: Path) -> None:
    """Of a release as of before: the person is not in it, and files of them are called back."""
    project = api.open(ws)
    project.release("v1", Order("detector-training"))
    project.withdraw("p2")
    with pytest.raises(DependencyError, match="status 1"):
        project.recall("v2", tsa="false")

    built = project.release("v2", Order("detector-training", as_of=made[1]))

    assert people_of(ws / "releases" / "v1", ws) == {"p1", "p2"}
    assert people_of(built.folder, ws) == {"p1"}
    assert built.left_out["CON002"] == 1
    assert len(read_feed(built.folder / FEED).tombstones) == 1
    assert verify(built.folder, previous=ws / "releases" / "v1").failures == ()


def test_what_was_cleared_only_since_is_out_and_not_called_back(
    made: tuple[Path, datetime], ws: Path
) -> None:
    """Whoever agreed after the instant is not in the release, and stays in the one before it."""
    agree(ws, ["p3"])
    let_pass(ws)
    project = api.open(ws)
    project.release("v1", Order("detector-training"))

    built = project.release("v2", Order("detector-training", as_of=made[1]))

    assert people_of(ws / "releases" / "v1", ws) == {"p1", "p2", "p3"}
    assert people_of(built.folder, ws) == {"p1", "p2"}
    assert read_feed(built.folder / FEED).tombstones == ()
    assert project.latest_audit().as_of > made[1]


def test_an_instant_to_come_is_refused(ws: Path) -> None:
    """What is withdrawn until then is not known yet."""
    order = Order("detector-training", as_of=datetime(2200, 1, 1, tzinfo=UTC))
    with pytest.raises(InputError, match="still to come"):
        api.open(ws).release("v1", order)
