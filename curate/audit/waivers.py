"""Waivers: findings that people answer for, and which of them hold.

A waiver names its entries or says that it is for all, and ends within a year. Where the finding
would send to review two people of the register answer for it, in one waiver or each in their own,
by their keys where more than the office itself receives the media; what is in `curate.toml` is
signed by nobody. What asks whether anybody looked is never waived (`curate.audit.rule`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.register import counts_for, turns
from curate.audit.rule import Rule
from curate.model.config import Waiver
from curate.model.people import person_of
from curate.model.plural import counted
from curate.model.verdict import Effect, Verdict

# A year, whichever it is.
LONGEST = timedelta(days=366)
# How many people answer for a finding that would send to review.
TWO = 2


@dataclass(frozen=True)
class Answered:
    """A waiver, and the people of the register who answer by it."""

    waiver: Waiver
    people: frozenset[str]

    @property
    def text(self) -> str:
        """Who answers, until when, and why."""
        one = self.waiver
        return f"{', '.join(one.by)} until {one.expires:%Y-%m-%d}: {one.reason}"


@dataclass(frozen=True)
class Held:
    """The waivers that have not ended and are not for too long.

    Attributes:
        answered: Each with those who answer by it.
    """

    answered: Sequence[Answered] = ()

    @cached_property
    def everywhere(self) -> dict[str, list[Answered]]:
        """Those for all entries, by code."""
        found: dict[str, list[Answered]] = {}
        for one in self.answered:
            if not one.waiver.media:
                found.setdefault(one.waiver.code, []).append(one)
        return found

    @cached_property
    def named(self) -> dict[str, dict[str, list[Answered]]]:
        """Those that name their entries, by code and locator."""
        found: dict[str, dict[str, list[Answered]]] = {}
        for one in self.answered:
            for locator in one.waiver.media:
                found.setdefault(one.waiver.code, {}).setdefault(locator, []).append(one)
        return found

    def text(self, rule: Rule, locator: str | None = None) -> str | None:
        """Return who answers for a finding of an entry, or of any; None where too few do."""
        own = self.named.get(rule.code, {}).get(locator, []) if locator is not None else []
        # Its own waiver before one of all entries, and of equals the least text.
        order = [*sorted(own, key=_text), *sorted(self.everywhere.get(rule.code, []), key=_text)]
        needed = people_needed(rule)
        if not rule.waivable or len(frozenset().union(*(one.people for one in order))) < needed:
            return None
        whole = [one.text for one in order if len(one.people) >= needed]
        return whole[0] if whole else "; ".join(one.text for one in order if one.people)


@dataclass(frozen=True)
class Resting:
    """What of an audit rests on waivers.

    Attributes:
        waivers: How many waivers answer for findings.
        entries: How many entries are cleared that would not be without them.
    """

    waivers: int
    entries: int

    def __str__(self) -> str:
        entries = counted(self.entries, "cleared entry", "cleared entries")
        one = self.entries == 1
        return f"{counted(self.waivers, 'waiver')}; {entries} {'rests' if one else 'rest'} on them"


def people_needed(rule: Rule) -> int:
    """Return how many people of the register it takes to waive what a rule finds."""
    return TWO if rule.effect is Effect.REVIEW else 1


def held(waivers: Iterable[Waiver], reviewers: pa.Table, *, audience: str, as_of: datetime) -> Held:
    """Return the waivers that can hold at an instant, with those who answer by each.

    Args:
        waivers: All that were given.
        reviewers: The register.
        audience: Who receives the media.
        as_of: The instant to judge at.
    """
    known = turns(reviewers.to_pylist(), as_of)
    return Held(tuple(
        Answered(one, _people(one, known, audience, as_of))
        for one in waivers
        if as_of < one.expires and not too_long(one, as_of)
    ))  # fmt: skip


def too_long(waiver: Waiver, as_of: datetime) -> bool:
    """Tell whether a waiver ends later than a year after it was given, or after an audit."""
    return waiver.expires > (waiver.given_at or as_of) + LONGEST


def idle(
    waivers: Iterable[Waiver],
    reviewers: pa.Table,
    rules: Mapping[str, Rule],
    *,
    audience: str,
    as_of: datetime,
) -> list[str]:
    """Return a sentence for each waiver that has not ended and waives nothing, and why.

    Args:
        waivers: All that were given.
        reviewers: The register.
        rules: The rules, by code.
        audience: Who receives the media.
        as_of: The instant to judge at.
    """
    given = [one for one in waivers if as_of < one.expires]
    found = held(given, reviewers, audience=audience, as_of=as_of)
    return [
        f"{one.code} by {', '.join(one.by)} until {one.expires:%Y-%m-%d} does not hold: {why}"
        for one in given
        if (why := _why_idle(one, found, rules, audience, as_of))
    ]


def _why_idle(
    one: Waiver, found: Held, rules: Mapping[str, Rule], audience: str, as_of: datetime
) -> str:
    rule = rules.get(one.code)
    if rule is None or not rule.waivable:
        return "nobody waives this rule"
    if too_long(one, as_of):
        return "a waiver ends within a year"
    if any(found.text(rule, locator) for locator in one.media or (None,)):
        return ""
    if audience != "internal":
        return f"for {audience} use two people of the register sign it, each with their own key"
    if people_needed(rule) == 1:
        return "nobody who answers for it is on the register of reviewers"
    return "it takes two people of the register of reviewers where it leads to a clearance"


def resting(findings: pa.Table, verdicts: pa.Table, rules: Mapping[str, Rule]) -> Resting:
    """Return what of an audit rests on waivers.

    Args:
        findings: What was found.
        verdicts: What follows.
        rules: The rules, by code.
    """
    rows = findings.select(["code", "media_id", "waiver"])
    waived = rows.filter(pc.is_valid(rows["waiver"])).to_pylist()
    doubted = {
        row["media_id"] for row in waived
        if row["code"] in rules and rules[row["code"]].effect is Effect.REVIEW
    }  # fmt: skip
    said = verdicts.select(["media_id", "verdict", "decided_by"]).to_pylist() if doubted else []
    entries = sum(
        row["media_id"] in doubted
        and (row["verdict"], row["decided_by"]) == (Verdict.CLEARED, "policy")
        for row in said
    )
    return Resting(len({(row["code"], row["waiver"]) for row in waived}), entries)


def _people(
    one: Waiver, known: Mapping[str, list[Mapping[str, Any]]], audience: str, as_of: datetime
) -> frozenset[str]:
    at = one.given_at or as_of
    return frozenset(
        person_of(name) for name in one.by
        if counts_for(known, name, at, one.key_id, audience=audience)
    )  # fmt: skip


def _text(one: Answered) -> str:
    return one.text
