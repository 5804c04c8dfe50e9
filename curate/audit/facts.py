"""Facts: the views that rules ask, made from the prepared catalogue, the statements and a use.

========================  ==================================================================
view                      one row per
========================  ==================================================================
entries                   entry, with its content and state
unmet                     duty that is not met, and reason why; ``duty`` stands for all entries
                          in which the person is in that role, in such a manipulation
standings                 person and reason that is not in a consent: age, death, a destruction
                          date, a request; ``standing`` stands for the entries it is about
unsure                    depiction of someone whose role is unknown, or whom nobody confirmed
likenesses                face in an entry that declares people, or that is linked to a subject,
                          and whom it is like: whether that person is ``declared`` there, and
                          whether ``someone`` is
face_elsewhere            entry and subject declared to be seen, where every face is another's
open_resemblances         entry, face and subject not named there whose face it is like, while
                          nobody settled whose it is
second_identities         entry and subject whose face there is not in their usual identity
origins                   source that entries name, and licence that they state; ``origin``
                          stands for those entries
ancestors                 entry and entry it was made from, however far
visible                   readable entry: people declared to be seen, faces seen in a frame,
                          whether a face model has looked at it
short_roles               entry and role that its manipulation cannot do without, where too few
                          are declared in it
copies                    readable entry that has others in its duplicate group
split_chains              entry in a chain of look-alikes that is several groups
refusals                  entry with copies, person and reason for which their consent, or what
                          they asked for, blocks it
judged, kept              entry, once all are judged: its ``verdict``; which of its copies to keep
people                    entry and person in it: declared subjects, and identities of faces
crossings                 entry and kind of tie: what of that kind stands in another split
signalled                 entry and statement found in it or beside it, as in the table `signals`
source_words              source and field of its record whose words may limit a use
consent_words             record of consent with kept columns whose words may limit a use
names                     pseudonym that is merged with others, and whose it is
placed                    entry and split that lists it, as ``item``; likewise ``items``,
                          ``labelled`` and ``swapped``, as `curate.splits.classes` asks them
========================  ==================================================================

and the tables as they are: changed, content, depictions, doubts, faces, face_scans, groups,
hash_checks, hash_lists, hash_matches, identities, labels, relations, shortcuts, shortcut_drops,
signal_scans, sources, subjects. A rule's query gives ``media_id``, ``duty``, ``standing`` or
``origin``; a finding follows for each entry that it stands for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from curate.audit.apart import Spoken, restricted_table, told_apart_table
from curate.audit.licences import licence_table
from curate.audit.names import (
    ASKED_OF_OTHERS,
    ASKED_OF_OWN,
    CARRIED,
    STANDINGS_SHARED,
    names_table,
    register_names,
    shared_statements,
)
from curate.audit.prepare import CATALOG_INPUTS
from curate.audit.refusals import refusals
from curate.audit.register import heard_of
from curate.audit.wording import consent_words, source_words
from curate.catalog.memory import in_memory
from curate.catalog.numbered import Numbers, Runs
from curate.consent.coverage import ConsentTables, coverage
from curate.consent.standing import PeopleTables, standing
from curate.model.config import UseProfile, Waiver
from curate.splits.classes import SWAPPED

if TYPE_CHECKING:
    import duckdb

LEDGER_INPUTS = (
    "consents",
    "consent_events",
    "custody",
    "decisions",
    "merges",
    "notices",
    "requests",
    "reviewers",
    "sources",
    "subjects",
)
INPUTS = CATALOG_INPUTS + LEDGER_INPUTS

# Entries of people who allowed only those they listed, each a duty of its own: what such a
# consent covers differs from entry to entry.
_LISTED = """
SELECT d.row, e.id AS media_id, d.subject_id, d.role, e.manipulation_type
FROM depictions d JOIN entries e USING (media_id)
WHERE d.duty IS NOT NULL AND d.subject_id IN (
    SELECT subject_id FROM consents WHERE scope_kind = 'listed_media'
    UNION
    SELECT n.subject_id FROM other_names n JOIN consents c ON c.subject_id = n.other
    WHERE c.scope_kind = 'listed_media'
)
ORDER BY d.row
"""

# Whoever a source speaks of without a record of their own is doubted, and not refused: the
# source's statement is a claim of assurance 1 or 2.
_CLAIMED = """
SELECT d.row,
       dense_rank() OVER (ORDER BY coalesce(o.number, d.duty), e.source_id)::INTEGER - 1 AS claim,
       coalesce(o.number, d.duty) AS duty, d.subject_id, d.role, s.source_id, s.consent_claim
