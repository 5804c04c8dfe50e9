"""`curate match`: what of a folder or catalogue is on a hash list, or in another's fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.lists import ColumnOption, FormOption, SignalOption, columns_of
from curate.cli.options import JsonOption
from curate.cli.output import note, say, say_json, table
from curate.errors import ExitStatus
from curate.model.plural import counted

if TYPE_CHECKING:
    from curate.safety.lists import HashList


def command(
    folder: Annotated[
        Path, typer.Argument(help="The folder to check; a workspace is checked by its catalogue.")
    ],
    lists: Annotated[
        list[Path] | None, typer.Option("--list", help="A hash list; may be given again.")
    ] = None,
    fingerprints: Annotated[
        list[Path] | None,
        typer.Option("--fingerprint", help="Another catalogue's fingerprint; may be given again."),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", help="The fingerprint's key: file:PATH, env:NAME, keyring:NAME.")
    ] = "",
    form: FormOption = "auto",
    signal: SignalOption = "",
    column: ColumnOption = None,
    paths: Annotated[
        bool, typer.Option("--paths", help="Name the files: keep this output out of logs.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Hold files against hash lists or fingerprints. Shows nothing, copies nothing, sends nothing.

    Exit 1 when something matches or is near, 3 when nothing does and not everything was asked.

    Raises:
        InputError: There is neither a list nor a fingerprint, or no key to one.
        ManyErrors: Rows of a list are wrong.
        MissingKeyError: There is no such key.
        PathNotFoundError: The folder, a list or a fingerprint is not there.
        VerificationError: A fingerprint does not open.
    """
    from curate.verbs.match import match

    read = [_read(path, form, signal, column) for path in lists or ()]
    found = match(folder, read, fingerprints=fingerprints or (), key=key, paths=paths)
    summary, rows = found.summary, found.rows
    if as_json:
        say_json({"summary": summary, "matches": rows})
    else:
        if rows:
            table(rows, [c for c in rows[0] if any(row.get(c) is not None for row in rows)])
        say(
            f"{summary['contents']:,} contents: {summary['match']:,} match, "
            f"{summary['near']:,} near, {summary['not_checkable']:,} not checkable, "
            f"{summary['unreadable']:,} unreadable"
        )
        if summary["not_looked_into"]:
            closed = summary["not_looked_into"]
            what = counted(closed, "archive, table or link", "archives, tables and links")
            note(f"not looked into: {what}")
        for name, kinds in summary["not_compared"].items():
            for kind, count in kinds.items():
                note(f"{name}: nothing was asked by {counted(count, 'hash')} of the kind {kind}, "
                     "which is not computed here")  # fmt: skip
        if lists and summary["match"]:
            note("do not look at what matched: docs/safety.md has the runbook; ask your counsel")
    if found.found:
        return ExitStatus.FINDINGS
    if found.known:
        return ExitStatus.GOOD
    if not as_json:
        say("not known: nothing matches, and not everything was asked")
    return ExitStatus.NOT_KNOWN


def _read(path: Path, form: str, signal: str, column: list[str] | None) -> HashList:
    from curate.safety.formats import read_list
    from curate.safety.lists import HashList, ListInfo, stale_from
    from curate.verbs.context import utc_now

    now = utc_now()
    found = read_list(path, form=form, signal=signal, columns=columns_of(column))
    info = ListInfo(path.name, "", "custom", now, stale_from(now), skipped=found.skipped)
    return HashList(info, found.entries)
