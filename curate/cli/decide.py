"""`curate decide`: a reviewer's word on one entry."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.options import UseOption, WorkspaceOption
from curate.cli.output import open_context, say
from curate.errors import InputError
from curate.workspace import DEFAULT_USE

NOT_SHOWN = "not-shown"


def command(
    locator: Annotated[str, typer.Argument(help="The entry's locator or id.")],
    verdict: Annotated[
        str,
        typer.Argument(
            help="cleared, blocked, or undecided to take a decision back; or not-shown, with "
            "--subject: a face that is like someone's is not theirs."
        ),
    ],
    by: Annotated[str, typer.Option("--by", help="The reviewer's name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    subject: Annotated[
        str | None, typer.Option("--subject", help="Who is not shown, by pseudonym.")
    ] = None,
    use: UseOption = DEFAULT_USE,
    workspace: WorkspaceOption = None,
) -> None:
    """Decide an entry that needs review. Clearing takes two reviewers and the same evidence.

    Raises:
        InputError: --subject goes with not-shown, and with nothing else.
    """
    if (verdict == NOT_SHOWN) != (subject is not None):
        raise InputError("--subject goes with not-shown, and with nothing else")
    from curate.verbs.decide import decide
    from curate.verbs.review import correct_subject

    context = open_context(workspace)
    if subject is not None:
        correct_subject(
            context, locator, subject, NOT_SHOWN.replace("-", "_"), reviewer=by, reason=reason,
            use=use,
        )  # fmt: skip
        say(f"recorded: {by} says that {subject} is not shown")
        say("it counts from the next `curate audit` on")
        return
    decide(context, locator, verdict, reviewer=by, reason=reason, use=use)
    say(f"recorded: {by} says {verdict}")
    say("it counts from the next `curate audit` on, while the evidence stays what it is")
