"""`curate lists`: hash lists registered in a workspace, and forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from curate.safety.formats import Read
from curate.safety.lists import HashList, ListInfo, infos
from curate.safety.stage import open_lists, publish

if TYPE_CHECKING:
    from curate.verbs.context import Context


def add_list(context: Context, info: ListInfo, read: Read) -> ListInfo:
    """Register a hash list, in the place of one of that name; return what is kept of it.

    Args:
        context: The workspace.
        info: What is known of the list.
        read: What its file holds; see `curate.safety.formats.read_list`.

    Raises:
        MissingKeyError: The vault's key is not where it should be.
    """
    with context.workspace.writing():
        store = open_lists(context.workspace, context.config, create=True)
        kept = store.put(HashList(replace(info, skipped=read.skipped), read.entries))
        publish(context.catalog, context.workspace)
    return kept


def registered_lists(context: Context) -> list[ListInfo]:
    """Return which lists are registered."""
    return infos(context.workspace.lists)


def drop_list(context: Context, name: str) -> None:
    """Forget a list: what only it matched is open again once the stage hashlists ran.

    Raises:
        UnknownNameError: There is none of that name.
    """
    with context.workspace.writing():
        known = context.catalog.read("hash_lists")["list_id"].to_pylist()
        open_lists(context.workspace, context.config).drop(name, known=known)
        publish(context.catalog, context.workspace, dropped=name)
