"""Every entry and every finding as CSV, beside the audit page, for whoever holds the data.

The tables name files and, by pseudonyms, people; nothing in them is withheld. They are written in
batches, so that a million rows are never a million objects at once.

A cell that a spreadsheet would take for a formula begins with an apostrophe, and so does one that
begins with an apostrophe itself: whoever takes one away from each cell that begins with it has the
text. Control and bidirectional characters are escaped as on the page; ``media_id`` is exact.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from curate.audit.questions import BASIS_OF, NAMES, NOT_RAISED, OPEN
from curate.errors import printable
from curate.report.facts import Facts
from curate.report.overview import rule_of

ENTRIES, FINDINGS = "entries.csv", "findings.csv"

_COLUMNS = ("media_id", "dataset", "locator", "sha256", "kind", "state", "source", "split", "label",
            "manipulation", "people", "verdict", "decided_by", "rules", "findings")  # fmt: skip
ENTRY_COLUMNS = (*_COLUMNS, *(f"answer_{name}" for name in NAMES))
FINDING_COLUMNS = ("finding_id", "media_id", "dataset", "locator", "source", "verdict", "rule",
                   "effect", "what", "waived")  # fmt: skip

# Excel, LibreOffice and Sheets take these for the beginning of a formula, some with blanks before
# them; the last four are their wide forms. The apostrophe is what marks a text.
_BEGINS = tuple("=+-@'\uff1d\uff0b\uff0d\uff20")

# Of what is on a hash list no hash is told: it would tell what is on the list.
_ENTRIES = """
SELECT v.media_id, e.dataset, e.locator,
       CASE WHEN e.sha256 NOT IN (SELECT sha256 FROM hash_matches) THEN e.sha256 END AS sha256,
       e.kind, coalesce(e.state, 'not listed') AS state, e.source_id AS source, e.split,
       l.value AS label, e.manipulation_type AS manipulation, coalesce(p.people, 0) AS people,
       v.verdict, v.decided_by, array_to_string(v.codes, ' ') AS rules,
       coalesce(f.findings, 0) AS findings, v.answers
FROM verdicts v
LEFT JOIN entries e USING (media_id)
LEFT JOIN labels l ON l.media_id = v.media_id AND l.name = 'authenticity'
LEFT JOIN (
    SELECT media_id, count(DISTINCT subject_id) AS people FROM depictions
    WHERE link_status <> 'rejected' GROUP BY media_id
) p ON p.media_id = v.media_id
LEFT JOIN (SELECT media_id, count(*) AS findings FROM findings GROUP BY media_id) f
    ON f.media_id = v.media_id
ORDER BY e.dataset, e.locator, v.media_id
"""
_FINDINGS = """
SELECT f.finding_id, f.media_id, e.dataset, e.locator, e.source_id AS source, v.verdict,
       f.code AS rule, f.effect, f.params, f.waiver AS waived
FROM findings f
LEFT JOIN entries e USING (media_id)
LEFT JOIN verdicts v ON v.media_id = f.media_id
ORDER BY e.dataset, e.locator, f.media_id, f.code, f.finding_id
"""


def csv_tables(facts: Facts) -> dict[str, Iterator[bytes]]:
    """Return the tables by file name, in pieces: one is written whole before the next is begun."""
    return {ENTRIES: entries_csv(facts), FINDINGS: findings_csv(facts)}


def entries_csv(facts: Facts) -> Iterator[bytes]:
    """Yield each entry that was judged: its verdict, and what each question was answered on."""
    return _written(facts, _ENTRIES, ENTRY_COLUMNS, _entry)


def findings_csv(facts: Facts) -> Iterator[bytes]:
    """Yield each finding in words, with the code of its rule and its id."""
    return _written(facts, _FINDINGS, FINDING_COLUMNS, _finding)


def cell(value: object) -> str:
    r"""Return a value as a cell that no spreadsheet takes for a formula.

    >>> cell("=1+1"), cell("'a"), cell("a\nb"), cell(-3), cell(None)
    ("'=1+1", "''a", 'a\\nb', '-3', '')
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = printable(value)
    return f"'{text}" if text.lstrip().startswith(_BEGINS) else text


def _written(
    facts: Facts,
    sql: str,
    columns: tuple[str, ...],
    row_of: Callable[[dict[str, Any]], dict[str, Any]],
) -> Iterator[bytes]:
    yield _lines([columns])
    for rows in facts.batches(sql):
        yield _lines([tuple(told[name] for name in columns) for told in map(row_of, rows)])


def _lines(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[cell(one) for one in row] for row in rows])
    return text.getvalue().encode()


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return row | _answers(row["answers"] or "")


@lru_cache(maxsize=4096)
def _answers(letters: str) -> dict[str, str]:
    """Return on what each question was answered: few entries differ."""
    told = [_answer(letter) for letter in letters]
    if len(told) != len(NAMES):
        # An audit of a version that asked other questions.
        told = ["not on record"] * len(NAMES)
    return {f"answer_{name}": one for name, one in zip(NAMES, told, strict=True)}


def _answer(letter: str) -> str:
    """Return on what a question was answered, by its letter."""
    return {OPEN: "not answered", NOT_RAISED: "not raised", **BASIS_OF}.get(letter, "not known")


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"what": rule_of(row["rule"]).say(json.loads(row["params"])) or row["params"]}
