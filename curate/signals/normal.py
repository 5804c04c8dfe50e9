"""The normal form of opt-outs: four kinds of use, five answers, and the strictest one wins.

STANDARDS section 3.2. `strictest` is the greatest in the order of `Use`, so it does not matter in
which order or how often statements are taken together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import reduce


class Use(StrEnum):
    """What a statement says of one kind of use, from the mildest to the strictest.

    A statement that could not be understood may be a refusal, so only a plain refusal is
    stricter.
    """

    NONE = "none"
    ALLOWED = "allowed"
    CONSTRAINED = "constrained"
    UNREADABLE = "unreadable"
    PROHIBITED = "prohibited"


_ORDER = {use: place for place, use in enumerate(Use)}


def strictest(*uses: Use) -> Use:
    """Return the strictest of `uses`; none of nothing.

    >>> strictest(Use.ALLOWED, Use.CONSTRAINED, Use.NONE).value
    'constrained'
    """
    return max(uses, key=_ORDER.__getitem__, default=Use.NONE)


@dataclass(frozen=True, slots=True)
class Uses:
    """What a statement says of each kind of use."""

    data_mining: Use = Use.NONE
    ai_inference: Use = Use.NONE
    ai_training: Use = Use.NONE
    ai_generative_training: Use = Use.NONE

    def __or__(self, other: Uses) -> Uses:
        """Return the strictest of both, use by use."""
        return Uses(*(strictest(getattr(self, n), getattr(other, n)) for n in CATEGORIES))

    def as_row(self) -> dict[str, str]:
        """Return them by column."""
        return {name: str(getattr(self, name)) for name in CATEGORIES}

    @classmethod
    def every(cls, use: Use) -> Uses:
        """Return `use` for each kind of use."""
        return cls(use, use, use, use)


CATEGORIES = tuple(field.name for field in fields(Uses))
UNREADABLE = Uses.every(Use.UNREADABLE)


def together(statements: list[Uses]) -> Uses:
    """Return the strictest of all statements, use by use."""
    return reduce(Uses.__or__, statements, Uses())


def _learning(use: Use, *, mining: Use = Use.NONE) -> Uses:
    return Uses(mining, Use.NONE, use, use)


_REFUSED = _learning(Use.PROHIBITED, mining=Use.PROHIBITED)
_ALLOWED = _learning(Use.ALLOWED, mining=Use.ALLOWED)
_CONDITIONS = _learning(Use.CONSTRAINED, mining=Use.CONSTRAINED)

PLUS_DATA_MINING: Mapping[str, Uses] = {
    "DMI-UNSPECIFIED": Uses(),
    "DMI-ALLOWED": _ALLOWED,
    "DMI-PROHIBITED-AIMLTRAINING": _learning(Use.PROHIBITED),
    "DMI-PROHIBITED-GENAIMLTRAINING": Uses(ai_generative_training=Use.PROHIBITED),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": _REFUSED,
    "DMI-PROHIBITED": _REFUSED,
    "DMI-PROHIBITED-SEECONSTRAINT": _CONDITIONS,
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": _CONDITIONS,
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": _CONDITIONS,
}
"""PLUS Data Mining, by code."""

TDM_RESERVATION: Mapping[str, Uses] = {"1": _REFUSED, "0": _ALLOWED}
"""TDMRep's tdm-reservation; any other value is a protocol error and reserves nothing."""

# AIPREF drafts, and Cloudflare's Content Signals, which say yes and no.
_YES_NO = {"y": Use.ALLOWED, "yes": Use.ALLOWED, "n": Use.PROHIBITED, "no": Use.PROHIBITED}
_LABELS = {
    "train-ai": ("ai_training", "ai_generative_training"),
    "ai-train": ("ai_training", "ai_generative_training"),
    "train-genai": ("ai_generative_training",),
    "genai": ("ai_generative_training",),
    "ai-input": ("ai_inference",),
    "ai-use": CATEGORIES,
    "ai-all": CATEGORIES,
    "ai-output": ("ai_generative_training",),
    "foundation-model-production": ("ai_training", "ai_generative_training"),
    "ai": CATEGORIES,
    "bots": CATEGORIES,
    "tdm": ("data_mining", "ai_training", "ai_generative_training"),
    "all": CATEGORIES,
    "*": CATEGORIES,
}
TRAINS = frozenset(label for label, named in _LABELS.items() if "ai_training" in named)
"""Labels of usages that include training."""

REFUSES_TRAINING = _learning(Use.PROHIBITED)
"""What noai, noimageai, ai.txt and robots.txt say to crawlers that gather for training."""


def preference(label: str, value: str) -> Uses | None:
    """Return what a usage preference says; None for a label that is not about these uses.

    >>> preference("train-ai", "n").ai_training.value
    'prohibited'
    """
    named = _LABELS.get(label.lower())
    if named is None:
        return None
    use = _YES_NO.get(value.lower(), Use.UNREADABLE)
    return Uses(**dict.fromkeys(named, use))


_CAWG_USES = {
    "allowed": Use.ALLOWED,
    "notallowed": Use.PROHIBITED,
    "constrained": Use.CONSTRAINED,
}


def cawg(name: str, use: object) -> Uses:
    """Return what an entry of a training-mining assertion says.

    Args:
        name: Its key, such as ``cawg.ai_training``; prefixes are mixed in practice.
        use: Its ``use``.

    Returns:
        What it says; unreadable for a use that is not known, and for a key that is not known
        unless it allows something.
    """
    found = _CAWG_USES.get(str(use).strip().lower(), Use.UNREADABLE)
    category = name.rsplit(".", 1)[-1].strip().lower()
    if category in CATEGORIES:
        return Uses(**{category: found})
    return Uses() if found is Use.ALLOWED else UNREADABLE
