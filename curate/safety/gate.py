"""The gate before a release: it stays shut unless every hash list was asked, and is fresh."""

from __future__ import annotations

from datetime import datetime

from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import InputError
from curate.model.plural import counted, verb
from curate.safety.lists import infos, lists_digest
from curate.safety.seal.places import sealed_folder
from curate.safety.seal.plan import pending
from curate.workspace import Workspace

_UNASKED = """
SELECT count(*) FROM entries e WHERE e.state = 'present'
AND NOT EXISTS (SELECT 1 FROM hash_checks k WHERE k.sha256 = e.sha256 AND k.lists = ?)
"""


def check_gate(place: Workspace, catalog: Catalog, now: datetime) -> None:
    """Check that what may go out was held against the registered lists as they are.

    Args:
        place: The workspace.
        catalog: Its catalogue.
        now: The present instant, in UTC.

    Raises:
        InputError: A list is stale, a list that was registered is gone, or the stage hashlists
            did not run since something changed, or a sealing was not finished. Without any list
            the gate is open.
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
