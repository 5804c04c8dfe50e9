"""Workspaces: made whole, found upwards, held by one writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import ConfigError, InputError, NoWorkspaceError, WorkspaceBusyError
from curate.model.config import parse_config
from curate.workspace import CONFIG_NAME, DEFAULT_USE, Workspace, create, find, template


def test_create_makes_the_places(tmp_path: Path) -> None:
    """Settings and folders are there, and the settings are valid."""
    made = create(tmp_path / "new" / "ws")

    assert made.root == (tmp_path / "new" / "ws").resolve()
    assert all(folder.is_dir() for folder in (made.catalog, made.reports, made.releases))
    config = parse_config(made.config.read_text(encoding="utf-8"), where="curate.toml")
    assert config.name == "ws"
    assert list(config.uses) == [DEFAULT_USE]


def test_create_takes_settings(tmp_path: Path) -> None:
    """Text that is handed in is written as it is."""
    made = create(tmp_path, config='[workspace]\nname = "é"\n')

    assert made.config.read_text(encoding="utf-8") == '[workspace]\nname = "é"\n'


@given(st.text(st.characters(codec=None), min_size=1))
def test_template_is_valid_whatever_the_folder_is_called(name: str) -> None:
    """Quotes, control characters and bytes that are no text do not break the settings."""
    text = template(name)

    assert parse_config(text.encode("utf-8").decode("utf-8"), where="t").name


def test_create_refuses_a_second_time(tmp_path: Path) -> None:
    """Settings that people edited are not overwritten."""
    create(tmp_path)

    with pytest.raises(InputError, match="already holds a workspace"):
        create(tmp_path)


@pytest.mark.parametrize("below", ["", "ws"])
def test_create_refuses_a_file(tmp_path: Path, below: str) -> None:
    """A file is no folder, and holds none."""
    (tmp_path / "f").write_bytes(b"")

    with pytest.raises(InputError, match="file"):
        create(tmp_path / "f" / below)


def test_find_looks_upwards(tmp_path: Path) -> None:
    """The nearest workspace counts."""
    outer, inner = create(tmp_path), create(tmp_path / "a" / "b")
    (inner.root / "c").mkdir()

    assert find(inner.root / "c") == inner
    assert find(tmp_path / "a") == outer


def test_find_without_any(tmp_path: Path) -> None:
    """Nothing upwards is an error that says where it began."""
    with pytest.raises(NoWorkspaceError, match=r"no curate\.toml") as caught:
        find(tmp_path)

    assert caught.value.where == str(tmp_path.resolve())


def test_find_starts_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a start it is where the command runs."""
    (tmp_path / CONFIG_NAME).write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert find() == Workspace(tmp_path.resolve())


def test_only_one_writes(tmp_path: Path) -> None:
    """A second writer is told, and may come when the first has ended."""
    workspace = create(tmp_path)

    with workspace.writing(), pytest.raises(WorkspaceBusyError), workspace.writing():
        pass
    with workspace.writing():
        pass


def test_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    """The kernel frees what a killed process held."""
    workspace = create(tmp_path)
    program = (
        "import sys, time; from pathlib import Path; from curate.workspace import Workspace\n"
        f"with Workspace(Path({str(tmp_path)!r})).writing():\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(WorkspaceBusyError), workspace.writing():
            pass
        os.kill(other.pid, signal.SIGKILL)
        other.wait()

    with workspace.writing():
        pass


def test_settings_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file saved in another encoding is an error with a place."""
    made = create(tmp_path / "ws")
    made.config.write_bytes(b'[workspace]\nname = "caf\xe9"\n')

    with pytest.raises(ConfigError, match=r"byte \d+ is not UTF-8"):
        made.config_text()
