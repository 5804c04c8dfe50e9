"""`curate decide`: a reviewer's decision on one entry, put into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.verbs.context import Context


def decide(
    context: Context,
    locator: str,
    verdict: str,
    *,
    reviewer: str,
    reason: str,
    use: str = DEFAULT_USE,
) -> str:
    """Record a reviewer's decision on one entry, and return its id.

    Args:
        context: The workspace.
        locator: The entry's locator or id.
        verdict: ``cleared``, ``blocked``, or ``undecided`` to take a decision back.
        reviewer: Who decides. Clearing takes two.
        reason: Why.
        use: The use it is decided for.

    Raises:
        InputError: The entry is blocked, which no reviewer clears, or no audit has run.
        UnknownNameError: No entry is called that.
    """
    from curate.audit.decide import decision

    now = context.clock()
    row = decision(
        context.entry(locator),
        verdict,
        context.latest_audit(use=use),
        reviewer=reviewer,
        reason=reason,
        decided_at=now,
    )
    context.ledger.record("decisions", [row], recorded_at=now)
    return str(row["decision_id"])
