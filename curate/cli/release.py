"""`curate release`: write what is cleared as a dataset, verify it, and call back what must go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import (
    JsonOption,
    KeyOption,
    TsaOption,
    UseOption,
    WorkspaceOption,
    instant,
)
from curate.cli.output import note, open_context, say, say_json, showing_progress
from curate.cli.release_copy import check_copy_command, diff_command
from curate.cli.release_recall import (
    acknowledge_command,
    deliver_command,
    fingerprint_command,
    list_command,
    recall_command,
)
from curate.cli.release_verify import verify_command
from curate.cli.signing import signing_keys
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.verbs.release.issue import Issue

app = typer.Typer(no_args_is_help=True, help="Build, verify, compare and recall releases.")


@app.command("build")
def build_command(
    name: Annotated[str, typer.Argument(help="The release's name, such as v1.")],
    use: UseOption = DEFAULT_USE,
    assignment: Annotated[
        str | None, typer.Option(help="The splits that `curate split` made, by name.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="files, webdataset, huggingface, fiftyone, coco or deepfakebench; repeatable.",
        ),
    ] = None,
    keep_metadata: Annotated[
        bool, typer.Option("--keep-metadata", help="Leave EXIF, XMP and the like in the files.")
    ] = False,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Let every near duplicate go out.")
    ] = False,
    crops: Annotated[
        float | None,
        typer.Option(min=0, max=5, help="Write each face too, with this margin, such as 0.3."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Judge at this instant, by what was known then: the same catalogue and instant "
            "give the same bytes. What is not cleared now stays out all the same.",
        ),
    ] = None,
    key: KeyOption = None,
    tsa: TsaOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Audit for a use, and write what it clears: media, Parquet by split, documents, evidence.

    Raises:
        InputError: --as-of names no instant, or one that is still to come.
        MissingKeyError: A key to sign with is not there, or its passphrase is missing.
        DependencyError: The time-stamp authority does not answer, or refuses.
    """
    from curate.release.build import Form
    from curate.release.export.formats import DEFAULT
    from curate.verbs.release import Order, issue_release

    form = Form(tuple(formats or DEFAULT), keep_metadata, crops)
    keys = signing_keys(key)
    context = open_context(workspace)
    with showing_progress(context):
        moment = instant(as_of, "--as-of")
        order = Order(use, assignment, keep_duplicates, form, keys, moment, tsa)
        built, issue = issue_release(context, name, order)
    if as_json:
        say_json({"folder": str(built.folder), "items": built.items.num_rows,
                  "version": issue.version, "merkle_root": built.merkle_root,
                  "left_out": built.left_out, "open_questions": _open(issue)})  # fmt: skip
        return
    say(f"released {built.items.num_rows:,} items as {issue.version} in {built.folder}")
    if not keys:
        note("it is not signed: nothing shows who made it; `--key NAME` signs")
    from curate.audit.rules import BY_CODE

    for reason, count in sorted(built.left_out.items()):
        title = BY_CODE[reason].title if reason in BY_CODE else ""
        say(f"  left out {count:,}: {reason} {title}".rstrip())
    for question, (count, asks) in _open(issue).items():
        say(f"  held back {count:,}: the question {question} is not answered: {asks}")


def _open(issue: Issue) -> dict[str, tuple[int, str]]:
    """Return for how many entries each question is not answered, and what it asks."""
    from curate.audit.tally import tally

    audits = [issue.audited] if issue.present is None else [issue.audited, issue.present]
    found: dict[str, tuple[int, str]] = {}
    for one in (one for audited in audits for one in tally(audited.verdicts) if one.open):
        before, _ = found.get(one.question.name, (0, ""))
        found[one.question.name] = (max(before, one.open), one.question.asks)
    return found


app.command("verify")(verify_command)
app.command("diff")(diff_command)
app.command("recall")(recall_command)
app.command("check-copy")(check_copy_command)
app.command("fingerprint")(fingerprint_command)
app.command("deliver")(deliver_command)
app.command("acknowledge")(acknowledge_command)
app.command("list")(list_command)
