"""`curate consent`: what people agreed to and withdrew, put into the ledger and read from it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.derived import derived
from curate.catalog.uncompared import unsearched
from curate.catalog.views import read_entries, stored_as
from curate.errors import (
    ConfigError,
    CurateError,
    MissingKeyError,
    UnknownNameError,
)
from curate.model.pseudonyms import cleaned
from curate.schema import conform
from curate.verbs.gaps import blind_spots
from curate.verbs.likenesses import record_likenesses
from curate.verbs.names import all_names, merges_of, settled_names
from curate.verbs.statements import STATEMENTS, Recorded
from curate.verbs.subjects import (
    known_subject,
    known_subjects,
    stated_subjects,
    unknown_subject,
)
from curate.verbs.tables import prepared, stages_now

if TYPE_CHECKING:
    from curate.catalog.impact import Impact
    from curate.verbs.context import Context

_EXPORTED = (*STATEMENTS, "notices", "requests")
_OBSERVED = ("depictions", "media", "labels", "identities", "resemblances")


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
        ConfigError: A purpose is named, and the settings that say which there are are broken.
    """
    from curate.consent.withdrawal import withdrawal

    if purpose is not None and purpose not in context.config.purposes:
        known = ", ".join(sorted(context.config.purposes))
        raise UnknownNameError(f"no purpose is called {purpose!r}", hint=f"use one of: {known}")
    who = whom_to_hear(context, subject)
    now = context.clock()
    records = withdrawal(
        who,
        {"consents": context.ledger.read("consents")},
        effective_at=effective_at or now,
        purpose=purpose,
        stated_at=now,
    )
    ids = [row.get("event_id") or row["request_id"] for rows in records.values() for row in rows]
    recorded = Recorded(context.ledger.record_all(records, recorded_at=now), ids=tuple(ids))
    # What a person says is recorded whatever is broken.
    with suppress(CurateError):
        record_likenesses(context.catalog, context.ledger, now)
    return recorded


def uses_within(context: Context, purpose: str) -> list[str]:
    """Return the names of the uses whose purpose is this one or one below it.

    Raises:
        ConfigError: The settings are broken.
    """
    from curate.consent.coverage import purpose_line

    config = context.config
    return [name for name, use in config.uses.items()
            if purpose in purpose_line(use.purpose, config.purposes)]  # fmt: skip


def annul(context: Context, event_id: str, *, by: Sequence[str], reason: str) -> dict[str, Any]:
    """Annul an event that was recorded by mistake; return it. See `curate.consent.annulment`.

    Args:
        context: The workspace.
        event_id: The event.
        by: Two people on the register of reviewers.
        reason: Why, in words that name nobody.

    Raises:
        UnknownNameError: There is no such event, or somebody is not on the register.
        InputError: It is annulled already, permits something, or too few people answer for it.
    """
    from curate.consent.annulment import annulled

    now = context.clock()
    with context.workspace.writing():
        ledger = context.ledger
        row = annulled(
            event_id, ledger.read("consent_events").to_pylist(),
            ledger.read("reviewers").to_pylist(), by=by, reason=reason, at=now,
        )  # fmt: skip
        ledger.record("consent_events", [row], recorded_at=now)
    return row


def whom_to_hear(context: Context, subject: str) -> str:
    """Return the pseudonym under which what a person says is recorded.

    Somebody of whom nothing is known is heard where the catalogue cannot be read, or knows less
    than the ledger: what named them may be what is missing.

    Raises:
        UnknownNameError: Nothing names the subject, and all that was known is there; or one that
            differs only in how it is written is known.
    """
    found = known_subject(context, subject)
    if found is not None:
        return found
    if not unknown_reasons(context):
        raise unknown_subject(cleaned(subject), known_subjects(context))
    return cleaned(subject)


def unknown_reasons(context: Context) -> list[str]:
    """Return a sentence for each reason why it cannot be told what holds a person."""
    try:
        return blind_spots(context)
    except CurateError as error:
        return [error.problem]


def destroy_embeddings(context: Context, subject: str) -> int:
    """Destroy what the vault keeps of a person who withdrew; return how many keys went.

    Raises:
        MissingKeyError: The vault's key is not where it should be.
        ConfigError: The settings that say where it is are broken, or the workspace is busy.
    """
    from curate.verbs.vault import holds_embeddings, shred

    if not holds_embeddings(context):
        return 0
    try:
        return shred(context, subject) + _shred_others(context, subject)
    except (ConfigError, MissingKeyError) as error:
        raise type(error)(
            error.problem,
            where=error.where,
            hint=f"the withdrawal is recorded, and embeddings of {subject} are still in the vault: "
            f"{error.hint}; then run `curate vault shred {subject}`",
        ) from error


