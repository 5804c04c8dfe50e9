"""`curate consent`: what people agreed to and withdrew, put into the ledger and read from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.derived import derived
from curate.catalog.views import read_entries, stored_as
from curate.consent.vocabulary import PERMITTING
from curate.errors import CatalogError, InputError, MissingKeyError, UnknownNameError
from curate.schema import conform
from curate.verbs.tables import prepared

if TYPE_CHECKING:
    from curate.catalog.impact import Impact
    from curate.catalog.ledger import Ledger
    from curate.consent.statements import Statements
    from curate.verbs.context import Context

STATEMENTS = ("subjects", "consents", "consent_events")
_EXPORTED = (*STATEMENTS, "notices", "requests")
_OBSERVED = ("depictions", "media", "labels", "identities")


@dataclass(frozen=True)
class Recorded:
    """What was added to the ledger.

    Attributes:
        entries: How many entries, by kind; none for what was known.
        notes: What the reader of a file reports of it.
    """

    entries: dict[str, int]
    notes: tuple[str, ...] = ()


def import_statements(context: Context, path: str | Path) -> Recorded:
    """Record the consents, subjects, notices or sources in a file, all of them or none.

    Raises:
        InputError: The file cannot be read, or rows of it are wrong; nothing was recorded.
    """
    from curate.consent.merge import merged_consents, merged_subjects
    from curate.consent.read import read_statements
    from curate.consent.statements import subject_record

    ledger = context.ledger
    notices = _by("notice_id", ledger.read("notices"))
    found = read_statements(
        Path(path),
        purposes=context.config.purposes,
        on_file={notice: row["text_sha256"] for notice, row in notices.items()},
    )
    _refuse_erased(ledger, found, where=str(path))
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
    recorded = ledger.record_all(records, recorded_at=context.clock())
    return Recorded(recorded, tuple(found.notes))


def _refuse_erased(ledger: Ledger, found: Statements, *, where: str) -> None:
    """Refuse statements about people who were erased, unless they agreed again since.

    Raises:
        InputError: A spreadsheet that is older than an erasure lists the person again.
    """
    erased = {
        row["subject_id"]: row for row in ledger.read("requests").to_pylist()
        if row["kind"] == "erasure" and row["state"] == "fulfilled" and row["subject_id"]
    }  # fmt: skip
    if not erased:
        return
    events = found.records.get("consent_events", ())
    named = {row["subject_id"] for kind in STATEMENTS for row in found.records.get(kind, ())}
    for subject in sorted((named | found.mentioned) & erased.keys()):
        request = erased[subject]
        again = {
            row["consent_id"] for row in events
            if row["subject_id"] == subject and row["state"] in PERMITTING
            and row["effective_at"] > request["closed_at"]
        }  # fmt: skip
        consents = {row["consent_id"] for row in found.records.get("consents", ())
                    if row["subject_id"] == subject}  # fmt: skip
        if not again or consents - again:
            raise InputError(
                f"{subject} was erased on {request['closed_at']:%Y-%m-%d} "
                f"(request {request['request_id']}), and this file lists them again",
                where=where,
                hint="take their rows out; if they agreed again since, give the instant of that "
                "new consent in the column given_at. Nothing of the file was recorded",
            )


def withdraw(
    context: Context,
    subject: str,
    *,
    effective_at: datetime | None = None,
    purpose: str | None = None,
) -> Recorded:
    """Record that `subject` withdrew. See `curate.consent.withdrawal.withdrawal`.

    Args:
        context: The workspace.
        subject: The subject's pseudonym.
        effective_at: From when it holds, in UTC; now when None.
        purpose: Withdraw from this purpose alone; from everything when None.

    Raises:
        UnknownNameError: No record or entry names the subject, or no purpose is called so.
    """
    from curate.consent.withdrawal import withdrawal

    if purpose is not None and purpose not in context.config.purposes:
        known = ", ".join(sorted(context.config.purposes))
        raise UnknownNameError(f"no purpose is called {purpose!r}", hint=f"use one of: {known}")
    now = context.clock()
    records = withdrawal(
        subject,
        {name: context.ledger.read(name) for name in STATEMENTS},
        effective_at=effective_at or now,
        purpose=purpose,
        depicted=_depicted(context, subject),
    )
    return Recorded(context.ledger.record_all(records, recorded_at=now))


def _depicted(context: Context, subject: str) -> bool:
    """Tell whether an entry names a subject; where the catalogue cannot be read, one may."""
    try:
        return subject in set(context.catalog.read("depictions")["subject_id"].to_pylist())
    except CatalogError:
        return True


def destroy_embeddings(context: Context, subject: str) -> int:
    """Destroy what the vault keeps of a person who withdrew; return how many keys went.

    Raises:
        MissingKeyError: The vault's key is not where it should be.
    """
    from curate.verbs.vault import holds_embeddings, shred

    if not holds_embeddings(context):
        return 0
    try:
        return shred(context, subject)
    except MissingKeyError as error:
        raise MissingKeyError(
            error.problem,
            where=error.where,
            hint=f"the withdrawal is recorded; run `curate vault shred {subject}` with the key",
        ) from error


def impact(context: Context, subject: str) -> Impact:
    """Return what a withdrawal of `subject` would touch."""
    from curate.catalog import impact as walk

    catalog, record = context.catalog, context.record

    def make() -> dict[str, pa.Table]:
        tables = {n: catalog.read(n) for n in walk.CATALOG_INPUTS if n != "entries"}
        tables["entries"] = read_entries(catalog)
        tables["release_items"] = record.items()
        tables["releases"] = conform(record.releases(), "releases")
        return walk.draw_graph(tables, prepared(context)[0])

    graph = derived(
        catalog, "graph", stored_as(walk.CATALOG_INPUTS), make, recipe=walk.RECIPE,
        beside=record.state(),
    )  # fmt: skip
    return walk.impact(graph, subject)


def records_of(context: Context, subject: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is on record of a subject, by table: subject, consents and their events.

    Raises:
        UnknownNameError: No record names the subject.
    """
    rows = {
        kind: [r for r in context.ledger.read(kind).to_pylist() if r["subject_id"] == subject]
        for kind in STATEMENTS
    }
    if not any(rows.values()):
        raise UnknownNameError(f"no record names the subject {subject!r}")
    return rows


def export_record(context: Context, consent: str, *, gdpr: bool) -> dict[str, Any]:
    """Return a consent as an ISO/IEC TS 27560 record in JSON-LD. See `curate.consent.export`."""
    from curate.consent.export import consent_record

    return consent_record(consent, _exported(context), gdpr=gdpr)


def export_receipt(context: Context, subject: str, *, gdpr: bool) -> dict[str, Any]:
    """Return the consent receipt of a subject in JSON-LD. See `curate.consent.export`."""
    from curate.consent.export import receipt

    return receipt(subject, _exported(context), created=context.clock(), gdpr=gdpr)


def export_subject(context: Context, subject: str) -> dict[str, Any]:
    """Return everything that is held about a subject. See `curate.consent.export`."""
    from curate.consent.export import everything_held

    observed = {name: context.catalog.read(name) for name in _OBSERVED}
    record = context.record
    out = {"release_items": record.items(), "releases": conform(record.releases(), "releases")}
    return everything_held(subject, {**_exported(context), **observed, **out})


def _exported(context: Context) -> dict[str, pa.Table]:
    return {name: context.ledger.read(name) for name in _EXPORTED}


def _by(key: str, table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.to_pylist()}
