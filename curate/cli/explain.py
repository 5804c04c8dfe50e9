"""`curate explain`: teach a rule, or tell what is known of one entry."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json


def command(
    what: Annotated[
        str,
        typer.Argument(
            help="A rule's code or symbol, an entry's locator or id, or a finding's id."
        ),
    ],
    use: Annotated[
        str | None, typer.Option(help="The use, when it is not that of the last audit.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a rule, or say of an entry what each question was answered on."""
    from curate.audit.rules import EVERY_RULE

    for rule in EVERY_RULE:
        if what.upper() == rule.code or what.lower() == rule.symbol:
            from curate.audit.explain import explain_rule

            say_json(rule.__dict__) if as_json else _wrapped(explain_rule(rule))
            return
    from curate.verbs.explain import explain

    found = explain(open_context(workspace), what, use=use)
    say_json(found.as_json()) if as_json else _wrapped(found.lines())


def _wrapped(lines: list[str]) -> None:
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        say(textwrap.fill(line, 96, subsequent_indent=indent, replace_whitespace=False)
            if line else "")  # fmt: skip