def _shred_others(context: Context, subject: str) -> int:
    """Destroy what the vault keeps under a person's other names; return how many keys went."""
    from curate.verbs.vault import shred

    count = 0
    for name in all_names(context, subject):
        # Of a name that no entry gives there is nothing to keep.
        if name != subject:
            with suppress(UnknownNameError):
                count += shred(context, name)
    return count


def impact(context: Context, subject: str) -> Impact:
    """Return what a withdrawal of `subject` would touch, under all names of that person."""
    from curate.catalog import impact as walk

    catalog, record = context.catalog, context.record

    def make() -> dict[str, pa.Table]:
        tables = {n: catalog.read(n) for n in walk.CATALOG_INPUTS if n != "entries"}
        tables["entries"] = read_entries(catalog)
        tables["release_items"] = record.items()
        tables["releases"] = conform(record.releases(), "releases")
        try:
            by_number = prepared(context)[0]
        except ConfigError:
            # What is in the settings decides nothing of who is where.
            by_number = None
        return walk.draw_graph(tables, by_number)

    graph = derived(
        catalog, "graph", stored_as(walk.CATALOG_INPUTS), make, recipe=walk.RECIPE,
        beside=record.state(),
    )  # fmt: skip
    others = [name for name in all_names(context, subject) if name != subject]
    return walk.impact(graph, subject, others)


def not_searched(context: Context) -> int:
    """Return of how many files it is not known whom they show, until `curate run` looks.

    Raises:
        ConfigError: The settings are broken, and nobody can tell which scans count.
    """
    return unsearched(context.catalog, stages_now(context))


def left_to_search(context: Context) -> int:
    """Return the same where faces are sought under the settings as they are; 0 where they are not.

    Raises:
        ConfigError: The settings are broken.
    """
    stages = stages_now(context)
    sought = any(row["model_id"] is not None for row in stages.to_pylist())
    return unsearched(context.catalog, stages) if sought else 0


def records_of(context: Context, subject: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is on record of a subject, by table: subject, consents, events, requests, merges.

    Of a person who has other names, these have records of their own.

    Raises:
        UnknownNameError: No record names the subject.
    """
    who = known_subject(context, subject) or cleaned(subject)
    rows = {
        kind: [r for r in context.ledger.read(kind).to_pylist() if r["subject_id"] == who]
        for kind in (*STATEMENTS, "requests")
    }
    said = merges_of(context, who)
    if not any(rows.values()) and not said:
        raise unknown_subject(who, stated_subjects(context.ledger))
    return {**rows, "merges": said}


def receipts_of(context: Context, request_id: str) -> list[Path]:
    """Return the receipts of an erasure, the first of them first."""
    return sorted((context.workspace.root / "receipts").glob(f"erasure-{request_id}-*.json"))


def export_record(context: Context, consent: str, *, gdpr: bool) -> dict[str, Any]:
    """Return a consent as an ISO/IEC TS 27560 record in JSON-LD. See `curate.consent.export`."""
    from curate.consent.export import consent_record

    return consent_record(consent, _exported(context), gdpr=gdpr)


def export_receipt(context: Context, subject: str, *, gdpr: bool) -> dict[str, Any]:
    """Return the consent receipt of a subject in JSON-LD. See `curate.consent.export`."""
    from curate.consent.export import receipt

    return receipt(subject, _exported(context), created=context.clock(), gdpr=gdpr)


def export_subject(context: Context, subject: str) -> dict[str, Any]:
    """Return everything that is held about a subject, under all names that are settled as theirs.

    See `curate.consent.export`.
    """
    from curate.consent.export import everything_held

    observed = {name: context.catalog.read(name) for name in _OBSERVED}
    record = context.record
    out = {
        "release_items": record.items(),
        "releases": conform(record.releases(), "releases"),
        **{name: context.ledger.read(name) for name in ("deliveries", "acknowledgements")},
    }
    tables = {**_exported(context), **observed, **out}
    return everything_held(subject, tables, settled_names(context, subject))


def _exported(context: Context) -> dict[str, pa.Table]:
    return {name: context.ledger.read(name) for name in _EXPORTED}


def _by(key: str, table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.to_pylist()}
