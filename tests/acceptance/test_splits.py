"""`curate split`, as its guide shows it."""

from __future__ import annotations

import base64
import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

import curate
from curate.cli.main import main
from curate.verbs.tables import facts

GUIDE = Path(__file__).parents[2] / "docs" / "splits.md"
COMMANDS = [
    shlex.split(line.split("  #")[0])[1:]
    for block in re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a workspace in which one person is in two splits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    rows = ["path,label,split,subject"]
    for number in range(8):
        Image.new("RGB", (8, 8), (30 * number, 0, 0)).save(tmp_path / f"{number}.png")
        split = "train" if number < 5 else "test"
        rows.append(f"{number}.png,{('real', 'fake')[number % 2]},{split},p{number % 4}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    curate.init(tmp_path / "ws").ingest(tmp_path / "manifest.csv")
    return tmp_path


def test_commands_of_the_guide_do_what_it_says(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The declared splits leak people; those that are made do not, and are not moved."""
    statuses = [main(list(command)) for command in COMMANDS]

    said = capsys.readouterr().out
    # The audit blocks people of whom there is no consent, whatever the splits.
    assert statuses == [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 3, 0, 1]
    envelope = json.loads((workspace / "leaks.json").read_text("utf-8"))
    statement = json.loads(base64.b64decode(envelope["payload"]))
    told = {row["relation"]: row for row in statement["predicate"]["relations"]}
    assert told["identity"]["leaks"][0]["groups"] == 3
    assert "no leak found, not all was checked" in said


def test_shares_that_cannot_be_met_are_said_to_be_so(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four people make no tenth: nothing is kept, and the exit status is 1."""
    status = main(["split", "-w", str(workspace / "ws"), "--json", "--by", "identity"])

    told = json.loads(capsys.readouterr().out)
    assert status == 1
    assert told["kept_as"] is None
    assert main(["split", "lint", "-w", str(workspace / "ws"), "--assignment", "split"]) == 2


def test_release_takes_the_splits_of_an_assignment(workspace: Path) -> None:
    """Entries that an assignment leaves out are left out of the release, and counted."""
    project = curate.open(workspace / "ws")
    from curate.release.select import select
    from curate.splits.assign import Plan
    from curate.verbs.split import read_assignment, with_splits
    from tests.factories import verdict

    plan = Plan(("train", "test"), (0.5, 0.5), ("identity",))
    project.split(plan, name="v1")
    project.run(["probe"])
    tables = facts(project.context)
    rows = read_assignment(project.catalog, "v1")
    tables |= with_splits(tables, rows.slice(1))
    from curate.schema import conform

    verdicts = conform([verdict(row) for row in tables["entries"].to_pylist()], "verdicts")
    chosen = select({**tables, "verdicts": verdicts}, assigned=True)

    assert chosen.left_out == {"in-no-split": 1}
    assert set(chosen.items["split"].to_pylist()) == {"train", "test"}


def test_documents_speak_of_the_splits_that_were_judged(workspace: Path) -> None:
    """A datasheet under an assignment says so, and counts its splits."""
    from curate.splits.assign import Plan

    project = curate.open(workspace / "ws")
    project.split(Plan(("left", "right"), (0.5, 0.5), ("identity",)), name="halves")
    project.audit(assignment="halves")

    (page,) = [one for one in project.report("datasheet") if one.suffix == ".md"]

    text = page.read_text("utf-8")
    assert "assignment “halves”" in text
    assert re.search(r"\| left \| 4 \|", text)
    assert "listings declare" not in text
