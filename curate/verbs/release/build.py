"""`curate release build`: audit for a use, and write what it clears."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from curate.release.build import Release, Steps, build
from curate.release.select import Selection
from curate.safety.gate import check_gate
from curate.verbs.audit import audit, policy_digest
from curate.verbs.release.issue import Issue, check_new
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
        VerificationError: A file changed since it was probed.
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
    judge = partial(audit, context, use=order.use, assignment=order.assignment)
    # The present one comes last: it is the one that other verbs find.
    then = None if order.as_of is None else judge(as_of=order.as_of)
    present = judge()
    audited = then or present
    read = facts(context, known_at=audited.as_of, assignment=order.assignment)
    selection = cleared(read, audited, present, order)
    issue = Issue(
        name, order, audited, read, context.ledger, context.clock(),
        context.config.supersede_days, present,
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
        built = build(
            name,
            selection,
            context.workspace.releases,
            facts=stated,
            form=issue.order.form,
            steps=steps,
        )
        record["counts"] = {"items": built.items.num_rows, "left_out": built.left_out}
    return built
