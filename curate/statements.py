"""The verbs about statements: what people said, withdrew and decided, put into the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.catalog.ledger import Ledger
from curate.errors import UnknownNameError
from curate.model.config import Config

if TYPE_CHECKING:
    import pyarrow as pa

    from curate.catalog.audits import Audited


@dataclass(frozen=True)
class Recorded:
    """What was added to the ledger.

    Attributes:
        entries: How many entries, by kind; none for what was known.
        notes: What the reader of a file has to say of it.
    """

    entries: dict[str, int]
    notes: tuple[str, ...] = ()


def import_statements(path: Path, ledger: Ledger, config: Config, *, now: datetime) -> Recorded:
    """Record the statements in a file, all of them or none.

    Raises:
        InputError: The file cannot be read, or rows of it are wrong; nothing was recorded.
    """
    from curate.consent.merge import merged_consents, merged_subjects
    from curate.consent.records import read_statements, subject_record

    notices = _by("notice_id", ledger.read("notices"))
    found = read_statements(
        path,
        purposes=config.purposes,
        on_file={notice: row["text_sha256"] for notice, row in notices.items()},
    )
    subjects = _by("subject_id", ledger.read("subjects"))
    named = {row["subject_id"] for row in found.records.get("subjects", ())}
    for subject in sorted(found.mentioned - subjects.keys() - named):
        found.add("subjects", subject_record(subject, {}))
    records = dict(found.records)
    if "subjects" in records:
        records["subjects"] = merged_subjects(records["subjects"], subjects)
    if "consents" in records:
        known = _by("consent_id", ledger.read("consents"))
        records["consents"] = merged_consents(records["consents"], known)
    return Recorded(ledger.record_all(records, recorded_at=now), tuple(found.notes))


def withdraw(
    subject: str,
    ledger: Ledger,
    config: Config,
    *,
    effective_at: datetime | None,
    purpose: str | None,
    depicted: bool,
    now: datetime,
) -> Recorded:
    """Record that `subject` withdrew. See `curate.consent.withdrawal.withdrawal`.

    Raises:
        UnknownNameError: No record or entry names the subject, or no purpose is called so.
    """
    from curate.consent.withdrawal import withdrawal

    if purpose is not None and purpose not in config.purposes:
        known = ", ".join(sorted(config.purposes))
        raise UnknownNameError(f"no purpose is called {purpose!r}", hint=f"use one of: {known}")
    records = withdrawal(
        subject,
        {name: ledger.read(name) for name in ("subjects", "consents", "consent_events")},
        effective_at=effective_at or now,
        purpose=purpose,
        depicted=depicted,
    )
    return Recorded(ledger.record_all(records, recorded_at=now))


def decide(
    entry: dict[str, Any],
    verdict: str,
    audited: Audited,
    ledger: Ledger,
    *,
    reviewer: str,
    reason: str,
    now: datetime,
) -> str:
    """Record a reviewer's decision on one entry, and return its id.

    Raises:
        InputError: As `curate.audit.decide.decision` says.
    """
    from curate.audit.decide import decision

    row = decision(entry, verdict, audited, reviewer=reviewer, reason=reason, decided_at=now)
    ledger.record("decisions", [row], recorded_at=now)
    return str(row["decision_id"])


def _by(key: str, table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.to_pylist()}
