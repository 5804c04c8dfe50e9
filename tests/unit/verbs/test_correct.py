"""What reviewers say of facts is on record at once, and the next audit follows it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from curate.api import Project
from curate.errors import ConfigError, CurateError, InputError, UnknownNameError
from curate.schema import conform
from curate.verbs.audit import idle_waivers
from curate.verbs.correct import apply_corrections
from tests.unit.review.conftest import Told, audited_folder, told

__all__ = ["audited_folder", "told"]
WHO = {"reviewer": "r.meyer", "reason": "I looked"}


def rows(told: Told, table: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table about an entry."""
    media_id = told.project.entry(name)["media_id"]
    return [row for row in told.project.catalog.read(table).to_pylist()
            if row["media_id"] == media_id]  # fmt: skip


def codes(told: Told, name: str) -> set[str]:
    """Return what a new audit finds of an entry."""
    audited = told.project.audit()
    media_id = told.project.entry(name)["media_id"]
    return {row["code"] for row in audited.findings.to_pylist() if row["media_id"] == media_id}


def labelled(told: Told) -> None:
    """Declare two copies as real and fake, and find that they are copies."""
    declared = [
        {"media_id": told.project.entry(name)["media_id"], "name": "authenticity", "value": value,
         "vocabulary": "real|fake", "origin": "declared", "raw": value.title()}
        for name, value in (("b.png", "real"), ("copy.png", "fake"))
    ]  # fmt: skip
    told.project.catalog.upsert("labels", conform(declared, "labels"))
    told.project.run(["dedup"], jobs=1)


def test_a_relabel_is_followed_and_taken_back(told: Told) -> None:
    """The label audit sees the reviewer's label; undoing it brings back what was declared."""
    labelled(told)
    (declared,) = rows(told, "labels", "copy.png")
    assert "LAB001" in codes(told, "copy.png")

    told.project.review_label("copy.png", "real", **WHO)
    assert rows(told, "labels", "copy.png") == [declared]
    assert "LAB001" not in codes(told, "copy.png")
    reviewed = declared | {"value": "real", "origin": "reviewed"}
    assert rows(told, "labels", "copy.png") == [reviewed]

    told.project.review_label("copy.png", "fake", **WHO)
    undone = told.project.review_undo("r.meyer")
    assert (undone["kind"], undone["value"]) == ("label", "fake")
    assert "LAB001" not in codes(told, "copy.png")

    told.project.review_undo("r.meyer")
    assert "LAB001" in codes(told, "copy.png")
    assert rows(told, "labels", "copy.png") == [declared]
    with pytest.raises(InputError, match="nothing that stands"):
        told.project.review_undo("r.meyer")


def test_reviewers_who_contradict_one_another_change_nothing(told: Told) -> None:
    """The label stays as it was declared, and the two are listed until one gives way."""
    labelled(told)
    told.project.review_label("copy.png", "real", **WHO)
    told.project.review_label("copy.png", "fake", reviewer="a.kim", reason="no")
    (conflict,) = told.project.review_conflicts()

    assert [(one["reviewer"], one["value"]) for one in conflict.decisions] == [
        ("a.kim", "fake"), ("r.meyer", "real"),
    ]  # fmt: skip
    assert "LAB001" in codes(told, "copy.png")
    assert rows(told, "labels", "copy.png")[0]["origin"] == "declared"
    told.project.review_undo("a.kim")
    assert told.project.review_conflicts() == []
    assert "LAB001" not in codes(told, "copy.png")


def test_a_subject_is_named_disputed_and_taken_back(told: Told) -> None:
    """Whom a reviewer names needs a consent; whom they dispute is doubted, and stays declared."""
    told.project.review_subject("a.png", "p02", "confirmed", **WHO)
    assert "CON001" in codes(told, "a.png")
    (named,) = rows(told, "depictions", "a.png")
    assert (named["subject_id"], named["role"], named["link_method"], named["link_status"]) == (
        "p02", "depicted", "reviewer", "confirmed",
    )  # fmt: skip
    told.project.review_undo("r.meyer")
    assert "CON001" not in codes(told, "a.png")
    assert rows(told, "depictions", "a.png") == []

    (declared,) = rows(told, "depictions", "refused.png")
    told.project.review_subject("refused.png", "p01", "disputed", **WHO)
    assert {"CON008", "DEP010"} <= codes(told, "refused.png")
    (doubted,) = rows(told, "depictions", "refused.png")
    assert doubted == declared | {"link_method": "reviewer", "link_status": "disputed"}
    told.project.review_subject("refused.png", "p01", "confirmed", reviewer="a.kim", reason="is")
    codes(told, "refused.png")
    assert rows(told, "depictions", "refused.png") == [doubted]


