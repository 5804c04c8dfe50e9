"""Judging: every rule over the facts, and the verdict that follows for each entry.

`audit` is pure: the same tables, rules and question give the same findings and verdicts, in the
same order. A verdict is the least of what the entry's findings leave: blocked, then needs_review,
then cleared. Rules that ask the verdicts of other entries (what an entry was made from) come in a
second stage.

People decide on the record: a waiver takes the effect of a finding that sends to review; two
reviewers clear what needs review, and one blocks it, as long as the evidence is what they saw.
Nobody clears what is blocked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.audit.facts import Question, connect_facts
from curate.audit.rule import Rule

if TYPE_CHECKING:
    import duckdb

_FINDING = """
SELECT md5('{code}|' || id || '|' || params) AS finding_id, '{code}' AS code, media_id, id,
       locator, '{effect}' AS effect, params
FROM (
    SELECT DISTINCT found.media_id, e.id, e.locator, {params} AS params
    FROM ({query}) found JOIN entries e USING (media_id)
)
"""

_WAIVED = """
WITH held AS (SELECT code, media, min(told) AS told FROM waivers GROUP BY code, media)
SELECT f.finding_id, f.code, f.media_id, f.id,
       CASE WHEN coalesce(own.told, every.told) IS NOT NULL AND f.effect <> 'block'
            THEN 'none' ELSE f.effect END AS effect,
       f.params,
       CASE WHEN f.effect <> 'block' THEN coalesce(own.told, every.told) END AS waiver
FROM found f
LEFT JOIN held own ON own.code = f.code AND own.media = f.locator
LEFT JOIN held every ON every.code = f.code AND every.media = ''
"""

# What a reviewer has seen of an entry is its findings; any other set of findings is new evidence.
# The latest decision of each reviewer counts. Most entries have no finding at all.
_VERDICTS = """
WITH speaking AS (
    SELECT media_id,
           min(CASE effect WHEN 'block' THEN 0 WHEN 'review' THEN 1 ELSE 2 END) AS least,
           list_sort(list_distinct(list(code) FILTER (effect IN ('block', 'review')))) AS codes,
           sha256(array_to_string(list_sort(list(finding_id)), ',')) AS evidence
    FROM findings GROUP BY media_id
), policy AS (
    SELECT e.media_id, e.id,
           CASE s.least WHEN 0 THEN 'blocked' WHEN 1 THEN 'needs_review' ELSE 'cleared' END
               AS verdict,
           coalesce(s.codes, []) AS codes, coalesce(s.evidence, $nothing) AS evidence
    FROM entries e LEFT JOIN speaking s USING (media_id)
), latest AS (
    SELECT media_id, reviewer, verdict, evidence FROM decided
    QUALIFY row_number() OVER (
        PARTITION BY media_id, reviewer ORDER BY decided_at DESC, decision_id DESC
    ) = 1
), reviewed AS (
    SELECT p.media_id, count(*) FILTER (d.verdict = 'cleared') AS clears,
           count(*) FILTER (d.verdict = 'blocked') AS blocks
    FROM policy p JOIN latest d ON d.media_id = p.media_id AND d.evidence = p.evidence
    WHERE p.verdict = 'needs_review'
    GROUP BY p.media_id
)
SELECT {columns},
       CASE WHEN r.blocks > 0 THEN 'blocked' WHEN r.clears > 1 THEN 'cleared'
            ELSE p.verdict END AS verdict,
       p.codes, p.evidence,
       CASE WHEN r.blocks > 0 THEN 'reviewer' WHEN r.clears > 1 THEN 'two_reviewers'
            ELSE 'policy' END AS decided_by