FROM short_of c
JOIN depictions d USING (duty)
LEFT JOIN own_duties o ON o.row = d.row
JOIN entries e ON e.media_id = d.media_id
JOIN sources s ON s.source_id = e.source_id
WHERE list_contains(c.reasons, 'no-consent')
AND s.consent_claim IN ('dataset_statement', 'batch_attestation')
ORDER BY d.row
"""

_UNMET = """
CREATE TEMP TABLE unmet AS
SELECT c.duty, c.subject_id, c.role, c.manipulation_type, c.consent_id,
       r.reason, c.state, c.state_at, c.withdrawn_at, c.valid_from, c.valid_until,
       c.audience_max, c.purposes, c.missing, c.legal_basis, c.notice_id, c.assurance_level,
       c.territories, c.contexts, u.purpose, u.audience, u.ends_at,
       coalesce(l.one.consent_id, c.consent_id) AS said_in,
       CASE WHEN l.one IS NULL THEN c.state_at ELSE l.one.moment END AS said_at,
       CASE WHEN c.state = 'ConsentExpired' THEN c.state_at END AS state_at_if_expired,
       NULL::VARCHAR AS source_id, NULL::VARCHAR AS consent_claim, c.by_name
FROM short_of c
CROSS JOIN use u
CROSS JOIN LATERAL (SELECT unnest(c.reasons) AS reason) r
CROSS JOIN LATERAL (SELECT list_filter(c.said, lambda s: s.reason = r.reason)[1] AS one) l
"""
_UNMET_CLAIMS = """
INSERT INTO unmet BY NAME
SELECT DISTINCT ($first + claim)::INTEGER AS duty, subject_id, role, 'claim-only' AS reason,
       source_id, consent_claim
