"""`curate status`: what the workspace holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curate.catalog.views import create_entries
from curate.schema import table_names
from curate.verbs.gaps import gaps

if TYPE_CHECKING:
    from curate.verbs.context import Context


@dataclass(frozen=True)
class Status:
    """What a workspace holds.

    Attributes:
        rows: How many rows each table has.
        entries: How many entries are in each state.
        unreadable: How many entries cannot be read, by reason.
        ledger_entries: How many entries the ledger has.
        ledger_root: The root of its Merkle tree.
        gaps: What the record names and the catalogue does not know, in sentences.
    """

    rows: dict[str, int]
    entries: dict[str, int]
    unreadable: dict[str, int]
    ledger_entries: int
    ledger_root: str
    gaps: tuple[str, ...] = ()


def status(context: Context) -> Status:
    """Return what the workspace holds."""
    catalog, ledger = context.catalog, context.ledger
    rows = {name: catalog.count(name) for name in table_names("delta")}
    rows |= {name: ledger.read(name).num_rows for name in table_names("ledger")}
    connection = catalog.connect("media", "sightings")
    create_entries(connection)
    counted = "SELECT {}, count(*) FROM entries {} GROUP BY 1 ORDER BY 1"
    states = connection.execute(counted.format("state", "")).fetchall()
    unread = counted.format("reason", "WHERE state = 'unreadable'")
    size, root = ledger.root()
    return Status(rows, dict(states), dict(connection.execute(unread).fetchall()), size, root,
                  tuple(gaps(context)))  # fmt: skip


def rejections(context: Context) -> list[dict[str, Any]]:
    """Return the rows and files that became no entry, each with its place and reason."""
    rows: list[dict[str, Any]] = context.catalog.read("rejections").to_pylist()
    return rows
