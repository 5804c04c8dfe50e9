"""A layout: how a known kind of dataset lays its files out, and what is known of it.

What a layout says about itself is data: docs/layouts.md is written from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from curate.ingest.listing import Listing, Target


@dataclass(frozen=True)
class About:
    """What a layout tells its users.

    Attributes:
        title: The datasets it is for.
        shape: What on disk makes ``auto`` choose it.
        reads: What it reads, and what that becomes.
        datasets: Ids in the registry of known datasets: their terms and claims about consent
            hold for the entries.
        traps: What misleads those who read the dataset by hand.
    """

    title: str
    shape: str
    reads: tuple[str, ...]
    datasets: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()


class Layout(Protocol):
    """How a known kind of dataset lays its files out."""

    name: str
    about: About

    def recognises(self, path: Path) -> bool:
        """Return whether `path` looks like this layout, by names and small files alone."""
        ...

    def read(self, target: Target, into: Listing) -> None:
        """Put what `target` holds into a listing."""
        ...
