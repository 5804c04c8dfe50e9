"""The catalogue by numbers: dense ids for what audits and walks join on, made once per version.

Ids of entries are long texts. Here an entry is its number in the order of ids, and a duty (a
person in a role, in media with a manipulation) its number in their order; whatever is asked of a
number is then a gather, and not a join. What names an entry that is not listed joins with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.memory import in_memory

Numbers = npt.NDArray[np.int32]

INPUTS = ("entries", "depictions", "labels")

# Columns with few values: as a dictionary they are compared once per value.
_CODED = {
    "entries": ("dataset", "root", "kind", "split", "source_id", "manipulation_type", "licence",
                "status", "state", "reason", "probe_version", "declared_in"),
    "depictions": ("role", "link_method", "link_status"),
}  # fmt: skip

# A person ruled out has no duty.
_DUTIES = """
CREATE TEMP TABLE duties AS
SELECT (row_number() OVER (ORDER BY subject_id, role, manipulation_type) - 1)::INTEGER AS duty, *
FROM (
    SELECT DISTINCT d.subject_id, d.role, e.manipulation_type
    FROM listed_depictions d JOIN entries e ON e.id = d.media_id
    WHERE d.link_status <> 'rejected'
)
"""
_DEPICTIONS = """
SELECT d.* REPLACE (e.media_id AS media_id),
       CASE WHEN d.link_status <> 'rejected' THEN o.duty END AS duty
FROM listed_depictions d
JOIN entries e ON e.id = d.media_id
LEFT JOIN duties o ON o.subject_id = d.subject_id AND o.role = d.role
    AND o.manipulation_type = e.manipulation_type
ORDER BY duty NULLS LAST, media_id, d.subject_id, d.role
"""
_LABELS = """
SELECT l.* REPLACE (e.media_id AS media_id)
FROM listed_labels l JOIN entries e ON e.id = l.media_id
ORDER BY media_id, name
"""
_MARKS = "SELECT unhex(md5(id)) AS mark FROM entries ORDER BY media_id"
RECIPE = "\n".join((str(_CODED), _DUTIES, _DEPICTIONS, _LABELS, _MARKS))


@dataclass(frozen=True)
class Runs:
    """Members of each key, one key's after the other's.

    Attributes:
        starts: Where each key's members begin, and where the last one's end, shape (K + 1,).
        members: The members, shape (N,).
    """

    starts: npt.NDArray[np.int64]
    members: Numbers

    @classmethod
    def of(cls, keys: Numbers, members: Numbers, count: int) -> Runs:
        """Return the runs of `count` keys; `keys` and `members` are pairs, in any order.

        A key below zero has no run.
        """
        order = np.argsort(keys, kind="stable")
        order = order[np.searchsorted(keys[order], 0) :]
        lengths = np.bincount(keys[order], minlength=count)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return cls(starts, members[order])

    def expand(self, keys: Numbers) -> tuple[npt.NDArray[np.int64], Numbers]:
        """Return each member of each of `keys`: the place in `keys`, and the member."""
        starts = self.starts[keys]
        lengths = self.starts[keys + 1] - starts
        which = np.repeat(np.arange(len(keys)), lengths)
        shift = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        return which, self.members[np.arange(len(which)) + shift]


def number(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the catalogue's tables by number.

    Args:
        tables: ``entries`` (the catalogue's view), ``depictions`` and ``labels``.

    Returns:
        ``entries``: as given and in the order of ids, ``media_id`` being the number, int32, and
        ``id`` its text. ``marks``: one ``mark`` per entry in that order, 16 bytes of MD5 over its
        id. ``duties``: ``duty, subject_id, role, manipulation_type``, in their order.
        ``depictions`` and ``labels``: as given, with the entry's number; a depiction also with
        its ``row`` and its ``duty``, null for a person ruled out, in the order of duties.
    """
    connection = in_memory()
    entries = _coded(_with_numbers(in_order(tables["entries"], "media_id")), "entries")
    connection.register("entries", entries)
    for name in ("depictions", "labels"):
        connection.register(f"listed_{name}", tables[name])
    connection.execute(_DUTIES)
    depictions = _coded(connection.sql(_DEPICTIONS).to_arrow_table(), "depictions")
    rows = pa.array(np.arange(depictions.num_rows, dtype=np.int32))
    return {
        "entries": entries,
        "marks": connection.sql(_MARKS).to_arrow_table().cast(_MARK).combine_chunks(),
        "duties": connection.sql("FROM duties ORDER BY duty").to_arrow_table(),
        "depictions": depictions.append_column("row", rows),
        "labels": connection.sql(_LABELS).to_arrow_table(),
    }


_MARK = pa.schema([("mark", pa.binary(16))])


def in_order(table: pa.Table, column: str) -> pa.Table:
    """Return `table` in the order of a column of text."""
    ids = table[column].combine_chunks()
    # Tables mostly come in order already, and sorting wide rows is dear.
    if len(ids) and not pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py():
        return table.take(pc.array_sort_indices(ids))
    return table


def _with_numbers(entries: pa.Table) -> pa.Table:
    """Return entries with their place as ``media_id`` and its text as ``id``."""
    numbers = pa.array(np.arange(entries.num_rows, dtype=np.int32))
    place = entries.schema.get_field_index("media_id")
    return entries.append_column("id", entries["media_id"]).set_column(place, "media_id", numbers)


def _coded(table: pa.Table, name: str) -> pa.Table:
    """Return `table` with its columns of few values as dictionaries, each in one chunk."""
    table = table.combine_chunks()
    for column in _CODED[name]:
        place = table.schema.get_field_index(column)
        if place >= 0:
            table = table.set_column(place, column, table[column].dictionary_encode())
    return table
