"""`curate consent withdraw`: show what it touches, ask once, record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json, table_of_entries
from curate.errors import CatalogError, CurateError, InputError, VerificationError

if TYPE_CHECKING:
    from curate.catalog.impact import Impact
    from curate.verbs.context import Context


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
        CatalogError: It is recorded, and the catalogue that tells what it touches cannot be read.
        VerificationError: It is recorded, and a file that tells what was released is not what was
            written.
    """
    from curate.verbs.consent import impact, withdraw

    context = open_context(workspace)
    touched: Impact | None = None
    hidden: CurateError | None = None
    try:
        touched = impact(context, subject)
    except (CatalogError, VerificationError) as error:
        # What a person says is recorded whatever else is broken.
        hidden = error
    if not as_json:
        _show(subject, touched, shown)
        if not yes and not typer.confirm("Record the withdrawal?"):
            raise typer.Abort
    elif not yes:
        raise InputError("--json does not ask", hint="add --yes to record the withdrawal")
    effective = instant(since, "--from")
    recorded = withdraw(context, subject, effective_at=effective, purpose=scope)
    now = effective is None or effective <= context.clock()
    destroyed = _destroyed(context, subject, at_once=now and scope is None)
    if touched is None:
        assert hidden is not None
        raise type(hidden)(
            f"{hidden.problem}; the withdrawal is recorded, and what it touches is not known",
            where=hidden.where,
            hint=f"{hidden.hint}; then run `curate consent show {subject}`, audit, and recall",
        ) from hidden
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


def _destroyed(context: Context, subject: str, *, at_once: bool) -> int:
    """Destroy what the vault keeps of a person, or tell how; return how many keys went."""
    from curate.verbs.consent import destroy_embeddings
    from curate.verbs.vault import holds_embeddings

    if not holds_embeddings(context):
        return 0
    if not at_once:
        note(f"embeddings of {subject} stay in the vault until `curate vault shred {subject}`")
        return 0
    return destroy_embeddings(context, subject)


def _show(subject: str, touched: Impact | None, limit: int) -> None:
    if touched is None:
        note(f"which entries and releases hold {subject} cannot be told: the record or the "
             "catalogue is damaged. The withdrawal can be recorded all the same")  # fmt: skip
        return
    count = touched.entries.num_rows
    say(f"{touched.subject} is in {count:,} entries, with "
        f"{touched.counts['faces']:,} faces and {touched.counts['labels']:,} labels:")  # fmt: skip
    table_of_entries(touched.entries, limit)
    for row in touched.releases.to_pylist():
        say(f"release {row['name']} holds {row['items']:,} of them")
    if not touched.releases.num_rows:
        say("no release holds any of them")
