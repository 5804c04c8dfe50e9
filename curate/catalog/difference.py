"""What changed between two audits, and why: verdicts that differ, with the rules behind it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from curate.catalog.audits import Audited
from curate.catalog.memory import in_memory

_DIFFERENCE = """
SELECT coalesce(a.media_id, b.media_id) AS media_id,
       coalesce(a.verdict, 'not listed') AS before, coalesce(b.verdict, 'not listed') AS after,
       list_sort(list_filter(coalesce(b.codes, []),
                             lambda c: NOT list_contains(coalesce(a.codes, []), c))) AS appeared,
       list_sort(list_filter(coalesce(a.codes, []),
                             lambda c: NOT list_contains(coalesce(b.codes, []), c))) AS vanished,
       b.decided_by
FROM before a FULL JOIN after b USING (media_id)
WHERE a.verdict IS DISTINCT FROM b.verdict OR a.codes IS DISTINCT FROM b.codes
ORDER BY media_id
"""


@dataclass(frozen=True)
class Difference:
    """What changed from one audit to another.

    Attributes:
        before: The earlier audit's run.
        after: The later audit's run.
        rows: ``media_id, before, after, appeared, vanished, decided_by``: verdicts, and the
            codes that came and went; one row per entry that changed, sorted.
    """

    before: str
    after: str
    rows: pa.Table


def difference(before: Audited, after: Audited) -> Difference:
    """Return what changed from `before` to `after`."""
    connection = in_memory()
    connection.register("before", before.verdicts)
    connection.register("after", after.verdicts)
    rows = connection.sql(_DIFFERENCE).to_arrow_table()
    return Difference(before.run_id, after.run_id, rows)
