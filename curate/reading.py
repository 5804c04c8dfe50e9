"""Reading a workspace: the tables that audits, walks and documents are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.catalog.derived import derived
from curate.catalog.digest import tables_digest
from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.catalog.views import read_entries, stored_as

if TYPE_CHECKING:
    from curate.catalog.impact import Impact


@dataclass(frozen=True)
class Reading:
    """What a workspace knows, as tables.

    Attributes:
        catalog: The tables of observations.
        ledger: The statements.
        clock: Gives the present instant.
    """

    catalog: Catalog
    ledger: Ledger
    clock: Callable[[], datetime]

    def statements(self, *, known_at: datetime | None = None) -> dict[str, pa.Table]:
        """Return the tables of statements an audit reads, each sorted by its key.

        Sources that entries name are joined with the registry of known datasets.

        Args:
            known_at: The instant whose knowledge counts; now when None.
        """
        from curate.audit.facts import LEDGER_INPUTS
        from curate.audit.known import with_known

        said = {name: self.ledger.read(name, known_at=known_at) for name in LEDGER_INPUTS}
        entries = self.catalog.connect("media")
        named = entries.execute("SELECT DISTINCT source_id FROM media").fetchall()
        at = known_at or self.clock()
        return {**said, "sources": with_known(said["sources"], (n for (n,) in named), at)}

    def observations(self, *, assignment: str | None = None) -> dict[str, pa.Table]:
        """Return the catalogue's tables that an audit reads, each sorted by its key.

        Args:
            assignment: Splits that were made, in the place of those declared.

        Raises:
            UnknownNameError: There is no such assignment.
        """
        from curate.audit.prepare import CATALOG_INPUTS
        from curate.splitting import read_assignment, with_splits

        tables = {n: self.catalog.read(n) for n in CATALOG_INPUTS if n != "entries"}
        tables["entries"] = read_entries(self.catalog)
        if assignment is None:
            return tables
        return tables | with_splits(tables, read_assignment(self.catalog, assignment))

    def prepared(self, *, assignment: str | None = None) -> tuple[dict[str, pa.Table], str]:
        """Return the catalogue prepared for audits, and the digest of what it was made from.

        Args:
            assignment: As in `observations`.
        """
        from curate.audit.prepare import CATALOG_INPUTS, RECIPE, prepare

        def make() -> dict[str, pa.Table]:
            tables = self.observations(assignment=assignment)
            return {**prepare(tables), "digest": pa.table({"sha256": [tables_digest(tables)]})}

        if assignment is None:
            made = derived(self.catalog, "facts", stored_as(CATALOG_INPUTS), make, recipe=RECIPE)
        else:
            made = make()
        return made, made.pop("digest")["sha256"][0].as_py()

    def impact(self, subject: str) -> Impact:
        """Return what a withdrawal of `subject` would touch."""
        from curate.catalog.impact import INPUTS, RECIPE, draw_graph, impact

        def make() -> dict[str, pa.Table]:
            tables = {n: self.catalog.read(n) for n in INPUTS if n != "entries"}
            tables["entries"] = read_entries(self.catalog)
            return draw_graph(tables, self.prepared()[0])

        graph = derived(self.catalog, "graph", stored_as(INPUTS), make, recipe=RECIPE)
        return impact(graph, subject)
