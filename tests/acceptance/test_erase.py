"""Erasure by the command line: what goes, what stays refused, and the receipt that tells it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import curate as curate_
from curate.catalog.views import read_entries
from curate.schema import conform
from curate.signing import KeyHome, verify
from curate.verbs.erase import erasure
from curate.verbs.vault import open_vault
from tests.acceptance.conftest import Curate

SOURCES = '[sources.own]\ntitle = "Own"\nlicence = "CC-BY-4.0"\ncollection_method = "contributed"\n'
VERDICTS = {"blocked": 0, "needs_review": 1, "cleared": 2}


def _picture(path: Path, seed: int, **options: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    coarse.resize((256, 256), Image.Resampling.BICUBIC).save(path, "JPEG", **options)


@pytest.fixture
def ws(tmp_path: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace: p1 in two entries, one of them broken; p2 in two, one near p1's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    media = tmp_path / "media"
    media.mkdir()
    _picture(media / "a.jpg", 1)
    (media / "broken.jpg").write_bytes((media / "a.jpg").read_bytes()[:300])
    _picture(media / "b.jpg", 2)
    rows = ["path,label,subject,role", "a.jpg,real,p1,depicted", "broken.jpg,real,p1,depicted",
            "b.jpg,real,p2,depicted"]  # fmt: skip
    (media / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    said = "subject,subject_kind,minor_at_capture,purposes,roles,operations,valid_from,valid_until"
    lines = [f"{p},adult,no,train-detector,depicted,include;train_detector,2020-01-01,2100-01-01"
             for p in ("p1", "p2")]  # fmt: skip
    (tmp_path / "consents.csv").write_text("\n".join([said, *lines]), encoding="utf-8")
    curate("init", "ws")
    curate("ingest", media, "-w", "ws")
    curate("consent", "import", "consents.csv", "-w", "ws")
    curate("run", "probe", "signals", "dedup", "-w", "ws", "--jobs", 1)
    return tmp_path / "ws"


def _verdicts(ws: Path) -> dict[str, int]:
    audited = curate_.open(ws).audit()
    return {r["media_id"]: VERDICTS[r["verdict"]] for r in audited.verdicts.to_pylist()}


def _states(ws: Path) -> dict[str, tuple[str, str | None]]:
    rows = read_entries(curate_.open(ws).catalog).to_pylist()
    return {row["locator"]: (row["state"], row["reason"]) for row in rows}


def test_erased_is_gone_and_does_not_come_back(ws: Path, tmp_path: Path, curate: Curate) -> None:
    """Records, rows and old files go; the file, its broken copy and an edited one are refused."""
    media = tmp_path / "media"
    kept = curate_.open(ws).catalog
    (sha256,) = (r["sha256"] for r in read_entries(kept).to_pylist() if r["locator"] == "a.jpg")
    refused = curate("consent", "erase", "p1", "-w", "ws", "--yes", status=2)
    assert "consent withdraw p1" in refused.err
    curate("consent", "withdraw", "p1", "-w", "ws", "--yes")
    before = _verdicts(ws)
    curate("keys", "new", "desk")

    done = curate("consent", "erase", "p1", "-w", "ws", "--yes", "--json", "--key", "desk")

    told = json.loads(done.out)
    envelope = json.loads(Path(told["receipt"]).read_bytes())
    said = verify(envelope, [KeyHome().public_key("desk")], predicate_type="curate:erasure/v1",
                  where="receipt")["predicate"]  # fmt: skip
    assert said["destroyed"] == told["destroyed"]
    assert said["destroyed"]["ledger"]["kinds"] == ["consent_events", "consents", "subjects"]
    assert said["destroyed"]["refused_contents"] == 2
    left = said["not_destroyed"]["files"]
    assert sorted(Path(name).name for name in left) == ["a.jpg", "broken.jpg"]
    assert all(rank <= before[media_id] for media_id, rank in _verdicts(ws).items())
    tables = [p for p in (ws / "catalog").rglob("*.parquet") if "content" in p.parts]
    assert tables
    assert not any(sha256.encode() in p.read_bytes() for p in tables)
    curate("consent", "verify", "-w", "ws")

    shutil.copy(media / "a.jpg", media / "again.jpg")
    shutil.copy(media / "broken.jpg", media / "broken again.jpg")
    _picture(media / "edited.jpg", 1, quality=40)
    with (media / "manifest.csv").open("a", encoding="utf-8") as manifest:
        for name in ("again.jpg", "broken again.jpg", "edited.jpg"):
            manifest.write(f"\n{name},real,p2,depicted")
    curate("ingest", media, "-w", "ws")
    curate("run", "probe", "-w", "ws", "--jobs", 1)

    states = _states(ws)
    for name in ("a.jpg", "again.jpg", "broken again.jpg"):
        assert states[name] == ("unreadable", "erased"), name
    assert states["edited.jpg"] == ("unreadable", "like-erased")
    assert states["b.jpg"] == ("present", None)
    explained = curate("explain", "a.jpg", "-w", "ws", status=None)
    assert "erased" in explained.out


def test_what_only_the_erased_kept_back_is_held(ws: Path) -> None:
    """An entry that only what is gone kept back waits for somebody to look."""
    project = curate_.open(ws)
    after = project.audit()
    (b,) = (r["media_id"] for r in project.catalog.read("media").to_pylist()
            if r["locator"] == "b.jpg")  # fmt: skip
    rows = [{**r, "verdict": "blocked" if r["media_id"] == b else r["verdict"]}
            for r in after.verdicts.to_pylist()]  # fmt: skip
    before = replace(after, verdicts=conform(rows, "verdicts"))

    held = erasure(project.context, "p1").hold({"u": before}, {"u": after})

    assert held == [b]
    assert _verdicts(ws)[b] == VERDICTS["blocked"]


def test_files_and_keys_go_when_asked_for(ws: Path, tmp_path: Path, curate: Curate) -> None:
    """And the receipt names them, and how many keys went."""
    curate("consent", "withdraw", "p1", "-w", "ws", "--yes")
    vault = open_vault(curate_.open(ws).context).vault
    for owner in ("subject:p1", "subject:p2"):
        vault.seal(owner, "m", pa.table({"face_id": [owner], "vector": [[1.0]]}),
                   expires_at=datetime(2100, 1, 1, tzinfo=UTC))  # fmt: skip
    asked = curate("consent", "erase", "p1", "-w", "ws", "--json", status=2)
    assert "--yes" in asked.err
    assert (tmp_path / "media" / "a.jpg").exists()

    done = curate("consent", "erase", "p1", "-w", "ws", "--yes", "--json", "--delete-files")

    told = json.loads(done.out)
    names = [Path(name).name for name in told["destroyed"]["files"]]
    assert sorted(names) == ["a.jpg", "broken.jpg"]
    assert not told["not_destroyed"]["files"]
    assert told["destroyed"]["vault_keys"] == 1
    assert vault.is_shredded("subject:p1")
    assert [vault.open(one)["face_id"].to_pylist() for one in vault.kept()] == [["subject:p2"]]
    assert sorted(p.name for p in (tmp_path / "media").glob("*.jpg")) == ["b.jpg"]

    again = json.loads(curate("consent", "erase", "p1", "-w", "ws", "--yes", "--json").out)
    assert again["receipt"] != told["receipt"]
    assert Path(told["receipt"]).exists()
