"""Coverage: which obligations the consents on record meet, at an instant, for a use.

An obligation is a subject in a role, in media with a manipulation. It is met when one consent
meets all of it; when none does, the reasons of the consent that comes nearest are given. The
rules are those of STANDARDS section 9.4:

* The state of a consent is that of its latest event at the instant; of events at one instant
  the one that restricts most counts.
* A withdrawal, refusal, revocation, invalidation or exclusion in any record of the subject beats
  every grant given before it or with it, in all of them. A record for listed entries does so
  there alone. A grant of which nobody said when it was given beats none of them; and what was
  stated later than the instant from which it counts is beaten by nothing given before it was
  stated.
* What will be taken back before the use is over ends a consent then.
* A record that was not answered, because nobody said yes or no in it so far, takes no other's
  place: where a person answered in another record, only those that were answered are judged. Where
  they answered in none, the one that falls short most is told. So no record makes a verdict
  better in which nobody agreed.
* A grant of a purpose covers those below it; an exclusion of one excludes those below it, and
  wins.
* Making a swap needs its own operation from each person, by role.

Set-wise over Arrow by DuckDB: the distinct obligations are few, however many media there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.catalog.numbered import in_order
from curate.consent import coverage_steps as steps
from curate.model.config import UseProfile

OBLIGATIONS = pa.schema(
    [
        ("subject_id", pa.string()),
        ("role", pa.string()),
        ("manipulation_type", pa.string()),
        # Set only for people one of whose consents covers listed entries alone.
        ("media_id", pa.string()),
    ]
)

# STANDARDS section 9.4: how sure a record must be for each audience.
AUDIENCES = ("internal", "consortium", "gated", "public")
CONSENT_BASES = ("A9-2-a", "A6-1-a", "bipa_release")

# STANDARDS section 2: what each role must have agreed to beyond being included.
ROLE_OPERATIONS = (
    ("face_swap", "donor", "likeness_synthesis"),
    ("face_swap", "target", "likeness_alteration"),
    ("reenactment", "target", "likeness_synthesis"),
    ("reenactment", "driver", "performance_transfer"),
    ("lip_sync", "target", "likeness_synthesis"),
    ("lip_sync", "voice_donor", "voice_synthesis"),
    ("attribute_edit", "depicted", "likeness_alteration"),
    ("morph", "donor", "likeness_synthesis"),
    ("identity_conditioned_synthesis", "donor", "likeness_synthesis"),
)

# By how much each state restricts, for events at one instant; only the first two permit.
_STATES = (
    "ConsentGiven",
    "RenewedConsentGiven",
    "ConsentUnknown",
    "ConsentRequested",
    "ConsentRequestDeferred",
    "ConsentExpired",
    "ConsentRefused",
    "ConsentInvalidated",
    "ConsentRevoked",
    "ConsentWithdrawn",
)


@dataclass(frozen=True)
class ConsentTables:
    """The statements that coverage is judged by."""

    consents: pa.Table
    consent_events: pa.Table
    notices: pa.Table


# Reasons that raise a doubt; all others say no.
DOUBTS = (
    "pending",
    "commercial-unstated",
    "territory-unstated",
    "scope-unresolved",
    "legal-basis-not-consent",
    "notice-mismatch",
    "assurance-too-low",
    "no-expiry",
    "release-outlives-consent",
    "uninformed",
    "legal-basis-unstated",
)


def coverage(
    obligations: pa.Table,
    tables: ConsentTables,
    *,
    use: UseProfile,
    purposes: Mapping[str, str | None],
    as_of: datetime,
    unmet_only: bool = False,
) -> pa.Table:
    """Return, for each obligation, the consent that meets it best and why it falls short.

    Args:
        obligations: Distinct rows of `OBLIGATIONS`.
        tables: Consents and their events, as they were known.
        use: What the media are wanted for.
        purposes: Each purpose with the broader one it stands below.
        as_of: The instant to judge at, in UTC.
        unmet_only: Leave out the obligations that are met.

    Returns:
        One row per obligation, in their order: its row in `obligations` (``obligation``), the
        obligation, ``consent_id`` (null without any
        consent), ``reasons`` (list of text, empty when met), and the facts they speak of:
        ``state, state_at, given_at, withdrawn_at, said`` (of what was said against the person's
        records: ``reason, consent_id, moment``, the last of each reason), ``valid_from,
        valid_until, audience_max, purposes, missing`` (operations not granted), ``legal_basis,
        notice_id, assurance_level, territories`` and ``contexts`` (those that stand against it).
    """
    connection = in_memory()
    asked = obligations.select(OBLIGATIONS.names).cast(OBLIGATIONS)
    connection.register("obligations", _numbered(asked, "obligation"))
    connection.register("consents", _numbered(in_order(tables.consents, "consent_id"), "consent"))
    connection.register("consent_events", tables.consent_events)
    connection.register("notices", tables.notices)
    connection.register("strengths", _strengths())
    connection.register("role_operations", _role_operations())
    values = {
        "as_of": as_of,
        "unknown": _STATES.index("ConsentUnknown"),
        "begins_at": use.begins(as_of),
        "ends_at": use.ends(as_of),
        "legal_basis": use.legal_basis,
        "operations": list(use.operations),
        "purpose_line": purpose_line(use.purpose, purposes),
        "audiences": list(AUDIENCES),
        "audience": use.audience,
        "commercial": use.commercial,
        "territories": sorted({*use.recipient_territories, *use.storage_territories}),
        "contexts": list(use.contexts),
        "bases": list(CONSENT_BASES),
        "doubts": sum(steps.bit(reason) for reason in DOUBTS),
        "names": list(steps.REASONS),
        "unmet_only": unmet_only,
    }
    for step in steps.STEPS:
        connection.execute(step, _named_in(step, values))
    return connection.sql(steps.TOLD, params=_named_in(steps.TOLD, values)).to_arrow_table()


def _named_in(sql: str, values: Mapping[str, object]) -> dict[str, object] | None:
    """Return those of `values` that a statement names; DuckDB refuses others."""
    return {name: value for name, value in values.items() if f"${name}" in sql} or None


def _numbered(table: pa.Table, column: str) -> pa.Table:
    return table.append_column(column, pa.array(np.arange(table.num_rows, dtype=np.int64)))


def purpose_line(purpose: str, purposes: Mapping[str, str | None]) -> list[str]:
    """Return `purpose` and every broader purpose above it, nearest first.

    >>> purpose_line("b", {"a": None, "b": "a"})
    ['b', 'a']
    """
    line: list[str] = []
    at: str | None = purpose
    while at is not None and at not in line:
        line.append(at)
        at = purposes.get(at)
    return line


def _strengths() -> pa.Table:
    return pa.table({"state": list(_STATES), "strength": list(range(len(_STATES)))})


def _role_operations() -> pa.Table:
    kinds, roles, operations = zip(*ROLE_OPERATIONS, strict=True)
    return pa.table(
        {"manipulation_type": list(kinds), "role": list(roles), "operation": list(operations)}
    )