def test_the_copy_to_keep_is_the_one_that_a_reviewer_chose(told: Told) -> None:
    """Its group keeps it from the next run on, until two reviewers choose differently."""
    labelled(told)
    refused, other = (told.project.entry(name)["sha256"] for name in ("b.png", "a.png"))
    groups = told.project.catalog.read("groups")
    # Copies byte for byte are one content: a group of two needs another, as the stage would find.
    pair = [
        {"sha256": sha, "group_id": min(refused, other), "medoid": refused, "tier": "near",
         "distance": 3.0, "keep": refused, "keep_reason": "kept"}
        for sha in (refused, other)
    ]  # fmt: skip
    told.project.catalog.replace("groups", pa.concat_tables([groups, conform(pair, "groups")]))

    told.project.review_keep("a.png", **WHO)
    apply_corrections(told.project.catalog, told.project.ledger)
    assert kept(told.project) == [(other, refused)]
    assert apply_corrections(told.project.catalog, told.project.ledger)["relations"] == 0
    told.project.review_keep("b.png", reviewer="a.kim", reason="no")
    apply_corrections(told.project.catalog, told.project.ledger)
    assert kept(told.project) == []
    (conflict,) = told.project.review_conflicts()
    assert {(one["reviewer"], one["value"]) for one in conflict.decisions} == {
        ("r.meyer", other), ("a.kim", refused),
    }  # fmt: skip
    with pytest.raises(InputError, match="no group"):
        told.project.review_keep("refused.png", **WHO)


def kept(project: Project) -> list[tuple[str, str]]:
    """Return which copies were chosen over which."""
    return [(row["left"], row["right"]) for row in project.catalog.read("relations").to_pylist()
            if row["relation"] == "kept_over"]  # fmt: skip


def test_a_waiver_holds_for_its_entry_until_it_ends(told: Told) -> None:
    """It is told with who answers for it: two people. What asks for a look nobody waives."""
    ends = told.project.clock() + timedelta(days=30)
    for reviewer, name in (("r.meyer", "Robin Meyer"), ("a.kim", "Ada Kim")):
        told.project.add_reviewer(reviewer, name=name)
    told.project.review_waive("a.png", "SIG017", ends, **WHO)
    told.project.review_waive("a.png", "SIG017", ends, reviewer="R.Meyer", reason="once more")
    audited = told.project.audit()
    assert not [row for row in audited.findings.to_pylist() if row["waiver"]]
    (idle,) = idle_waivers(told.project.context, audited)
    assert "SIG017 by R.Meyer" in idle
    assert "two people of the register" in idle
    told.project.review_waive("a.png", "SIG017", ends, reviewer="a.kim", reason="so it is")
    audited = told.project.audit()
    assert idle_waivers(told.project.context, audited) == []
    waived = [row for row in audited.findings.to_pylist() if row["waiver"]]
    assert [(row["code"], row["media_id"]) for row in waived] == [
        ("SIG017", told.project.entry("a.png")["media_id"])
    ]
    assert "R.Meyer until 2026-06-0" in waived[0]["waiver"]
    assert "a.kim until 2026-06-0" in waived[0]["waiver"]
    later = told.project.audit(as_of=ends + timedelta(days=1))
    assert not [row for row in later.findings.to_pylist() if row["waiver"]]

    for code in ("CON001", "MED999", "MED001", "HSH001", "DEP002", "IDN001"):
        with pytest.raises(ConfigError):
            told.project.review_waive("a.png", code, ends, **WHO)
    with pytest.raises(InputError, match="is past"):
        told.project.review_waive("a.png", "SIG017", told.now - timedelta(days=1), **WHO)
    with pytest.raises(ConfigError, match="more than a year ahead"):
        told.project.review_waive("a.png", "SIG017", told.now + timedelta(days=370), **WHO)


