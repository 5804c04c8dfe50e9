"""`curate consent import`: files of what people said, put into the ledger whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.consent.merge import FORBIDDEN
from curate.consent.vocabulary import PERMITTING
from curate.errors import CurateError, InputError, InvalidRowError, ManyErrors
from curate.model.instants import print_instant
from curate.model.pseudonyms import folded, nearest
from curate.verbs.gaps import begun_erasures, unfinished_erasure
from curate.verbs.likenesses import record_likenesses
from curate.verbs.listed import known_entries
from curate.verbs.subjects import known_subjects

if TYPE_CHECKING:
    from curate.consent.listed_media import Entries
    from curate.consent.statements import Statements
    from curate.verbs.context import Context

STATEMENTS = ("subjects", "consents", "consent_events")
_KEYS = {"subjects": "subject_id", "consents": "consent_id", "consent_events": "event_id",
         "notices": "notice_id", "sources": "source_id"}  # fmt: skip

Record = dict[str, Any]
Known = dict[str, dict[str, Record]]


@dataclass(frozen=True)
class Recorded:
    """What was added to the ledger.

    Attributes:
        entries: How many entries, by kind; none for what was known.
        notes: What the reader of a file reports of it.
        left_out: What is wrong with the rows of which nothing was recorded.
        ids: The ids of the records, where one person's words were recorded.
    """

    entries: dict[str, int]
    notes: tuple[str, ...] = ()
    left_out: tuple[CurateError, ...] = ()
    ids: tuple[str, ...] = ()


def import_statements(context: Context, path: str | Path) -> Recorded:
    """Record the consents, subjects, notices or sources in a file, all of them or none.

    Raises:
        InputError: The file cannot be read, or rows of it are wrong; nothing was recorded.
    """
    return import_files(context, [path])[str(path)]


def import_files(
    context: Context, paths: Iterable[str | Path], *, partial: bool = False, supersede: str = ""
) -> dict[str, Recorded]:
    """Record what several files say, by file, in their order: all of them or none.

    Args:
        context: The workspace.
        paths: The files.
        partial: Leave out rows of tables that are wrong, and tell of them.
        supersede: Why statements may take the place of those that permit less; empty where they
            may not.

    Raises:
        InputError: A file cannot be read, rows of it are wrong, or it would undo what is on
            record; nothing of any was recorded.
    """
    from curate.consent.read import read_statements

    ledger, now, config = context.ledger, context.clock(), context.config
    on_file = {r["notice_id"]: r["text_sha256"] for r in ledger.read("notices").to_pylist()}
    known = known_subjects(context)
    stands: Known = {
        kind: {row[key]: row for row in ledger.read(kind).to_pylist()}
        for kind, key in _KEYS.items()
    }
    begun = {folded(subject): row for subject, row in begun_erasures(ledger).items()}
    anybody = bool(known)
    entries = cache(lambda: known_entries(context))
    files: dict[str, tuple[Statements, dict[str, list[Record]]]] = {}
    errors: list[CurateError] = []
    for path in map(str, paths):
        check = _Checks(
            known, begun, stands, now, supersede=bool(supersede), anybody=anybody, entries=entries
        )
        try:
            found = read_statements(
                Path(path), purposes=config.purposes, on_file=on_file, now=now, keep=config.keep,
                check=check.row, partial=partial,
            )  # fmt: skip
            check.whole(found, where=path)
        except CurateError as error:
            errors.append(error)
            continue
        files[path] = (found, _planned(found, stands, now, supersede))
        # What a later file says may rest on this one.
        on_file |= {r["notice_id"]: r["text_sha256"] for r in found.records.get("notices", ())}
        known |= named_in(found)
    if errors:
        raise _refused(errors, len(files) + len(errors))
    recorded = {
        path: Recorded(
            ledger.record_all(records, recorded_at=now), tuple(found.notes),
            tuple(found.left_out),
        )
        for path, (found, records) in files.items()
    }  # fmt: skip
    # What a person says is recorded whatever is broken.
    with suppress(CurateError):
        record_likenesses(context.catalog, ledger, now)
    return recorded


def _planned(
    found: Statements, stands: Known, now: datetime, supersede: str
) -> dict[str, list[Record]]:
    """Return the records to write of a file, and let them stand for the files after it."""
    from curate.consent.merge import merged_consents, merged_events, merged_subjects
    from curate.consent.relaxed import relaxations
    from curate.consent.statements import subject_record

    named = {row["subject_id"] for row in found.records.get("subjects", ())}
    for subject in sorted(found.mentioned - stands["subjects"].keys() - named):
        found.add("subjects", subject_record(subject, {}))
    records = dict(found.records)
    if "subjects" in records:
        records["subjects"] = merged_subjects(
            records["subjects"], stands["subjects"], found.doubted
        )
    if "consents" in records and not supersede:
        records["consents"] = merged_consents(records["consents"], stands["consents"])
    if "consent_events" in records:
        events, notes = merged_events(records["consent_events"], stands["consent_events"])
        records["consent_events"] = events
        found.notes.extend(notes)
    for kind, rows in list(records.items()):
        for row in rows:
            name = row[_KEYS[kind]]
            before = stands[kind].get(name)
            changes = relaxations(kind, before, row) if before is not None and supersede else []
            if changes:
                records.setdefault("supersessions", []).append({
                    "supersession_id": f"{kind}/{name}/{print_instant(now)}",
                    "kind": kind, "record_id": name, "subject_id": row.get("subject_id"),
                    "changes": changes, "reason": supersede, "superseded_at": now,
                })  # fmt: skip
            stands[kind][name] = row
    return records


def named_in(found: Statements) -> set[str]:
    """Return the pseudonyms that statements name."""
    rows = (row for kind in STATEMENTS for row in found.records.get(kind, ()))
    return {row["subject_id"] for row in rows} | found.mentioned


@dataclass(frozen=True)
class _Checks:
    """What statements are held against before they are recorded.

    Attributes:
        known: The pseudonyms that records or entries name.
        begun: Erasures that were begun, by the folded pseudonym.
        stands: The records of the ledger, and those of the files before.
        now: The present instant.
        supersede: Whether statements may permit more than those they replace.
        anybody: Whether anything was known of anybody before the import.
        entries: Gives the entries of the catalogue.
    """

    known: set[str]
    begun: Mapping[str, Record]
    stands: Known
    now: datetime
    supersede: bool
    anybody: bool
    entries: Callable[[], Entries]

    def row(self, found: Statements, place: str) -> None:
        """Refuse what a row of a table adds, where it may not be recorded.

        Raises:
            InvalidRowError: It names somebody who is known in another spelling, takes something
                back that nobody gave, or permits more than what stands under its id.
            InputError: It is about somebody who was erased.
        """
        self._refuse_erased(found, where=place)
        self._resolve_media(found, place)
        self._leave_terms(found)
        for subject in sorted(named_in(found)):
            self._refuse_rewritten(subject, place)
            stranger = self.anybody and subject not in self.known
            if stranger and found.restricts() and not found.records.get("subjects"):
                raise _reaches_nobody(subject, self.known, place)
        self._refuse_relaxed(found, place)

    def whole(self, found: Statements, *, where: str) -> None:
        """Refuse a document whole, as `row` refuses a row; and names of one file that are alike.

        Raises:
            CurateError: As `row` says.
        """
        self._refuse_erased(found, where=where)
        named = named_in(found)
        forms: dict[str, str] = {}
        for subject in sorted(named):
            self._refuse_rewritten(subject, where)
            other = forms.setdefault(folded(subject), subject)
            if other != subject:
                raise _rewritten(subject, other, where)
        self._resolve_media(found, where)
        if not found.left_out:
            self._refuse_relaxed(found, where)

    def _resolve_media(self, found: Statements, where: str) -> None:
        from curate.consent.listed_media import resolve_media

        consents = found.records.get("consents", ())
        if any(row.get("scope_kind") == "listed_media" for row in consents):
            resolve_media(found, self.entries(), where)

    def _leave_terms(self, found: Statements) -> None:
        """Let a row that takes something back change nothing of what was agreed to.

        However its other columns are filled: what it takes back must arrive. Where it is about
        more than the consent that stands, it is a record of its own.
        """
        from curate.consent.merge import apart_from, stated_now

        stands = self.stands["consents"]
        if found.restricts():
            stated_now(found, self.stands["consent_events"], self.now)
            apart_from(found, stands)
        known = [row for row in found.records.get("consents", ()) if row["consent_id"] in stands]
        if not known or not found.restricts():
            return
        found.records["consents"] = [
            {**stands[row["consent_id"]],
             **{name: row[name] for name in FORBIDDEN if row.get(name)}}
            for row in known if row["subject_id"] == stands[row["consent_id"]]["subject_id"]
        ] or known  # fmt: skip
        found.records["consent_events"] = [
            row for row in found.records["consent_events"] if row["state"] not in PERMITTING
        ]

    def _refuse_rewritten(self, subject: str, where: str) -> None:
        if subject in self.known:
            return
        forms = {folded(one): one for one in sorted(self.known, reverse=True)}
        if (other := forms.get(folded(subject))) is not None:
            raise _rewritten(subject, other, where)

    def _refuse_relaxed(self, found: Statements, where: str) -> None:
        from curate.consent.merge import merged_consents, merged_events, merged_subjects
        from curate.consent.relaxed import relaxations
        from curate.consent.statements import RESTRICTING

        records = dict(found.records)
        records["subjects"] = merged_subjects(
            records.get("subjects", ()), self.stands["subjects"], found.doubted
        )
        records["consents"] = merged_consents(records.get("consents", ()), self.stands["consents"])
        records["consent_events"] = merged_events(
            records.get("consent_events", ()), self.stands["consent_events"]
        )[0]
        for kind, rows in records.items():
            for row in rows:
                name = row[_KEYS[kind]]
                before = self.stands[kind].get(name)
                # What a person took back is annulled by two people, and not by a file.
                if before is None or (self.supersede and before.get("state") not in RESTRICTING):
                    continue
                if changes := relaxations(kind, before, row):
                    raise _relaxed(kind, name, changes, where)

    def _refuse_erased(self, found: Statements, *, where: str) -> None:
        """Refuse statements about people who were erased, unless they agreed again since.

        However their pseudonym is written: blanks, capitals and what has no width tell nobody
        apart.

        Raises:
            InputError: A spreadsheet that is older than an erasure lists the person again, or an
                erasure of theirs was begun and is not finished.
        """
        if not self.begun:
            return
        events = found.records.get("consent_events", ())
        for subject in sorted(named_in(found)):
            request = self.begun.get(folded(subject))
            if request is None:
                continue
            if request["state"] != "fulfilled":
                raise InputError(
                    f"{unfinished_erasure(request)}; until then nothing of theirs is recorded",
                    where=where,
                    hint="finish the erasure, or take their rows out. Nothing of the file was "
                    "recorded",
                )
            again = {
                row["consent_id"] for row in events
                if row["subject_id"] == subject and row["state"] in PERMITTING
                and not row.get("undated")
                and request["closed_at"] < row["effective_at"] <= self.now
            }  # fmt: skip
            consents = {row["consent_id"] for row in found.records.get("consents", ())
                        if row["subject_id"] == subject}  # fmt: skip
            if subject != request["subject_id"] or not again or consents - again:
                raise _erased(subject, request, where)


def _refused(errors: list[CurateError], count: int) -> CurateError:
    """Return the error of files that were refused, which says that none was taken."""
    every = [one for e in errors for one in (e.errors if isinstance(e, ManyErrors) else [e])]
    error = errors[0] if len(errors) == 1 else ManyErrors(every)
    if count > 1:
        error.hint = f"{error.hint}. Nothing was recorded of any of the {count} files"
    return error


def _relaxed(kind: str, name: str, changes: list[str], where: str) -> InvalidRowError:
    of_consent = kind in ("consents", "consent_events")
    new = "give a new consent an id of its own, in the column consent; " if of_consent else ""
    what = kind.replace("_", " ").removesuffix("s")
    return InvalidRowError(
        f"the {what} {name!r} is on record, and this permits more: {'; '.join(changes)}",
        where=where,
        hint=f"{new}if what is on record is wrong, put it right with --supersede REASON, which is "
        "kept beside it",
    )


def _reaches_nobody(subject: str, known: set[str], where: str) -> InvalidRowError:
    near = nearest(subject, known)
    meant = "" if near is None else f"did you mean {near!r}? "
    return InvalidRowError(
        f"it takes back what {subject!r} agreed to, and nothing on record or in the catalogue "
        "names them",
        where=where,
        hint=f"{meant}Where they are a person of whom nothing was recorded yet, list them in a "
        "table of subjects that is imported before this one",
    )


def _rewritten(subject: str, other: str, where: str) -> InvalidRowError:
    return InvalidRowError(
        f"the subject {subject!r} differs from {other!r} only in capitals, blanks or characters "
        "that show nothing or look the same",
        where=where,
        hint=f"if both are one person, write {other!r} here, and the same way in manifests; two "
        "people need pseudonyms that differ in more",
    )


def _erased(subject: str, request: Record, where: str) -> InputError:
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
