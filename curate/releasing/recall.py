"""Recall: the next release without what must go, and the feed that tells holders what that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.errors import InputError
from curate.release.build import Release
from curate.release.feed import FEED
from curate.release.select import Selection
from curate.release.version import FIRST, order_of
from curate.releasing.issue import Issue
from curate.releasing.lineage import Earlier, latest
from curate.releasing.order import Order, check_without
from curate.signing import SigningKey


@dataclass(frozen=True)
class Recalled:
    """A recall.

    Attributes:
        folder: The release without what must go; None where nothing was left to release.
        items: How many items it has.
        version: Its version.
        feed: The file of the feed.
        gone: How many files of earlier releases must go, those of earlier recalls among them.
        fresh: How many of these no feed told before.
        behind: Recipients of earlier releases who have not the new one, with the release they have.
    """

    folder: Path | None
    items: int
    version: str
    feed: Path
    gone: int
    fresh: int
    behind: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, built: Release | None, issue: Issue, releases: Path) -> Recalled:
        """Return what became of a recall; where nothing was built, write its feed alone.

        Args:
            built: The release.
            issue: Its issue.
            releases: The workspace's folder of releases.
        """
        if built is None:
            feed = releases / f"{issue.name}.{FEED}"
            feed.write_bytes(issue.feed_alone())
            return cls(None, 0, issue.version, feed, len(issue.gone), len(issue.fresh))
        return cls(built.folder, built.items.num_rows, issue.version, built.folder / FEED,
                   len(issue.gone), len(issue.fresh))  # fmt: skip


def last_of(catalog: Catalog, use: str) -> Earlier:
    """Return the latest release of a use.

    Raises:
        InputError: Nothing of it went out.
    """
    last = latest(catalog, use)
    if last is None:
        raise InputError(
            f"no release of {use} went out, so there is nothing to recall",
            hint="`curate release list` tells what went out",
        )
    return last


def order_again(last: Earlier, keys: Sequence[SigningKey]) -> Order:
    """Return what the latest release was asked to be, for the next one."""
    use = last.row["use"]
    return Order.again(use, last.row["ordered"], keys) if last.row["ordered"] else Order(use)


def next_name(last: Earlier) -> str:
    """Return the name of a recall that nobody named, of its version: ``v2.0.0`` after 1.4.0."""
    major = (order_of(last.row["version"] or FIRST) or (1,))[0]
    return f"v{major + 1}.0.0"


def held(catalog: Catalog, use: str, entries: pa.Array) -> pa.Array:
    """Return those of some entries that a release of a use holds, by id."""
    releases = catalog.read("releases")
    mine = releases.filter(pc.equal(releases["use"], use))["release_id"].combine_chunks()
    items = catalog.read("release_items")
    theirs = pc.and_(
        pc.is_in(items["release_id"], value_set=mine),
        pc.is_in(items["media_id"], value_set=entries),
    )
    return pc.unique(items.filter(theirs)["media_id"])


def check_recall(issue: Issue, selection: Selection, theirs: Collection[str]) -> None:
    """Refuse a recall that would not do what it says.

    Args:
        issue: The recall.
        selection: What may go out in it.
        theirs: Ids of entries that must not be in it.

    Raises:
        InputError: They are, or no file must go that no feed told of.
    """
    check_without(selection, theirs)
    if not issue.due:
        raise InputError(
            "nothing went out that must go and no feed tells of", where=issue.order.use
        )
