"""A run that a clock which was ahead dated in the future stops nothing for good."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import curate
from curate.cli.main import main
from curate.verbs.audit import audit
from curate.verbs.context import Context

AHEAD = datetime.now(UTC) + timedelta(days=4 * 365)


def _audited_ahead(root: Path) -> curate.Project:
    project = curate.init(root)
    ahead = Context(project.workspace, lambda: AHEAD)
    audit(ahead)
    return project


def test_a_run_of_the_future_is_set_aside_by_somebody_and_for_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the way out; who took it is in the ledger."""
    project = _audited_ahead(tmp_path / "ws")
    place = ["-w", str(project.workspace.root)]

    assert main(["audit", *place]) == 2
    told = capsys.readouterr().err
    assert "E100" in told
    found = re.search(r"curate set-aside (\S+) --by", told)
    assert found is not None
    run = found[1]

    assert main(["set-aside", run, "--by", "", "--reason", "ahead", *place]) == 2
    assert main(["audit", *place]) == 2
    asked = ["set-aside", run, "--by", "r1", "--reason", "the clock was ahead", *place]
    assert main(asked) == 0
    assert main(["audit", *place]) == 0
    assert project.latest_audit().run_id != run
    (said,) = project.ledger.read("set_aside_runs").to_pylist()
    assert (said["run_id"], said["by"], said["reason"]) == (run, "r1", "the clock was ahead")
    assert project.catalog.count("runs") == 2


def test_only_a_run_that_is_later_than_the_clock_is_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An audit that somebody does not like stays the last one."""
    project = curate.init(tmp_path / "ws")
    audited = project.audit()
    place = ["-w", str(project.workspace.root)]

    assert main(["set-aside", audited.run_id, "--by", "r1", "--reason", "no", *place]) == 2
    assert "only a run that is later than the clock" in capsys.readouterr().err
    assert main(["set-aside", "none", "--by", "r1", "--reason", "no", *place]) == 2
    assert project.ledger.read("set_aside_runs").num_rows == 0
    assert project.latest_audit().run_id == audited.run_id
