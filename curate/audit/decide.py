"""Deciding: a reviewer's word on one entry, tied to the evidence they saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from curate.catalog.audits import Audited
from curate.errors import InputError, printable
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.model.verdict import Verdict

CHOICES = ("cleared", "blocked", "undecided")


def decision(
    entry: Mapping[str, Any],
    verdict: str,
    audited: Audited,
    *,
    reviewer: str,
    reason: str,
    decided_at: datetime,
    key_id: str | None = None,
) -> dict[str, Any]:
    """Return the record of a decision.

    Args:
        entry: The entry's row.
        verdict: One of `CHOICES`.
        audited: The audit whose verdict was reviewed.
        reviewer: Who decides.
        reason: Why.
        decided_at: When, in UTC.
        key_id: The key that signed it.

    Raises:
        InputError: The choice is none, a name or reason is missing, the audit did not judge the
            entry, or it is blocked and would be cleared.
    """
    place = printable(entry["locator"])
    if verdict not in CHOICES:
        raise InputError(f"{verdict!r} is no decision; expected one of {', '.join(CHOICES)}")
    if not reviewer.strip() or not reason.strip():
        raise InputError("a decision needs a reviewer's name and a reason", where=place)
    rows = audited.verdicts
    found = rows.filter(pc.equal(rows["media_id"], entry["media_id"])).to_pylist()
    if not found:
        raise InputError("the last audit did not judge this entry", where=place,
                         hint="run `curate audit` first")  # fmt: skip
    policy_blocks = (found[0]["verdict"], found[0]["decided_by"]) == (Verdict.BLOCKED, "policy")
    if verdict == "cleared" and policy_blocks:
        raise InputError(
            "this entry is blocked, and no reviewer clears what is blocked",
            where=place,
            hint="`curate explain` says what to do about each reason",
        )
    signed = {} if key_id is None else {"key_id": key_id}
    return signed | {
        "decision_id": stable_id(
            "decision", entry["media_id"], audited.use.name, reviewer, print_instant(decided_at)
        ),
        "media_id": entry["media_id"],
        "use": audited.use.name,
        "verdict": verdict,
        "reviewer": reviewer.strip(),
        "reason": reason.strip(),
        "evidence": found[0]["evidence"],
        "decided_at": decided_at,
        "audit_run_id": audited.run_id,
    }
