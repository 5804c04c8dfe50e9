"""All rules, in the order of their codes. Adding one touches its file, this and its cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

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
from curate.audit.waivers import LONGEST, too_long
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


def check_waivers(waivers: Iterable[Waiver], *, where: str, now: datetime | None = None) -> None:
    """Check that every waiver names a rule that can be waived, and ends within a year.

    Args:
        waivers: The waivers.
        where: Where they stand.
        now: The instant from which a year is counted; no end is too far when None.

    Raises:
        ConfigError: There is no such rule, nobody waives it (`Rule.never_waived`), or it is
            waived for more than a year.
    """
    for waiver in waivers:
        rule = BY_CODE.get(waiver.code)
        if rule is None:
            raise ConfigError(f"waivers: no rule is called {waiver.code!r}", where=where)
        if rule.never_waived:
            raise ConfigError(
                f"waivers: {rule.code} {rule.symbol} {rule.never_waived}", where=where,
                hint="take the waiver out; `curate explain` says what to do about the finding"
                if rule.effect is Effect.BLOCK or rule.family == "HSH" else
                "two reviewers can clear an entry: `curate decide LOCATOR cleared --by NAME`",
            )  # fmt: skip
        if now is not None and too_long(waiver, now):
            raise ConfigError(
                f"waivers: {rule.code} ends on {waiver.expires:%Y-%m-%d}, more than a year ahead",
                where=where,
                hint=f"a waiver ends within a year: on {now + LONGEST:%Y-%m-%d} at the latest; "
                "renew it then, if it is still true",
            )
