"""Entries that rows list are found in the catalogue, or the row is refused."""

from __future__ import annotations

from typing import Any

import pytest

from curate.consent.listed_media import Entries, resolve_media
from curate.consent.merge import apart_from
from curate.consent.statements import Statements
from curate.errors import InvalidRowError, ManyErrors
from tests.factories import consent, day, event

ENTRIES = Entries(
    {"0a-1": "f1.jpg", "0a-2": "f2.jpg", "0b-2": "f2.jpg"}, {"p01": {"0a-1"}, "p02": {"0a-2"}}
)


def said(*names: str, state: str = "ConsentGiven", **values: Any) -> Statements:
    """Return what a row says of some entries."""
    row = consent(scope_kind="listed_media", scope_media_ids=list(names), **values)
    return Statements({"consents": [row], "consent_events": [event(day(2), state)]})


@pytest.mark.parametrize("name", ["0a-1", "0A-1", "f1.jpg"])
def test_an_entry_is_named_by_its_id_or_its_locator(name: str) -> None:
    """However the id is cased."""
    found = said(name, state="ConsentWithdrawn")

    resolve_media(found, ENTRIES, "t.csv:2")

    assert found.records["consents"][0]["scope_media_ids"] == ["0a-1"]


@pytest.mark.parametrize("state", ["ConsentGiven", "ConsentWithdrawn"])
@pytest.mark.parametrize("name", ["ALL", "f9.jpg", "6f0e7a0c-6f0d-5d7e-9a53-0c1d2e3f4a5b"])
def test_what_is_no_entry_is_refused(state: str, name: str) -> None:
    """A withdrawal would reach nothing, and nobody would hear of it."""
    with pytest.raises(InvalidRowError, match="no entry is called") as caught:
        resolve_media(said(name, state=state), ENTRIES, "t.csv:2")

    assert caught.value.where == "t.csv:2"
    assert "locator" in caught.value.hint


def test_nothing_is_taken_back_for_an_entry_of_somebody_else() -> None:
    """It would be recorded, and reach nothing."""
    with pytest.raises(InvalidRowError, match=r"'p01' does not appear in 'f2\.jpg'"):
        resolve_media(said("f1.jpg", "f2.jpg", state="ConsentRefused"), ENTRIES, "t.csv:2")


def test_a_grant_is_for_one_entry() -> None:
    """A locator of two would grant both; each wrong name is told."""
    with pytest.raises(InvalidRowError, match="locator of 2 entries"):
        resolve_media(said("f2.jpg"), ENTRIES, "t.csv:2")
    with pytest.raises(ManyErrors):
        resolve_media(said("x", "y"), ENTRIES, "t.csv:2")


def test_without_entries_media_are_ingested_first() -> None:
    """Nothing could be found."""
    with pytest.raises(InvalidRowError) as caught:
        resolve_media(said("f1.jpg"), Entries({}), "t.csv:2")

    assert "ingest" in caught.value.hint


@pytest.mark.parametrize(
    ("about", "unnamed", "apart"),
    [
        (["0a-1"], False, False),
        (["0a-2"], False, True),
        (None, True, True),
        (None, False, False),
    ],
)
def test_what_says_more_than_its_consent_is_a_record_of_its_own(
    about: list[str] | None, *, unnamed: bool, apart: bool
) -> None:
    """A withdrawal that gets the id of a consent for one entry is about more than that entry."""
    listed = consent(scope_kind="listed_media", scope_media_ids=["0a-1"])
    found = said(*(about or ()), state="ConsentWithdrawn")
    if about is None:
        found.records["consents"][0] |= {"scope_kind": "all_media", "scope_media_ids": None}
    found.unnamed = {"c1"} if unnamed else set()

    apart_from(found, {"c1": listed})

    (row,), (happened,) = found.records["consents"], found.records["consent_events"]
    assert (row["consent_id"] != "c1") == apart
    assert happened["consent_id"] == row["consent_id"]
