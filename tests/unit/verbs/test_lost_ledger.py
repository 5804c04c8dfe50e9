"""A ledger that is gone, is an older one, or goes on elsewhere is never taken for the newest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import curate
from curate.catalog.record import ITEMS
from curate.cli.main import main
from curate.media.refuse import Guard
from curate.schema import conform
from curate.workspace import CONTINUED_NAME, FORMAT, FORMAT_NAME, create
from tests.factories import day, media, whole

READING = (
    ["status"],
    ["release", "list"],
    ["consent", "verify"],
    ["audit"],
    ["release", "build", "v1"],
    ["consent", "withdraw", "p1", "--yes"],
    ["consent", "show", "p1"],
)


def _project(root: Path) -> curate.Project:
    project = curate.init(root)
    project.ledger.record("subjects", [whole("subjects") | {"subject_id": "p1"}],
                          recorded_at=day(1))  # fmt: skip
    return project


def _run(project: curate.Project, *words: str) -> int:
    return main([*words, "-w", str(project.workspace.root)])


def _release(project: curate.Project) -> None:
    item = whole(ITEMS)
    row = {k: v for k, v in whole("releases").items() if k not in {"items_sha256", "status"}}
    project.context.record.add_release(
        row | {"release_id": item["release_id"], "built_at": day(5)},
        conform([item], ITEMS),
        recorded_at=day(5),
    )


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_no_command_takes_a_missing_ledger_for_an_empty_one(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an error that names the file, and no new ledger takes its place."""
    project = _project(tmp_path / "ws")
    project.workspace.ledger.unlink()

    assert _run(project, *words) == 2
    told = capsys.readouterr()
    assert "E104" in told.err
    assert "ledger.sqlite" in told.err
    assert "restore" in told.err
    assert not project.workspace.ledger.exists()


def test_nothing_goes_on_from_a_workspace_whose_ledger_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old one is not frozen either."""
    project = _project(tmp_path / "ws")
    kept = project.workspace.ledger.rename(tmp_path / "kept")

    assert main(["init", str(tmp_path / "new"), "--from", str(project.workspace.root)]) == 2
    assert "E104" in capsys.readouterr().err
    assert not (project.workspace.root / CONTINUED_NAME).exists()
    kept.rename(project.workspace.ledger)
    assert _run(project, "consent", "verify") == 0


@pytest.mark.parametrize("kind", ["items", "guard", "receipt", "release", "log", "tables"])
def test_what_an_earlier_version_wrote_is_known_by_what_comes_with_a_ledger(
    tmp_path: Path, kind: str
) -> None:
    """Its format says nothing of a ledger, and the files beside do."""
    project = _project(tmp_path / "ws")
    place = project.workspace
    (place.root / FORMAT_NAME).write_text(json.dumps({"format": FORMAT}), encoding="utf-8")
    if kind == "items":
        _release(project)
    elif kind == "guard":
        assert Guard(project.ledger).key
    elif kind == "receipt":
        (place.root / "receipts").mkdir()
        (place.root / "receipts" / "erasure-1.json").write_text("{}", encoding="utf-8")
    elif kind == "release":
        (place.releases / "v1").mkdir()
    elif kind == "log":
        (place.root / "ledger.sqlite-wal").write_bytes(b"")
    else:
        project.catalog.append("media", conform([media("m1")], "media"))
    place.ledger.unlink()

    assert _run(project, "release", "list") == 2


def test_an_earlier_workspace_says_that_it_has_a_ledger_once_it_is_written_to(
    tmp_path: Path,
) -> None:
    """Since then its loss is noticed without anything beside it."""
    place = _project(tmp_path / "ws").workspace
    (place.root / FORMAT_NAME).write_text(json.dumps({"format": FORMAT}), encoding="utf-8")
    assert not place.ledger_must_be_there()

    with place.writing():
        pass

    assert place.ledger_must_be_there()


def test_settings_alone_have_no_ledger_yet(tmp_path: Path) -> None:
    """Where nothing was ever recorded, nothing is lost."""
    project = curate.Project(create(tmp_path / "ws"))

    assert project.ledger.read("consents").num_rows == 0
    assert project.ledger.record("subjects", [whole("subjects")], recorded_at=day(1)) == 1


@pytest.mark.parametrize(
    "words",
    [["consent", "withdraw", "p1", "--yes"], ["consent", "import", "FILE"]],
    ids=lambda words: " ".join(words[:2]),
)
def test_nothing_is_recorded_in_a_workspace_that_is_continued(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Also by verbs that do not hold the workspace; the error says so, and where to go."""
    project = _project(tmp_path / "ws")
    file = tmp_path / "people.csv"
    file.write_text("subject\np9\n", encoding="utf-8")
    assert main(["init", str(tmp_path / "new"), "--from", str(project.workspace.root)]) == 0
    before = project.ledger.root()

    assert _run(project, *(str(file) if word == "FILE" else word for word in words)) == 2
    told = capsys.readouterr().err
    assert "nothing was recorded here: no withdrawal" in told
    assert f"-w {tmp_path / 'new'}" in told
    assert project.ledger.root() == before