@pytest.mark.parametrize(
    ("verb", "arguments", "found"),
    [
        ("review_label", ("a.png", "perhaps"), "expected one of real, fake"),
        ("review_subject", ("a.png", "p02", "maybe"), "expected one of confirmed"),
        ("review_subject", ("a.png", "p02", "disputed"), "nobody declares 'p02' here"),
        ("review_subject", ("a.png", "p02", "not_shown"), "no face here is held to be"),
        ("review_subject", ("refused.png", "p01", "not_shown"), "the entry itself declares 'p01'"),
        ("review_subject", ("a.png", " ", "confirmed"), "pseudonym"),
        ("review_link", (["f1"], "same_person"), "two faces or more"),
        ("review_link", (["f1", "f2"], "same_person"), "no face has the id 'f1'"),
        ("review_label", ("none.png", "real"), "none.png"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_recorded(
    told: Told, verb: str, arguments: tuple[Any, ...], found: str
) -> None:
    with pytest.raises(CurateError, match=found):
        getattr(told.project, verb)(*arguments, **WHO)
    assert told.project.ledger.read("decisions").num_rows == 0


@pytest.mark.parametrize(("reviewer", "reason"), [(" ", "I looked"), ("r.meyer", "")])
def test_a_word_without_a_name_or_a_reason_is_none(told: Told, reviewer: str, reason: str) -> None:
    with pytest.raises(InputError, match="a reviewer's name and a reason"):
        told.project.review_label("a.png", "real", reviewer=reviewer, reason=reason)
    assert told.project.ledger.read("decisions").num_rows == 0


def test_nobody_takes_back_what_another_decided(told: Told) -> None:
    """They decide otherwise, and both are listed; a verdict is taken back like any other."""
    made = told.project.decide("a.png", "blocked", **WHO)
    assert told.verdict("a.png") == "blocked"
    with pytest.raises(InputError, match="takes it back alone"):
        told.project.review_undo("a.kim", decision_id=made)
    told.project.decide("a.png", "cleared", reviewer="a.kim", reason="fine")
    (conflict,) = told.project.review_conflicts()
    assert conflict.kind == "verdict"
    told.project.review_subject("a.png", "p02", "confirmed", reviewer="bo", reason="her")
    told.project.audit()
    assert told.project.review_conflicts() == []
    told.project.review_undo("bo")
    told.project.audit()
    assert len(told.project.review_conflicts()) == 1

    told.project.review_undo("r.meyer", decision_id=made)
    assert told.verdict("a.png") == "needs_review"
    assert told.project.review_conflicts() == []
    with pytest.raises(UnknownNameError, match="no decision that stands"):
        told.project.review_undo("r.meyer", decision_id=made)


def test_a_relabel_outlives_another_ingest(told: Told, tmp_path: Path) -> None:
    """Listing the dataset again declares anew what it declares; the reviewer's word holds."""
    labelled(told)
    told.project.review_label("copy.png", "real", **WHO)
    told.project.audit()
    declared = rows(told, "labels", "copy.png")[0] | {"value": "fake", "origin": "declared"}
    told.project.catalog.upsert("labels", conform([declared], "labels"))

    assert "LAB001" not in codes(told, "copy.png")
    assert rows(told, "labels", "copy.png")[0]["origin"] == "reviewed"
    shutil.rmtree(tmp_path / "ws" / "catalog" / "labels")
    assert "LAB001" not in codes(told, "copy.png")


def test_the_next_run_keeps_what_a_reviewer_chose(told: Told, tmp_path: Path) -> None:
    """The smaller copy, though the larger is the better; taken back, it is as it was."""
    folder = tmp_path / "alike"
    folder.mkdir()
    y, x = np.mgrid[0:256, 0:256] / 256
    seen = np.stack([x * y, np.sin(9 * x + 4 * y**2) / 2 + 0.5, (x - y) ** 2], axis=2)
    large = Image.fromarray((seen * 255).astype(np.uint8))
    large.save(folder / "large.png")
    large.resize((200, 200)).save(folder / "small.png")
    project = told.project
    project.ingest(folder, dataset="alike")
    sha256 = {}

    def run() -> str:
        project.run(["probe", "dedup"], jobs=1)
        sha256.update({project.entry(name)["sha256"]: name for name in ("large.png", "small.png")})
        groups = project.catalog.read("groups").to_pylist()
        (kept,) = {row["keep"] for row in groups if row["sha256"] in sha256}
        return sha256[kept]

    assert run() == "large.png"
    project.review_keep("small.png", **WHO)
    assert run() == "small.png"
    project.review_undo("r.meyer")
    assert run() == "large.png"
