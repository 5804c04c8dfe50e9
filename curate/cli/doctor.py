"""`curate doctor`: what this machine lacks, and how to get it."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import JsonOption
from curate.cli.output import note, say_json, table
from curate.errors import ExitStatus, UnknownNameError


def command(
    wanted: Annotated[
        list[str] | None,
        typer.Option("--for", help="An extra that must be whole, such as review or faces."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Say what is missing for the extras; exit 3 when one cannot work as it is installed.

    `curate models list` says which face models are in place.

    Raises:
        UnknownNameError: No extra is called that.
    """
    from curate.verbs.doctor import ABSENT, GOOD, WRONG, examine
    from curate.verbs.extras import EXTRAS

    for name in wanted or ():
        if name not in EXTRAS:
            raise UnknownNameError(f"no extra is called {name!r}",
                                   hint=f"extras are: {', '.join(EXTRAS)}")  # fmt: skip
    found = examine()
    if as_json:
        say_json([vars(one) for one in found])
    else:
        table([{"what": one.name, "state": one.state, "found": one.found} for one in found],
              ["what", "state", "found"])  # fmt: skip
        for one in found:
            if one.state != GOOD:
                note(f"{one.name}: {one.remedy}")
    lacks = any(one.state == WRONG or (one.state == ABSENT and one.about in (wanted or ()))
                for one in found)  # fmt: skip
    return ExitStatus.MISSING if lacks else ExitStatus.GOOD
