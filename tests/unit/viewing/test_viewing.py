"""A review that was killed leaves pictures behind: the next one takes them away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curate.errors import DependencyError, InputError
from curate.viewing import processes, sweep
from curate.viewing.keys import KEYS


def test_what_a_killed_review_left_is_swept_away(tmp_path: Path) -> None:
    """Not that of one that runs, nor anything that is not of a review."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive = tmp_path / f"curate-review-{ended.pid}-x", f"curate-review-{os.getpid()}-x"
    for name in (dead.name, alive, "curate-review-x-y", "curate-reviewers-1-x", "other"):
        (tmp_path / name).mkdir()
    (dead / "picture.jpg").write_bytes(b"x")

    assert sweep(tmp_path) == [dead]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [alive, "curate-review-x-y", "curate-reviewers-1-x", "other"]
    )


def test_a_port_that_is_taken_is_refused() -> None:
    """FiftyOne would show what somebody else has open there."""
    port = processes.free_port()
    processes.check_port(port)
    with processes.socket.create_server(("127.0.0.1", port)), pytest.raises(InputError):
        processes.check_port(port)


def test_a_machine_without_a_database_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "find_mongod", lambda: None)
    with pytest.raises(DependencyError, match="no mongod"):
        processes.start_database(tmp_path / "database")


def test_a_database_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "find_mongod", lambda: "/bin/false")
    with pytest.raises(DependencyError, match="mongod does not start"):
        processes.start_database(tmp_path / "database")


def test_no_two_operators_share_a_key() -> None:
    assert len(set(KEYS.values())) == len(KEYS)
    assert all(len(key) == 1 and key.isupper() for key in KEYS.values())
