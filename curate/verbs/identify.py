"""`curate identify`: from identities, which are faces without names, to declared subjects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from curate.audit import correct
from curate.catalog.views import read_entries, unseen
from curate.errors import InputError, ManyErrors
from curate.model.people import person_of
from curate.review.named import (
    PAGE,
    TABLE,
    UNKNOWN,
    Answer,
    Identity,
    answers_on_record,
    identities_of,
    is_unnamed,
    read_answers,
)
from curate.review.sheet import write_sheets
from curate.verbs.subjects import known_subjects

if TYPE_CHECKING:
    from datetime import datetime

    from curate.verbs.context import Context

# In which role somebody's own face is seen, by what was done; depicted otherwise.
_ROLE = {
    "face_swap": "donor",
    "morph": "donor",
    "identity_conditioned_synthesis": "donor",
    "reenactment": "target",
    "lip_sync": "target",
}
_REASON = "named by their faces"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        page: The page with the faces.
        table: The table to fill in.
        identities: How many identities it has.
        faces: How many faces are shown.
        lost: How many cannot be shown, and are not named by an answer.
        beyond: How many contents are beyond the limit, likewise.
        named: How many identities were left out, as they have a name.
    """

    page: Path
    table: Path
    identities: int
    faces: int
    lost: int
    beyond: int
    named: int


@dataclass(frozen=True)
class Named:
    """What was recorded.

    Attributes:
        subjects: How many entries were named, by pseudonym.
        unknown: How many identities are nobody's whom the person knows.
        left: How many rows were left empty.
        recorded: How many decisions are new.
    """

    subjects: dict[str, int]
    unknown: int
    left: int
    recorded: int


def export_identities(
    context: Context, folder: str | Path, *, limit: int = 100, everything: bool = False
) -> Exported:
    """Write a draft of names for identities: a table to fill in, and a page with their faces.

    Args:
        context: The workspace.
        folder: Where; it must not be there, or be empty.
        limit: At most so many faces of an identity, one for each content.
        everything: Those too that have a name.

    Raises:
        InputError: No identity is there, or the folder holds something or cannot be written.
    """
    every = _identities(context)
    if not every:
        raise InputError(
            "no identity is on record that may be looked at", where=str(context.workspace.root),
            hint="`curate run` finds faces and identities; what is sealed is shown to nobody",
        )  # fmt: skip
    chosen = every if everything else [one for one in every if is_unnamed(one)]
    answered = answers_on_record(context.ledger.read("decisions").to_pylist())
    folder = Path(folder)
    with context.workspace.writing(), context.recorded("identify export", {}) as record:
        lost = write_sheets(
            folder, chosen, project=context.project_name, limit=limit, answered=answered,
            progress=lambda done, total: context.progress("identities", done, total),
        )  # fmt: skip
        shown = sum(len(one.shown) for one in chosen)
        record["counts"] = {"identities": len(chosen), "faces": shown}
    beyond = sum(max(len(one.best()) - limit, 0) for one in chosen)
    return Exported(folder / PAGE, folder / TABLE, len(chosen), shown, lost, beyond,
                    len(every) - len(chosen))  # fmt: skip


def import_names(
    context: Context, path: str | Path, *, reviewer: str, reason: str = _REASON
) -> Named:
    """Record the names that a person filled in, all of them or none.

    An answer holds for the contents of which they were shown a face: each entry of these declares
    the subject from the next `curate run` or `curate audit` on. Doing it again records nothing new.

    Args:
        context: The workspace.
        path: The table of an export, with the table of its faces beside it.
        reviewer: Who filled it in.
        reason: Why they are who they are said to be, in words that name nobody.

    Raises:
        InputError: A row is wrong, or the file is none of an export; nothing was recorded.
    """
    signed = correct.check_signed(reviewer, reason)
    with context.workspace.writing():
        known = known_subjects(context)
        answers, left, errors = read_answers(Path(path), _identities(context), known)
        if errors:
            raise errors[0] if len(errors) == 1 else ManyErrors(errors)
        said = context.ledger.read("decisions").to_pylist()
        now = context.clock()
        rows, subjects = _decisions(context, answers, said)
        made = [
            correct.correction(kind, value, decided_at=now, **signed, **about)
            for kind, value, about in rows
        ]
        new = _not_said_before(made, said)
        new = [*_taken_back(answers, said, signed, now), *new]
        with context.recorded("identify import", {"by": signed["reviewer"]}) as record:
            context.ledger.record("decisions", new, recorded_at=now)
            record["counts"] = {"decisions": len(new)}
    unknown = sum(answer.subject is None for answer in answers)
    return Named(subjects, unknown, left, len(new))


