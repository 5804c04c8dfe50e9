"""Recall: the next release without what must go, and the feed that tells holders what that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.errors import InputError
from curate.release.build import Release
from curate.release.version import FIRST, order_of
from curate.releasing.lineage import Earlier, latest
from curate.releasing.order import Order
from curate.signing import SigningKey


@dataclass(frozen=True)
class Recalled:
    """A recall.

    Attributes:
        built: The release without what must go.
        version: Its version.
        gone: How many files of earlier releases must go, those of earlier recalls among them.
        fresh: How many of these no feed told before.
        behind: Recipients of earlier releases who have not the new one, with the release they have.
    """

    built: Release
    version: str
    gone: int
    fresh: int
    behind: tuple[tuple[str, str], ...]


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
