"""The register, signed decisions and waivers, as the command line has them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from curate.cli.main import main
from curate.signing import KeyHome, new_key
from curate.verbs.context import utc_now
from tests.unit.review.conftest import Told, audited_folder, told

__all__ = ["audited_folder", "told"]


@pytest.fixture
def said(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> object:
    """Return a command line in the workspace: what it prints, once its status was as given."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))

    def run(*words: str, status: int = 0) -> str:
        found = main([*words, "-w", str(told.project.workspace.root)])
        told_of = capsys.readouterr()
        assert found == status, told_of.err
        return told_of.out + told_of.err

    return run


def settings(told: Told, *, audience: str = "internal", waivers: str = "") -> None:
    """Write the use's audience and waivers into `curate.toml`."""
    config = told.project.workspace.config
    text = config.read_text("utf-8").replace('audience = "internal"', f'audience = "{audience}"')
    config.write_text(f"{text}\n{waivers}\n", "utf-8")
    told.project.context.__dict__.pop("config", None)


def test_the_register_is_kept_by_hand(told: Told, said) -> None:
    KeyHome().add("ana", new_key())
    assert "nobody is on the register" in said("review", "reviewers", "list")
    made = said("review", "reviewers", "add", "ana", "--name", "Ana Silva", "--key", "ana")
    assert "Ana Silva is on the register" in made
    assert "internal use only" in said("review", "reviewers", "add", "bo", "--name", "Bo Berg")
    twice = ("review", "reviewers", "add", "A.N.A", "--name", "Another")
    assert "on the register already" in said(*twice, status=2)
    same = ("review", "reviewers", "add", "eva", "--name", "Eva", "--key", "ana")
    assert "this key is that of Ana Silva" in said(*same, status=2)
    said("review", "reviewers", "remove", "Bo")
    assert "no reviewer is called 'bo'" in said("review", "reviewers", "remove", "bo", status=2)

    rows = json.loads(said("review", "reviewers", "list", "--json"))
    assert [(row["id"], row["key"] is None, row["until"] is None) for row in rows] == [
        ("ana", False, True), ("bo", True, False),
    ]  # fmt: skip
    assert told.project.ledger.verify()


def test_for_others_decisions_are_signed(told: Told, said) -> None:
    """With each reviewer's own key; a key that is another's is refused."""
    settings(told, audience="gated")
    told.project.audit()
    entry = told.project.entry("a.png")["media_id"]

    def verdict() -> str:
        rows = json.loads(said("audit", "--format", "json", "--fail-on", "never"))["verdicts"]
        return {row["media_id"]: row["verdict"] for row in rows}[entry]

    for name in ("ana", "bo"):
        KeyHome().add(name, new_key())
        said("review", "reviewers", "add", name, "--name", f"{name} B.", "--key", name)
        plain = said("decide", "a.png", "cleared", "--by", name, "--reason", "fine")
        assert f"only decisions signed by {name}'s key" in plain
    assert verdict() == "needs_review"
    signed = ("decide", "a.png", "cleared", "--reason", "fine", "--key", "ana", "--by")
    assert "'ana' signed this" in said(*signed, "bo", status=4)
    said(*signed, "Ana")
    said("decide", "a.png", "cleared", "--reason", "fine", "--key", "bo", "--by", "bo")
    assert verdict() == "cleared"


WAIVER = """
[[waivers]]
code = "{code}"
media = ["a.png"]
reason = "known"
by = {by}
expires = {ends:%Y-%m-%d}
"""


def test_the_audit_counts_waivers_and_names_those_that_do_not_hold(told: Told, said) -> None:
    for name in ("ana", "bo"):
        told.project.add_reviewer(name, name=f"{name} B.")
    codes = [row["code"] for row in told.project.audit().findings.to_pylist()]
    assert {"SIG017", "DEP006"} <= set(codes)
    both, one = '["ana", "bo"]', '["ana", "ANA"]'
    settings(
        told, waivers=WAIVER.format(code="SIG017", by=both, ends=datetime(9999, 1, 1, tzinfo=UTC))
    )
    assert "more than a year ahead" in said("audit", status=2)

    config = told.project.workspace.config
    text = config.read_text("utf-8").split("[[waivers]]")[0]
    soon = utc_now() + timedelta(days=30)
    config.write_text(
        text + WAIVER.format(code="SIG017", by=both, ends=soon)
        + WAIVER.format(code="DEP006", by=one, ends=soon), "utf-8",
    )  # fmt: skip
    out = said("audit", status=1)
    assert "1 waiver; 0 cleared entries rest on them" in out
    assert "waiver DEP006 by ana, ANA" in out
    assert "it takes two people of the register" in out


def test_rules_are_selected_and_ignored_more_than_once(said) -> None:
    words = ("audit", "--format", "json", "--fail-on", "never")
    every = {row["code"] for row in json.loads(said(*words))["findings"]}
    assert {"DEP002", "SIG017", "CON008"} <= every

    some = said(*words, "--select", "DEP", "--select", "CON,SIG", "--ignore", "DEP002",
                "--ignore", "SIG")  # fmt: skip
    left = {row["code"] for row in json.loads(some)["findings"]}
    assert left == {code for code in every if code[:3] in ("DEP", "CON")} - {"DEP002"}
