"""Requests: clocks, copies, the deny list, verdicts and receipts."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from curate.api import Project
from curate.errors import InputError, UnknownNameError
from curate.safety.requests import DENY_LIST, Requests, due
from curate.safety.stage import open_lists, publish
from curate.verbs.reviewers import add_reviewer
from curate.verbs.seal import runbook_of_matches

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    media = tmp_path / "media"
    media.mkdir()
    for seed in range(3):
        cells = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(cells).resize((128, 128)).save(media / f"{seed}.png")
    shutil.copy(media / "0.png", media / "copy.png")
    Image.open(media / "0.png").resize((100, 100)).save(media / "edited.png")
    made = curate.init(tmp_path / "ws")
    made.clock = lambda: NOW
    made.ingest(media)
    made.run(["probe"], jobs=1)
    return made


def desk(project: Project) -> Requests:
    lists = open_lists(project.workspace, project.config, create=True)
    return Requests(project.ledger, project.catalog, lists, project.workspace.root / "receipts")


def blocked(project: Project, code: str) -> set[str]:
    """Return the locators of entries that a rule blocks."""
    found = [f["media_id"] for f in project.audit().findings.to_pylist() if f["code"] == code]
    rows = project.catalog.read("media").to_pylist()
    return {row["locator"] for row in rows if row["media_id"] in found}


def test_a_takedown_covers_copies_and_finds_edited_ones(project: Project) -> None:
    made = desk(project).open("takedown_ncii", now=NOW, received_at=NOW, locators=["0.png"])
    assert made["due_at"] == NOW + timedelta(hours=48)
    assert len(made["media_ids"]) == 2
    assert blocked(project, "CON038") == {"0.png", "copy.png"}
    publish(project.catalog, project.workspace)
    project.run(["hashlists"])
    assert blocked(project, "HSH001") == {"0.png", "copy.png", "edited.png"}


def test_what_was_turned_down_is_open_again(project: Project) -> None:
    made = desk(project).open("takedown_ncii", now=NOW, received_at=NOW, locators=["0.png"])
    kept = desk(project).open("takedown_ncii", now=NOW, received_at=NOW, locators=["1.png"])
    desk(project).move(made["request_id"], "refused", now=NOW, reason="IdentityVerificationFailure")
    publish(project.catalog, project.workspace)
    project.run(["hashlists"])
    assert blocked(project, "CON038") == {"1.png"}
    assert blocked(project, "HSH001") == {"1.png"}
    rows = desk(project).lists.get(DENY_LIST).active.to_pylist()
    assert {row["case_ref"] for row in rows} == {kept["request_id"]}


def test_the_most_urgent_come_first(project: Project) -> None:
    own = desk(project)
    own.open("erasure", now=NOW, received_at=NOW - timedelta(days=10), subject="p1",
             request_id="a")  # fmt: skip
    own.open("takedown_likeness", now=NOW, received_at=NOW - timedelta(hours=50), subject="p1",
             request_id="b")  # fmt: skip
    own.open("access", now=NOW, received_at=NOW, subject="p1", request_id="c")
    assert [(r["request_id"], r["hours_left"]) for r in own.waiting(NOW)][:1] == [("b", -2.0)]
    assert [r["request_id"] for r in own.waiting(NOW)] == ["b", "a", "c"]


def test_an_incomplete_notice_is_told_and_blocks_meanwhile(project: Project) -> None:
    made = desk(project).open(
        "takedown_ncii", now=NOW, received_at=NOW, locators=["1.png"], notice=["contact"]
    )
    assert made["state"] == "id_check"
    assert made["notice_lacks"] == ["signature", "identification", "good_faith"]
    assert blocked(project, "CON038") == {"1.png"}


@pytest.mark.parametrize("after", [47, 49])
def test_closing_gives_a_receipt_that_names_nobody(project: Project, after: int) -> None:
    made = desk(project).open(
        "takedown_ncii", now=NOW, received_at=NOW, locators=["1.png"], subject="p7"
    )
    later = NOW + timedelta(hours=after)
    path = desk(project).move(made["request_id"], "fulfilled", now=later, outcome="left out")
    assert path is not None
    text = path.read_text("utf-8")
    told = json.loads(text)
    assert (told["in_time"], told["entries"], told["state"]) == (after < 48, 1, "fulfilled")
    assert project.ledger.had(**told["ledger"])
    assert told["ledger"]["size"] == project.ledger.root()[0] - 1  # its own digest comes after
    assert "1.png" not in text
    assert "p7" not in text
    with pytest.raises(InputError, match="already"):
        desk(project).move(made["request_id"], "received", now=later)


def test_what_closing_needs(project: Project) -> None:
    own = desk(project)
    own.open("erasure", now=NOW, received_at=NOW, subject="p1", request_id="a")
    for state in ("fulfilled", "refused", "expired"):
        with pytest.raises(InputError):
            own.move("a", state, now=NOW)
    with pytest.raises(UnknownNameError):
        own.move("a", "done", now=NOW)
    with pytest.raises(UnknownNameError):
        own.move("b", "fulfilled", now=NOW, outcome="x")
    assert own.move("a", "in_progress", now=NOW) is None


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"kind": "wish", "subject": "p"}, UnknownNameError),
        ({"kind": "erasure"}, InputError),
        ({"kind": "erasure", "locators": ["none.png"]}, UnknownNameError),
        ({"kind": "erasure", "subject": "p", "received_at": NOW + timedelta(1)}, InputError),
    ],
)
def test_what_cannot_be_asked(project: Project, given: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        desk(project).open(**{"now": NOW, "received_at": NOW, **given})


@pytest.mark.parametrize(
    ("day", "until"), [("2026-05-04", "2026-06-04"), ("2024-01-31", "2024-02-29"),
                       ("2026-12-15", "2027-01-15")],
)  # fmt: skip
def test_a_month(day: str, until: str) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert due("erasure", at).date().isoformat() == until


def test_a_restriction_is_lifted_by_somebody_of_the_register(project: Project) -> None:
    own = desk(project)
    own.open("restriction", now=NOW, received_at=NOW, locators=["1.png"], request_id="o2")
    with pytest.raises(InputError, match="granted"):
        own.lift("o2", now=NOW, by="r.meyer", reason="settled")
    own.move("o2", "fulfilled", now=NOW, outcome="restricted")
    assert blocked(project, "CON034") == {"1.png"}
    with pytest.raises(UnknownNameError, match="register"):
        own.lift("o2", now=NOW, by="r.meyer", reason="settled")
    add_reviewer(project.context, "r.meyer", name="Robin Meyer")
    with pytest.raises(InputError, match="say why"):
        own.lift("o2", now=NOW, by="r.meyer", reason=" ")
    own.lift("o2", now=NOW, by="R.Meyer", reason="settled", since=NOW + timedelta(days=1))
    assert blocked(project, "CON034") == {"1.png"}
    project.clock = lambda: NOW + timedelta(days=1)
    assert blocked(project, "CON034") == set()
    with pytest.raises(InputError, match="already"):
        own.lift("o2", now=NOW, by="r.meyer", reason="settled")


@pytest.mark.parametrize(("kind", "told"), [("takedown_likeness", False), ("takedown_ncii", True)])
def test_an_ordinary_takedown_is_no_case_for_an_officer(
    project: Project, kind: str, *, told: bool
) -> None:
    desk(project).open(kind, now=NOW, received_at=NOW, locators=["0.png"])
    publish(project.catalog, project.workspace)
    project.run(["hashlists"])
    assert bool(runbook_of_matches(project.context)) is told
