"""A disk that is full or read-only is told as such, and what only reads goes on."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

import curate
from curate.catalog import ledger_file
from curate.catalog.derived import FOLDER, derived
from curate.cli import status as status_command
from curate.cli.main import main
from curate.errors import StorageError, storage_error
from curate.files import write_whole
from curate.schema import conform
from tests.factories import day, media, whole


@pytest.fixture
def project(tmp_path: Path) -> curate.Project:
    """Return a workspace with a person in its ledger."""
    made = curate.init(tmp_path / "ws")
    made.ledger.record("subjects", [whole("subjects") | {"subject_id": "p1"}], recorded_at=day(1))
    return made


def _run(project: curate.Project, *words: str) -> int:
    return main([*words, "-w", str(project.workspace.root)])


def test_a_ledger_that_cannot_be_written_is_read(
    project: curate.Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made beside it, and the proof needs no more."""
    point = project.workspace.root.parent / "checkpoint"
    project.ledger.checkpoint().save(point)
    before = sorted(project.workspace.root.iterdir())
    monkeypatch.setattr(ledger_file, "can_be_written", lambda _: False)

    assert _run(project, "status") == 0
    assert _run(project, "release", "list") == 0
    assert _run(project, "consent", "verify", "--checkpoint", str(point)) == 0
    assert sorted(project.workspace.root.iterdir()) == before
    assert "the checkpoint of 1 entry " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "writable", "said"),
    [
        (sqlite3.SQLITE_FULL, True, "the disk is full"),
        (sqlite3.SQLITE_READONLY, True, "not writable"),
        (sqlite3.SQLITE_IOERR, False, "not writable"),
        (sqlite3.SQLITE_CANTOPEN, False, "not writable"),
    ],
)
def test_what_keeps_the_ledger_from_being_written_is_said(
    project: curate.Project,
    monkeypatch: pytest.MonkeyPatch,
    *,
    code: int,
    writable: bool,
    said: str,
) -> None:
    """A backup would not help, and is not asked for."""
    monkeypatch.setattr(ledger_file, "can_be_written", lambda _: writable)
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(ledger_file, "append", full)

    with pytest.raises(StorageError, match=said) as caught:
        project.ledger.record("subjects", [whole("subjects") | {"subject_id": "p2"}],
                              recorded_at=day(2))  # fmt: skip
    assert "backup" not in caught.value.hint
    assert "nothing was recorded" in caught.value.hint


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_an_error_of_the_disk_is_no_bug(
    project: curate.Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    """Whichever file it is about."""

    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "/ws/file")

    monkeypatch.setattr(status_command, "open_context", failing)

    assert _run(project, "status") == 3
    told = capsys.readouterr().err
    assert "E303 /ws/file" in told


def test_words_of_a_library_are_understood() -> None:
    """The tables' library gives no number."""
    assert storage_error(OSError("Generic error: No space left on device (os error 28)"))
    assert storage_error(ValueError("something else")) is None


def test_what_cannot_be_kept_is_made_each_time(project: curate.Project) -> None:
    """A folder of what is derived that cannot be made keeps nothing from being read."""
    catalog = project.catalog
    catalog.append("media", conform([media("a.jpg")], "media"))
    (catalog.folder / FOLDER).write_bytes(b"")

    made = derived(catalog, "n", ("media",), lambda: {"n": catalog.read("media")})

    assert made["n"].num_rows == 1


def test_half_a_file_is_not_left_where_there_is_no_room(tmp_path: Path) -> None:
    """What was there before stays."""
    place = tmp_path / "file"
    write_whole(place, "before")
    (tmp_path / ".file.partial").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space"):
        write_whole(place, "after")

    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert place.read_text(encoding="utf-8") == "before"


def test_half_a_workspace_does_not_go_on_from_another(
    project: curate.Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings that cannot be read are told before; what fails later leaves both as they were."""
    place, new = project.workspace, tmp_path / "new"
    kept = place.config.read_text(encoding="utf-8")
    place.config.write_text("[workspace\n", encoding="utf-8")

    assert main(["init", str(new), "--from", str(place.root)]) == 2
    assert "curate.toml" in capsys.readouterr().err
    assert not new.exists()
    assert not (place.root / "continued.json").exists()

    place.config.write_text(kept, encoding="utf-8")
    (place.root / ".continued.json.partial").symlink_to("/dev/full")
    assert main(["init", str(new), "--from", str(place.root)]) == 3
    assert not new.exists()
    assert main(["init", str(new), "--from", str(place.root)]) == 0
