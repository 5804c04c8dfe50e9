"""Facts: the tables of a report behind one SQL connection that remembers what it was asked.

Numbers in a document come from here and from nowhere else, so each can name its query. All
counting is DuckDB's, over Arrow: nothing loops over entries.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.report.inputs import TABLES, ReportInputs

_BATCH = 8192

# `judged` is what the audit judged. `described` is what a document is about: a release's items,
# or else every entry. `shown` are the people in it, whom nobody's review struck out.
_VIEWS = """
CREATE TEMP VIEW judged AS
SELECT e.*, v.verdict, v.codes FROM verdicts v JOIN entries e USING (media_id);

CREATE TEMP VIEW described AS
SELECT e.* FROM entries e {only_items};

CREATE TEMP VIEW held AS
SELECT * FROM content WHERE sha256 IN (SELECT sha256 FROM described);

CREATE TEMP VIEW shown AS
SELECT d.* FROM depictions d
WHERE d.link_status <> 'rejected' AND d.media_id IN (SELECT media_id FROM described);

CREATE TEMP VIEW granted AS
SELECT * FROM consents WHERE subject_id IN (SELECT subject_id FROM shown);

CREATE TEMP VIEW used_sources AS
SELECT s.*, d.entries FROM (
    SELECT source_id, count(*) AS entries FROM described
    WHERE source_id IS NOT NULL GROUP BY source_id
) d JOIN sources s USING (source_id);
"""


class Facts:
    """The tables of one report.

    Attributes:
        inputs: What they came with.
        asked: Every query since `forget`, in order.
    """

    def __init__(self, inputs: ReportInputs) -> None:
        self.inputs = inputs
        self.asked: list[str] = []
        self._connection = in_memory()
        for name in TABLES:
            self._connection.register(name, inputs.tables[name])
        only = ""
        if inputs.items is not None:
            self._connection.register("items", inputs.items)
            only = "SEMI JOIN items USING (media_id)"
        self._connection.execute(_VIEWS.format(only_items=only))

    @property
    def is_release(self) -> bool:
        """Whether the document is about a release rather than about the catalogue."""
        return self.inputs.items is not None

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what `sql` gives."""
        self.asked.append(textwrap.dedent(sql).strip())
        return self._connection.execute(sql, list(values)).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...]:
        """Return the one row that `sql` gives."""
        (row,) = self.rows(sql, *values)
        return row

    def count(self, sql: str, *values: object) -> int:
        """Return the one number that `sql` gives; nothing is 0."""
        return int(self.row(sql, *values)[0] or 0)

    def records(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return what `sql` gives, each row by column name."""
        self.asked.append(textwrap.dedent(sql).strip())
        found = self._connection.execute(sql, list(values))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def batches(self, sql: str) -> Iterator[list[dict[str, Any]]]:
        """Yield what `sql` gives, some thousand rows at a time; nothing is asked meanwhile."""
        self.asked.append(textwrap.dedent(sql).strip())
        for batch in self._connection.sql(sql).to_arrow_reader(_BATCH):
            yield batch.to_pylist()

    def show(self, name: str, table: pa.Table) -> None:
        """Make `table` known as `name`."""
        self._connection.register(name, table)

    def forget(self) -> list[str]:
        """Return the queries asked so far, and start a new list."""
        asked, self.asked = self.asked, []
        return asked
