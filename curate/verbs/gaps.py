"""What the record names and the catalogue does not know.

A catalogue can be made again, and may then know less than what people decided on and what went
out. Whoever audits it must be told: what is not in it was not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from curate.media.refuse import Guard
from curate.model.plural import counted

if TYPE_CHECKING:
    from curate.verbs.context import Context

_UNKNOWN = """
SELECT DISTINCT n.media_id FROM named n
WHERE n.media_id IS NOT NULL AND n.media_id NOT IN (SELECT media_id FROM media)
"""


def gaps(context: Context) -> list[str]:
    """Return a sentence for each kind of thing that the record knows and the catalogue does not.

    Files of releases that were erased are not counted: the catalogue must not know them.
    """
    found = [
        f"the record of what went out is incomplete: {problem}"
        for problem in context.record.problems()
    ]
    if not found:
        found += _unknown(context, _released(context), "went out in releases")
    decided = context.ledger.read("decisions").select(["media_id"])
    return found + _unknown(context, decided, "people decided on")


def _released(context: Context) -> pa.Table:
    """Return the entries that went out, without those of files that were erased since."""
    items = context.record.items().select(["media_id", "sha256"])
    erased = set(Guard(context.ledger).erased_among(items["sha256"].unique().to_pylist()))
    if not erased:
        return items
    kept = [sha256 not in erased for sha256 in items["sha256"].to_pylist()]
    return items.filter(pa.array(kept))


def _unknown(context: Context, named: pa.Table, what: str) -> list[str]:
    connection = context.catalog.connect("media")
    connection.register("named", named)
    count = len(connection.execute(_UNKNOWN).fetchall())
    if not count:
        return []
    sentence = (
        f"the catalogue does not know {counted(count, 'entry')} that {what}; ingest and run again "
        "what it was made from, or look for them elsewhere: they were not judged"
    )
    return [sentence]
