"""Ids that are functions of what they name, so that doing a thing twice changes nothing."""

from __future__ import annotations

import uuid

# Drawn once at random; it only keeps our ids apart from other people's UUIDv5.
_NAMESPACE = uuid.UUID("8c2b7d0e-54f3-4c6e-9a0e-3f6f4a1b9d27")


def stable_id(*parts: str) -> str:
    """Return the UUIDv5 of `parts`, joined so that no two lists of parts collide.

    >>> stable_id("a", "bc") == stable_id("ab", "c")
    False
    """
    return str(uuid.uuid5(_NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


def media_id(dataset: str, locator: str) -> str:
    """Return the id of the entry that `dataset` lists at `locator`."""
    return stable_id("media", dataset, locator)
