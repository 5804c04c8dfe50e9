"""Listings: what datasets declare, held against what was written last of it.

Scans answer for what machines saw (`curate.catalog.rowsums`). What an ingest declares, who is in
an entry and what it was made from above all, has no scan: the ledger answers for it, which is only
ever added to. It has the count and the sum of each dataset's rows in each table, and is told anew
whenever a verb of curate changes them.

Summing a million rows takes seconds, and reading the bytes of their files a tenth of one. So the
ledger also has the digest of the files as they were when the sums were right: while it holds, so
do the sums. Versions of tables are not asked: whoever edits a table can write any version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from curate.catalog.ledger import Ledger
from curate.catalog.rowsums import grouped_sums
from curate.catalog.tables import Catalog

KIND = "listings"
# The rows of a table that declare something of an entry: the column that names it, and which.
DECLARED = {
    "media": ("media_id", "TRUE"),
    "depictions": ("media_id", "TRUE"),
    "labels": ("media_id", "TRUE"),
    "relations": ("left", "starts_with(stage, 'ingest:')"),
    "signals": ("about", "about_kind = 'media'"),
}
_FILES = "files"

# For each dataset, the count and sum of its rows in each table.
Sums = dict[str, dict[str, list[Any]]]


@dataclass(frozen=True)
class Listing:
    """What the ledger says was written last.

    Attributes:
        files: The SHA-256 of each table's files; empty where none were recorded.
        sums: By dataset.
    """

    files: Mapping[str, str]
    sums: Sums

    @classmethod
    def of(cls, ledger: Ledger) -> Listing:
        """Return what is on record; nothing where no ingest recorded anything yet."""
        rows = ledger.read(KIND).to_pylist()
        told = {row["dataset"]: json.loads(row["sums"]) for row in rows}
        files = told.pop(None, {})
        return cls(files, told)


def changed_listings(
    catalog: Catalog, ledger: Ledger, *, files: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Return datasets of which something is not as it was written, with the tables that differ.

    In a workspace that an earlier version made nothing is on record, and nothing can be said.

    Args:
        catalog: The tables.
        ledger: What was written last.
        files: The digests of their files, where they are known.
    """
    listing = Listing.of(ledger)
    now = files or file_digests(catalog)
    if not listing.files or listing.files == now:
        return {}
    return _differences(listing.sums, declared_sums(catalog, listing, now))


@dataclass
class Keeping:
    """What `listings_kept` knows while tables are changed.

    Attributes:
        wrong: Datasets that were not as they were written, with the tables that differ.
        anew: Those that were read anew since, so that what was wrong is wrong no more.
    """

    wrong: dict[str, list[str]]
    anew: set[str] = field(default_factory=set)

    def renew(self, name: str) -> None:
        """Take a table as it is: a stage has written all of its rows anew."""
        left = {one: [n for n in names if n != name] for one, names in self.wrong.items()}
        self.anew |= {one for one, names in left.items() if not names}
        self.wrong = {one: names for one, names in left.items() if names}


@contextmanager
def listings_kept(
    catalog: Catalog, ledger: Ledger, clock: Callable[[], datetime]
) -> Iterator[Keeping]:
    """Record anew what datasets declare, where it is changed within.

    What was not as it was written before stays so, unless it is read anew. What was written until
    something failed is recorded as well.

    Args:
        catalog: The tables; their workspace is held for writing.
        ledger: Where it is recorded.
        clock: Gives the present instant.
    """
    before = file_digests(catalog)
    keeping = Keeping(changed_listings(catalog, ledger, files=before))
    try:
        yield keeping
    finally:
        after = file_digests(catalog)
        if after != before or keeping.anew:
            wrong = keeping.wrong.keys() - keeping.anew
            record_listings(catalog, ledger, clock(), files=after, besides=wrong)


def record_listings(
    catalog: Catalog,
    ledger: Ledger,
    now: datetime,
    *,
    files: Mapping[str, str] | None = None,
    besides: Collection[str] = (),
) -> None:
    """Record what datasets declare now.

    Args:
        catalog: The tables.
        ledger: Where it is recorded.
        now: The instant, in UTC.
        files: The digests of their files, where they are known.
        besides: Datasets that are not as they were written, and whose record stays.
    """
    listing, now_there = Listing.of(ledger), files or file_digests(catalog)
    found = declared_sums(catalog, listing, now_there)
    said: Sums = {name: {} for name in listing.sums} | found
    rows: list[dict[str, Any]] = [
        {"listing_id": f"dataset/{dataset}", "dataset": dataset, "sums": _text(sums)}
        for dataset, sums in sorted(said.items())
        if dataset not in besides
    ]
    # While anything is wrong the sums have to be made each time, whatever the files are.
    digests = {"": "unknown"} if besides else now_there
    rows.append({"listing_id": _FILES, "dataset": None, "sums": _text(digests)})
    if said:
        ledger.record(KIND, rows, recorded_at=now)


def declared_sums(
    catalog: Catalog, listing: Listing | None = None, files: Mapping[str, str] | None = None
) -> Sums:
    """Return the count and sum of each dataset's rows in each table.

    Args:
        catalog: The tables.
        listing: What is on record: tables whose files are the same are not read.
        files: The digests of the files as they are.
    """
    same = set()
    if listing is not None and files is not None and files["media"] == listing.files.get("media"):
        same = {name for name in DECLARED if files[name] == listing.files.get(name)}
    media = catalog.load("media").select(["media_id", "dataset"])
    sums: Sums = {}
    for name, (column, where) in DECLARED.items():
        if listing is not None and name in same:
            known = {one: told[name] for one, told in listing.sums.items() if name in told}
        else:
            found = grouped_sums(name, catalog.load(name), media, column, where)
            known = {one: [count, str(total)] for one, count, total in found}
        for dataset, told_of in known.items():
            sums.setdefault(dataset, {})[name] = told_of
    return sums


def file_digests(catalog: Catalog) -> dict[str, str]:
    """Return a SHA-256 over the files of each table that declares something, as they lie there."""
    return {name: catalog.files_digest(name) for name in DECLARED}


def _differences(known: Sums, found: Sums) -> dict[str, list[str]]:
    # Of a dataset without entries nothing is judged: a catalogue may be emptied and made again.
    differ = {
        dataset: [name for name in DECLARED
                  if known.get(dataset, {}).get(name) != found.get(dataset, {}).get(name)]
        for dataset in sorted(found) if "media" in found[dataset]
    }  # fmt: skip
    return {dataset: names for dataset, names in differ.items() if names}


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
