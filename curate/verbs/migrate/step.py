"""A step of a migration: what it would do, and doing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from curate.workspace import Workspace


@dataclass(frozen=True)
class Step:
    """One change from a format to the next.

    Attributes:
        name: What it is called in the record of a migration.
        preview: Returns a sentence for each thing it would do; none where nothing is to do.
        run: Does it, at an instant; doing it again changes nothing.
    """

    name: str
    preview: Callable[[Workspace], list[str]]
    run: Callable[[Workspace, datetime], None]
