"""From a folder that declares nobody to named subjects, a withdrawal and a merge."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

import curate as curate_
from tests.acceptance.conftest import Curate
from tests.acceptance.story import POSES, write_csv

PEOPLE = ("002", "003", "004")
SAID = {
    "subject_kind": "adult", "minor_at_capture": "no", "purposes": "train-detector",
    "roles": "depicted", "operations": "include;train_detector", "valid_from": "2020-01-01",
    "valid_until": "2100-01-01",
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a workspace of photos that nobody is declared in, searched for faces."""
    folder = tmp_path_factory.mktemp("undeclared")
    for person in PEOPLE:
        for pose, number in POSES.items():
            target = folder / "media" / "real" / f"{pose}_{person}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(shared_data / "faces" / "london" / pose / f"{person}_{number}.jpg", target)
    project = curate_.init(folder / "ws")
    with (folder / "ws" / "curate.toml").open("a", encoding="utf-8") as config:
        config.write('\n[clearance]\nsource = "optional"\n\n[vault]\nkey = "env:LAB_KEY"\n')
    project.ingest(folder / "media")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_KEY", "5a" * 32)
        project.run(["probe", "signals", "faces", "identity"], jobs=1, keep_embeddings=True)
    return folder


@pytest.fixture
def here(searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder's media and a workspace of the test's own."""
    monkeypatch.setenv("LAB_KEY", "5a" * 32)
    shutil.copytree(searched / "ws", tmp_path / "ws")
    return tmp_path


def _fill(table: Path, names: dict[str, str]) -> None:
    """Write names into a draft, by the person whose photo is the first example."""
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["subject_id"] = names.get(row["examples"].split(";")[0][-7:-4], "")
    write_csv(table, rows)


def _verdicts(curate: Curate, ws: Path) -> dict[str, set[str]]:
    """Return the verdicts of each person's photos."""
    curate("audit", "-w", ws, "--fail-on", "never")
    found: dict[str, set[str]] = {}
    for person in PEOPLE:
        for pose in POSES:
            told = json.loads(
                curate("explain", f"real/{pose}_{person}.jpg", "-w", ws, "--json").out
            )
            found.setdefault(person, set()).add(told["verdict"])
    return found


@pytest.mark.slow
def test_undeclared_faces_become_subjects_who_can_withdraw(here: Path, curate: Curate) -> None:
    ws, draft = here / "ws", here / "draft"
    assert set.union(*_verdicts(curate, ws).values()) == {"needs_review"}

    curate("identify", "export", draft, "-w", ws)
    page = (draft / "index.html").read_text(encoding="utf-8")
    assert page.count("<img ") == len(list((draft / "faces").glob("*.jpg"))) == 6
    _fill(draft / "identities.csv", {"002": "p02", "003": "p03", "004": "unknown"})
    told = curate("identify", "import", draft / "identities.csv", "--by", "ana", "-w", ws).out
    assert "1 identity is not known to them" in told
    write_csv(here / "consents.csv", [
        {"subject": "p02", "state": "given", "state_at": "2025-01-01", **SAID},
        {"subject": "p03", "state": "given", "state_at": "2025-01-01", **SAID},
        {"subject": "old-7", "state": "withdrawn", "state_at": "2025-06-01", **SAID},
    ])  # fmt: skip
    curate("consent", "import", here / "consents.csv", "-w", ws)
    ran = curate("run", "identity", "-w", ws)
    assert "embed" not in ran.err + ran.out
    named = {"002": {"cleared"}, "003": {"cleared"}, "004": {"needs_review"}}
    assert _verdicts(curate, ws) == named

    # Whoever wrote a wrong name writes the right one, and the wrong one is gone.
    again = here / "again"
    curate("identify", "export", again, "--all", "-w", ws)
    _fill(again / "identities.csv", {"003": "p02"})
    curate("identify", "import", again / "identities.csv", "--by", "ana", "-w", ws)
    curate("run", "identity", "-w", ws)
    shown = curate("explain", "real/neutral_front_003.jpg", "-w", ws).out
    assert "p02 as depicted" in shown
    assert "p03" not in shown
    _fill(again / "identities.csv", {"003": "p03"})
    curate("identify", "import", again / "identities.csv", "--by", "Ana", "-w", ws)
    curate("run", "identity", "-w", ws)
    assert _verdicts(curate, ws) == named

    # One person had another name before, and withdrew under it.
    merged = ("subjects", "merge", "old-7", "p02", "--reason", "one form", "--by", "ana", "-w", ws)
    curate(*merged)
    assert _verdicts(curate, ws) == named | {"002": {"blocked"}}
    touched = json.loads(curate("consent", "withdraw", "old-7", "--yes", "--json", "-w", ws).out)
    assert touched["other_names"] == ["p02"]
    assert {row["locator"] for row in touched["entries"]} == {f"real/{p}_002.jpg" for p in POSES}
    curate("subjects", "part", *merged[2:], status=0)
    assert _verdicts(curate, ws) == named

    curate("consent", "withdraw", "p03", "--yes", "-w", ws)
    assert _verdicts(curate, ws) == named | {"003": {"blocked"}}


@pytest.mark.slow
def test_wrong_rows_are_told_and_nothing_is_imported(here: Path, curate: Curate) -> None:
    ws, table = here / "ws", here / "draft" / "identities.csv"
    curate("identify", "export", table.parent, "-w", ws)
    _fill(table, {"002": "p02", "003": "P02", "004": "p04"})
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    (other,) = (row for row in rows if row["subject_id"] == "p04")
    other["seen"] = "0" * 64
    write_csv(table, rows)

    err = curate("identify", "import", table, "--by", "ana", "-w", ws, status=2).err
    assert "differs from 'p02' only in how it is written" in err or "from 'P02'" in err
    assert f"the faces of identity {other['identity_id']} are not those that were exported" in err
    assert curate_.open(ws).ledger.read("decisions").num_rows == 0
