"""Releases of a workspace: what an audit cleared, written, recorded, and only then named."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.audits import Audited
from curate.catalog.tables import Catalog
from curate.model.ids import stable_id
from curate.release.build import Form, Release
from curate.release.select import INPUTS, Selection, select
from curate.report.written import Written
from curate.schema import conform


@dataclass(frozen=True)
class Order:
    """What a release is asked to be.

    Attributes:
        use: A use profile of `curate.toml`.
        assignment: Splits that `curate split` made, in the place of those declared.
        keep_duplicates: Let every near duplicate go out.
        form: How it is written.
    """

    use: str
    assignment: str | None = None
    keep_duplicates: bool = False
    form: Form = field(default_factory=Form)


def cleared(facts: Mapping[str, pa.Table], audited: Audited, order: Order) -> Selection:
    """Return what an audit lets go out.

    Args:
        facts: The tables that the audit read.
        audited: The audit.
        order: What is asked for.
    """
    tables = {name: facts[name] for name in INPUTS if name != "verdicts"}
    return select(
        {**tables, "verdicts": audited.verdicts},
        assigned=order.assignment is not None,
        keep_duplicates=order.keep_duplicates,
    )


def went_out(selection: Selection, written: Written) -> Selection:
    """Return a selection as it was written: some of it may go out in no form."""
    items = selection.items
    mine = pc.is_in(items["media_id"], value_set=written.items["media_id"].combine_chunks())
    out = items.filter(mine)
    lost = items.num_rows - out.num_rows
    return replace(
        selection,
        items=out,
        left_out=written.facts["left_out"],
        excluded=selection.excluded + lost,
    )


def recorder(
    catalog: Catalog, audited: Audited, clock: Callable[[], datetime]
) -> Callable[[Release], None]:
    """Return what records a release once it is whole.

    It is recorded before it has its name: a build that is killed between the two is recorded
    again by the next one of that name, and what went out is never unknown.
    """

    def record(built: Release) -> None:
        name = built.folder.name
        release_id = stable_id("release", name, built.merkle_root)
        row: dict[str, Any] = {
            "release_id": release_id,
            "name": name,
            "use": audited.use.name,
            "audit_run_id": audited.run_id,
            "built_at": clock(),
            "path": f"releases/{name}",
            "merkle_root": built.merkle_root,
            "item_count": built.items.num_rows,
            "left_out": json.dumps(built.left_out, sort_keys=True),
        }
        _forget(catalog, name)
        ids = pa.array([release_id] * built.items.num_rows, pa.string())
        catalog.append("release_items", built.items.append_column("release_id", ids))
        catalog.append("releases", conform([row], "releases"))

    return record


def _forget(catalog: Catalog, name: str) -> None:
    """Take away the record of a release that was killed before it had its name."""
    stored = catalog.read("releases")
    of_name = pc.equal(stored["name"], name)
    if gone := stored.filter(of_name)["release_id"].to_pylist():
        items = catalog.read("release_items")
        mine = pc.is_in(items["release_id"], value_set=pa.array(gone))
        catalog.replace("release_items", items.filter(pc.invert(mine)))
        catalog.replace("releases", stored.filter(pc.invert(of_name)))
