"""`curate lists`: hash lists registered in a workspace, and forgotten."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from curate.errors import UnknownNameError
from curate.safety.entries import other_kind
from curate.safety.formats import Read
from curate.safety.lists import HashList, ListInfo, infos
from curate.safety.stage import open_lists, publish

if TYPE_CHECKING:
    from curate.verbs.context import Context


def add_list(
    context: Context, info: ListInfo, read: Read, *, without: Collection[str] = ()
) -> ListInfo:
    """Register a hash list, in the place of one of that name; return what is kept of it.

    While a list holds hashes of a kind that is not computed here, nothing is released.

    Args:
        context: The workspace.
        info: What is known of the list.
        read: What its file holds; see `curate.safety.formats.read_list`.
        without: Kinds of hash that are not computed here and that somebody asks elsewhere: they
            are left out, and how many there were is kept.

    Raises:
        UnknownNameError: The list has no hashes of a kind to be left out, or that is compared.
        MissingKeyError: The vault's key is not where it should be.
    """
    kinds = {other_kind(word) for word in without}
    if wrong := sorted(kinds - read.skipped.keys()):
        raise UnknownNameError(
            f"the list has no hashes of the kind {wrong[0]!r} that could be left out",
            where="--without",
            hint=f"kinds in it that are not compared: {', '.join(read.skipped) or 'none'}",
        )
    told = replace(
        info,
        skipped={kind: n for kind, n in read.skipped.items() if kind not in kinds},
        left_out={kind: n for kind, n in read.skipped.items() if kind in kinds},
    )
    with context.workspace.writing():
        store = open_lists(context.workspace, context.config, create=True)
        kept = store.put(HashList(told, read.entries))
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
