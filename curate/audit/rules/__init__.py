"""All rules, in the order of their codes. Adding one touches its file, this and its cases."""

from __future__ import annotations

from collections.abc import Iterable

from curate.audit.rule import Rule
from curate.audit.rules import (
    consent,
    depictions,
    documents,
    duplicates,
    hashes,
    identity,
    labels,
    links,
    media,
    persons,
    scope,
    shortcuts,
    signals,
    sources,
    splits,
    videos,
)
from curate.errors import ConfigError
from curate.model.config import Waiver
from curate.model.verdict import Effect

_BY_TOPIC = (
    *consent.RULES,
    *scope.RULES,
    *persons.RULES,
    *depictions.RULES,
    *links.RULES,
    *duplicates.RULES,
    *videos.DUPLICATE_RULES,
    *hashes.RULES,
    *identity.RULES,
    *labels.RULES,
    *shortcuts.RULES,
    *media.RULES,
    *videos.MEDIA_RULES,
    *splits.RULES,
    *videos.SPLIT_RULES,
    *sources.RULES,
    *signals.RULES,
)
ALL_RULES: tuple[Rule, ...] = tuple(sorted(_BY_TOPIC, key=lambda rule: rule.code))
# Judged beside documents are written, and not by an audit of entries.
DOCUMENT_RULES: tuple[Rule, ...] = documents.RULES
EVERY_RULE: tuple[Rule, ...] = tuple(
    sorted((*ALL_RULES, *DOCUMENT_RULES), key=lambda rule: rule.code)
)
BY_CODE = {rule.code: rule for rule in EVERY_RULE}
RULESET_VERSION = "2"


def check_waivers(waivers: Iterable[Waiver], *, where: str) -> None:
    """Check that every waiver names a rule that can be waived.

    Raises:
        ConfigError: There is no such rule, it blocks, which nobody waives, or it doubts a
            consent or is about hash lists, which takes two reviewers: of several consents
            another could come to count when one gets worse, and a waiver would then clear what
            it was never meant for.
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
        if rule.family == "HSH":
            raise ConfigError(
                f"waivers: {rule.code} {rule.symbol} is about hash lists, which nobody waives",
                where=where,
                hint="`curate explain` says what to do about the finding",
            )
        if rule.family == "CON" or rule is duplicates.CONSENT_CONFLICT:
            raise ConfigError(
                f"waivers: {rule.code} {rule.symbol} doubts a consent, which nobody waives",
                where=where,
                hint="two reviewers can clear an entry: `curate decide LOCATOR cleared --by NAME`",
            )
