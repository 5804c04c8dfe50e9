"""`curate report`: write documents on an audit, bundle it to hand over, hold claims against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.audit import FailOn
from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json
from curate.cli.report_bundle import bundle_command, verify_command
from curate.errors import ExitStatus, printable

if TYPE_CHECKING:
    from curate.report.lint import DocumentFinding

UseOption = Annotated[
    str | None, typer.Option("--use", help="The use whose last audit it is about.")
]
ReleaseOption = Annotated[
    str | None, typer.Option(help="A release, by name, in the place of the catalogue.")
]
PdfOption = Annotated[bool, typer.Option("--pdf", help="Print pages as PDF too.")]

app = typer.Typer(no_args_is_help=True, help="Documents on the last audit or on a release.")


def _writing(kind: str) -> Callable[..., None]:
    """Return the command that writes a kind of document."""

    def command(
        use: UseOption = None,
        release: ReleaseOption = None,
        pdf: PdfOption = False,
        workspace: WorkspaceOption = None,
        as_json: JsonOption = False,
    ) -> None:
        from curate.verbs.report import About, report

        written = report(open_context(workspace), kind, About(use, release), pdf=pdf)
        if as_json:
            say_json([str(path) for path in written])
            return
        for path in written:
            say(f"wrote {path}")

    return command


_WRITTEN = {
    "audit": "Write one page to hand over, its numbers as JSON, and every entry and finding as "
    "CSV, which stay with those who hold the dataset.",
    "pictures": "Write the same page with small pictures and every count, to keep.",
    "datasheet": "Write the datasheet: HTML, Markdown and JSON.",
    "accounts": "Write policy, record of processing, and summaries of training content and of "
    "consent.",
    "safety": "Write lists, seals and requests, in counts.",
}
for _kind, _help in _WRITTEN.items():
    app.command(_kind, help=_help)(_writing(_kind))
app.command("bundle")(bundle_command)
app.command("verify")(verify_command)


@app.command("lint")
def lint_command(
    use: UseOption = None,
    release: ReleaseOption = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit 1 on what is wrong (error), on what is open too.")
    ] = FailOn.ERROR,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hold what datasheet.toml claims against the facts."""
    from curate.verbs.report import About, lint_documents

    found = lint_documents(open_context(workspace), About(use, release))
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
