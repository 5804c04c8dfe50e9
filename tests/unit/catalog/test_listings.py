"""Listings: what datasets declare, held against what was written last."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.catalog.ledger import Ledger
from curate.catalog.listings import (
    Listing,
    changed_listings,
    declared_sums,
    file_digests,
    listings_kept,
    record_listings,
)
from curate.catalog.tables import Catalog
from curate.schema import conform
from tests.factories import day, label, media

ROWS = [media("a.jpg", "one"), media("b.jpg", "one"), media("a.jpg", "two")]


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Catalog, Ledger]:
    """Return a catalogue of two datasets, and the ledger that answers for it."""
    catalog, ledger = Catalog(tmp_path / "catalog"), Ledger(tmp_path / "ledger.sqlite")
    with listings_kept(catalog, ledger, lambda: day(5)):
        catalog.append("media", conform(ROWS, "media"))
        catalog.append("labels", conform([label(row) for row in ROWS], "labels"))
    return catalog, ledger


def test_what_was_written_is_on_record(kept: tuple[Catalog, Ledger]) -> None:
    """By dataset and table, and nothing differs."""
    catalog, ledger = kept

    listing = Listing.of(ledger)

    assert {one: sorted(told) for one, told in listing.sums.items()} == {
        "one": ["labels", "media"], "two": ["labels", "media"],
    }  # fmt: skip
    assert listing.sums["one"]["media"][0] == 2
    assert listing.files == file_digests(catalog)
    assert changed_listings(catalog, ledger) == {}


def test_only_the_dataset_whose_rows_changed_is_named(kept: tuple[Catalog, Ledger]) -> None:
    """A change, a row more and a row less."""
    catalog, ledger = kept
    for rows in ([label(ROWS[0], "fake"), *map(label, ROWS[1:])], [label(row) for row in ROWS[1:]]):
        catalog.replace("labels", conform(rows, "labels"))
        assert changed_listings(catalog, ledger) == {"one": ["labels"]}
    catalog.append("media", conform([media("c.jpg", "three")], "media"))
    assert changed_listings(catalog, ledger) == {"one": ["labels"], "three": ["media"]}


def test_files_written_anew_with_the_same_rows_are_no_change(kept: tuple[Catalog, Ledger]) -> None:
    """In another order, and in other files."""
    catalog, ledger = kept
    catalog.replace("media", conform(ROWS[::-1], "media"))

    assert file_digests(catalog) != Listing.of(ledger).files
    assert changed_listings(catalog, ledger) == {}


def test_what_was_wrong_before_is_not_made_right(kept: tuple[Catalog, Ledger]) -> None:
    """Whatever else is written; until it is read anew."""
    catalog, ledger = kept
    catalog.replace("labels", conform([label(row) for row in ROWS[1:]], "labels"))

    with listings_kept(catalog, ledger, lambda: day(6)):
        catalog.append("media", conform([media("c.jpg", "two")], "media"))
    assert changed_listings(catalog, ledger) == {"one": ["labels"]}

    with listings_kept(catalog, ledger, lambda: day(7)) as keeping:
        keeping.anew.add("one")
    assert changed_listings(catalog, ledger) == {}
    assert Listing.of(ledger).files == file_digests(catalog)


def test_what_was_written_until_something_failed_is_on_record(
    kept: tuple[Catalog, Ledger],
) -> None:
    """A stage that ends in an error is no edit by hand."""
    catalog, ledger = kept

    def write() -> None:
        with listings_kept(catalog, ledger, lambda: day(6)):
            catalog.append("media", conform([media("c.jpg", "two")], "media"))
            raise KeyError

    with pytest.raises(KeyError):
        write()

    assert changed_listings(catalog, ledger) == {}


def test_sums_that_are_known_are_not_made_again(kept: tuple[Catalog, Ledger]) -> None:
    """And say the same as those that are."""
    catalog, ledger = kept
    catalog.append("labels", conform([label(ROWS[0]) | {"name": "method"}], "labels"))

    short = declared_sums(catalog, Listing.of(ledger), file_digests(catalog))

    assert short == declared_sums(catalog)


def test_a_catalogue_without_a_record_is_not_compared(tmp_path: Path) -> None:
    """As an earlier version left it; from then on it is."""
    catalog, ledger = Catalog(tmp_path / "catalog"), Ledger(tmp_path / "ledger.sqlite")
    record_listings(catalog, ledger, day(4))
    assert not ledger.path.exists()
    catalog.append("media", conform(ROWS, "media"))
    assert changed_listings(catalog, ledger) == {}

    record_listings(catalog, ledger, day(5))
    catalog.replace("media", conform(ROWS[1:], "media"))
    assert changed_listings(catalog, ledger) == {"one": ["media"]}
