"""The gate before a release: it stays shut unless every list was asked in full, and is fresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import InputError
from curate.model.plural import counted, verb
from curate.safety.entries import EXACT
from curate.safety.lists import ListInfo, infos, lists_digest
from curate.safety.seal.places import sealed_folder
from curate.safety.seal.plan import pending
from curate.workspace import Workspace

# Where it is not on record by which kinds of hash a content was asked, it was not asked.
_UNASKED = """
SELECT count(*) FROM entries e WHERE e.state = 'present'
AND NOT EXISTS (
    SELECT 1 FROM hash_checks k
    WHERE k.sha256 = e.sha256 AND k.lists = ? AND k.not_asked IS NOT NULL
)
"""
_BY_KIND = """
SELECT kind, count(*) FROM (
    SELECT unnest(k.not_asked) AS kind FROM entries e JOIN hash_checks k USING (sha256)
    WHERE e.state = 'present'
) GROUP BY kind ORDER BY kind
"""


def check_gate(place: Workspace, catalog: Catalog, now: datetime) -> None:
    """Check that what may go out was held against the registered lists as they are.

    Args:
        place: The workspace.
        catalog: Its catalogue.
        now: The present instant, in UTC.

    Raises:
        InputError: A list is stale, a list that was registered is gone, the stage hashlists did
            not run since something changed, a list has hashes of a kind that was not asked, or a
            sealing was not finished. Without any list the gate is open.
    """
    if begun := pending(sealed_folder(place)):
        raise InputError(
            f"the sealing of {counted(len(begun), 'file')} was begun and is not finished",
            where="sealed", hint="run `curate seal run`",
        )  # fmt: skip
    folder = place.lists
    known = infos(folder)
    told = catalog.read("hash_lists")["list_id"].to_pylist()
    if gone := sorted(set(told) - {one.list_id for one in known}):
        raise InputError("this hash list was registered, and its file is gone", where=gone[0],
                         hint="register it again, or `curate lists drop` it")  # fmt: skip
    if not known:
        return
    if stale := [one.list_id for one in known if one.is_stale(now)]:
        raise InputError("this hash list is stale, so nothing is released", where=stale[0],
                         hint="fetch it again and register it with `curate lists add`")  # fmt: skip
    connection = catalog.connect("media", "sightings", "hash_checks")
    create_entries(connection)
    (count,) = connection.execute(_UNASKED, [lists_digest(folder)]).fetchall()[0]
    if count:
        raise InputError(
            f"{counted(count, 'entry')} {verb(count, 'was', 'were')} not held against the hash "
            "lists as they are",
            where="hashlists",
            hint="run `curate run probe hashlists`, then `curate audit`",
        )
    for kind, count in connection.execute(_BY_KIND).fetchall():
        _refuse_kind(known, kind, count)


def _refuse_kind(known: Sequence[ListInfo], kind: str, count: int) -> None:
    """Stop where entries were not asked by a kind of hash.

    Raises:
        InputError: Always.
    """
    entries = f"{counted(count, 'entry')} {verb(count, 'was', 'were')}"
    if kind in EXACT:
        raise InputError(
            f"{entries} not asked by the hashes of the kind {kind}, which was never computed of "
            f"{verb(count, 'it', 'them')}",
            where="hashlists",
            hint="run `curate run probe hashlists`, then `curate audit`",
        )
    holders = [one for one in known if kind in one.skipped]
    hashes = sum(one.skipped[kind] for one in holders)
    raise InputError(
        f"{entries} not asked by {counted(hashes, 'hash')} of the kind {kind}, which is not "
        "computed here",
        where=holders[0].list_id if holders else "hashlists",
        hint=f"ask the list elsewhere by these, and register it with `curate lists add --without "
        f"{kind}`, which stays on record; or drop it",
    )
