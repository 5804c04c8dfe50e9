"""The verbs of curate, for Python: what the command line does, as calls on a project.

>>> import curate
>>> project = curate.open("ws")  # doctest: +SKIP
>>> project.ingest("media/")  # doctest: +SKIP
>>> project.run()  # doctest: +SKIP
>>> project.audit(use="detector-training").verdicts.to_pandas()  # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate import workspace
from curate.api.making import Making
from curate.api.places import STAGES, TOOL, utc_now
from curate.api.publishing import Publishing
from curate.api.reviewing import Reviewing

__all__ = ["STAGES", "TOOL", "Project", "init", "open", "utc_now"]


def init(root: str | Path) -> Project:
    """Make a workspace in `root` and open it.

    Raises:
        InputError: The folder already holds a workspace, or is a file.
    """
    return Project(workspace.create(Path(root)))


def open(root: str | Path | None = None) -> Project:
    """Open the workspace in `root` or above it; from the current folder when None.

    Raises:
        NoWorkspaceError: There is none.
    """
    return Project(workspace.find(None if root is None else Path(root)))


@dataclass
class Project(Making, Publishing, Reviewing):
    """One workspace, and what can be done with it. See `Places` for what it is made of."""
