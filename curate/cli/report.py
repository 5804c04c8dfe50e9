"""`curate report`: write a document on the last audit, or hold what authors say against it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.audit import FailOn
from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json
from curate.errors import ExitStatus, printable

if TYPE_CHECKING:
    from curate.report.lint import DocumentFinding


class Kind(StrEnum):
    """What `curate report` can do."""

    AUDIT = "audit"
    PICTURES = "pictures"
    DATASHEET = "datasheet"
    ACCOUNTS = "accounts"
    SAFETY = "safety"
    LINT = "lint"


def command(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="audit: one page to hand over. pictures: the same with small pictures, to keep. "
            "datasheet: HTML, Markdown and JSON. accounts: policy, record of processing, training "
            "and consent summary. safety: lists, seals and requests, in counts. "
            "lint: hold datasheet.toml against the facts."
        ),
    ],
    use: Annotated[
        str | None, typer.Option("--use", help="The use whose last audit it is about.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="A release, by name, in the place of the catalogue.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print pages as PDF too.")] = False,
    fail_on: Annotated[
        FailOn, typer.Option(help="Lint: exit 1 on what is wrong (error), on what is open too.")
    ] = FailOn.ERROR,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write a document on the last audit into the workspace's reports, or lint what is claimed."""
    from curate.verbs.report import About, lint_documents, report

    context, about = open_context(workspace), About(use, release)
    if kind is Kind.LINT:
        return _lint(lint_documents(context, about), fail_on, as_json=as_json)
    written = report(context, kind, about, pdf=pdf)
    if as_json:
        say_json([str(path) for path in written])
        return ExitStatus.GOOD
    for path in written:
        say(f"wrote {path}")
    return ExitStatus.GOOD


def _lint(found: list[DocumentFinding], fail_on: FailOn, *, as_json: bool) -> int:
    if as_json:
        say_json([one.as_json() for one in found])
    else:
        _print(found)
    return _status(found, fail_on)


def _print(found: list[DocumentFinding]) -> None:
    from curate.model.verdict import Effect

    for one in found:
        waived = f" (waived: {printable(one.waiver)})" if one.waiver else ""
        say(f"{one.rule.code} {printable(one.place)}: {printable(one.message())}{waived}")
    wrong, doubted = (sum(one.effect is effect for one in found)
                      for effect in (Effect.BLOCK, Effect.REVIEW))  # fmt: skip
    say(f"datasheet.toml: {wrong:,} wrong, {doubted:,} open or not known")
    if found:
        say("`curate explain CODE` teaches a rule")


def _status(found: list[DocumentFinding], fail_on: FailOn) -> int:
    from curate.model.verdict import Effect

    failing = {
        FailOn.NEVER: (),
        FailOn.ERROR: (Effect.BLOCK,),
        FailOn.WARNING: (Effect.BLOCK, Effect.REVIEW),
    }[fail_on]
    return ExitStatus.FINDINGS if any(one.effect in failing for one in found) else ExitStatus.GOOD
