"""`curate decide`: a reviewer's word on one entry."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.keys import passphrase_of
from curate.cli.options import UseOption, WorkspaceOption
from curate.cli.output import note, open_context, say
from curate.errors import InputError, printable
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
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="Sign it with your key: a name of `curate keys`, or a PEM file. Where the use's "
            "audience is wider than internal, only signed decisions clear.",
        ),
    ] = None,
    use: UseOption = DEFAULT_USE,
    workspace: WorkspaceOption = None,
) -> None:
    """Decide an entry that needs review. Clearing takes two people of the register of reviewers.

    Raises:
        InputError: --subject goes with not-shown, and with nothing else; or --key with it.
        VerificationError: The key is not the reviewer's.
    """
    if (verdict == NOT_SHOWN) != (subject is not None):
        raise InputError("--subject goes with not-shown, and with nothing else")
    if subject is not None and key is not None:
        raise InputError("what is said of a subject is not signed", where="--key")
    from curate.signing import KeyHome
    from curate.verbs.decide import decide
    from curate.verbs.review import correct_subject
    from curate.verbs.reviewers import remark_on

    context = open_context(workspace)
    if subject is not None:
        correct_subject(
            context, locator, subject, NOT_SHOWN.replace("-", "_"), reviewer=by, reason=reason,
            use=use,
        )  # fmt: skip
        say(f"recorded: {by} says that {subject} is not shown")
        if remark := remark_on(context, by, use=use):
            note(printable(remark))
        say("The doubt ends when two people of the register have said so and nobody says "
            "otherwise: then run `curate run` and `curate audit`.")  # fmt: skip
        return
    signing = None if key is None else KeyHome().signing_key(key, lambda: passphrase_of(key))
    decide(context, locator, verdict, reviewer=by, reason=reason, use=use, key=signing)
    say(f"recorded: {by} says {verdict}")
    key_id = None if signing is None else signing.public.keyid
    if verdict == "cleared" and (remark := remark_on(context, by, use=use, key_id=key_id)):
        note(printable(remark))
        say("it clears nothing as it stands")
        return
    say("it counts from the next `curate audit` on, while the evidence stays what it is")
