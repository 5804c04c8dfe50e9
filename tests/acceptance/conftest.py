"""What acceptance tests share: the command line as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Ran:
    """A command that ran."""

    status: int
    out: str
    err: str


Curate = Callable[..., Ran]


@pytest.fixture
def curate(tmp_path: Path) -> Curate:
    """Return a function that runs `curate` in a process of its own, in `tmp_path`."""

    def run(*arguments: object, status: int | None = 0) -> Ran:
        command = [sys.executable, "-m", "curate", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert status is None or ran.status == status, (ran.status, ran.out, ran.err)
        assert "Traceback" not in ran.err, ran.err
        return ran

    return run
