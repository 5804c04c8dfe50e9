"""Judging: every rule over the facts, and the verdict that follows for each entry.

`audit` is pure: the same tables, rules and question give the same findings and verdicts, in the
same order. An entry is cleared when every question that it raises is answered and no finding stands
against it (`curate.audit.questions`); that nothing was found clears nothing. Rules, and the
question, that ask the verdicts of other entries (what an entry was made from) come in a second
stage. Rules that say what follows from all verdicts (which copy is kept) come in a third: they
change none, and are no part of the evidence that reviewers decide on, or a decision could make
itself void.

People decide on the record: a waiver takes the effect of a finding that sends to review; two
people of the register (`curate.audit.register`) clear what needs review, and whoever blocks an
entry does so alone, whether it needs review or is cleared, as long as the evidence is what they
saw. Nobody clears what is blocked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.audit.answers import (
    Letters,
    Lines,
    answer_by_waiver,
    answers_of,
    as_reviewed,
    ask_descent,
    digests_of,
    is_open,
    open_circles,
    texts_of,
    unnamed,
)
from curate.audit.facts import LEDGER_INPUTS, Facts, Question, connect_facts, spoken_of
from curate.audit.gather import (
    Answers,
    Digests,
    Findings,
    added,
    evidence,
    findings_of,
    fixed_bytes,
    gather,
    hex_text,
    joined,
    made_at_once,
)
from curate.audit.prepare import prepare
from curate.audit.register import HEARD
from curate.audit.rule import Rule
from curate.audit.waivers import Held, held
from curate.dedup.keep import kept_copies

# From the least to the best.
VERDICTS = ("blocked", "needs_review", "cleared")
BLOCKED, REVIEW, CLEARED = range(3)
DECIDERS = ("policy", "reviewer", "two_reviewers")

_DECIDED = """
CREATE TEMP TABLE decided AS SELECT * FROM decisions WHERE use = $use AND decided_at <= $as_of
"""

# What a reviewer has seen of an entry is its evidence; any other is new, and voids what they said.
_REVIEWED = f"""
SELECT media_id, count(*) FILTER (clears) AS clears, count(*) FILTER (blocks) AS blocks
FROM ({HEARD.format(decisions="decided", asked="asked")}) GROUP BY media_id
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
        verdicts: ``media_id, verdict, codes, answers, evidence, decided_by``, one row per entry,
            sorted.
    """

    findings: pa.Table
    verdicts: pa.Table


def audit(
    tables: Mapping[str, pa.Table],
    rules: Iterable[Rule],
    question: Question,
    *,
    complete: bool = True,
) -> Judgement:
    """Return what `rules` find in `tables` for a use at an instant, and the verdicts.

    Args:
        tables: A table for each of `curate.audit.facts.INPUTS`.
        rules: The rules to apply.
        question: The use, the instant and the waivers.
        complete: As in `judge`.
    """
    statements = {name: tables[name] for name in LEDGER_INPUTS}
    observed = prepare(tables, spoken_of(statements, question))
    return judge(observed, statements, rules, question, complete=complete)


def judge(
    prepared: Mapping[str, pa.Table],
    statements: Mapping[str, pa.Table],
    rules: Iterable[Rule],
    question: Question,
    *,
    complete: bool = True,
) -> Judgement:
    """Return what `rules` find for a use at an instant, and the verdicts.

    Args:
        prepared: The catalogue, as `curate.audit.prepare.prepare` gives it.
        statements: A table for each of `curate.audit.facts.LEDGER_INPUTS`.
        rules: The rules to apply.
        question: The use, the instant and the waivers.
        complete: Whether these are all rules: where some were left out, nothing is cleared.
    """
    waivers = held(
        question.waivers, statements["reviewers"],
        audience=question.use.audience, as_of=question.as_of,
    )  # fmt: skip
    chosen = tuple(rules)
    facts = connect_facts(prepared, statements, question)
    bench = _Bench(prepared, facts, question, chosen, complete=complete, waivers=waivers)
    first = [findings_of(rule, bench.facts) for rule in chosen if rule.stage == 1]
    findings = bench.gather(first)
    later = [rule for rule in chosen if rule.stage == 2]
    if prepared["ancestors"].num_rows:
        findings = _descend(bench, first, findings, later)
    verdicts = bench.decide(findings)
    told = _advise(bench, verdicts, [rule for rule in chosen if rule.stage == 3])
    with ThreadPoolExecutor(1) as pool:
        judged = pool.submit(verdicts.table, bench.ids, findings)
        return Judgement(joined(findings, told).table(bench.ids), judged.result())


@dataclass(frozen=True)
class _Verdicts:
    """The verdict of each entry, by number, with its answers, its evidence and who decided."""

    verdict: npt.NDArray[np.int8]
    letters: Letters
    evidence: Digests
    decided_by: npt.NDArray[np.int8]

    def table(self, ids: pa.Array, findings: Findings) -> pa.Table:
        words, deciders = pa.array(VERDICTS, pa.string()), pa.array(DECIDERS, pa.string())
        return made_at_once(
            media_id=lambda: ids,
            verdict=lambda: words.take(pa.array(self.verdict)),
            codes=lambda: findings.codes(len(ids)),
            answers=lambda: texts_of(self.letters),
            evidence=lambda: hex_text(self.evidence),
            decided_by=lambda: deciders.take(pa.array(self.decided_by)),
        )


class _Bench:
    """Facts and entries: what judges findings."""

    def __init__(
        self,
        prepared: Mapping[str, pa.Table],
        facts: Facts,
        question: Question,
        rules: Iterable[Rule],
        *,
        complete: bool,
        waivers: Held,
    ) -> None:
        self.facts = facts
        self.lines = Lines.of(prepared["ancestors"])
        self._complete = complete
        # The policy is the same for all, and so is added once.
        policy = np.frombuffer(bytes.fromhex(policy_of(question, rules)), np.uint8)
        sight = fixed_bytes(_whole(prepared["sight"]["digest"]))
        self._sight = added(sight, np.broadcast_to(policy, sight.shape))
        self.enough = question.enough
        self.letters = answers_of(
            prepared, facts, source_required=question.source_required, enough=question.enough
        )
        self.ids = _whole(prepared["entries"]["id"])
        self._unsourced = unnamed(prepared) & question.source_required
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

    def tell(self, verdict: npt.NDArray[np.int8]) -> None:
        """Make the view `judged`: the verdict of each entry, as a place in `VERDICTS`."""
        words = pa.DictionaryArray.from_arrays(pa.array(verdict), pa.array(VERDICTS))
        numbers = pa.array(np.arange(len(verdict), dtype=np.int32))
        self.facts.connection.register("judged", pa.table({"media_id": numbers, "verdict": words}))

    def decide(self, findings: Findings) -> _Verdicts:
        """Return the verdicts that answers and findings leave, reviewers heard."""
        count = len(self.ids)
        letters = self.letters.copy()
        answer_by_waiver(letters, findings, self._unsourced)
        verdict = np.where(is_open(letters) | (not self._complete), REVIEW, CLEARED)
        verdict = verdict.astype(np.int8)
        for least in (REVIEW, BLOCKED):
            verdict[findings.media[findings.effect == least]] = least
        seen = self._evidence(findings, letters)
        told = _Verdicts(verdict, letters, seen, np.zeros(count, np.int8))
        if self._decisions and self._complete:
            self._apply_decisions(told)
        return told

    def _evidence(self, findings: Findings, letters: Letters) -> Digests:
        """Return a digest of all that a reviewer sees of each entry, shape (E, 32).

        What was found, what is answered, the content, people, labels and parents, and the policy
        and rules by which it is judged: whoever decided on other evidence decided nothing.
        """
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(evidence, findings)
            seen = added(self._sight, digests_of(letters))
        spoken, digests = found.result()
        seen[spoken] = added(seen[spoken], digests)
        return seen

    def _apply_decisions(self, told: _Verdicts) -> None:
        decided = np.array(self.numbers("SELECT DISTINCT media_id FROM decided"), np.int32)
        asked = np.sort(decided[told.verdict[decided] != BLOCKED])
        rows = {
            "media_id": pa.array(asked),
            "evidence": hex_text(told.evidence[asked]),
        }
        self.facts.connection.register("asked", pa.table(rows))
        for media, clears, blocks in self.facts.connection.execute(_REVIEWED).fetchall():
            if blocks:
                told.verdict[media], told.decided_by[media] = BLOCKED, 1
            elif clears > 1 and told.verdict[media] == REVIEW:
                told.verdict[media], told.decided_by[media] = CLEARED, 2
                as_reviewed(told.letters, media)


def policy_of(question: Question, rules: Iterable[Rule]) -> str:
    """Return the SHA-256 of the policy and rules that reviewers decide under, hex.

    The instant is not in it, nor are waivers: what follows from them shows in what is found.
    """
    said = {
        "use": asdict(question.use),
        "purposes": dict(question.purposes),
        "enough": {name: sorted(bases) for name, bases in question.enough.items()},
        "source_required": question.source_required,
        "rules": sorted([rule.code, str(rule.effect), rule.query] for rule in rules),
    }
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _descend(
    bench: _Bench, first: list[Answers], findings: Findings, later: list[Rule]
) -> Findings:
    """Return all findings, those about what entries were made from among them.

    An ancestor hands down its own verdict, or what reviewers say of it. They speak of all that
    is known of it, of its own descent too: what they say is asked again until nothing changes,
    which takes no more rounds than there are such ancestors, unless one is made from itself.
    """
    # What is made from itself hands down no clearance that rests on its own.
    open_circles(bench.letters, bench.lines)
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
    ask_descent(bench.letters, bench.lines, handed == CLEARED, bench.enough)
    bench.tell(handed)
    return bench.gather(first + [findings_of(rule, bench.facts) for rule in later])


def _advise(bench: _Bench, verdicts: _Verdicts, last: list[Rule]) -> Findings:
    """Return the findings of rules that say what follows from all verdicts."""
    if not last:
        return bench.gather([])
    bench.tell(verdicts.verdict)
    bench.facts.connection.register("kept", kept_copies(bench.facts.connection, key="id"))
    return bench.gather([findings_of(rule, bench.facts) for rule in last])


def _decided(told: _Verdicts, parents: npt.NDArray[np.int32]) -> dict[int, int]:
    """Return what reviewers say of entries that others were made from."""
    heard = parents[told.decided_by[parents] > 0]
    return dict(zip(heard.tolist(), told.verdict[heard].tolist(), strict=True))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
