"""Judging: every rule over the facts, and the verdict that follows for each entry.

`audit` is pure: the same tables, rules and question give the same findings and verdicts, in the
same order. A verdict is the least of what the entry's findings leave: blocked, then needs_review,
then cleared. Rules that ask the verdicts of other entries (what an entry was made from) come in a
second stage.

People decide on the record: a waiver takes the effect of a finding that sends to review; two
people of the register (`curate.audit.register`) clear what needs review, and whoever blocks it
does so alone, as long as the evidence is what they saw. Nobody clears what is blocked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.audit.facts import LEDGER_INPUTS, Facts, Question, connect_facts
from curate.audit.gather import (
    Answers,
    Digests,
    Findings,
    evidence,
    findings_of,
    fixed_bytes,
    gather,
    hex_text,
)
from curate.audit.prepare import prepare
from curate.audit.register import HEARD
from curate.audit.rule import Rule
from curate.audit.waivers import Held, held

# From the least to the best.
VERDICTS = ("blocked", "needs_review", "cleared")
BLOCKED, REVIEW, CLEARED = range(3)
DECIDERS = ("policy", "reviewer", "two_reviewers")

# The evidence of an entry of which nothing was found.
_NOTHING = np.frombuffer(hashlib.sha256(b"").digest(), np.uint8)

_DECIDED = """
CREATE TABLE decided AS SELECT * FROM decisions WHERE use = $use AND decided_at <= $as_of
"""

# What a reviewer has seen of an entry is its evidence; any other is new, and voids what they said.
_REVIEWED = f"""
SELECT media_id, count(*) FILTER (clears) AS clears, count(*) FILTER (blocks) AS blocks
FROM ({HEARD.format(decisions="decided", asked="doubted")}) GROUP BY media_id
"""

# Decided entries that were made from others, and others from them.
_BETWEEN = """
SELECT DISTINCT media_id FROM decided
WHERE media_id IN (SELECT media_id FROM ancestors)
AND media_id IN (SELECT parent_id FROM ancestors)
"""
_PARENTS = "SELECT DISTINCT parent_id FROM ancestors WHERE parent_id IS NOT NULL"


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
    statements = {name: tables[name] for name in LEDGER_INPUTS}
    return judge(prepare(tables), statements, rules, question)


def judge(
    prepared: Mapping[str, pa.Table],
    statements: Mapping[str, pa.Table],
    rules: Iterable[Rule],
    question: Question,
) -> Judgement:
    """Return what `rules` find for a use at an instant, and the verdicts.

    Args:
        prepared: The catalogue, as `curate.audit.prepare.prepare` gives it.
        statements: A table for each of `curate.audit.facts.LEDGER_INPUTS`.
        rules: The rules to apply.
        question: The use, the instant and the waivers.
    """
    waivers = held(
        question.waivers, statements["reviewers"],
        audience=question.use.audience, as_of=question.as_of,
    )  # fmt: skip
    bench = _Bench(prepared, connect_facts(prepared, statements, question), question, waivers)
    chosen = tuple(rules)
    first = [findings_of(rule, bench.facts) for rule in chosen if rule.stage == 1]
    findings = bench.gather(first)
    later = [rule for rule in chosen if rule.stage > 1]
    if later and prepared["ancestors"].num_rows:
        findings = _descend(bench, first, findings, later)
    return Judgement(findings.table(bench.ids), bench.decide(findings).table(bench.ids, findings))


@dataclass(frozen=True)
class _Verdicts:
    """The verdict of each entry, by number, with its evidence and who decided.

    Evidence is a digest out of few: most entries have no finding.
    """

    verdict: npt.NDArray[np.int8]
    evidence: npt.NDArray[np.int32]
    digests: Digests
    decided_by: npt.NDArray[np.int8]

    def table(self, ids: pa.Array, findings: Findings) -> pa.Table:
        return pa.table(
            {
                "media_id": ids,
                "verdict": pa.array(VERDICTS, pa.string()).take(pa.array(self.verdict)),
                "codes": findings.codes(len(ids)),
                "evidence": hex_text(self.digests).take(pa.array(self.evidence)),
                "decided_by": pa.array(DECIDERS, pa.string()).take(pa.array(self.decided_by)),
            }
        )


class _Bench:
    """Facts and entries: what judges findings."""

    def __init__(
        self, prepared: Mapping[str, pa.Table], facts: Facts, question: Question, waivers: Held
    ) -> None:
        self.facts = facts
        self.ids = _whole(prepared["entries"]["id"])
        self._locators = _whole(prepared["entries"]["locator"])
        self._marks = fixed_bytes(_whole(prepared["marks"]["mark"]))
        self._waivers = waivers
        facts.connection.execute(_DECIDED, {"use": question.use.name, "as_of": question.as_of})
        self._decisions = self.numbers("SELECT count(*) FROM decided")[0]

    def numbers(self, sql: str) -> list[int]:
        """Return the first column of what `sql` gives."""
        return [row[0] for row in self.facts.connection.execute(sql).fetchall()]

    def gather(self, answers: Iterable[Answers]) -> Findings:
        """Return the findings that follow from answers."""
        return gather(answers, marks=self._marks, locators=self._locators, waivers=self._waivers)

    def decide(self, findings: Findings) -> _Verdicts:
        """Return the verdicts that findings leave, reviewers heard."""
        count = len(self.ids)
        verdict = np.full(count, CLEARED, np.int8)
        for least in (REVIEW, BLOCKED):
            verdict[findings.media[findings.effect == least]] = least
        spoken, digests = evidence(findings)
        seen = np.zeros(count, np.int32)
        seen[spoken] = np.arange(1, len(spoken) + 1)
        told = _Verdicts(verdict, seen, np.vstack([_NOTHING, digests]), np.zeros(count, np.int8))
        if self._decisions:
            self._apply_decisions(told)
        return told

    def _apply_decisions(self, told: _Verdicts) -> None:
        decided = np.array(self.numbers("SELECT DISTINCT media_id FROM decided"), np.int32)
        doubted = np.sort(decided[told.verdict[decided] == REVIEW])
        rows = {
            "media_id": pa.array(doubted),
            "evidence": hex_text(told.digests[told.evidence[doubted]]),
        }
        self.facts.connection.register("doubted", pa.table(rows))
        for media, clears, blocks in self.facts.connection.execute(_REVIEWED).fetchall():
            if blocks:
                told.verdict[media], told.decided_by[media] = BLOCKED, 1
            elif clears > 1:
                told.verdict[media], told.decided_by[media] = CLEARED, 2


def _descend(
    bench: _Bench, first: list[Answers], findings: Findings, later: list[Rule]
) -> Findings:
    """Return all findings, those about what entries were made from among them.

    An ancestor hands down its own verdict, or what reviewers say of it. They speak of all that
    is known of it, of its own descent too: what they say is asked again until nothing changes,
    which takes no more rounds than there are such ancestors, unless one is made from itself.
    """
    own = bench.decide(findings)
    rounds = len(bench.numbers(_BETWEEN))
    parents = np.array(bench.numbers(_PARENTS), np.int32)
    said = _decided(own, parents)
    for _ in range(rounds + 1):
        findings = _hand_down(bench, own, said, first, later)
        heard = _decided(bench.decide(findings), parents) if rounds else said
        if heard == said:
            return findings
        changed, said = dict(said.items() ^ heard.items()), heard
    # What goes round in a circle is settled by nobody.
    return _hand_down(bench, own, said | dict.fromkeys(changed, BLOCKED), first, later)


def _hand_down(
    bench: _Bench, own: _Verdicts, said: dict[int, int], first: list[Answers], later: list[Rule]
) -> Findings:
    handed = own.verdict.copy()
    for media, verdict in said.items():
        handed[media] = verdict
    words = pa.DictionaryArray.from_arrays(pa.array(handed), pa.array(VERDICTS))
    numbers = pa.array(np.arange(len(handed), dtype=np.int32))
    bench.facts.connection.register("judged", pa.table({"media_id": numbers, "verdict": words}))
    return bench.gather(first + [findings_of(rule, bench.facts) for rule in later])


def _decided(told: _Verdicts, parents: npt.NDArray[np.int32]) -> dict[int, int]:
    """Return what reviewers say of entries that others were made from."""
    heard = parents[told.decided_by[parents] > 0]
    return dict(zip(heard.tolist(), told.verdict[heard].tolist(), strict=True))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
