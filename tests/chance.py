"""Chance: the few values that random worlds are made of, and dice with a temper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
# Few instants, one of them that of the question: equal ones and borders are what breaks.
INSTANTS = tuple(NOON + timedelta(days=d) for d in (-300, -60, -30, -1, 0, 1, 30, 300))
PAST = INSTANTS[:5]
DAYS = (date(2026, 4, 1), date(2026, 5, 1), date(2026, 5, 2))
PURPOSES = (
    "train-detector",
    "deepfake-detection",
    "MisusePreventionAndDetection",
    "Purpose",
    "evaluate-detector",
    "likeness-manipulation",
)
OPERATIONS = (
    "include",
    "train_detector",
    "share",
    "biometric_embed",
    "likeness_synthesis",
    "likeness_alteration",
    "performance_transfer",
    "voice_synthesis",
)
ROLES = ("depicted", "donor", "target", "driver", "voice_donor", "bystander", "contributor")
# How people take part in a manipulation, the usual first.
CASTS = {
    "none": ("depicted", "bystander"),
    "face_swap": ("donor", "target"),
    "reenactment": ("target", "driver"),
    "lip_sync": ("target", "voice_donor"),
    "attribute_edit": ("depicted",),
    "morph": ("donor", "donor"),
    "identity_conditioned_synthesis": ("donor",),
    "full_synthesis": (),
    "other": ("depicted",),
    "unknown": ("depicted",),
}
AUDIENCES = ("internal", "consortium", "gated", "public")
COUNTRIES = ("DE", "FR", "US")
CONTEXTS = ("surveillance", "advertising")
FLAGS = (
    "research_only",
    "non_commercial",
    "evaluation_only",
    "no_training",
    "no_redistribution",
    "no_biometric_id",
    "gated",
    "sale_prohibited",
    "untargeted_face_scrape",
)
STATES = (
    "ConsentGiven",
    "RenewedConsentGiven",
    "ConsentWithdrawn",
    "ConsentRevoked",
    "ConsentRefused",
    "ConsentExpired",
    "ConsentInvalidated",
    "ConsentRequested",
    "ConsentRequestDeferred",
    "ConsentUnknown",
)
REQUESTS = (
    *("access", "rectification", "erasure", "restriction", "portability", "objection"),
    *("withdrawal", "takedown_ncii", "takedown_likeness", "le_preserve", "le_destroy"),
)
CURRENT, STALE = "current", "stale"
WAIVABLE = (
    "CON025",
    "CON024",
    "CON028",
    "DEP002",
    "DEP003",
    "DEP006",
    "DEP009",
    "DEP012",
    "SRC004",
    "CON001",
)


class Dice:
    """Chance with a temper: `usual` mostly gives its first value, the milder the world."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.temper = random.choice((0.01, 0.01, 0.04, 0.1, 0.3))

    def odd(self) -> bool:
        """Tell whether something is out of the ordinary."""
        return self.random.random() < self.temper

    def usual(self, first: Any, *others: Any) -> Any:
        """Return `first`, or now and then one of the others."""
        return self.random.choice(others) if self.odd() else first

    def some(self, values: Iterable[Any], chance: float) -> list[Any]:
        """Return the values that each come up with a chance."""
        return [v for v in values if self.random.random() < chance]

    def few(self, values: Iterable[Any]) -> list[Any] | None:
        """Return mostly nothing, an empty list, or now and then some of the values."""
        chosen: list[Any] | None = self.usual(
            self.random.choice((None, [])), self.some(values, 0.5)
        )
        return chosen

    def number(self, most: int, *, least: int = 0) -> int:
        """Return a number, ends included."""
        return self.random.randint(least, most)
