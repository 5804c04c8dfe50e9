"""The guide to consent does what it says, command by command."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from curate.demo import pictures
from tests.acceptance.conftest import Curate, Ran

pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")

GUIDE = (Path(__file__).parents[2] / "docs" / "consent.md").read_text(encoding="utf-8")


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    """Write the guide's files, and a picture for each row of its manifest."""
    (tmp_path / "media").mkdir()
    for name, text in re.findall(r"```(?:csv|toml) (\S+)\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    people = pictures.subjects()
    shown = {"a": people["p01"], "b": people["p03"], "c": people["p05"], "e": people["p08"]}
    shown["d"] = pictures.another_view(shown["a"])
    for name, picture in shown.items():
        (tmp_path / "media" / f"{name}.jpg").write_bytes(pictures.jpeg(picture))
    return tmp_path


def _commands() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.mark.slow
@pytest.mark.usefixtures("laid_out")
def test_guide_goes_from_a_spreadsheet_to_a_withdrawal(curate: Curate) -> None:
    """Each command runs in its order, and says what the guide says it does."""
    ran: list[tuple[list[str], Ran]] = []
    for words in _commands():
        status = 1 if words[0] == "audit" else 0
        ran.append((words, curate(*words, status=status)))

    audits = [done.out for words, done in ran if words[0] == "audit"]
    assert "2 cleared, 1 needs review, 2 blocked" in audits[0]
    assert re.search(r"CON003 b\.jpg", audits[0])
    assert re.search(r"CON001 c\.jpg", audits[0])
    for name in ("a.jpg", "d.jpg"):
        assert re.search(rf"{name}\s+cleared\s+blocked\s+\+CON002", audits[1])
    assert "2 entries changed" in audits[1]
    assert "0 cleared, 0 need review, 5 blocked" in audits[2]
    explained = next(done.out for words, done in ran if words[:2] == ["explain", "b.jpg"])
    assert "expired on 2025-12-31" in " ".join(explained.split())
    shown = next(done.out for words, done in ran if words[:2] == ["consent", "show"])
    assert "ConsentWithdrawn" in shown


@pytest.mark.slow
def test_two_reviewers_clear_what_needs_review_until_evidence_changes(
    laid_out: Path, curate: Curate
) -> None:
    """One clears nothing, two do, nobody clears what is blocked, and new evidence voids it."""
    (laid_out / "subjects.csv").write_text("subject,subject_kind\np01,adult\np02,adult\n", "utf-8")
    for words in _commands()[:4]:
        curate(*words)

    def verdict(name: str) -> str:
        out = json.loads(curate("audit", "-w", "ws", "--format", "json", status=None).out)
        told = json.loads(curate("explain", name, "-w", "ws", "--json").out)
        assert {v["media_id"]: v["verdict"] for v in out["verdicts"]}[told["entry"]["media_id"]]
        return str(told["verdict"])

    assert verdict("a.jpg") == "needs_review"
    why = ("--reason", "an adult, by the contract", "-w", "ws")
    told = curate("decide", "a.jpg", "cleared", "--by", "r.meyer", *why).err
    assert "r.meyer is not on the register of reviewers" in told
    for reviewer, name in (("r.meyer", "Robin Meyer"), ("s.okafor", "Sola Okafor")):
        curate("review", "reviewers", "add", reviewer, "--name", name, "-w", "ws")
    again = ("review", "reviewers", "add", "R. Meyer", "--name", "Ruth M.", "-w", "ws")
    assert "on the register already" in curate(*again, status=2).err
    assert verdict("a.jpg") == "needs_review"
    curate("decide", "a.jpg", "cleared", "--by", "r.meyer", *why)
    assert verdict("a.jpg") == "needs_review"
    curate("decide", "a.jpg", "cleared", "--by", "s.okafor", *why)
    assert verdict("a.jpg") == "cleared"
    refused = curate("decide", "b.jpg", "cleared", "--by", "r.meyer", *why, status=2)
    assert "no reviewer clears what is blocked" in refused.err
    curate("consent", "withdraw", "p01", "--yes", "-w", "ws")
    assert verdict("a.jpg") == "blocked"


@pytest.mark.slow
@pytest.mark.usefixtures("laid_out")
def test_withdrawal_of_nobody_is_refused_and_of_somebody_without_records_is_heard(
    curate: Curate,
) -> None:
    """A typing error records nothing; a person without records is blocked all the same."""
    for words in _commands()[:4]:
        curate(*words)

    unknown = curate("consent", "withdraw", "p99", "--yes", "-w", "ws", status=2)
    curate("consent", "withdraw", "p03", "--yes", "-w", "ws")
    audit = json.loads(curate("audit", "-w", "ws", "--format", "json", status=1).out)

    assert "names the subject 'p99'" in unknown.err
    found = {row["code"] for row in audit["findings"] if row["params"].get("subject") == "p03"}
    assert {"CON001", "CON037"} <= found
