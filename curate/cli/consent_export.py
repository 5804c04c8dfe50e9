"""`curate consent export`: consents by the standard, receipts, and what is held of a subject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.cli.options import WorkspaceOption
from curate.cli.output import note, open_context, say
from curate.errors import InputError
from curate.model.plural import counted, verb

app = typer.Typer(no_args_is_help=True, help="Write what is on record, for people and machines.")

OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="The file to write; stdout when left out.")
]
GdprOption = Annotated[bool, typer.Option("--gdpr", help="Follow the GDPR profile.")]


@app.command("record")
def record_command(
    consent: Annotated[str, typer.Argument(help="The consent's id.")],
    out: OutOption = None,
    gdpr: GdprOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write a consent as an ISO/IEC TS 27560 record in JSON-LD."""
    from curate.consent.ts27560.write import missing
    from curate.verbs.consent import export_record

    node = export_record(open_context(workspace), consent, gdpr=gdpr)
    if lacking := missing(node):
        note(f"the standard also asks for: {', '.join(lacking)}")
    _write(node, out)


@app.command("receipt")
def receipt_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    out: OutOption = None,
    gdpr: GdprOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the consent receipt of a subject, in JSON-LD."""
    from curate.verbs.consent import export_receipt

    _write(export_receipt(open_context(workspace), subject, gdpr=gdpr), out)


@app.command("subject")
def subject_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to; a new one.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Write everything held about a subject: held.json, and media.txt with the locators.

    Raises:
        InputError: The folder holds something already.
    """
    from curate.consent.export import media_list
    from curate.verbs.consent import export_subject
    from curate.verbs.names import all_names

    context = open_context(workspace)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("the folder is not empty", where=str(out), hint="name a new folder")
    held = export_subject(context, subject)
    locators = media_list(held)
    out.mkdir(parents=True, exist_ok=True)
    _write(held, out / "held.json")
    (out / "media.txt").write_text("".join(f"{name}\n" for name in locators), encoding="utf-8")
    say(f"{out}: held.json, and media.txt with {counted(len(locators), 'entry')}")
    if held["other_names"]:
        say(f"what is held under {', '.join(held['other_names'])} is in it, too")
    known = {subject, *held["other_names"]}
    if left := [name for name in all_names(context, subject) if name not in known]:
        note(f"{subject} is merged with {', '.join(left)}, and that is not settled by two people "
             "of the register: what is held under these names is not in it")  # fmt: skip
    if texts := held["not_told"]["texts_by_staff"]:
        note(f"{counted(texts, 'text')} that staff wrote, or that came with consents, "
             f"{verb(texts, 'is', 'are')} left out, because {verb(texts, 'it', 'they')} may speak "
             f"of others: look at {verb(texts, 'it', 'them')} with `curate consent show "
             f"{subject}`, and add what is about the person")  # fmt: skip


def _write(value: Any, out: Path | None) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if out is None:
        say(text)
    else:
        out.write_text(f"{text}\n", encoding="utf-8")
