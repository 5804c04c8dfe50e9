"""`curate consent withdraw`: show what it touches, ask once, record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption, instant
from curate.cli.output import open_project, say, say_json, table_of_entries, tell
from curate.errors import InputError, MissingKeyError

if TYPE_CHECKING:
    from curate.api import Project
    from curate.catalog.impact import Impact


def withdraw_command(
    subject: Annotated[str, typer.Argument(help="The subject's pseudonym.")],
    since: Annotated[
        str | None, typer.Option("--from", help="From when it holds; now when left out.")
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option("--scope", help="Withdraw from this purpose alone; from all when left out."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    shown: Annotated[int, typer.Option("--limit", help="Entries listed.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a person withdrew, after showing every entry and release it touches.

    Who withdraws from everything takes along what the vault keeps of them.

    Raises:
        InputError: --json without --yes.
        MissingKeyError: It is recorded, and the vault's key is not there to destroy theirs.
    """
    project = open_project(workspace)
    touched = project.impact(subject)
    if not as_json:
        _show(touched, shown)
        if not yes and not typer.confirm("Record the withdrawal?"):
            raise typer.Abort
    elif not yes:
        raise InputError("--json does not ask", hint="add --yes to record the withdrawal")
    effective = instant(since, "--from")
    recorded = project.withdraw(subject, effective_at=effective, purpose=scope)
    now = effective is None or effective <= project.clock()
    destroyed = _destroyed(project, subject, at_once=now and scope is None)
    if as_json:
        say_json({"recorded": recorded.entries, "entries": touched.entries.to_pylist(),
                  "releases": touched.releases.to_pylist(), "counts": touched.counts,
                  "keys_destroyed": destroyed})  # fmt: skip
        return
    told = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in recorded.entries.items())
    say(f"recorded: {told}")
    if destroyed:
        say(f"keys of kept embeddings of {subject} destroyed: {destroyed:,}")
    say("the next `curate audit` blocks these entries, and the next release leaves them out")


def _destroyed(project: Project, subject: str, *, at_once: bool) -> int:
    """Destroy what the vault keeps of a person, or tell how; return how many keys went."""
    if not any((project.workspace.vault / "keys").glob("*.key")):
        return 0
    if not at_once:
        tell(f"embeddings of {subject} stay in the vault until `curate vault shred {subject}`")
        return 0
    try:
        return project.shred(subject)
    except MissingKeyError:
        tell(f"the withdrawal is recorded; now run `curate vault shred {subject}` with the key")
        raise


def _show(touched: Impact, limit: int) -> None:
    count = touched.entries.num_rows
    say(f"{touched.subject} is in {count:,} entries, with "
        f"{touched.counts['faces']:,} faces and {touched.counts['labels']:,} labels:")  # fmt: skip
    table_of_entries(touched.entries, limit)
    for row in touched.releases.to_pylist():
        say(f"release {row['name']} holds {row['items']:,} of them")
    if not touched.releases.num_rows:
        say("no release holds any of them")
