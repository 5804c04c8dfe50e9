"""What acceptance tests share: the command line as a person runs it, and a set of real photos."""

from __future__ import annotations

import fcntl
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from curate.cli.main import main
from tests.acceptance.story import NOTICED, POSES, Story


@dataclass(frozen=True)
class Ran:
    """A command that ran."""

    status: int
    out: str
    err: str


Curate = Callable[..., Ran]


def run(cwd: Path, *arguments: object, status: int | None = 0) -> Ran:
    """Run the command line in `cwd`: as the program does, without starting one anew each time."""
    out, err, before, stdin = io.StringIO(), io.StringIO(), Path.cwd(), sys.stdin
    os.chdir(cwd)
    sys.stdin = io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            told = main([*map(str, arguments)])
    finally:
        sys.stdin = stdin
        os.chdir(before)
    return _held(Ran(told, out.getvalue(), err.getvalue()), status)


def run_apart(cwd: Path, *arguments: object, status: int | None = 0) -> Ran:
    """Run the command line in `cwd`, in a process of its own."""
    command = [sys.executable, "-m", "curate", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env=os.environ
    )
    return _held(Ran(done.returncode, done.stdout, done.stderr), status)


def _held(ran: Ran, status: int | None) -> Ran:
    assert status is None or ran.status == status, (ran.status, ran.out, ran.err)
    assert "Traceback" not in ran.err, ran.err
    return ran


@pytest.fixture
def curate(tmp_path: Path) -> Curate:
    """Return a function that runs the command line in `tmp_path`."""
    return partial(run, tmp_path)


@pytest.fixture
def curate_apart(tmp_path: Path) -> Curate:
    """Return a function that runs `curate` in a process of its own, in `tmp_path`."""
    return partial(run_apart, tmp_path)


@pytest.fixture
def story(shared_data: Path, tmp_path: Path) -> Story:
    """Return an empty story to be told with London photos."""
    return Story(tmp_path, shared_data)


@dataclass(frozen=True)
class London:
    """204 photos of 102 people through the main job: 90 agreed, 6 withdrew, 6 said nothing.

    Attributes:
        folder: Holds `media` and the workspace, which tests read and must not change.
        agreed: The people who agreed.
        run: What `curate run` said on stderr.
        audit: What the audit found.
        built: What building the release ``v1`` said.
    """

    folder: Path
    agreed: list[str]
    run: str
    audit: dict[str, Any]
    built: dict[str, Any]

    @property
    def ws(self) -> Path:
        """Return the workspace."""
        return self.folder / "ws"

    @property
    def release(self) -> Path:
        """Return the release."""
        return self.ws / "releases" / "v1"


@pytest.fixture(scope="session")
def london(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> London:
    """Return the set with a workspace and a release, made once for all tests and workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "london"
    folder.mkdir(exist_ok=True)
    done = folder / "told.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            done.write_text(json.dumps(_made(folder, shared_data)), encoding="utf-8")
    return London(folder, **json.loads(done.read_text(encoding="utf-8")))


def _made(folder: Path, shared: Path) -> dict[str, Any]:
    """Do the main job, and return what it said."""
    curate, told = partial(run_apart, folder), Story(folder, shared)
    people = told.people()
    for person in people:
        for pose in POSES:
            told.photo(person, pose, captured_at="2012-04-01")
    plain = {"roles": "depicted", "manipulations": "", "operations": "include;train_detector"}
    for place, person in enumerate(people[:96]):
        told.says(person, withdrew=place >= 90, **plain, **NOTICED)
    ws = told.written(curate)
    return {
        "agreed": people[:90],
        "run": curate("run", "-w", ws).err,
        "audit": json.loads(curate("audit", "-w", ws, "--format", "json", status=1).out),
        "built": json.loads(curate("release", "build", "v1", "-w", ws, "--json").out),
    }
