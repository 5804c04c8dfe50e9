"""Workspaces of every format that was released are migrated, audited and released from."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import curate as library
from curate.catalog.ledger import Ledger
from curate.schema import table_names
from curate.workspace import FORMAT, FORMAT_NAME, Workspace
from tests.acceptance.conftest import Curate

KEPT = Path(__file__).parents[1] / "kept"
KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from curate.catalog.ledger import Ledger
from curate.verbs.migrate import run, to_format_2
from curate.workspace import Workspace

left = int(sys.argv[2])

def counted(function):
    def call(*rest, **more):
        global left
        done = function(*rest, **more)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return call

run.write_whole = counted(run.write_whole)
Ledger.record = counted(Ledger.record)
to_format_2.shutil.rmtree = counted(shutil.rmtree)
run.migrate(Workspace(Path(sys.argv[1])))
"""


@pytest.fixture(params=range(1, FORMAT))
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the media and the workspace `ws` that are kept of a format."""
    with tarfile.open(KEPT / f"format-{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    for key in tmp_path.glob("settings/curate/keys/*"):
        key.chmod(0o600)
    for key in tmp_path.glob("ws/*.key"):
        key.chmod(0o600)
    return tmp_path


def test_kept_workspace_is_refused_then_migrated_and_used(kept: Path, curate: Curate) -> None:
    """Every verb refuses it; after the migration what people said and what went out is there."""
    before = _statements(kept / "ws")
    for words in (("audit",), ("run",), ("status",), ("release", "list")):
        assert "curate migrate" in curate(*words, "-w", "ws", status=2).err

    shown = curate("migrate", "-w", "ws", "--dry-run")
    assert "2 releases move to the ledger" in shown.out
    assert not (kept / "ws" / FORMAT_NAME).exists()
    told = json.loads(curate("migrate", "-w", "ws", "--yes", "--json").out)

    assert (told["from"], told["to"]) == (1, FORMAT)
    assert (Path(told["backup"]) / "ledger.sqlite").is_file()
    after = _statements(kept / "ws")
    assert {name: after[name] for name in before} == before
    curate("consent", "verify", "-w", "ws")
    assert curate("migrate", "-w", "ws").out.endswith("nothing is to do\n")
    listed = json.loads(curate("release", "list", "-w", "ws", "--json").out)
    assert [(row["name"], row["items"], row["recipients"]) for row in listed] == [
        ("v1", 11, ["lab"]), ("v2.0.0", 5, []),
    ]  # fmt: skip

    curate("ingest", "media", "--dataset", "kept", "-w", "ws")
    curate("run", "-w", "ws", "--jobs", 1)
    audited = json.loads(curate("audit", "-w", "ws", "--format", "json", status=1).out)
    project = library.open(kept / "ws")
    names = {row["media_id"]: row["locator"] for row in project.catalog.read("media").to_pylist()}
    verdicts = {names[row["media_id"]]: row["verdict"] for row in audited["verdicts"]}
    # p01 was erased, p02 withdrew, a takedown of p03 is open.
    assert [verdicts[f"{ab}{n}.jpg"] for n in (0, 1, 2) for ab in "ab"] == ["blocked"] * 6
    # Of the others nobody ever recorded a source: what went out is no longer cleared.
    recalled = curate("release", "recall", "--all", "-w", "ws").out
    assert "11 files of earlier releases must go" in recalled


def test_migration_that_was_killed_goes_on(kept: Path, curate: Curate) -> None:
    """SIGKILL again and again: until it is done every verb refuses the workspace."""
    before = _statements(kept / "ws")
    # Each run does again what the one before began: later steps take more of them.
    for after in (1, 2, 1, 3, 4, 6, 1):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(kept / "ws"), str(after)],
            check=False, capture_output=True, env=os.environ,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert "curate migrate" in curate("audit", "-w", "ws", status=2).err

    assert "it goes on" in curate("migrate", "-w", "ws", "--yes").out

    after_all = _statements(kept / "ws")
    assert {name: after_all[name] for name in before} == before
    record = library.open(kept / "ws").context.record
    assert [row["name"] for row in record.releases()] == ["v1", "v2.0.0"]
    assert record.items().num_rows == 16
    assert len(list((kept / "ws" / "backups").iterdir())) == 1


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("catalog/releases", "2 releases went out that catalog/releases does not hold"),
        ("catalog/release_items", "catalog/release_items"),
        ("catalog/refusals", "guard.key is there"),
        ("catalog", "the folder catalog/ holds no tables"),
    ],
)
def test_what_is_gone_of_the_record_stops_a_migration(
    kept: Path, curate: Curate, gone: str, told: str
) -> None:
    """A table that is gone does not say that nothing went out; who goes on, says so."""
    shutil.rmtree(kept / "ws" / gone)

    stopped = curate("migrate", "-w", "ws", "--yes", status=4).err
    assert told in stopped
    assert not (kept / "ws" / FORMAT_NAME).exists()
    went_on = curate("migrate", "-w", "ws", "--yes", "--accept-loss")
    assert told in went_on.err
    (kept_in,) = (kept / "ws" / "backups").glob("*/migrated.json")
    assert any(told in line for line in json.loads(kept_in.read_text())["did"])


def test_a_table_that_is_cut_short_stops_a_migration(kept: Path, curate: Curate) -> None:
    """With its place, and before anything is done."""
    file = next((kept / "ws" / "catalog" / "releases").glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-30])

    told = curate("migrate", "-w", "ws", "--yes", status=2).err
    assert "E203 catalog/releases" in told
    assert not (kept / "ws" / "backups").exists()


def test_a_ledger_that_is_gone_stops_a_migration(kept: Path, curate: Curate) -> None:
    """What people said is in no table."""
    (kept / "ws" / "ledger.sqlite").unlink()

    assert "E104" in curate("migrate", "-w", "ws", "--yes", status=2).err
    assert "E104" in curate("migrate", "-w", "ws", "--dry-run", status=2).err


def test_newer_workspace_is_refused(kept: Path, curate: Curate) -> None:
    """What a newer version wrote is not judged by half of it."""
    (kept / "ws" / FORMAT_NAME).write_text(json.dumps({"format": FORMAT + 1}), encoding="utf-8")

    for words in (("audit",), ("migrate",)):
        assert "a newer version of curate wrote it" in curate(*words, "-w", "ws", status=2).err


def test_backup_goes_with_an_erasure(kept: Path, curate: Curate) -> None:
    """A copy of the workspace would keep what was erased."""
    curate("migrate", "-w", "ws", "--yes")
    curate("ingest", "media", "--dataset", "kept", "-w", "ws")
    backups = Workspace(kept / "ws").backups
    assert list(backups.iterdir())

    told = json.loads(curate("consent", "erase", "p02", "-w", "ws", "--yes", "--json").out)

    assert told["destroyed"]["backups"] == 1
    assert not list(backups.iterdir())


def _statements(ws: Path) -> dict[str, list[dict[str, object]]]:
    """Return what the ledger says, by kind, but for what the migration brings into it."""
    ledger = Ledger(ws / "ledger.sqlite")
    moved = {"releases", "tombstones", "refusals", "listings"}
    return {n: ledger.read(n).to_pylist() for n in table_names("ledger") if n not in moved}
