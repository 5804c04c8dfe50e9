"""Withdrawal: the statements that record it, whatever is or is not on record already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.model.instants import print_instant

Records = dict[str, list[dict[str, Any]]]


def withdrawal(
    subject: str,
    tables: Mapping[str, pa.Table],
    *,
    effective_at: datetime,
    purpose: str | None,
    stated_at: datetime | None = None,
) -> Records:
    """Return the records that state a withdrawal, by table of the ledger.

    With consents on record, each gets the event ConsentWithdrawn. A subject without any is still
    heard: what they say is kept as a request, which blocks like a withdrawal. From one purpose
    alone: the event names it, and other purposes are as before.

    Args:
        subject: The subject's pseudonym.
        tables: The table ``consents``.
        effective_at: From when it holds, in UTC.
        purpose: The purpose withdrawn from, or None for everything.
        stated_at: When the person said so, in UTC; not known when None.
    """
    held = tables["consents"]
    consents = held.filter(pc.equal(held["subject_id"], subject)).to_pylist()
    stamp = print_instant(effective_at)
    if not consents:
        return {"requests": [_request(subject, effective_at, stamp)]}
    return {
        "consent_events": [
            _event(consent, effective_at, stamp, purpose)
            | ({"stated_at": stated_at} if stated_at and stated_at > effective_at else {})
            for consent in consents
        ]
    }


def _event(
    consent: dict[str, Any], effective_at: datetime, stamp: str, purpose: str | None
) -> dict[str, Any]:
    about = "" if purpose is None else f"/{purpose}"
    return {
        "event_id": f"{consent['consent_id']}/withdrawn/{stamp}{about}",
        "consent_id": consent["consent_id"],
        "subject_id": consent["subject_id"],
        "state": "ConsentWithdrawn",
        "effective_at": effective_at,
        "indicated_by": "subject",
        "method": "curate consent withdraw",
        "purposes": None if purpose is None else [purpose],
    }


def _request(subject: str, received_at: datetime, stamp: str) -> dict[str, Any]:
    return {
        "request_id": f"withdrawal/{subject}/{stamp}",
        "kind": "withdrawal",
        "received_at": received_at,
        "subject_id": subject,
        "state": "received",
    }
