"""Merging what a file says with what is on record: a file's silence takes nothing back.

A restriction that someone put on record (a person restricted or erased, a date of destruction, a
purpose excluded) is not undone because a spreadsheet written before it is imported again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Record = dict[str, Any]


def merged_subjects(
    said: Iterable[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> list[Record]:
    """Return records of subjects in which what is unknown in the file stays as it is known.

    Args:
        said: The records of the file.
        known: The records of the ledger, by subject.
    """
    merged = []
    for record in said:
        before = known.get(record["subject_id"], {})
        told = {k: v for k, v in record.items() if v not in (None, "unknown")}
        status = before.get("status", "active")
        kept = {**record, **before, **told}
        merged.append({**kept, "status": told["status"] if status == "active" else status})
    return merged


def merged_consents(
    said: Iterable[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> list[Record]:
    """Return records of consents that keep every purpose excluded before.

    Args:
        said: The records of the file.
        known: The records of the ledger, by consent.
    """
    merged = []
    for record in said:
        before = known.get(record["consent_id"], {}).get("purposes_excluded") or ()
        excluded = sorted({*before, *(record.get("purposes_excluded") or ())})
        merged.append({**record, "purposes_excluded": excluded or None})
    return merged
