"""`curate demo`: the whole story on a small set with planted problems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JobsOption
from curate.cli.output import say, showing_progress, table
from curate.errors import ExitStatus


def command(
    folder: Annotated[Path, typer.Argument(help="Where to build it.")] = Path("demo"),
    jobs: JobsOption = 0,
) -> int:
    """Build a small dataset with planted problems, audit and release it, and compare."""
    from curate.demo.story import tell_story

    outcome = tell_story(folder, showing=showing_progress, jobs=jobs, say=say)
    rows = [row.__dict__ for row in outcome.rows]
    say()
    table(rows, ["rule", "what", "planted", "found", "missed", "extra"])
    say()
    for line in outcome.summary():
        say(line)
    return ExitStatus.GOOD if outcome.good else ExitStatus.FINDINGS
