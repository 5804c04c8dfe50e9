"""`curate subjects`: names that are one person, merged, parted and looked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import CurateError, InputError, InvalidRowError, ManyErrors, UnknownNameError
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.model.names import MERGED, PARTED, Pair, last_words, names_of, pair_of
from curate.model.people import person_of
from curate.rows import read_rows
from curate.verbs.subjects import known_subjects, meant_subject

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from curate.catalog.ledger import Ledger
    from curate.verbs.context import Context

TABLE = "merges"
_COLUMNS = ("subject_id", "alias_of")
_RECORDS = ("subjects", "consents", "consent_events", "requests")


@dataclass(frozen=True)
class Said:
    """What was recorded of pairs of pseudonyms.

    Attributes:
        recorded: The records that are new.
        known: How many pairs the reviewer had said the same of before.
    """

    recorded: tuple[dict[str, Any], ...]
    known: int


def merged_people(context: Context, *, known_at: datetime | None = None) -> dict[str, str]:
    """Return the first name of the person by each pseudonym that is merged with another.

    Args:
        context: The workspace.
        known_at: The instant whose knowledge counts; now when None.
    """
    from curate.audit.names import merged_names

    return merged_names(names_in(context.ledger, known_at=known_at))


def names_in(ledger: Ledger, *, known_at: datetime | None = None) -> pa.Table:
    """Return what `curate.audit.names.names_table` gives for a ledger.

    Args:
        ledger: The statements.
        known_at: The instant whose knowledge counts; now when None.
    """
    from curate.audit.names import names_table

    merges, reviewers = (ledger.read(name, known_at=known_at) for name in (TABLE, "reviewers"))
    return names_table(merges, reviewers, audience="internal", as_of=known_at)


def all_names(context: Context, subject: str) -> tuple[str, ...]:
    """Return all pseudonyms of the person who has one of them, in order."""
    return names_of(merged_people(context), subject)


def merge(context: Context, one: str, other: str, *, reviewer: str, reason: str) -> Said:
    """Record that two pseudonyms are one person.

    Raises:
        InputError: They are one pseudonym, or a name or reason is missing.
        UnknownNameError: No record or entry names one of them.
    """
    pair = _pair(one, other, known_subjects(context))
    return _record(context, [pair], MERGED, reviewer=reviewer, reason=reason)


def part(context: Context, one: str, other: str, *, reviewer: str, reason: str) -> Said:
    """Record that two pseudonyms are not one person, or not any more.

    Raises:
        InputError: They are one pseudonym, or a name or reason is missing.
        UnknownNameError: Nobody said that the two are one person.
    """
    words = last_words(context.ledger.read(TABLE).to_pylist())
    pair = pair_of(one.strip(), other.strip())
    if pair not in words:
        listed = ", ".join(f"{a} and {b}" for a, b in words) or "none"
        raise UnknownNameError(
            f"nobody said that {pair[0]!r} and {pair[1]!r} are one person", where="SUBJECT",
            hint=f"pairs that somebody spoke of: {listed}",
        )  # fmt: skip
    return _record(context, [pair], PARTED, reviewer=reviewer, reason=reason)


def merge_from(context: Context, file: Path, *, reviewer: str, reason: str) -> Said:
    """Record the aliases that a file lists, all of them or none.

    Args:
        context: The workspace.
        file: Rows with ``subject_id`` and ``alias_of``.
        reviewer: Who says so.
        reason: Why.

    Raises:
        InputError: The file cannot be read, or rows of it are wrong; nothing was recorded.
    """
    known = known_subjects(context)
    pairs: dict[Pair, None] = {}
    errors: list[CurateError] = []
    for row in read_rows(file):
        try:
            if row.problem:
                raise InvalidRowError(row.problem, where=row.place)
            one, other = (_cell(row.values, name, row.place) for name in _COLUMNS)
            pairs[_pair(one, other, known, where=row.place)] = None
        except CurateError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    if not pairs:
        raise InputError("the file lists no pair", where=str(file),
                         hint=f"its columns are {' and '.join(_COLUMNS)}")  # fmt: skip
    return _record(context, list(pairs), MERGED, reviewer=reviewer, reason=reason)


def merges_of(context: Context, subject: str | None = None) -> list[dict[str, Any]]:
    """Return the pairs that somebody spoke of, each with who said what and what follows.

    Args:
        context: The workspace.
        subject: Leave out pairs that are not of this person; none are when None.
    """
    from curate.audit.register import counts_for, turns

    words = last_words(context.ledger.read(TABLE).to_pylist())
    known = turns(context.ledger.read("reviewers").to_pylist(), context.clock())

    def counts(row: Any) -> bool:
        return counts_for(known, row["reviewer"], row["decided_at"], None, audience="internal")

    wanted = None if subject is None else set(all_names(context, subject))
    return [
        {
            "subject_id": one,
            "other_subject_id": other,
            "state": "parted" if not said.holds(counts)
            else "settled" if said.settled(counts) else "merged",
            "merged_by": [row["reviewer"] for row in said.merged],
            "parted_by": [row["reviewer"] for row in said.parted],
            "since": min((row["decided_at"] for row in said.merged), default=None),
            "reasons": [row["reason"] for row in (*said.merged, *said.parted)],
        }
        for (one, other), said in words.items()
        if wanted is None or wanted & {one, other}
    ]  # fmt: skip


def settled_names(context: Context, subject: str) -> tuple[str, ...]:
    """Return the other pseudonyms of which enough people said that they are the same person.

    A merge by one may be a mistake: what is held under one name is not told to who has the other.
    """
    pairs = [
        {row["subject_id"], row["other_subject_id"]}
        for row in merges_of(context, subject) if row["state"] == "settled"
    ]  # fmt: skip
    found = {subject}
    while more := [pair for pair in pairs if found & pair and not pair <= found]:
        found = found.union(*more)
    return tuple(sorted(found - {subject}))


def near(context: Context) -> tuple[list[dict[str, Any]], int]:
    """Return the pairs of known pseudonyms that are nearly one, and how many only count.

    Each pair has in what it differs, how many entries and records each of the two has, and
    whether reviewers spoke of it.
    """
    from curate.model.near import near_pairs

    found = near_pairs(known_subjects(context))
    entries = dict(
        context.catalog.connect("depictions")
        .execute("SELECT subject_id, count(DISTINCT media_id) FROM depictions GROUP BY subject_id")
        .fetchall()
    )
    records: dict[str, int] = {}
    for kind in _RECORDS if found.pairs else ():
        for subject in context.ledger.read(kind)["subject_id"].drop_null().to_pylist():
            records[subject] = records.get(subject, 0) + 1
    people = merged_people(context)
    words = last_words(context.ledger.read(TABLE).to_pylist())
    rows = [
        {
            "subject_id": one, "entries": entries.get(one, 0), "records": records.get(one, 0),
            "other_subject_id": other, "other_entries": entries.get(other, 0),
            "other_records": records.get(other, 0), "difference": difference,
            "state": "merged" if other in names_of(people, one) and one != other
            else "parted" if (one, other) in words else "",
        }
        for one, other, difference in found.pairs
    ]  # fmt: skip
    return rows, found.numbered


def _pair(one: str, other: str, known: set[str], *, where: str = "SUBJECT") -> Pair:
    ends = [meant_subject(name, known, where=where) for name in (one, other)]
    if ends[0] == ends[1]:
        raise InputError(f"{ends[0]!r} is one pseudonym; two are merged", where=where)
    return pair_of(*ends)


def _cell(values: dict[str, Any], name: str, place: str) -> str:
    value = values.get(name)
    if value is None or not str(value).strip():
        raise InvalidRowError(f"the column {name} is empty", where=place,
                              hint=f"each row needs {' and '.join(_COLUMNS)}")  # fmt: skip
    return str(value)


def _record(
    context: Context, pairs: Iterable[Pair], state: str, *, reviewer: str, reason: str
) -> Said:
    from curate.audit.correct import check_signed

    signed = check_signed(reviewer, reason)
    now = context.clock()
    words = last_words(context.ledger.read(TABLE).to_pylist())
    rows, known = [], 0
    for pair in pairs:
        said = words.get(pair)
        before = () if said is None else (said.merged if state == MERGED else said.parted)
        if person_of(reviewer) in {person_of(row["reviewer"]) for row in before}:
            known += 1
            continue
        rows.append({
            "merge_id": stable_id("merge", *pair, person_of(reviewer), print_instant(now)),
            "subject_id": pair[0], "other_subject_id": pair[1], "state": state,
            **signed, "decided_at": now,
        })  # fmt: skip
    context.ledger.record(TABLE, rows, recorded_at=now)
    return Said(tuple(rows), known)
