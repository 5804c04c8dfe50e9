"""One entry's answers in words: what each question of it is, and what its answer rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.facts import Question, connect_facts, spoken_of
from curate.audit.looked import LOOKED, known_roles
from curate.audit.prepare import prepare
from curate.audit.questions import ORIGIN, QUESTIONS, REVIEWED, ClearanceQuestion, Gap
from curate.audit.rules.sources import ADMITS, LICENCE_FORBIDS, LICENCE_NOT_KNOWN

# What statements and other entries decide of one entry, beside what was looked at.
_BESIDE = f"""
SELECT l.*,
       (SELECT count(*) FROM unmet_here u WHERE u.media_id = l.media_id) AS unmet,
       (SELECT count(*) FROM standing_here s WHERE s.media_id = l.media_id) AS standing,
       $source_required AS source_required,
       EXISTS (SELECT 1 FROM from_origins f WHERE f.media_id = l.media_id
               AND f.origin IN ({ADMITS})) AS source_admits,
       (SELECT count(*) FROM from_origins f JOIN ({LICENCE_NOT_KNOWN.query}) n USING (origin)
        WHERE f.media_id = l.media_id) AS licences_unknown,
       (SELECT count(*) FROM from_origins f JOIN ({LICENCE_FORBIDS.query}) n USING (origin)
        WHERE f.media_id = l.media_id) AS licences_against,
       (SELECT count(*) FROM ancestors a WHERE a.media_id = l.media_id
        AND a.parent_id IS DISTINCT FROM a.media_id) AS parents,
       (SELECT count(*) FROM ancestors a WHERE a.media_id = l.media_id
        AND a.parent_id = a.media_id) AS circular,
       (SELECT count(*) FROM ancestors a WHERE a.media_id = l.media_id
        AND a.parent_id IS NULL) AS unlisted,
       (SELECT count(*) FROM ancestors a LEFT JOIN verdicts_before v ON v.parent_id = a.parent_id
        WHERE a.media_id = l.media_id AND a.parent_id <> a.media_id
        AND v.verdict IS DISTINCT FROM 'cleared') AS uncleared
FROM ({LOOKED}) l WHERE l.media_id = $entry
"""


@dataclass(frozen=True)
class Answer:
    """A question that an entry raises, and its answer.

    Attributes:
        name: The question's name.
        asks: The question.
        basis: On what it is answered; None where it is not.
        rests_on: What the answer rests on, or what is missing, in sentences without an end mark.
        who: Who can answer it.
    """

    name: str
    asks: str
    basis: str | None
    rests_on: list[str]
    who: str


def answers_in_words(
    media_id: str,
    tables: Mapping[str, pa.Table],
    statements: Mapping[str, pa.Table],
    question: Question,
    *,
    verdicts: Mapping[str, str],
    reviewed: Collection[str] = (),
) -> list[Answer]:
    """Return the questions that one entry raises, with their answers.

    Args:
        media_id: The entry.
        tables: Its neighbourhood: a table for each of `curate.audit.prepare.CATALOG_INPUTS`.
        statements: A table for each of `curate.audit.facts.LEDGER_INPUTS`.
        question: The use, the instant and what is enough.
        verdicts: What the last audit said of the entries that it was made from, by id.
        reviewed: Names of the questions that reviewers answered in the last audit.
    """
    prepared = prepare(tables, spoken_of(statements, question))
    facts = connect_facts(prepared, statements, question)
    entry = pc.index(prepared["entries"]["id"], media_id).as_py()
    here = {
        name: pa.table({"media_id": facts.stands_for[key].expand(_keys(facts, view, key))[1]})
        for name, view, key in (("unmet_here", "unmet", "duty"),
                                ("standing_here", "standings", "standing"))
    }  # fmt: skip
    ids = pa.array(list(verdicts), pa.string())
    parents = pa.table(
        {
            "parent_id": pc.index_in(ids, value_set=prepared["entries"]["id"].combine_chunks()),
            "verdict": pa.array(list(verdicts.values()), pa.string()),
        }
    )
    connection = facts.connection
    for name, table in {**here, "verdicts_before": parents, "known_roles": known_roles()}.items():
        connection.register(name, table)
    given = {"entry": entry, "source_required": question.source_required}
    row = connection.sql(_BESIDE, params=given)
    connection.register("asked", row.to_arrow_table())
    facts_of = connection.sql("SELECT * FROM asked").to_arrow_table().to_pylist()[0]
    found = (_answer(one, connection, facts_of, question, reviewed) for one in QUESTIONS)
    return [answer for answer in found if answer is not None]


def _keys(facts: Any, view: str, key: str) -> Any:
    found = facts.connection.sql(f"SELECT DISTINCT {key} FROM {view}").to_arrow_table()
    return found.column(0).to_numpy().astype("int32")


def _answer(
    asked: ClearanceQuestion,
    connection: Any,
    facts_of: Mapping[str, Any],
    question: Question,
    reviewed: Collection[str],
) -> Answer | None:
    (raised, basis, *open_) = connection.execute(
        f"SELECT {asked.raised}, {asked.basis}, "
        + ", ".join(f"({gap.when})" for gap in asked.gaps)
        + " FROM asked"
    ).fetchall()[0]
    if raised is False:
        return None
    missing = _missing(asked.gaps, open_, facts_of)
    enough = question.enough.get(asked.name, asked.enough)
    if not missing and basis in enough:
        rests_on = [_said(asked.answered[basis], facts_of)]
        return Answer(asked.name, asked.asks, basis, rests_on, asked.who)
    if asked.name in reviewed:
        # Rights alone can be answered for by a waiver.
        or_waived = ", or answer for it by a waiver" if asked is ORIGIN else ""
        rests_on = [f"two registered reviewers decided it{or_waived}", *missing]
        return Answer(asked.name, asked.asks, REVIEWED, rests_on, asked.who)
    if not missing:
        accepted = ", ".join(enough) or "none"
        missing = [(f"{_said(asked.answered[basis], facts_of)}; the settings accept an answer of "
                   f"this use on these bases only: {accepted}")]  # fmt: skip
    return Answer(asked.name, asked.asks, None, missing, asked.who)


def _missing(
    gaps: Iterable[Gap], open_: Iterable[bool | None], facts_of: Mapping[str, Any]
) -> list[str]:
    """Return what is told of a question's gaps: what is known to be missing, and no more."""
    found = []
    for gap, holds in zip(gaps, open_, strict=True):
        if holds is False:
            continue
        sentence = _said(gap.sentence, facts_of)
        if holds and gap.alone:
            return [sentence]
        found.append(sentence if holds else f"it is not known whether {sentence}")
    return found


class _Known(dict[str, Any]):
    """Facts for a sentence; what is not known is said to be so."""

    def __missing__(self, key: str) -> str:
        return "an unknown kind" if key in ("format", "mode") else "an unknown number of"


def _said(sentence: str, facts_of: Mapping[str, Any]) -> str:
    known = _Known({k: v for k, v in facts_of.items() if v is not None})
    try:
        return sentence.format_map(known)
    except ValueError:
        # A number that is not known cannot be printed as one.
        return (
            sentence.replace(":.0f", "").replace(":.3f", "").replace(":.2f", "").format_map(known)
        )
