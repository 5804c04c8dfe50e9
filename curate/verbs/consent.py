"""`curate consent`: what people agreed to and withdrew, put into the ledger and read from it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.derived import derived
from curate.catalog.views import read_entries, stored_as
from curate.consent.vocabulary import PERMITTING
from curate.errors import (
    ConfigError,
    CurateError,
    InputError,
    ManyErrors,
    MissingKeyError,
    UnknownNameError,
)
from curate.model.instants import print_instant
from curate.model.pseudonyms import cleaned, folded
from curate.schema import conform
from curate.verbs.gaps import begun_erasures, blind_spots, unfinished_erasure
from curate.verbs.names import all_names, merges_of
from curate.verbs.subjects import (
    known_subject,
    known_subjects,
    stated_subjects,
    unknown_subject,
)
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
    return import_files(context, [path])[str(path)]


def import_files(context: Context, paths: Iterable[str | Path]) -> dict[str, Recorded]:
    """Record what several files say, by file, in their order: all of them or none.

    Raises:
        InputError: A file cannot be read, or rows of it are wrong; nothing of any was recorded.
    """
    from curate.consent.read import read_statements

    ledger, now = context.ledger, context.clock()
    on_file = {r["notice_id"]: r["text_sha256"] for r in ledger.read("notices").to_pylist()}
    known = known_subjects(context)
    files: dict[str, Statements] = {}
    errors: list[CurateError] = []
    for path in map(str, paths):
        try:
            found = read_statements(
                Path(path), purposes=context.config.purposes, on_file=on_file, now=now
            )
            _refuse_erased(ledger, found, now, where=path)
            _refuse_rewritten(found, known, where=path)
        except CurateError as error:
            errors.append(error)
            continue
        files[path] = found
        # What a later file says may rest on this one.
        on_file |= {r["notice_id"]: r["text_sha256"] for r in found.records.get("notices", ())}
        known |= named_in(found)
    if errors:
        raise _refused(errors, len(files) + len(errors))
    return {path: _record(context, found, now) for path, found in files.items()}


def _refused(errors: list[CurateError], count: int) -> CurateError:
    """Return the error of files that were refused, which says that none was taken."""
    every = [one for e in errors for one in (e.errors if isinstance(e, ManyErrors) else [e])]
    error = errors[0] if len(errors) == 1 else ManyErrors(every)
    if count > 1:
        error.hint = f"{error.hint}. Nothing was recorded of any of the {count} files"
    return error


def _record(context: Context, found: Statements, now: datetime) -> Recorded:
    from curate.consent.merge import merged_consents, merged_subjects
    from curate.consent.statements import subject_record

    ledger = context.ledger
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
    recorded = ledger.record_all(records, recorded_at=now)
    return Recorded(recorded, tuple(found.notes))


def named_in(found: Statements) -> set[str]:
    """Return the pseudonyms that statements name."""
    rows = (row for kind in STATEMENTS for row in found.records.get(kind, ()))
    return {row["subject_id"] for row in rows} | found.mentioned


def _refuse_erased(ledger: Ledger, found: Statements, now: datetime, *, where: str) -> None:
    """Refuse statements about people who were erased, unless they agreed again since.

    However their pseudonym is written: blanks, capitals and what has no width tell nobody apart.

    Raises:
        InputError: A spreadsheet that is older than an erasure lists the person again, or an
            erasure of theirs was begun and is not finished.
    """
    begun = {folded(subject): row for subject, row in begun_erasures(ledger).items()}
    if not begun:
        return
    events = found.records.get("consent_events", ())
    for subject in sorted(named_in(found)):
        request = begun.get(folded(subject))
        if request is None:
            continue
        if request["state"] != "fulfilled":
            raise InputError(
                f"{unfinished_erasure(request)}; until then nothing of theirs is recorded",
                where=where,
                hint="finish the erasure, or take their rows out. Nothing of the file was recorded",
            )
        again = {
            row["consent_id"] for row in events
            if row["subject_id"] == subject and row["state"] in PERMITTING
            and request["closed_at"] < row["effective_at"] <= now
        }  # fmt: skip
        consents = {row["consent_id"] for row in found.records.get("consents", ())
                    if row["subject_id"] == subject}  # fmt: skip
        if subject != request["subject_id"] or not again or consents - again:
            raise _erased(subject, request, where)


def _erased(subject: str, request: dict[str, Any], where: str) -> InputError:
    name, at = request["subject_id"], print_instant(request["closed_at"])
    listed = "them" if subject == name else f"them as {subject!r}"
    return InputError(
        f"{name} was erased at {at} (request {request['request_id']}), and this file lists "
        f"{listed} again",
        where=where,
        hint=f"take their rows out; if they agreed again since, write {name!r} and give the "
        f"instant of that new consent, which is later than {at}, in the column given_at: a date "
        "alone stands for its first moment. Nothing of the file was recorded",
    )


def _refuse_rewritten(found: Statements, known: set[str], *, where: str) -> None:
    """Refuse a new pseudonym that differs only in how it is written from another one.

    Raises:
        InputError: There is one: a person under two names would be two people.
    """
    named = named_in(found)
    forms: dict[str, list[str]] = {}
    for subject in sorted(named | known):
        forms.setdefault(folded(subject), []).append(subject)
    for subject in sorted(named - known):
        others = [one for one in forms[folded(subject)] if one != subject]
        if others:
            raise InputError(
                f"the subject {subject!r} differs from {others[0]!r} only in capitals, blanks or "
                "characters that show nothing",
                where=where,
                hint="write one person's pseudonym the same way everywhere, manifests too; two "
                "people need pseudonyms that differ in more. Nothing of the file was recorded",
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
    )
    return Recorded(context.ledger.record_all(records, recorded_at=now))


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
