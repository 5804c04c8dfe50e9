"""`curate release build`: audit for a use, and write what it clears."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.catalog.rowsums import drop_scans
from curate.errors import VerificationError
from curate.model.plural import counted, verb
from curate.release.build import Release, Steps, build
from curate.release.manifest import digest_file
from curate.release.select import Selection
from curate.safety.gate import check_gate
from curate.verbs.audit import audit, policy_digest
from curate.verbs.release.due import called_back_entries
from curate.verbs.release.issue import Issue, check_new, said_until_now
from curate.verbs.release.order import Order, check_instant, cleared, went_out
from curate.verbs.report import inputs_of, promised
from curate.verbs.tables import facts
from curate.version import TOOL
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.report.written import Written
    from curate.verbs.context import Context


def build_release(context: Context, name: str, order: Order | None = None) -> Release:
    """Audit for a use and write what it clears as a release called `name`.

    Args:
        context: The workspace.
        name: The release's name.
        order: What is asked for; plain files for the default use when None.

    Raises:
        InputError: The name is taken or cannot be one, a file cannot be read, or nothing was
            cleared.
        UnknownNameError: There is no such use, assignment or format.
        VerificationError: A file changed since it was probed, the list of what an earlier release
            holds is not there, or something was recorded while it was built.
    """
    return issue_release(context, name, order)[0]


def issue_release(context: Context, name: str, order: Order | None = None) -> tuple[Release, Issue]:
    """Build a release as `build_release` does; return it, and what is known of its issue."""
    issue, selection = prepare_issue(context, name, order or Order(DEFAULT_USE))
    return write_issue(context, issue, selection), issue


def prepare_issue(context: Context, name: str, order: Order) -> tuple[Issue, Selection]:
    """Audit for a release, and return what may go out in it."""
    check_new(name, context.workspace.releases, context.record)
    check_instant(order, context.clock())
    check_gate(context.workspace, context.catalog, context.clock())
    # What is recorded from here on may not be in the audit, and must not be passed over.
    said = said_until_now(context.ledger)
    # What must go of earlier releases is asked for at the end: it must be known before anything
    # is written.
    context.record.items()
    judge = partial(audit, context, use=order.use, assignment=order.assignment)
    # The present one comes last: it is the one that other verbs find.
    then = None if order.as_of is None else judge(as_of=order.as_of)
    present = judge()
    audited = then or present
    read = facts(context, known_at=audited.as_of, assignment=order.assignment)
    selection = cleared(
        read, audited, present, order, called_back_entries(context.record, order.use)
    )
    issue = Issue(
        name, order, audited, read, context.ledger, context.clock(),
        context.config.supersede_days, present, said=said,
    )  # fmt: skip
    return issue, selection


def write_issue(context: Context, issue: Issue, selection: Selection) -> Release:
    """Write what may go out, with its documents, and record it."""
    from curate.report.bundle import late_documents

    name, audited = issue.name, issue.audited
    promises = promised(context.workspace) if context.config.release_documents else {}

    def documents(written: Written) -> dict[str, str | bytes]:
        inputs = inputs_of(context, issue.facts, audited, went_out(selection, written))
        return {**promises, **late_documents(inputs, written), **issue.documents(written)}

    steps = Steps(
        describe=issue.describe,
        documents=documents,
        seal=issue.seal,
        announce=issue.announce,
        report=lambda done, total: context.progress("release", done, total),
    )
    stated = {
        "use": asdict(audited.use), "policy": policy_digest(context.config), "tool": TOOL,
    }  # fmt: skip
    with context.workspace.writing(), context.recorded("release build", {"name": name}) as record:
        try:
            built = build(
                name,
                selection,
                context.workspace.releases,
                facts=stated,
                form=issue.order.form,
                steps=steps,
            )
        except VerificationError as error:
            raise _with_way_out(context, selection, error) from error
        record["counts"] = {"items": built.items.num_rows, "left_out": built.left_out}
    return built


def _with_way_out(
    context: Context, selection: Selection, error: VerificationError
) -> VerificationError:
    """Return an error of a build; where files changed, have the next run open them again.

    A file of the same size and time as it was listed with is none that an ingest sees as changed.
    """
    places = {
        row["media_id"]: (Path(row["root"] or "") / row["locator"], row["sha256"])
        for row in selection.items.to_pylist()
    }
    if error.where not in {str(place) for place, _ in places.values()}:
        return error
    changed = []
    for done, (media, (place, sha256)) in enumerate(places.items(), 1):
        if not place.is_file() or digest_file(place, place.parent).sha256 != sha256:
            changed.append(media)
        context.progress("looking for changed files", done, len(places))
    keys = pa.table({"media_id": pa.array(changed, pa.string())})
    drop_scans(context.catalog, "sightings", keys)
    count = len(changed)
    return VerificationError(
        error.problem
        if count == 1
        else f"{counted(count, 'file')} changed since they were probed, this one among them",
        where=error.where,
        hint=f"nothing went out. `curate run` opens {verb(count, 'it', 'them')} again, whatever "
        "its size and time say; run it and `curate audit`, and build the release again",
    )
