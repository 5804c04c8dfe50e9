"""Splits of a workspace: linting those declared or made, and making and keeping new ones."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import InputError, UnknownNameError
from curate.splits.lint import Lint, lint
from curate.splits.ties import INPUTS


def read_tables(catalog: Catalog) -> dict[str, pa.Table]:
    """Return the tables that ties are read from."""
    connection = catalog.connect("media", "sightings")
    create_entries(connection)
    entries = connection.sql("SELECT * FROM entries ORDER BY media_id").to_arrow_table()
    return {"entries": entries} | {n: catalog.read(n) for n in INPUTS if n != "entries"}


def lint_splits(
    catalog: Catalog, *, kinds: tuple[str, ...] | None = None, assignment: str | None = None
) -> Lint:
    """Return what leaks between the splits declared, or between those of an assignment.

    Args:
        catalog: The catalogue.
        kinds: Names of kinds; all when None.
        assignment: The name of an assignment that `curate split` made.

    Raises:
        UnknownNameError: There is no such assignment.
        InputError: No entry is in a split.
    """
    rows = None if assignment is None else read_assignment(catalog, assignment)
    found = lint(read_tables(catalog), kinds=kinds, assignment=rows)
    if not found.placed.splits:
        raise InputError(
            "no entry is in a split, so nothing can leak from one into another",
            hint="`curate split` makes splits; a layout or a manifest declares them",
        )
    return found


def read_assignment(catalog: Catalog, name: str) -> pa.Table:
    """Return the rows of an assignment, by entry.

    Raises:
        UnknownNameError: There is no such assignment.
    """
    stored = catalog.read("assignments")
    rows = stored.filter(pc.equal(stored["name"], name))
    if not rows.num_rows:
        known = ", ".join(sorted(pc.unique(stored["name"]).to_pylist())) or "none"
        raise UnknownNameError(f"no assignment is called {name!r}", hint=f"there are: {known}")
    return rows