FROM claimed
UNION ALL BY NAME
-- What other names of the person fall short of goes along with the depiction.
SELECT ($first + c.claim)::INTEGER AS duty, u.* EXCLUDE (duty)
FROM (SELECT DISTINCT claim, duty FROM claimed) c JOIN unmet u USING (duty)
WHERE u.by_name IS NOT NULL
"""

_STANDINGS = """
CREATE TEMP TABLE standings AS
SELECT (row_number() OVER () - 1)::INTEGER AS standing, * FROM standing
"""
# A person's standing is that of all entries they are in; a request may name entries instead.
_STANDING_DUTIES = """
SELECT s.standing, d.duty FROM standings s JOIN duties d USING (subject_id)
WHERE s.media_id IS NULL
"""
_STANDING_ENTRIES = """
SELECT s.standing, e.media_id FROM standings s JOIN entries e ON e.id = s.media_id
"""

# A decision about an entry that is not listed decides nothing; those with a kind are about facts,
# which the catalogue follows.
_DECISIONS = """
CREATE TEMP TABLE decisions AS
SELECT d.* REPLACE (e.media_id AS media_id)
FROM listed_decisions d JOIN entries e ON e.id = d.media_id WHERE d.kind IS NULL
"""

# What is wrong with splits as a whole is asked in the words of the room of splits.
_SPLITS = f"""
CREATE TEMP VIEW items AS SELECT media_id AS item, * EXCLUDE (media_id, split) FROM entries;
CREATE TEMP VIEW placed AS
SELECT media_id AS item, split::VARCHAR AS split FROM entries WHERE split IS NOT NULL
UNION
SELECT i.item, r."right" FROM relations r JOIN items i ON i.id = r."left"
WHERE r.relation = 'in_split';
CREATE TEMP VIEW labelled AS
SELECT media_id AS item, value FROM labels WHERE name = 'authenticity';
CREATE TEMP VIEW swapped AS {SWAPPED};
"""


@dataclass(frozen=True)
class Question:
    """What an audit is asked: a use, at an instant.

    Attributes:
        use: What the media are wanted for.
        purposes: Each purpose with the broader one it stands below.
        as_of: The instant to judge at, in UTC.
        waivers: Findings that someone answers for.
        enough: The bases on which an answer is enough, by question; strict where none is named.
        source_required: Whether an entry must name the source it comes from.
    """

    use: UseProfile
    purposes: Mapping[str, str | None]
    as_of: datetime
    waivers: tuple[Waiver, ...] = ()
    enough: Mapping[str, Collection[str]] = field(default_factory=dict)
    source_required: bool = True


@dataclass(frozen=True)
class Facts:
    """What rules ask, and the entries that each answer stands for.

    Attributes:
        connection: Has the views above.
        stands_for: The entries of each duty, standing and origin.
    """

    connection: duckdb.DuckDBPyConnection
    stands_for: Mapping[str, Runs]


def connect_facts(
    prepared: Mapping[str, pa.Table], statements: Mapping[str, pa.Table], question: Question
) -> Facts:
    """Return the facts for a question.

    Args:
        prepared: The catalogue, as `curate.audit.prepare.prepare` gives it.
        statements: A table for each of `LEDGER_INPUTS`.
        question: The use and the instant.
    """
    connection = in_memory()
    for name, table in prepared.items():
        connection.register(name, table)
    names = names_of(statements, question)
    register_names(connection, names)
    connection.register("said_events", statements["consent_events"])
    statements = shared_statements(statements, names)
    for name in LEDGER_INPUTS:
        if name != "decisions":
            connection.register(name, statements[name])
    heard = heard_of(
        statements["decisions"], statements["reviewers"],
        audience=question.use.audience, as_of=question.as_of,
    )  # fmt: skip
    connection.register("listed_decisions", heard)
    connection.execute(_DECISIONS)
    connection.execute(_SPLITS)
    connection.register("use", _use_row(question))
    stated = [prepared["origins"]["licence"].cast(pa.string()), statements["sources"]["licence"]]
    connection.register("licences", licence_table(x for one in stated for x in one.to_pylist()))
    connection.register("source_words", source_words(statements["sources"]))
    connection.register("consent_words", consent_words(statements["consents"]))
    as_listed = _runs(prepared["depictions"], "duty", prepared["duties"].num_rows)
    # Each has a connection of its own inside, and the two together keep two processors busy.
    with ThreadPoolExecutor(max_workers=1) as beside:
        standing_of = beside.submit(_standing, prepared, statements, question, names)
        duties = _find_duties(connection, prepared, statements, question, as_listed)
        standings = _find_standings(connection, standing_of.result(), as_listed)
    origins = _runs(prepared["from_origins"], "origin", prepared["origins"].num_rows)
    connection.register("refusals", refusals(connection, {"duty": duties, "standing": standings}))
    return Facts(connection, {"duty": duties, "standing": standings, "origin": origins})


def _find_duties(
    connection: duckdb.DuckDBPyConnection,
    prepared: Mapping[str, pa.Table],
    statements: Mapping[str, pa.Table],
    question: Question,
    as_listed: Runs,
) -> Runs:
    """Make the table `unmet`, and return the entries of each duty.

    They are as listed, but for depictions that have a duty of their own here.
    """
    base, duty_of = prepared["duties"], _numbers(prepared["depictions"], "duty")
    count = base.num_rows
    asked = base.rename_columns({"duty": "number"}).append_column(
        "media_id", pa.nulls(count, pa.string())
    )
    listed = connection.sql(_LISTED).to_arrow_table()
    own_duties = np.arange(count, count + listed.num_rows, dtype=np.int32)
    connection.register("own_duties", pa.table({"row": listed["row"], "number": own_duties}))
    if listed.num_rows:
        duty_of = _with(duty_of, _numbers(listed, "row"), own_duties)
        listed = listed.drop_columns("row").append_column("number", pa.array(own_duties))
        asked = pa.concat_tables([asked, listed.select(asked.column_names)])
        count += listed.num_rows
    found = _covered(asked, statements, question, unmet_only=True)
    found = found.append_column("by_name", pa.nulls(found.num_rows, pa.string()))
    carried = _carried(connection, asked, statements, question)
    if carried is not None:
        found = pa.concat_tables([found, carried.select(found.column_names).cast(found.schema)])
    connection.register("short_of", found.rename_columns({"number": "duty"}))
    claimed = connection.sql(_CLAIMED).to_arrow_table()
    connection.register("claimed", claimed)
    connection.execute(_UNMET)
    connection.execute(_UNMET_CLAIMS, {"first": count})
    if claimed.num_rows:
        claims = _numbers(claimed, "claim") + np.int32(count)
        duty_of = _with(duty_of, _numbers(claimed, "row"), claims)
        count = int(claims.max()) + 1
    if count == base.num_rows:
        return as_listed
    return Runs.of(duty_of, _numbers(prepared["depictions"], "media_id"), count)


def _covered(
    asked: pa.Table, statements: Mapping[str, pa.Table], question: Question, *, unmet_only: bool
) -> pa.Table:
    """Return what `coverage` says of what is asked, with its column ``number``."""
    found = coverage(
        asked,
        ConsentTables(**{f.name: statements[f.name] for f in fields(ConsentTables)}),
        use=question.use,
        purposes=question.purposes,
        as_of=question.as_of,
        unmet_only=unmet_only,
    )
    numbers = asked["number"].combine_chunks().take(found["obligation"].combine_chunks())
    return found.append_column("number", numbers)


def _carried(
    connection: duckdb.DuckDBPyConnection,
    asked: pa.Table,
    statements: Mapping[str, pa.Table],
    question: Question,
) -> pa.Table | None:
    """Return what other names of people fall short of, as rows of ``short_of``.

    None where nobody has another name with consents: then nothing is asked a second time.
    """
    connection.register("asked", asked)
    others = connection.sql(ASKED_OF_OTHERS).to_arrow_table()
    if not others.num_rows:
        return None
    own = connection.sql(ASKED_OF_OWN).to_arrow_table()
    short = _covered(others, statements, question, unmet_only=True)
    named = others["named"].combine_chunks().take(short["obligation"].combine_chunks())
    connection.register("own", _covered(own, statements, question, unmet_only=False))
    connection.register("others", short.append_column("named", named))
    return connection.sql(CARRIED, params={"as_of": question.as_of}).to_arrow_table()


def names_of(statements: Mapping[str, pa.Table], question: Question) -> pa.Table:
    """Return who has more than one name, as `curate.audit.names.names_table` gives it."""
    return names_table(
        statements["merges"], statements["reviewers"],
        audience=question.use.audience, as_of=question.as_of,
    )  # fmt: skip


def spoken_of(statements: Mapping[str, pa.Table], question: Question) -> Spoken:
    """Return what is said of people and faces that the facts of a catalogue depend on."""
    names = names_of(statements, question)
    apart = told_apart_table(
        statements["decisions"], statements["reviewers"],
        audience=question.use.audience, as_of=question.as_of,
    )  # fmt: skip
    return Spoken(names, apart, restricted_table(statements, names))


def _standing(
    prepared: Mapping[str, pa.Table],
    statements: Mapping[str, pa.Table],
    question: Question,
    names: pa.Table,
) -> pa.Table:

    people = prepared["duties"].group_by("subject_id").aggregate([])
    said = PeopleTables(**{f.name: statements[f.name] for f in fields(PeopleTables)})
    every = people
    if names.num_rows:
        both = [table["subject_id"].cast(pa.string()) for table in (people, names)]
        every = pa.table({"subject_id": pa.chunked_array([c for b in both for c in b.chunks])})
        every = every.group_by("subject_id").aggregate([])
    found = standing(every, said, use=question.use, as_of=question.as_of)
    if not names.num_rows:
        return found.append_column("by_name", pa.nulls(found.num_rows, pa.string()))
    connection = in_memory()
    connection.register("people", people)
    connection.register("found", found)
    register_names(connection, names)
    return connection.sql(STANDINGS_SHARED).to_arrow_table()


def _find_standings(
    connection: duckdb.DuckDBPyConnection, found: pa.Table, as_listed: Runs
) -> Runs:
    """Make the table `standings` of what was found, and return the entries of each."""
    connection.register("standing", found)
    connection.execute(_STANDINGS)
    of_duties = connection.sql(_STANDING_DUTIES).to_arrow_table()
    of_entries = connection.sql(_STANDING_ENTRIES).to_arrow_table()
    which, media = as_listed.expand(_numbers(of_duties, "duty"))
    keys = np.concatenate(
        [_numbers(of_duties, "standing")[which], _numbers(of_entries, "standing")]
    )
    count = connection.sql("SELECT count(*) FROM standings").fetchall()[0][0]
    return Runs.of(keys, np.concatenate([media, _numbers(of_entries, "media_id")]), count)


def _numbers(table: pa.Table, column: str) -> Numbers:
    """Return a column of numbers, -1 where there is none."""
    values = table[column].combine_chunks()
    filled = values.fill_null(-1) if values.null_count else values
    numbers: Numbers = filled.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return numbers


def _with(numbers: Numbers, places: Numbers, values: Numbers) -> Numbers:
    changed = numbers.copy()
    changed[places] = values
    return changed


def _runs(table: pa.Table, key: str, count: int) -> Runs:
    return Runs.of(_numbers(table, key), _numbers(table, "media_id"), count)


def _use_row(question: Question) -> pa.Table:
    use = question.use
    row = {
        "purpose": use.purpose,
        "operations": list(use.operations),
        "audience": use.audience,
        "commercial": use.commercial,
        "ends_at": use.ends(question.as_of),
        "source_required": question.source_required,
        "as_of": question.as_of,
    }
    return pa.Table.from_pylist([row], schema=_USE)


_USE = pa.schema(
    [
        ("purpose", pa.string()),
        ("operations", pa.list_(pa.string())),
        ("audience", pa.string()),
        ("commercial", pa.bool_()),
        ("ends_at", pa.timestamp("us", tz="UTC")),
        ("source_required", pa.bool_()),
        ("as_of", pa.timestamp("us", tz="UTC")),
    ]
)
