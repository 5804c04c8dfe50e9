"""Known datasets: terms, claims about consent and withdrawals of what others published.

They come from ``schemas/known_datasets.json``, where each stands with its references.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from curate.schema import resource_folder

# What stands in the registry and in a source alike.
_OF_SOURCE = (
    "source_id",
    "name",
    "kind",
    "acquisition_method",
    "licence",
    "terms_flags",
    "consent_claim",
    "consent_statement",
    "original_purpose",
)


@dataclass(frozen=True)
class Known:
    """One dataset of the registry.

    Attributes:
        source_id: The source that entries of it name.
        said: Everything that stands in the registry, by field.
    """

    source_id: str
    said: dict[str, Any]

    @property
    def withdrawn(self) -> bool:
        """Whether its makers withdrew it."""
        return bool(self.said["status"] == "retracted")

    @property
    def names(self) -> frozenset[str]:
        """Its id, name and aliases, folded as `fold` does."""
        said = (self.source_id, self.said["name"], *self.said.get("aliases", ()))
        return frozenset(fold(name) for name in said)

    def source(self, as_of: datetime) -> dict[str, Any]:
        """Return it as a row of ``sources``, with the status it had at an instant."""
        row = {name: self.said.get(name) for name in _OF_SOURCE}
        row["origin_url"] = self.said["references"][0]["where"]
        since = self.said.get("status_since")
        begun = since is None or date.fromisoformat(since) <= as_of.astimezone(UTC).date()
        row["status"] = self.said["status"] if begun else "active"
        return row


def fold(name: str) -> str:
    """Return a name without case, spaces and signs.

    >>> fold("MS-Celeb 1M")
    'msceleb1m'
    """
    return "".join(letter for letter in name.casefold() if letter.isalnum())


@cache
def known_datasets() -> dict[str, Known]:
    """Return the registry by source id."""
    path = resource_folder("schemas") / "known_datasets.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["datasets"]
    return {row["source_id"]: Known(row["source_id"], row) for row in rows}


def withdrawn_by_name(name: str) -> Known | None:
    """Return the withdrawn dataset that goes by a name, or None.

    A name proves nothing, so it is believed only where it forbids.
    """
    folded = fold(name)
    return next((k for k in known_datasets().values() if k.withdrawn and folded in k.names), None)
