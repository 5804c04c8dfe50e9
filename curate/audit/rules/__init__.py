"""All rules, in the order of their codes. Adding one touches its file, this and its cases."""

from __future__ import annotations

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