def _identities(context: Context) -> list[Identity]:
    catalog = context.catalog
    tables = {name: catalog.read(name) for name in ("faces", "identities", "depictions")}
    entries = unseen(read_entries(catalog), catalog.read("hash_matches"))
    return identities_of(tables | {"entries": entries})


def _decisions(
    context: Context, answers: Iterable[Answer], said: list[dict[str, Any]]
) -> tuple[list[tuple[str, str, dict[str, Any]]], dict[str, int]]:
    """Return what is decided, as kind, value and what it is about; and entries by subject."""
    rows: list[tuple[str, str, dict[str, Any]]] = []
    subjects: dict[str, set[str]] = {}
    declared = _declared(context, said)
    for answer in answers:
        about = {"face_id": min(row["face_id"] for row in answer.identity.faces),
                 "evidence": answer.identity.seen, "subject_id": answer.subject}  # fmt: skip
        rows.append((correct.IDENTITY, answer.subject or UNKNOWN, about))
        if answer.subject is None:
            continue
        entries = {row["media_id"]: row for row in answer.identity.faces
                   if row["sha256"] in answer.contents}  # fmt: skip
        for media_id in entries.keys() - subjects.setdefault(answer.subject, set()):
            before = declared.get((media_id, answer.subject))
            role = None if before else _ROLE.get(entries[media_id]["manipulation_type"], "depicted")
            rows.append((correct.SUBJECT, correct.CONFIRMED, {
                "media_id": media_id, "subject_id": answer.subject, "role": role,
                "replaced": before,
            }))  # fmt: skip
        subjects[answer.subject] |= entries.keys()
    return rows, {name: len(found) for name, found in sorted(subjects.items())}


def _declared(context: Context, said: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Return what was declared before reviewers spoke, as JSON, by entry and subject."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    stored = context.catalog.read("depictions")
    stored = stored.filter(pc.not_equal(stored["link_status"], "rejected"))
    for row in stored.filter(pc.not_equal(stored["link_method"], "reviewer")).to_pylist():
        kept = {name: row[name] for name in ("role", "link_method", "link_status")}
        found.setdefault((row["media_id"], row["subject_id"]), []).append(kept)
    texts = {key: json.dumps(rows, sort_keys=True) for key, rows in found.items()}
    for row in sorted(said, key=lambda row: row["decided_at"], reverse=True):
        if row["kind"] == correct.SUBJECT and row["replaced"] is not None:
            texts[row["media_id"], row["subject_id"]] = row["replaced"]
    return texts


def _taken_back(
    answers: Iterable[Answer], said: list[dict[str, Any]], signed: dict[str, str], now: datetime
) -> list[dict[str, Any]]:
    """Return the records that take back what the same person answered otherwise of an identity."""
    person = person_of(signed["reviewer"])
    own = [row for row in correct.standing(said) if person_of(row["reviewer"]) == person]
    back: dict[str, dict[str, Any]] = {}
    for answer in answers:
        entries = {row["media_id"] for row in answer.identity.faces
                   if row["sha256"] in answer.contents}  # fmt: skip
        for before in own:
            if before["kind"] != correct.IDENTITY or before["evidence"] != answer.identity.seen:
                continue
            if before["value"] == (answer.subject or UNKNOWN):
                continue
            # What was said with it, in one import: no other word on the same person.
            for row in own:
                if row["decision_id"] == before["decision_id"] or (
                    row["kind"] == correct.SUBJECT and row["subject_id"] == before["subject_id"]
                    and row["decided_at"] == before["decided_at"] and row["media_id"] in entries
                ):  # fmt: skip
                    back[row["decision_id"]] = row
    return [correct.taken_back(row, now=now, **signed) for row in back.values()]


def _not_said_before(
    made: list[dict[str, Any]], said: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the decisions that the same person has not made already, and not taken back."""

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        names = ("kind", "value", "media_id", "subject_id", "face_id", "role", "evidence")
        return (person_of(row["reviewer"]), *(row.get(name) for name in names))

    before = {key(row) for row in correct.standing(said)}
    return [row for row in made if key(row) not in before]
