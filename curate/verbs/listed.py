"""The entries of the catalogue, as statements name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.consent.listed_media import Entries
from curate.errors import CatalogError
from curate.model.names import names_of
from curate.verbs.names import merged_people

if TYPE_CHECKING:
    from curate.verbs.context import Context


def known_entries(context: Context) -> Entries:
    """Return the entries of the catalogue, and who appears in them, under all of their names.

    None where the catalogue cannot be read.
    """
    try:
        media = context.catalog.read("media").select(["media_id", "locator"]).to_pylist()
        depictions = context.catalog.read("depictions")
    except CatalogError:
        return Entries({})
    shown: dict[str, set[str]] = {}
    columns = ("media_id", "subject_id", "link_status")
    for row in depictions.select(list(columns)).to_pylist():
        if row["link_status"] != "rejected" and row["subject_id"] is not None:
            shown.setdefault(row["subject_id"], set()).add(row["media_id"])
    people = merged_people(context)
    showing = {
        one: set().union(*(shown.get(name, set()) for name in names_of(people, one)))
        for one in {*shown, *people}
    }
    return Entries({row["media_id"]: row["locator"] for row in media}, showing)
