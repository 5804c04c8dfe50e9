"""Effects of findings and the verdicts that follow from them."""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """What a finding does to the verdict on the entry it is about."""

    BLOCK = "block"
    REVIEW = "review"
    NONE = "none"


class Verdict(StrEnum):
    """Whether an entry may be used for a use; doubt is never cleared."""

    CLEARED = "cleared"
    NEEDS_REVIEW = "needs_review"
    BLOCKED = "blocked"