def test_nobody_appends_while_another_workspace_is_made_from_it(tmp_path: Path) -> None:
    """What is said between the copy and the note would be in neither record that counts."""
    project = _project(tmp_path / "ws")
    program = (
        "import sys; from curate.cli.main import main\n"
        "from curate.catalog import ledger_file; ledger_file.PATIENCE_S = 0.1\n"
        f"sys.exit(main(['consent', 'withdraw', 'p1', '--yes', '-w', {str(tmp_path / 'ws')!r}]))"
    )
    with project.ledger.held():
        ran = subprocess.run(
            [sys.executable, "-c", program], check=False, capture_output=True, text=True
        )

    assert ran.returncode == 2
    assert "E202" in ran.stderr


@pytest.mark.parametrize("text", ["{", "[]", '{"in": 1}', "\0", '"x"'])
def test_a_note_that_cannot_be_read_keeps_a_workspace_from_being_written(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether another workspace goes on from it cannot be told."""
    project = _project(tmp_path / "ws")
    (project.workspace.root / CONTINUED_NAME).write_text(text, encoding="utf-8")

    for words in (["consent", "withdraw", "p1", "--yes"], ["audit"]):
        assert _run(project, *words) == 2
        told = capsys.readouterr().err
        assert "E200" in told
        assert CONTINUED_NAME in told


@pytest.mark.parametrize("text", ["true", '{"format": true}', '{"format": "2"}', '{"format": 2.0}'])
def test_a_format_is_a_whole_number(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else stands there is an error with a place."""
    project = _project(tmp_path / "ws")
    (project.workspace.root / FORMAT_NAME).write_text(text, encoding="utf-8")

    assert _run(project, "status") == 2
    told = capsys.readouterr().err
    assert "E200" in told
    assert FORMAT_NAME in told


def test_a_folder_in_the_place_of_the_lock_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no bug of curate."""
    project = _project(tmp_path / "ws")
    (project.workspace.root / ".lock").mkdir()

    assert _run(project, "audit") == 2
    assert ".lock" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["items", "release", "receipt", "taken down"])
def test_an_older_ledger_clears_nothing(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What lies beside it was recorded in a later state: the proof, an audit and a build fail."""
    project = _project(tmp_path / "ws")
    older = tmp_path / "older.sqlite"
    project.ledger.copy_to(older)
    root = project.workspace.root
    if kind == "items":
        _release(project)
    elif kind == "release":
        (root / "releases" / "v1").mkdir()
        (root / "releases" / "v1" / "manifest.json").write_text("{}", encoding="utf-8")
    elif kind == "receipt":
        (root / "receipts").mkdir()
        (root / "receipts" / "erasure-r1-20260101T000000000000Z.json").write_text("{}")
    else:
        project.ledger.record("subjects", [whole("subjects") | {"subject_id": "p2"}],
                              recorded_at=day(2))  # fmt: skip
        size, state = project.ledger.root()
        told = {"ledger": {"size": size, "root": state}}
        (root / "safety" / "receipts").mkdir(parents=True)
        (root / "safety" / "receipts" / "r1.json").write_text(json.dumps(told))
        assert _run(project, "consent", "verify") == 0
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (root / name).unlink(missing_ok=True)
    shutil.copy(older, project.workspace.ledger)

    for words in (["consent", "verify"], ["audit"], ["release", "build", "v2"]):
        capsys.readouterr()
        assert _run(project, *words) == 4
        said = capsys.readouterr()
        assert "the ledger does not know 1 " in said.err
        assert "cleared" not in said.out
    assert _run(project, "status") == 0
    assert "the ledger does not know 1 " in capsys.readouterr().out


def test_a_killed_build_leaves_no_list_that_the_ledger_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list has its name when it is on record, and is read under the other until then."""
    project = _project(tmp_path / "ws")
    record = project.context.record
    monkeypatch.setattr(type(record), "_settle", lambda *_: None)
    _release(project)

    assert record.unknown_to_ledger() == []
    assert record.items().num_rows == 1
    assert record.problems() == []


def test_without_the_guard_key_the_ledger_is_told_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status prints what it knows, and an audit its counts; what cannot be told is said."""
    project = _project(tmp_path / "ws")
    _release(project)
    refusal = {"digest": "ab" * 32, "of": "content", "key_id": "0" * 16, "refused_since": day(6)}
    project.ledger.record("refusals", [refusal], recorded_at=day(6))

    assert _run(project, "status") == 0
    told = capsys.readouterr().out
    assert "ledger: " in told
    assert "guard.key" in told
    assert _run(project, "audit") == 0
    said = capsys.readouterr().out
    assert "guard.key" in said
    assert "0 cleared" in said
