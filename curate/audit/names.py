"""Names that are one person, for judging: restrictions reach every name, permissions none.

An entry names people by pseudonyms. Where two of them are merged (`curate.model.names`):

* The entry is judged by the consents of the name that it gives, as before. What another name
  agreed to clears nothing.
* A withdrawal under any name counts under all, as of one person: it beats each grant before it.
* It is asked of each other name with consents on record whether these cover the entry, too. What
  falls short there stands against the entry, unless the consent that covers it under its own name
  was given after the last event of that other name. One of which nobody said when it was given was
  not.
* What stands against the person under another name, such as minority, death, an erasure or a
  request about all their media, stands against the entry. That nothing is known of another name is
  no restriction.

So no merge makes a consent reach further, and a verdict can only become worse by it. Two reviewers
on the register settle that two names are one person: then a face of one is no longer held against
the other (`settled_identities`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.audit.register import counts_for, turns
from curate.catalog.memory import in_memory
from curate.model.names import last_words, people_of

if TYPE_CHECKING:
    import duckdb

NAMES = pa.schema(
    [
        pa.field("subject_id", pa.string(), nullable=False),
        # The first of the names, whoever says that they are one person.
        pa.field("person", pa.string(), nullable=False),
        # The same of those merges alone that two people on the register made.
        pa.field("settled", pa.string()),
    ]
)
_NONE = NAMES.empty_table()

# Each name with each other name of the same person.
OTHER_NAMES = """
CREATE TEMP TABLE other_names AS
SELECT a.subject_id, b.subject_id AS other
FROM names a JOIN names b USING (person) WHERE a.subject_id <> b.subject_id
"""

_SHARED = {
    # A withdrawal is the person's; it changes nothing of the consent that it is about.
    "consent_events": """
        SELECT * FROM consent_events
        UNION ALL
        SELECT e.* REPLACE (n.other AS subject_id)
        FROM consent_events e JOIN other_names n USING (subject_id)
        WHERE e.state = 'ConsentWithdrawn'
    """,
    # A request about entries is about those alone.
    "requests": """
        SELECT * FROM requests
        UNION ALL
        SELECT r.* REPLACE (n.other AS subject_id)
        FROM requests r JOIN other_names n USING (subject_id)
        WHERE len(coalesce(r.media_ids, [])) = 0
    """,
}

# What is asked of each other name that has consents, and what is asked of the name itself.
ASKED_OF_OTHERS = """
SELECT a.number, n.other AS subject_id, a.role, a.manipulation_type, a.media_id,
       a.subject_id AS named
