"""Judging: every rule over the facts, and the verdict that follows for each entry.

`audit` is pure: the same tables, rules and question give the same findings and verdicts, in the
same order. A verdict is the least of what the entry's findings leave: blocked, then needs_review,
then cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.audit.facts import Question, connect_facts
from curate.audit.rule import Rule
from curate.model.verdict import VERDICT_OF, Effect

if TYPE_CHECKING:
    import duckdb

_FINDING = """
SELECT md5(code || '|' || media_id || '|' || params) AS finding_id, * FROM (
    SELECT '{code}' AS code, media_id, '{effect}' AS effect, {params} AS params
    FROM ({query}) found
)
"""

_VERDICTS = """
SELECT e.media_id,
       CASE min(CASE f.effect WHEN 'block' THEN 0 WHEN 'review' THEN 1 ELSE 2 END)
            WHEN 0 THEN '{blocked}' WHEN 1 THEN '{review}' ELSE '{cleared}' END AS verdict,
       coalesce(list_sort(list(DISTINCT f.code) FILTER (f.effect IN ('block', 'review'))), [])
           AS codes
FROM entries e LEFT JOIN findings f USING (media_id)
GROUP BY e.media_id ORDER BY e.media_id
"""


@dataclass(frozen=True)
class Judgement:
    """What an audit found.

    Attributes:
        findings: ``finding_id, code, media_id, effect, params``, sorted by code and entry.
        verdicts: ``media_id, verdict, codes``, one row per entry, sorted.
    """

    findings: pa.Table
    verdicts: pa.Table


def audit(tables: Mapping[str, pa.Table], rules: Iterable[Rule], question: Question) -> Judgement:
    """Return what `rules` find in `tables` for a use at an instant, and the verdicts.

    Args:
        tables: A table for each of `curate.audit.facts.INPUTS`.
        rules: The rules to apply.
        question: The use and the instant.
    """
    connection = connect_facts(tables, question)
    found = [_apply(rule, connection) for rule in rules]
    connection.register("findings", pa.concat_tables(found) if found else _NO_FINDINGS)
    findings = connection.sql(
        "SELECT * FROM findings ORDER BY code, media_id, finding_id"
    ).to_arrow_table()
    verdicts = connection.sql(
        _VERDICTS.format(
            blocked=VERDICT_OF[Effect.BLOCK],
            review=VERDICT_OF[Effect.REVIEW],
            cleared=VERDICT_OF[Effect.NONE],
        )
    ).to_arrow_table()
    return Judgement(findings=findings, verdicts=verdicts)


_COLUMNS = ("finding_id", "code", "media_id", "effect", "params")
_NO_FINDINGS = pa.schema([(name, pa.string()) for name in _COLUMNS]).empty_table()


def _apply(rule: Rule, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    names = [c for c in connection.sql(rule.query).columns if c != "media_id"]
    facts = ", ".join(f'"{name}" := found."{name}"' for name in names)
    params = f"CAST(to_json(struct_pack({facts})) AS VARCHAR)" if names else "'{}'"
    sql = _FINDING.format(code=rule.code, effect=rule.effect, params=params, query=rule.query)
    return connection.sql(sql).to_arrow_table().select(list(_COLUMNS)).cast(_NO_FINDINGS.schema)
