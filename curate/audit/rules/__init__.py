"""All rules, in the order of their codes. Adding one touches its file, this and its cases."""

from __future__ import annotations

from collections.abc import Iterable

from curate.audit.rule import Rule
from curate.audit.rules import (
    consent,
    depictions,
    duplicates,
    identity,
    labels,
    links,
    media,
    persons,
    scope,
    sources,
    splits,
)
from curate.errors import ConfigError
from curate.model.config import Waiver
from curate.model.verdict import Effect

ALL_RULES: tuple[Rule, ...] = (
    *consent.RULES,
    *scope.RULES,
    *persons.RULES,
    *depictions.RULES,
    *links.RULES,
    *duplicates.RULES,
    *identity.RULES,
    *labels.RULES,
    *media.RULES,
    *splits.RULES,
    *sources.RULES,
)
BY_CODE = {rule.code: rule for rule in ALL_RULES}
RULESET_VERSION = "2"


def check_waivers(waivers: Iterable[Waiver], *, where: str) -> None:
    """Check that every waiver names a rule that can be waived.

    Raises:
        ConfigError: There is no such rule, or it blocks, which nobody waives.
    """
    for waiver in waivers:
        rule = BY_CODE.get(waiver.code)
        if rule is None:
            raise ConfigError(f"waivers: no rule is called {waiver.code!r}", where=where)
        if rule.effect is Effect.BLOCK:
            raise ConfigError(
                f"waivers: {rule.code} {rule.symbol} blocks, and nobody waives what blocks",
                where=where,
                hint="take the waiver out; `curate explain` says what to do about the finding",
            )
