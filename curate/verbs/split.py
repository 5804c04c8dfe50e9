"""`curate split`: splits linted, made and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.catalog.views import read_entries
from curate.errors import InputError, UnknownNameError
from curate.schema import conform
from curate.splits.assign import Plan
from curate.splits.expected import expected_people
from curate.splits.kinds import kinds_of
from curate.splits.lint import Lint, lint
from curate.splits.maker import Made, extended, make_splits
from curate.splits.ties import INPUTS, read_ties
from curate.verbs.names import names_in

if TYPE_CHECKING:
    from curate.verbs.context import Context


def read_tables(catalog: Catalog, ledger: Ledger) -> dict[str, pa.Table]:
    """Return the tables that ties are read from.

    ``names`` says which names are one person, and ``sources`` which sources have terms on record.
    """
    stored = {name: catalog.read(name) for name in INPUTS if name != "entries"}
    said = {"names": names_in(ledger), "sources": ledger.read("sources")}
    return {"entries": read_entries(catalog), **said} | stored


def lint_splits(
    context: Context, *, by: Iterable[str] | None = None, assignment: str | None = None
) -> Lint:
    """Return what leaks between the splits declared, or between those of an assignment.

    Args:
        context: The workspace.
        by: Kinds of relations, or topics that stand for several; all when None.
        assignment: The name of an assignment that `curate split` made.

    Raises:
        UnknownNameError: There is no such kind or assignment.
        InputError: No entry is in a split.
    """
    catalog = context.catalog
    rows = None if assignment is None else read_assignment(catalog, assignment)
    tables = read_tables(catalog, context.ledger)
    found = lint(tables, kinds=None if by is None else kinds_of(by), assignment=rows)
    if not found.placed.splits:
        raise InputError(
            "no entry is in a split, so nothing can leak from one into another",
            hint="`curate split` makes splits; a layout or a manifest declares them",
        )
    return found


def split(
    context: Context,
    plan: Plan,
    *,
    name: str = "split",
    extend: str | None = None,
    cut: bool = False,
    tolerance: float = 0.05,
) -> Made:
    """Make splits in which nothing that `plan` names crosses, and keep them as `name`.

    Splits that miss their shares by more than `tolerance` are not kept.

    Args:
        context: The workspace.
        plan: What is wanted.
        name: What the assignment is called.
        extend: An assignment or a release whose entries stay where they are.
        cut: Leave out what must go for the shares to be met.
        tolerance: How far a split may be from its share, as a share of all.

    Raises:
        InputError: The name is taken by another assignment, or there is nothing to split.
    """
    catalog = context.catalog
    asked = {"name": name, "extend": extend, "cut": cut, **asdict(plan)}
    with context.workspace.writing(), context.recorded("split", asked) as run:
        check_name(catalog, name, extend=extend)
        tables = read_tables(catalog, context.ledger)
        made, ids = make_assignment(
            tables, catalog, context.record, plan, tolerance=tolerance, extend=extend
        )
        chosen = made.chosen(cut=cut)
        table = chosen.table(ids)
        expected = expected_people(tables, table.filter(table["split"].is_valid()), made=True)
        run["counts"] = {**chosen.sizes, "missed": chosen.missed, **chosen.left_out}
        if chosen.missed <= tolerance:
            keep_assignment(catalog, name, table, run_id=str(run["run_id"]))
    return replace(made, expected=expected)


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


def make_assignment(
    tables: Mapping[str, pa.Table],
    catalog: Catalog,
    record: Record,
    plan: Plan,
    *,
    tolerance: float,
    extend: str | None = None,
) -> tuple[Made, pa.Array]:
    """Return splits of a catalogue, and the ids of its entries.

    Args:
        tables: What ties are read from, by `read_tables`.
        catalog: The catalogue.
        record: The releases.
        plan: What is wanted.
        tolerance: How far a split may be from its share before that is told.
        extend: An assignment or a release whose entries stay where they are.

    Raises:
        UnknownNameError: No assignment and no release is called that.
        InputError: There is nothing to split.
    """
    if not tables["entries"].num_rows:
        raise InputError("the catalogue is empty", hint="run `curate ingest` first")
    ties = read_ties(tables, plan.kinds, looser=True)
    fixed, left = None, None
    if extend is not None:
        fixed, left = extended(plan, ties.ids, placed_before(catalog, record, extend))
    made = make_splits(ties, plan, tables["labels"], tolerance=tolerance, fixed=fixed, left=left)
    return made, ties.ids


def placed_before(catalog: Catalog, record: Record, name: str) -> pa.Table:
    """Return ``media_id, split`` of an assignment or a release.

    Raises:
        UnknownNameError: No assignment and no release is called that.
    """
    found = [row for row in record.releases() if row["name"] == name]
    return record.items(found) if found else read_assignment(catalog, name)


def check_name(catalog: Catalog, name: str, *, extend: str | None) -> None:
    """Check that an assignment may be kept as `name`: a new name, or the one that is extended.

    Raises:
        InputError: It may not.
    """
    taken = set(pc.unique(catalog.read("assignments")["name"]).to_pylist())
    if not name:
        raise InputError("the name is empty", where="--name")
    if name in taken and name != extend:
        raise InputError(
            f"an assignment is called {name!r} already",
            where="--name",
            hint=f"choose another name, or go on from it with --extend {name}",
        )


def keep_assignment(catalog: Catalog, name: str, rows: pa.Table, *, run_id: str) -> None:
    """Write an assignment, in the place of one of that name.

    Args:
        catalog: The catalogue.
        name: What it is called.
        rows: ``media_id, split, left_out``.
        run_id: The run that made it.
    """
    stored = catalog.read("assignments")
    rest = stored.filter(pc.not_equal(stored["name"], name))
    constant = {"name": name, "run_id": run_id}
    for column, value in constant.items():
        rows = rows.append_column(column, pa.repeat(value, rows.num_rows))
    whole = pa.concat_tables([rest, conform(rows, "assignments")])
    catalog.replace("assignments", whole)


def with_splits(tables: Mapping[str, pa.Table], assignment: pa.Table) -> dict[str, pa.Table]:
    """Return ``entries`` and ``relations`` with an assignment in the place of what is declared."""
    entries, relations = tables["entries"], tables["relations"]
    place = pc.index_in(entries["media_id"], value_set=assignment["media_id"])
    column = entries.schema.get_field_index("split")
    return {
        "entries": entries.set_column(column, "split", assignment["split"].take(place)),
        "relations": relations.filter(pc.not_equal(relations["relation"], "in_split")),
    }
