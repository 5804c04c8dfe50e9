"""Judging: the verdict is the least of what findings leave, whatever the rules and rows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.audit.facts import INPUTS, Question
from curate.audit.judge import Judgement, audit
from curate.audit.rule import Rule
from curate.audit.rules import ALL_RULES
from curate.consent.coverage import DOUBTS
from curate.model.config import Waiver
from curate.model.verdict import Effect
from curate.schema import conform, purpose_tree
from tests import factories
from tests.factories import AS_OF, USE, day, depiction, media

QUESTION = Question(USE, purpose_tree(), AS_OF)
LEAST = {"block": "blocked", "review": "needs_review", "none": "cleared"}


def rule(code: str, effect: Effect, *locators: str) -> Rule:
    """Return a rule that finds something in the entries named."""
    named = ", ".join(f"'{name}'" for name in locators) or "NULL"
    return Rule(
        code=code,
        symbol=code.lower(),
        title="T.",
        effect=effect,
        basis="B",
        message="{name}",
        explanation="E.",
        remedy="R.",
        query=f"SELECT media_id, locator AS name FROM entries WHERE locator IN ({named})",
    )


def world(*locators: str) -> dict[str, pa.Table]:
    """Return the tables of an audit over entries that answer every question."""
    rows = [media(name, source_id="s") for name in locators]
    return factories.facts(rows, **factories.answered(rows))


def by_name(judged: Judgement, *locators: str) -> dict[str, dict[str, Any]]:
    """Return the verdicts by locator."""
    names = {media(name)["media_id"]: name for name in locators}
    return {names[row["media_id"]]: row for row in judged.verdicts.to_pylist()}


def test_empty_world() -> None:
    """Nothing to judge is no error, with all rules and with none."""
    tables = {name: conform([], name) for name in INPUTS if name != "entries"}
    tables["entries"] = factories.entries([])

    for rules in ((), ALL_RULES):
        judged = audit(tables, rules, QUESTION)
        assert (judged.findings.num_rows, judged.verdicts.num_rows) == (0, 0)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(Effect)), st.sets(st.sampled_from(["a", "b", "c"]))),
        max_size=5,
    )
)
def test_verdict_is_the_least_that_findings_leave(said: list[tuple[Effect, set[str]]]) -> None:
    """One finding that blocks is enough; a note changes nothing."""
    rules = [rule(f"TST{n}", effect, *names) for n, (effect, names) in enumerate(said)]

    judged = audit(world("a", "b", "c"), rules, QUESTION)

    for name, row in by_name(judged, "a", "b", "c").items():
        effects = {str(effect) for effect, names in said if name in names}
        expected = next((LEAST[e] for e in ("block", "review") if e in effects), "cleared")
        assert row["verdict"] == expected
        codes = [f"TST{n}" for n, (e, names) in enumerate(said) if name in names and e != "none"]
        assert row["codes"] == codes
    assert judged.findings.num_rows == sum(len(names) for _, names in said)


def test_findings_carry_their_facts() -> None:
    """What a message speaks of is kept with the finding, under an id of its content."""
    judged = audit(world("a", "b"), [rule("TST1", Effect.BLOCK, "b")], QUESTION)

    (row,) = judged.findings.to_pylist()
    assert (row["code"], row["media_id"], row["effect"]) == (
        "TST1",
        media("b")["media_id"],
        "block",
    )
    assert json.loads(row["params"]) == {"name": "b"}
    assert re.fullmatch("[0-9a-f]{32}", row["finding_id"])


def test_same_finding_twice_is_one() -> None:
    """A query that joins may say a thing twice; a key stands once."""
    once = rule("TST1", Effect.BLOCK, "a")
    twice = replace(once, query=f"{once.query} UNION ALL {once.query}")

    assert audit(world("a"), [twice], QUESTION).findings.num_rows == 1


def test_order_of_rules_and_rows_does_not_show() -> None:
    """Bytes are equal, and stay so when asked again."""
    rules = [rule("TST1", Effect.BLOCK, "a", "c"), rule("TST2", Effect.REVIEW, "b", "a")]
    tables = world("a", "b", "c")
    turned = {n: t.take(pa.array(range(t.num_rows)[::-1], pa.int64())) for n, t in tables.items()}

    one, two = audit(tables, rules, QUESTION), audit(turned, rules[::-1], QUESTION)

    assert one.findings.equals(two.findings)
    assert one.verdicts.equals(two.verdicts)
    assert one.verdicts["media_id"].to_pylist() == sorted(one.verdicts["media_id"].to_pylist())


def test_facts_in_hostile_names_stay_facts() -> None:
    """Quotes and braces in a locator neither end a statement nor a message."""
    name = 'it\'s {name} "x" <script>.jpg'
    found = Rule(**vars(rule("TST1", Effect.REVIEW)) | {
        "query": "SELECT media_id, locator AS name FROM entries"
    })  # fmt: skip

    (row,) = audit(world(name), [found], QUESTION).findings.to_pylist()

    assert found.say(json.loads(row["params"])) == name


@pytest.mark.parametrize("name", ["CON001", "DEP002"])
def test_entry_of_which_nothing_is_known_is_not_cleared(name: str) -> None:
    """With all rules: nobody declared is a review, somebody without consent a block."""
    entry = media("a.jpg")
    people = [depiction(entry)] if name == "CON001" else []
    tables = factories.facts([entry], depictions=people)

    (row,) = audit(tables, ALL_RULES, QUESTION).verdicts.to_pylist()

    assert name in row["codes"]
    assert row["verdict"] == ("blocked" if people else "needs_review")


def test_doubts_of_coverage_are_the_rules_that_review() -> None:
    """Coverage prefers a doubt to a no: it must mean by them what the rules do."""
    spoken = {m[1]: r.effect for r in ALL_RULES
              if (m := re.search(r"FROM unmet WHERE reason = '([\w-]+)'", r.query))}  # fmt: skip
    reviewed = {reason for reason, effect in spoken.items() if effect is Effect.REVIEW}

    assert set(DOUBTS) <= reviewed
    # Of a claim that a source makes coverage knows nothing.
    assert reviewed - set(DOUBTS) <= {"claim-only"}


class TestPeople:
    """What people decide, on the record."""

    RULES = (
        rule("TST1", Effect.BLOCK, "blocked"),
        rule("TST2", Effect.REVIEW, "doubted", "blocked"),
    )
    NAMES = ("blocked", "doubted", "clear")

    def judged(
        self, *decisions: dict[str, Any], waivers: tuple[Waiver, ...] = ()
    ) -> dict[str, str]:
        """Return the verdicts, given what reviewers said and what is waived."""
        names = ("dpo", "bo", *(said["reviewer"] for said in decisions))
        register = factories.registered(*names)
        tables = world(*self.NAMES) | {
            "decisions": conform(list(decisions), "decisions"),
            "reviewers": conform(register, "reviewers"),
        }
        judged = audit(tables, self.RULES, replace(QUESTION, waivers=waivers))
        return {name: row["verdict"] for name, row in by_name(judged, *self.NAMES).items()}

    def decision(self, name: str, reviewer: str, verdict: str, **values: Any) -> dict[str, Any]:
        """Return a decision on the evidence as it is."""
        evidence = by_name(audit(world(*self.NAMES), self.RULES, QUESTION), *self.NAMES)[name]
        return factories.whole("decisions") | {
            "decision_id": f"{name}/{reviewer}/{verdict}",
            "media_id": media(name)["media_id"],
            "use": USE.name,
            "reviewer": reviewer,
            "verdict": verdict,
            "evidence": evidence["evidence"],
            "decided_at": day(4),
            **values,
        }

    def test_two_reviewers_clear_what_is_doubted(self) -> None:
        said = [self.decision("doubted", who, "cleared") for who in ("r1", "r2")]
        assert self.judged(*said)["doubted"] == "cleared"

    def test_one_reviewer_does_not(self) -> None:
        said = [self.decision("doubted", "r1", "cleared", decision_id=str(n)) for n in range(3)]
        assert self.judged(*said)["doubted"] == "needs_review"

    def test_nobody_clears_what_is_blocked(self) -> None:
        said = [self.decision("blocked", who, "cleared") for who in ("r1", "r2", "r3")]
        assert self.judged(*said)["blocked"] == "blocked"

    def test_new_evidence_voids_a_decision(self) -> None:
        said = [self.decision("doubted", who, "cleared", evidence="0" * 64) for who in ("r1", "r2")]
        assert self.judged(*said)["doubted"] == "needs_review"

    @pytest.mark.parametrize("values", [{"use": "other"}, {"decided_at": day(6)}])
    def test_decision_for_another_use_or_of_later_does_not_count(
        self, values: dict[str, Any]
    ) -> None:
        said = [self.decision("doubted", who, "cleared", **values) for who in ("r1", "r2")]
        assert self.judged(*said)["doubted"] == "needs_review"

    def test_one_reviewer_blocks(self) -> None:
        said = [self.decision("doubted", who, "cleared") for who in ("r1", "r2")]
        said.append(self.decision("doubted", "r3", "blocked"))
        assert self.judged(*said)["doubted"] == "blocked"

    def test_one_reviewer_blocks_what_is_cleared(self) -> None:
        """What a person sees counts, although every question was answered without them."""
        assert self.judged(self.decision("clear", "r3", "blocked"))["clear"] == "blocked"
        taken_back = self.decision("clear", "r3", "undecided", decided_at=day(4, 2))
        both = (self.decision("clear", "r3", "blocked"), taken_back)
        assert self.judged(*both)["clear"] == "cleared"
        of_another = self.decision("clear", "r3", "blocked", evidence="0" * 64)
        assert self.judged(of_another)["clear"] == "cleared"

    def test_latest_word_of_a_reviewer_counts(self) -> None:
        said = [self.decision("doubted", who, "cleared") for who in ("r1", "r2")]
        said.append(self.decision("doubted", "r2", "needs_review", decided_at=day(4, 2)))
        assert self.judged(*said)["doubted"] == "needs_review"

    def test_waiver_takes_the_effect_of_a_doubt(self) -> None:
        waiver = Waiver("TST2", "known", ("dpo", "bo"), day(6))
        assert self.judged(waivers=(waiver,)) == {
            "blocked": "blocked", "doubted": "cleared", "clear": "cleared",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "waiver",
        [
            Waiver("TST2", "known", ("dpo", "bo"), AS_OF),
            Waiver("TST2", "known", ("dpo", "bo"), day(6), media=("clear",)),
            Waiver("TST1", "known", ("dpo", "bo"), day(6)),
        ],
    )
    def test_waiver_that_expired_or_is_for_another_does_nothing(self, waiver: Waiver) -> None:
        assert self.judged(waivers=(waiver,))["doubted"] == "needs_review"

    def test_two_waivers_of_one_finding_double_nothing(self) -> None:
        waivers = (
            Waiver("TST2", "known", ("dpo", "bo"), day(6)),
            Waiver("TST2", "seen", ("dpo", "bo"), day(6), media=("doubted",)),
        )
        question = replace(QUESTION, waivers=waivers)
        register = conform(factories.registered("dpo", "bo"), "reviewers")
        tables = world(*self.NAMES) | {"reviewers": register}
        found = audit(tables, self.RULES, question).findings.to_pylist()
        told = {row["waiver"] for row in found if row["code"] == "TST2"}
        assert told == {"dpo, bo until 2026-06-01: seen", "dpo, bo until 2026-06-01: known"}
        assert len({row["finding_id"] for row in found}) == len(found) == 3

    def test_waiver_of_a_block_does_nothing(self) -> None:
        waiver = Waiver("TST1", "known", ("dpo", "bo"), day(6))
        assert self.judged(waivers=(waiver,))["blocked"] == "blocked"

    @pytest.mark.parametrize(
        "waivers",
        [
            (Waiver("TST2", "known", ("dpo",), day(6)), Waiver("TST2", "sure", ("dpo",), day(7))),
            (Waiver("TST2", "known", ("dpo", "D.P.O"), day(6)),),
            (Waiver("TST2", "known", ("dpo", "nobody"), day(6)),),
            (Waiver("TST2", "known", ("dpo", "bo"), datetime(9999, 1, 1, tzinfo=UTC)),),
            (
                Waiver("TST2", "known", ("dpo",), day(6)),
                Waiver("TST2", "known", ("bo",), day(6), media=("clear",)),
            ),
        ],
    )
    def test_one_person_waives_nothing_that_leads_to_a_clearance(
        self, waivers: tuple[Waiver, ...]
    ) -> None:
        """However often they say so, under whatever form of their name, and for however long."""
        assert self.judged(waivers=waivers)["doubted"] == "needs_review"

    def test_two_people_each_in_a_waiver_of_their_own_waive(self) -> None:
        waivers = (
            Waiver("TST2", "known", ("dpo",), day(6), media=("doubted",)),
            Waiver("TST2", "sure", ("bo",), day(7), given_at=day(1)),
        )
        assert self.judged(waivers=waivers)["doubted"] == "cleared"

    def test_for_others_only_signed_waivers_hold(self) -> None:
        """What is in the settings is signed by nobody."""
        keys = [{"key_id": name} for name in ("dpo", "bo")]
        register = [
            row | key for row, key in zip(factories.registered("dpo", "bo"), keys, strict=True)
        ]
        consent = factories.consent(
            audience_max="public", assurance_level=4, valid_until=day(1, year=2030)
        )
        tables = world(*self.NAMES) | {
            "reviewers": conform(register, "reviewers"),
            "consents": conform([consent], "consents"),
        }
        use = replace(USE, audience="public")

        def said(*waivers: Waiver) -> str:
            question = replace(QUESTION, use=use, waivers=waivers)
            found = by_name(audit(tables, self.RULES, question), *self.NAMES)
            return str(found["doubted"]["verdict"])

        plain = Waiver("TST2", "known", ("dpo", "bo"), day(6))
        assert said(plain) == "needs_review"
        signed = [
            Waiver("TST2", "known", (name,), day(6), ("doubted",), day(4), name)
            for name in ("dpo", "bo")
        ]
        assert said(*signed) == "cleared"
        assert said(signed[0], replace(signed[1], key_id="dpo")) == "needs_review"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-05-04 12:00:00+00", "2026-05-04T12:00:00Z"),
        ("2026-05-04 12:00:00.5+00", "2026-05-04T12:00:00.5Z"),
        ("2026-05-04 00:00:00+00", "2026-05-04"),
    ],
)
def test_instants_of_findings_are_printed_as_standards_write_them(told: str, expected: str) -> None:
    """ISO 8601 in UTC; of a midnight its day."""
    (rule,) = (rule for rule in ALL_RULES if rule.code == "CON002")

    said = rule.say({"subject": "p01", "role": "depicted", "withdrawn_at": told, "said_in": "c1"})

    assert f"withdrew on {expected} " in said
