"""`curate init`: make a workspace."""

from __future__ import annotations

from pathlib import Path

from curate import workspace
from curate.verbs.context import Context


def init(root: Path) -> Context:
    """Make a workspace in `root` and open it.

    Raises:
        InputError: The folder already holds a workspace, or is a file.
    """
    return Context(workspace.create(root))
