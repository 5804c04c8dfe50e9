"""`curate requests`: takedowns, erasure and other requests, each with its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from curate.safety.requests import Requests
from curate.safety.stage import open_lists, publish

if TYPE_CHECKING:
    from pathlib import Path

    from curate.verbs.context import Context


def waiting_requests(context: Context) -> list[dict[str, Any]]:
    """Return open requests, the most urgent first."""
    return _requests(context).waiting(context.clock())


def open_request(
    context: Context,
    kind: str,
    *,
    received_at: datetime | None = None,
    subject: str = "",
    locators: Sequence[str] = (),
    request_id: str = "",
    notice: Sequence[str],
) -> dict[str, Any]:
    """Record a request: it changes verdicts from now on. See `curate.safety.requests`.

    Raises:
        InputError: It is about nobody and nothing.
        UnknownNameError: There is no such kind or entry.
    """
    now = context.clock()
    with context.workspace.writing():
        made = _requests(context).open(
            kind, now=now, received_at=received_at or now, subject=subject, locators=locators,
            request_id=request_id, notice=notice,
        )  # fmt: skip
        publish(context.catalog, context.workspace)
    return made


def move_request(
    context: Context, request_id: str, state: str, *, outcome: str = "", reason: str = ""
) -> Path | None:
    """Record how far a request is; return the receipt where that closes it.

    Raises:
        UnknownNameError: There is no such request or state.
        InputError: It is closed already, or what closing needs is missing.
    """
    with context.workspace.writing():
        receipt = _requests(context).move(
            request_id, state, now=context.clock(), outcome=outcome, reason=reason
        )
        publish(context.catalog, context.workspace)
    return receipt


def _requests(context: Context) -> Requests:
    receipts = context.workspace.root / "safety" / "receipts"
    lists = open_lists(context.workspace, context.config, create=True)
    return Requests(context.ledger, context.catalog, lists, receipts)
