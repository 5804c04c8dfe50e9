"""Sealing is killed after each of its steps: nothing is lost, nor called sealed while it is not.

The steps come from a run that nobody kills; each then ends one run by SIGKILL, in a process of
its own, and the next run has to finish what was begun.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest

import curate
from curate.api import Project
from curate.audit.rules import hashes
from curate.errors import InputError
from curate.safety.gate import check_gate
from curate.safety.seal.box import Box
from curate.safety.seal.custody import Custody
from curate.safety.seal.keys import OpeningKey
from curate.safety.seal.places import sealed_folder
from curate.safety.seal.plan import pending
from curate.safety.seal.run import STEPS, sealer_of
from tests.sealing import LOCATOR, NOW, add_list, md5_of, name_officer, replace_clock, workspace

COPIES = (LOCATOR, "test/real/again.jpg")
OTHERS = ("train/real/b.jpg", "train/real/c.jpg")


def seal(root: Path, kill_after: int | None, told: Path) -> None:
    """Seal what matches in a workspace; end after a number of steps by SIGKILL."""
    project = curate.open(root)
    steps: list[str] = []

    def after(step: str) -> None:
        steps.append(step)
        told.write_text(" ".join(steps), encoding="ascii")
        if len(steps) == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    sealer = sealer_of(project.workspace, project.config, NOW, after=after)
    with project.workspace.writing():
        done = sealer.run(categories=project.config.seal, in_place=project.config.in_place)
    assert not done.problems


def _run(root: Path, kill_after: int | None = None) -> tuple[int, list[str]]:
    told = root.parent / "steps"
    told.write_text("", encoding="ascii")
    child = multiprocessing.get_context("forkserver").Process(
        target=seal, args=(root, kill_after, told)
    )
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode, told.read_text("ascii").split()


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a server of processes that knows this test's settings, and has imported what it needs.

    One that serves other tests already knows neither.
    """
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    forkserver._forkserver._stop()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "deltalake", "duckdb", "pyarrow.compute"])
    yield
    forkserver._forkserver._stop()


def _in_clear(folder: Path, media: bytes) -> int:
    """Return how many of the listed names still hold the media."""
    paths = [folder / "media" / name for name in COPIES]
    return sum(path.is_file() and path.read_bytes() == media for path in paths)


def _under_seal(folder: Path, media: bytes) -> bool:
    """Return whether the officer gets the media out of a sealed file."""
    officer = OpeningKey.read(str(folder / "officer.pem"), lambda: None)
    for path in (folder / "ws" / "sealed").glob("*.sealed"):
        with path.open("rb") as stream:
            box = Box.opened(stream, officer, where=path)
            box.record(stream, where=path)
            out = io.BytesIO()
            box.media(stream, out.write, where=path)
        if out.getvalue() == media:
            return True
    return False


def _blocked(project: Project) -> bool:
    """Return whether rules of hash lists alone block every copy, and nothing else."""
    audited = project.audit(rules=hashes.RULES)
    return audited.counts()["blocked"] == len(COPIES)


@pytest.mark.usefixtures("own_server")
@pytest.mark.parametrize("category", ["ncii", "csam"])
def test_killed_after_each_step(category: str, tmp_path: Path) -> None:
    """In every state: whole or under seal; if called sealed, gone; blocked; and it goes on."""
    here, kept = tmp_path / "here", tmp_path / "kept"
    here.mkdir()
    project = workspace(here)
    media = (here / "media" / LOCATOR).read_bytes()
    add_list(project, [md5_of(here / "media" / LOCATOR)], category)
    project.run(["hashlists"], jobs=1)
    name_officer(project)
    shutil.copytree(here, kept)
    stays = category == "csam"

    status, steps = _run(here / "ws")
    assert status == 0
    assert set(steps) == set(STEPS) - ({"removed"} if stays else set())

    # From its statement on, what stays in place goes the way of what is taken away.
    tried = steps[: steps.index("logged") + 1] if stays else steps
    for number, step in enumerate(tried, 1):
        shutil.rmtree(here)
        shutil.copytree(kept, here)
        project = replace_clock(curate.open(here / "ws"))

        status, _ = _run(here / "ws", kill_after=number)

        place = (number, step)
        assert status == -signal.SIGKILL, place
        clear = _in_clear(here, media)
        held = Custody(project.ledger).all()
        assert clear or _under_seal(here, media), place
        assert not (held and held[0].state == "sealed" and clear), place
        assert clear == len(COPIES) or not stays, place
        # Before, the catalogue is as it was.
        assert number < steps.index("logged") or _blocked(project), place
        if pending(sealed_folder(project.workspace)):
            with pytest.raises(InputError, match="sealing"):
                check_gate(project.workspace, project.catalog, NOW)

        seal(here / "ws", None, here / "steps")

        assert not pending(sealed_folder(project.workspace)), place
        (one,) = Custody(project.ledger).all()
        assert one.state == ("left_in_place" if stays else "sealed"), place
        assert _in_clear(here, media) == (len(COPIES) if stays else 0), place
        assert stays or _under_seal(here, media), place
        rows = project.catalog.read("media").to_pylist()
        assert sorted(row["locator"] for row in rows) == sorted(
            [f"{one.seal_id}/0", f"{one.seal_id}/1", *OTHERS]
        ), place
        assert len(list(sealed_folder(project.workspace).iterdir())) == 1, place
    assert _blocked(project)