FROM policy p LEFT JOIN reviewed r USING (media_id)
"""
_NOTHING = {"nothing": hashlib.sha256(b"").hexdigest()}

# What each entry means for those made from it.
_JUDGED = """
CREATE OR REPLACE TABLE judged AS
SELECT media_id, coalesce(w.verdict, o.own) AS verdict
FROM own o LEFT JOIN words w USING (media_id)
"""

# Decided entries that were made from others, and others from them.
_BETWEEN = """
SELECT DISTINCT media_id FROM decided
WHERE media_id IN (SELECT media_id FROM ancestors)
AND media_id IN (SELECT parent_id FROM ancestors)
"""

_DECIDED = """
SELECT * FROM decisions WHERE use = $use AND decided_at <= $as_of
"""


@dataclass(frozen=True)
class Judgement:
    """What an audit found.

    Attributes:
        findings: ``finding_id, code, media_id, effect, params, waiver``, sorted by code and
            entry.
        verdicts: ``media_id, verdict, codes, evidence, decided_by``, one row per entry, sorted.
    """

    findings: pa.Table
    verdicts: pa.Table


def audit(tables: Mapping[str, pa.Table], rules: Iterable[Rule], question: Question) -> Judgement:
    """Return what `rules` find in `tables` for a use at an instant, and the verdicts.

    Args:
        tables: A table for each of `curate.audit.facts.INPUTS`.
        rules: The rules to apply.
        question: The use, the instant and the waivers.
    """
    connection = connect_facts(tables, question)
    chosen = tuple(rules)
    connection.register("waivers", _waivers(question))
    connection.execute(
        f"CREATE TABLE decided AS {_DECIDED}",
        {"use": question.use.name, "as_of": question.as_of},
    )
    found = [_apply(rule, connection) for rule in chosen if rule.stage == 1]
    findings = _judge(connection, found)
    later = [rule for rule in chosen if rule.stage > 1]
    if later and connection.execute("SELECT 1 FROM ancestors LIMIT 1").fetchall():
        findings = _descend(connection, found, later)
    verdicts = f"{_VERDICTS.format(columns='p.id AS media_id')} ORDER BY p.media_id"
    return Judgement(findings, connection.sql(verdicts, params=_NOTHING).to_arrow_table())


def _descend(
    connection: duckdb.DuckDBPyConnection, found: list[pa.Table], later: list[Rule]
) -> pa.Table:
    """Return all findings, those about what entries were made from among them.

    An ancestor hands down its own verdict, or what reviewers say of it. They speak of all that
    is known of it, of its own descent too: what they say is asked again until nothing changes,
    which takes no more rounds than there are such ancestors, unless one is made from itself.
    """
    own = _VERDICTS.format(columns="p.media_id, p.verdict AS own")
    connection.execute(f"CREATE TABLE own AS {own}", _NOTHING)
    rounds = len(connection.execute(_BETWEEN).fetchall())
    said = _said_of_parents(connection, "own")
    for _ in range(rounds + 1):
        findings = _hand_down(connection, said, found, later)
        now = f"({_VERDICTS.format(columns='p.media_id')})"
        heard = _said_of_parents(connection, now) if rounds else said
        if heard == said:
            return findings
        changed, said = dict(said.items() ^ heard.items()), heard
    # What goes round in a circle is settled by nobody.
    return _hand_down(connection, said | dict.fromkeys(changed, "blocked"), found, later)


def _hand_down(
    connection: duckdb.DuckDBPyConnection,
    said: dict[int, str],
    found: list[pa.Table],
    later: list[Rule],
) -> pa.Table:
    words = pa.table(
        [pa.array(said.keys(), pa.int32()), pa.array(said.values(), pa.string())],
        names=["media_id", "verdict"],
    )
    connection.register("words", words)
    connection.execute(_JUDGED)
    return _judge(connection, found + [_apply(rule, connection) for rule in later])


def _said_of_parents(connection: duckdb.DuckDBPyConnection, verdicts: str) -> dict[int, str]:
    """Return what reviewers say in `verdicts` of entries that others were made from."""
    rows = connection.execute(
        f"SELECT media_id, verdict FROM {verdicts} "
        "WHERE decided_by <> 'policy' AND media_id IN (SELECT parent_id FROM ancestors)",
        None if verdicts == "own" else _NOTHING,
    )
    return dict(rows.fetchall())


def _judge(connection: duckdb.DuckDBPyConnection, found: list[pa.Table]) -> pa.Table:
    """Make the table `findings` of what was found, waivers applied, and return it in order."""
    connection.register("found", pa.concat_tables([_FOUND.empty_table(), *found]))
    connection.execute(f"CREATE OR REPLACE TABLE findings AS {_WAIVED}")
    ordered = connection.sql(
        "SELECT * EXCLUDE (id) REPLACE (id AS media_id) FROM findings "
        "ORDER BY code, media_id, finding_id"
    )
    return ordered.to_arrow_table()


# A rule's findings while they are gathered: entries by number, and their ids and locators.
_FOUND = pa.schema(
    [
        ("finding_id", pa.string()),
        ("code", pa.string()),
        ("media_id", pa.int32()),
        ("id", pa.string()),
        ("locator", pa.string()),
        ("effect", pa.string()),
        ("params", pa.string()),
    ]
)


def _apply(rule: Rule, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    names = [c for c in connection.sql(rule.query).columns if c != "media_id"]
    facts = ", ".join(f'"{name}" := found."{name}"' for name in names)
    params = f"CAST(to_json(struct_pack({facts})) AS VARCHAR)" if names else "'{}'"
    sql = _FINDING.format(code=rule.code, effect=rule.effect, params=params, query=rule.query)
    return connection.sql(sql).to_arrow_table().cast(_FOUND)


def _waivers(question: Question) -> pa.Table:
    """Return the waivers that hold at the instant."""
    rows = [
        {"code": w.code, "media": w.media, "told": f"{w.by} until {w.expires:%Y-%m-%d}: {w.reason}"}
        for w in question.waivers
        if w.expires > question.as_of
    ]
    schema = pa.schema([(name, pa.string()) for name in ("code", "media", "told")])
    return pa.Table.from_pylist(rows, schema=schema)
