"""Views that more than one room asks for: SQL over the catalogue's tables, each in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from curate.schema import table_names

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from curate.catalog.tables import Catalog

# An entry with what is known of its bytes. A sighting counts only while it is of the file as
# it was last listed: a file that changed since is not known any more.
# The face that stands for a row's track, over the table `faces`: the best of those that may be
# evidence, and of equals the first by id; a face without a track stands for itself.
REPRESENTED_BY = """
first_value(face_id) OVER (
    PARTITION BY coalesce(track_id, face_id) ORDER BY judgeable DESC, quality DESC, face_id
)
"""

ENTRIES = """
CREATE OR REPLACE TEMP VIEW entries AS
SELECT
    m.*,
    s.sha256,
    CASE
        WHEN s.reason = 'sealed' THEN 'sealed'
        WHEN m.status = 'missing' THEN 'missing'
        WHEN s.status = 'readable' THEN 'present'
        WHEN s.status = 'unreadable' THEN 'unreadable'
        ELSE 'unseen'
    END AS state,
    s.reason,
    s.detail,
    s.probe_version
FROM media m
LEFT JOIN sightings s
    ON s.media_id = m.media_id
    AND s.listed_size IS NOT DISTINCT FROM m.listed_size
    AND s.listed_mtime_ns IS NOT DISTINCT FROM m.listed_mtime_ns
"""


_MADE_OF = ("media", "sightings", "hash_matches")

# What is on a hash list is neither looked at nor compared, by any stage or page.
WITHHELD = """
CREATE OR REPLACE TEMP VIEW entries AS
SELECT * REPLACE (
    CASE WHEN state = 'present'
         AND sha256 IN (SELECT sha256 FROM hash_matches WHERE band = 'match')
         THEN 'withheld' ELSE state END AS state
) FROM known_entries
"""


def create_withheld(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the view `entries` in which what is on a hash list is withheld, and not present.

    Args:
        connection: Has `media`, `sightings` and `hash_matches`.
    """
    connection.execute(ENTRIES.replace("VIEW entries", "VIEW known_entries"))
    connection.execute(WITHHELD)


def stored_as(names: Iterable[str]) -> tuple[str, ...]:
    """Return the tables that hold what `names` name: views among them as what they are made of.

    >>> stored_as(["entries", "faces"])
    ('faces', 'hash_matches', 'media', 'sightings')
    """
    asked = set(names)
    made_of = set(_MADE_OF) if "entries" in asked else set()
    computed = {"entries", *(name for name in asked if name in table_names("view"))}
    return tuple(sorted(asked - computed | made_of))


def create_entries(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the view `entries` on a connection that has `media` and `sightings`."""
    connection.execute(ENTRIES)


def read_entries(catalog: Catalog) -> pa.Table:
    """Return the view `entries` whole, in the order of ids; what is on a hash list is withheld."""
    connection = catalog.connect(*_MADE_OF)
    create_withheld(connection)
    return connection.sql("SELECT * FROM entries ORDER BY media_id").to_arrow_table()


def unseen(entries: pa.Table, matches: pa.Table) -> pa.Table:
    """Return entries for people's eyes: what is on a hash list or near one is withheld.

    Args:
        entries: The view `entries`.
        matches: The table ``hash_matches``, which may know more than the last audit.
    """
    import pyarrow.compute as pc

    near = pc.is_in(entries["sha256"], value_set=matches["sha256"].combine_chunks())
    state = pc.if_else(near, "withheld", entries["state"])
    return entries.set_column(entries.schema.get_field_index("state"), "state", state)
