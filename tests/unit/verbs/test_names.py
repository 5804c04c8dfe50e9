"""`curate subjects` and what goes by it, on small workspaces without faces."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import curate
from curate.api import Project
from curate.errors import InputError, ManyErrors, UnknownNameError
from curate.schema import conform
from curate.splits.ties import read_ties
from curate.verbs import names
from curate.verbs.consent import impact, records_of, withdraw
from curate.verbs.erase import erase
from curate.verbs.split import read_tables
from tests.factories import depiction, media, sighting

ANA = {"reviewer": "ana", "reason": "one form"}
SHOWN = {"a.jpg": "p01", "b.jpg": "P-1", "c.jpg": "p03"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a workspace in which three names are given, one with a consent."""
    made = curate.init(tmp_path / "ws")
    rows = [media(name) for name in SHOWN]
    catalog = made.context.catalog
    catalog.append("media", conform(rows, "media"))
    catalog.append("sightings", conform([sighting(row) for row in rows], "sightings"))
    shown = [depiction(row, SHOWN[row["locator"]]) for row in rows]
    catalog.append("depictions", conform(shown, "depictions"))
    people = [{"subject_id": who, "subject_kind": "adult", "is_minor_at_capture": "no",
               "status": "active"} for who in SHOWN.values()]  # fmt: skip
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made.context.ledger.record("subjects", people, recorded_at=now)
    return made


def test_a_merge_is_on_record_once_and_ends_when_it_is_taken_back(project: Project) -> None:
    context = project.context
    assert len(names.merge(context, "p01", "P-1", **ANA).recorded) == 1
    assert names.merge(context, "P-1", "p01", reviewer=" Ana ", reason="again").known == 1
    assert names.all_names(context, "p01") == ("P-1", "p01")
    names.merge(context, "p03", "P-1", **ANA)
    assert names.all_names(context, "p03") == ("P-1", "p01", "p03")
    assert [row["state"] for row in names.merges_of(context)] == ["merged", "merged"]

    names.part(context, "p01", "P-1", **ANA)
    assert names.all_names(context, "p01") == ("p01",)
    with pytest.raises(UnknownNameError, match="nobody said"):
        names.part(context, "p01", "p03", **ANA)


def test_what_a_person_touches_is_under_all_their_names(project: Project) -> None:
    context = project.context
    names.merge(context, "p01", "P-1", **ANA)
    assert impact(context, "p01").entries["locator"].to_pylist() == ["a.jpg", "b.jpg"]
    assert impact(context, "P-1").entries["how"].to_pylist() == [
        "declared as depicted under the name p01", "declared as depicted",
    ]  # fmt: skip
    assert records_of(context, "P-1")["merges"][0]["other_subject_id"] == "p01"
    groups = read_ties(read_tables(context.catalog, context.ledger), ["identity"])
    assert sorted(groups.groups["identity"].names.to_pylist()) == ["subject P-1", "subject p03"]


def test_erasing_one_name_erases_all_and_leaves_no_word_of_them(project: Project) -> None:
    context = project.context
    names.merge(context, "p01", "P-1", **ANA)
    withdraw(context, "P-1")
    told = erase(context, "p01", known_only=True)[1]

    assert told["other_names"] == ["P-1"]
    requests = context.ledger.read("requests").to_pylist()
    erased = {row["subject_id"] for row in requests if row["kind"] == "erasure"}
    assert erased == {"p01", "P-1"}
    assert context.ledger.read("subjects")["subject_id"].to_pylist() == ["p03"]
    assert context.ledger.read("merges").num_rows == 0
    assert context.ledger.verify()


def test_aliases_of_a_file_are_taken_all_or_none(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "aliases.csv"
    file.write_text("subject_id,alias_of\np01,P-1\np01,\np9,p03\np03,p03\n", encoding="utf-8")
    with pytest.raises(ManyErrors) as caught:
        names.merge_from(project.context, file, **ANA)
    assert [error.where for error in caught.value.errors] == [
        "aliases.csv:3", "aliases.csv:4", "aliases.csv:5",
    ]  # fmt: skip
    assert project.context.ledger.read("merges").num_rows == 0
    file.write_text("subject_id,alias_of\np01,P-1\nP-1,p01\n", encoding="utf-8")
    assert len(names.merge_from(project.context, file, **ANA).recorded) == 1
    file.write_text("subject_id,alias_of\n", encoding="utf-8")
    with pytest.raises(InputError, match="no pair"):
        names.merge_from(project.context, file, **ANA)


def test_near_names_come_with_what_each_has(project: Project) -> None:
    catalog = project.context.catalog
    catalog.append("depictions", conform([depiction(media("c.jpg"), "P03")], "depictions"))
    names.merge(project.context, "p03", "P03", **ANA)
    rows, _ = names.near(project.context)
    (row,) = (one for one in rows if one["difference"] == "capitals")

    assert row == {
        "subject_id": "P03", "entries": 1, "records": 0, "other_subject_id": "p03",
        "other_entries": 1, "other_records": 1, "difference": "capitals", "state": "merged",
    }  # fmt: skip
