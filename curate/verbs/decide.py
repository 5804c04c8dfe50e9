"""`curate decide`: a reviewer's decision on one entry, put into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.signing import SigningKey
    from curate.verbs.context import Context


def decide(
    context: Context,
    locator: str,
    verdict: str,
    *,
    reviewer: str,
    reason: str,
    use: str = DEFAULT_USE,
    key: SigningKey | None = None,
) -> str:
    """Record a reviewer's decision on one entry, and return its id.

    Args:
        context: The workspace.
        locator: The entry's locator or id.
        verdict: ``cleared``, ``blocked``, or ``undecided`` to take a decision back.
        reviewer: Who decides. Clearing takes two people of the register of reviewers.
        reason: Why.
        use: The use it is decided for.
        key: The reviewer's key, which signs the decision: without it nobody clears for a use
            whose audience is wider than ``internal``.

    Raises:
        InputError: The entry is blocked, which no reviewer clears, or no audit has run.
        VerificationError: The key is not the reviewer's.
        UnknownNameError: No entry is called that.
    """
    from curate.audit.decide import decision
    from curate.verbs.reviewers import check_signer

    now = context.clock()
    key_id = None if key is None else key.public.keyid
    check_signer(context, reviewer, key_id)
    row = decision(
        context.entry(locator),
        verdict,
        context.latest_audit(use=use),
        reviewer=reviewer,
        reason=reason,
        decided_at=now,
        key_id=key_id,
    )
    context.ledger.record("decisions", [row], recorded_at=now)
    return str(row["decision_id"])