FROM asked a JOIN other_names n USING (subject_id)
WHERE n.other IN (SELECT subject_id FROM consents)
ORDER BY ALL
"""
ASKED_OF_OWN = """
SELECT * FROM asked WHERE subject_id IN (SELECT subject_id FROM other_names) ORDER BY number
"""
# `own` and `others` are what coverage gives for these; a consent that covers was given last.
CARRIED = """
SELECT o.* REPLACE (o.named AS subject_id), o.subject_id AS by_name
FROM others o
LEFT JOIN own ON own.number = o.number AND len(own.reasons) = 0
LEFT JOIN (
    SELECT subject_id, max(greatest(effective_at, stated_at)) AS last_at FROM said_events
    WHERE effective_at <= $as_of GROUP BY subject_id
) e ON e.subject_id = o.subject_id
WHERE len(o.reasons) > 0 AND o.consent_id IS NOT NULL
AND (own.number IS NULL OR own.given_at IS NULL OR coalesce(e.last_at >= own.given_at, TRUE))
ORDER BY o.number, by_name
"""
STANDINGS_SHARED = """
SELECT s.*, NULL::VARCHAR AS by_name FROM found s
WHERE s.subject_id IS NULL OR s.request IS NOT NULL
OR s.subject_id IN (SELECT subject_id FROM people)
UNION ALL
SELECT n.subject_id, s.media_id, s.reason, s.since, s.request, n.other
FROM other_names n JOIN found s ON s.subject_id = n.other
WHERE s.request IS NULL AND s.reason <> 'possible-minor'
AND n.subject_id IN (SELECT subject_id FROM people)
ORDER BY ALL
"""

# The members of each person among the names of a content, and whether it names anybody else.
SETTLED = """
WITH settled AS (SELECT subject_id, settled AS person FROM names WHERE settled IS NOT NULL),
shown AS (
    SELECT DISTINCT e.media_id, f.face_id, i.identity_id
    FROM identities i JOIN faces f USING (face_id) JOIN entries e USING (sha256)
),
said AS (
    SELECT s.face_id, s.identity_id, d.subject_id, coalesce(p.person, d.subject_id) AS person
    FROM shown s JOIN depictions d USING (media_id) LEFT JOIN settled p USING (subject_id)
    WHERE d.link_status <> 'rejected'
),
-- Entries that show an identity name one person only.
one AS (
    SELECT identity_id, min(person) AS person FROM said
    WHERE identity_id IS NOT NULL GROUP BY identity_id HAVING count(DISTINCT person) = 1
),
-- Each entry of a face names a person, under one name or more; the first stands for them.
everywhere AS (
    SELECT x.face_id, x.person, x.name
    FROM (
        SELECT s.face_id, p.person, min(d.subject_id) AS name, count(DISTINCT s.media_id) AS n
        FROM shown s JOIN depictions d USING (media_id) JOIN settled p USING (subject_id)
        WHERE d.link_status <> 'rejected' GROUP BY s.face_id, p.person
    ) x
    JOIN (SELECT face_id, count(DISTINCT media_id) AS n FROM shown GROUP BY face_id) y
        ON y.face_id = x.face_id AND y.n = x.n
)
SELECT i.* REPLACE (
    CASE WHEN mine.name IS NOT NULL AND named.media IS NULL THEN mine.name ELSE i.subject_id END
        AS subject_id,
    CASE WHEN i.status = 'disputed' AND one.identity_id IS NOT NULL THEN 'proposed'
         ELSE i.status END AS status
)
FROM identities i
LEFT JOIN one ON one.identity_id = i.identity_id AND one.person IN (SELECT person FROM settled)
LEFT JOIN settled p ON p.subject_id = i.subject_id
LEFT JOIN everywhere mine ON mine.face_id = i.face_id AND mine.person = p.person
LEFT JOIN (
    SELECT DISTINCT face_id, subject_id, TRUE AS media FROM said
) named ON named.face_id = i.face_id AND named.subject_id = i.subject_id
ORDER BY i.face_id
"""


def names_table(
    merges: pa.Table, reviewers: pa.Table, *, audience: str, as_of: datetime | None
) -> pa.Table:
    """Return the pseudonyms that are merged with others, and who has each: rows of `NAMES`.

    Args:
        merges: What reviewers said of two pseudonyms.
        reviewers: The register.
        audience: Who receives the media: what one person's word needs to count.
        as_of: The instant to judge at; what was said by now when None.
    """
    if not merges.num_rows:
        return _NONE
    rows = merges.to_pylist()
    until = as_of or max(row["decided_at"] for row in rows)
    known = turns(reviewers.to_pylist(), until)

    def counts(row: Mapping[str, Any]) -> bool:
        said = row["reviewer"], row["decided_at"], None
        return counts_for(known, *said, audience=audience)

    def on_register(row: Mapping[str, Any]) -> bool:
        return counts_for(known, row["reviewer"], row["decided_at"], None, audience="internal")

    words = last_words(rows, as_of)
    holding = {pair: said for pair, said in words.items() if said.holds(on_register)}
    people = people_of(holding)
    settled = people_of(pair for pair, said in holding.items() if said.settled(counts))
    return pa.Table.from_pylist(
        [
            {"subject_id": name, "person": person, "settled": settled.get(name)}
            for name, person in people.items()
        ],
        schema=NAMES,
    )


def register_names(connection: duckdb.DuckDBPyConnection, names: pa.Table | None) -> None:
    """Register the views ``names`` and ``other_names``."""
    connection.register("names", _NONE if names is None else names)
    connection.execute(OTHER_NAMES)


def shared_statements(
    statements: Mapping[str, pa.Table], names: pa.Table
) -> Mapping[str, pa.Table]:
    """Return statements in which what a person withdrew or asked for is said under each name."""
    if not names.num_rows:
        return statements

    connection = in_memory()
    for name in _SHARED:
        connection.register(name, statements[name])
    register_names(connection, names)
    shared = {
        name: connection.sql(sql).to_arrow_table().cast(statements[name].schema)
        for name, sql in _SHARED.items()
    }
    return {**statements, **shared}


def settled_identities(tables: Mapping[str, pa.Table], names: pa.Table | None) -> pa.Table:
    """Return the table ``identities`` without disputes between two names of one person.

    Of merges that two people on the register made: an identity is not disputed between names of
    one person; and where a face is linked to such a name, it is linked to that which the entries
    give. Where an entry of the face names nobody of that person, or others beside them, all stays.
    What a face is like under another name is settled in `curate.audit.apart`.

    Args:
        tables: ``entries``, ``faces``, ``depictions`` and ``identities``.
        names: Rows of `NAMES`.
    """
    found = tables["identities"]
    if names is None or names["settled"].null_count == names.num_rows or not found.num_rows:
        return found

    connection = in_memory()
    for name in ("entries", "faces", "depictions", "identities"):
        connection.register(name, tables[name])
    connection.register("names", names)
    return connection.sql(SETTLED).to_arrow_table().cast(found.schema)


def merged_names(names: pa.Table) -> dict[str, str]:
    """Return the first name of the person by each of their names."""
    columns: Iterable[list[str]] = (names[name].to_pylist() for name in ("subject_id", "person"))
    return dict(zip(*columns, strict=True))
