"""Names for identities: a draft that a person fills in, and what they filled in.

An identity is a group of faces that the model takes for one person. The draft has a row for each,
and says of every face that the person sees which one it is: what they answer holds for those.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.errors import CurateError, InputError, InvalidRowError
from curate.model.pseudonyms import cleaned, folded
from curate.rows import read_rows

TABLE, FACES, PAGE = "identities.csv", "faces.csv", "index.html"
COLUMNS = ("identity_id", "subject_id", "entries", "faces", "shown", "examples", "answered", "seen")
FACE_COLUMNS = ("identity_id", "face_id", "sha256", "locator")
UNKNOWN = "unknown"
EXAMPLES = 3

_AGAIN = "export again with `curate identify export`, and look at the faces as they are now"

# Faces of entries that a person may look at, each with its place; the best of each content first.
_FACES = """
SELECT i.identity_id, f.face_id, f.sha256, f.frame, f.x1, f.y1, f.x2, f.y2, f.roll, f.judgeable,
       f.quality, i.subject_id, e.media_id, e.locator, e.root, e.kind, e.manipulation_type,
       EXISTS (
           FROM depictions d WHERE d.media_id = e.media_id AND d.link_status <> 'rejected'
       ) AS named
FROM identities i
JOIN faces f USING (face_id)
JOIN entries e USING (sha256)
WHERE i.identity_id IS NOT NULL AND e.state = 'present'
ORDER BY i.identity_id, e.locator, e.media_id, f.judgeable DESC, f.quality DESC, f.face_id
"""


@dataclass
class Identity:
    """The faces that are taken for one person.

    Attributes:
        identity_id: Its id.
        faces: A row for each face in each entry, the best of each entry first.
        shown: The faces that a person was shown, one for each content, in order.
    """

    identity_id: str
    faces: list[dict[str, Any]]
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def entries(self) -> int:
        """How many entries show it."""
        return len({row["media_id"] for row in self.faces})

    @property
    def seen(self) -> str:
        """A SHA-256 of all its faces, hex: other faces are another identity to who names it."""
        ids = sorted({row["face_id"] for row in self.faces})
        return hashlib.sha256("\n".join(ids).encode()).hexdigest()

    def best(self) -> list[dict[str, Any]]:
        """Return the best face of each content, in the order of locators."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.faces:
            kept = found.setdefault(row["sha256"], row)
            if (row["judgeable"], row["quality"]) > (kept["judgeable"], kept["quality"]):
                found[row["sha256"]] = row
        return list(found.values())


def identities_of(tables: Mapping[str, pa.Table]) -> list[Identity]:
    """Return the identities that a person may look at, those in most entries first.

    Args:
        tables: ``entries``, in which what nobody may see is withheld; ``faces``, ``identities`` and
            ``depictions``.
    """
    connection = in_memory()
    for name in ("entries", "faces", "identities", "depictions"):
        connection.register(name, tables[name])
    by_id: dict[str, Identity] = {}
    for row in connection.sql(_FACES).to_arrow_table().to_pylist():
        by_id.setdefault(row["identity_id"], Identity(row["identity_id"], [])).faces.append(row)
    return sorted(by_id.values(), key=lambda one: (-one.entries, one.identity_id))


def is_unnamed(identity: Identity) -> bool:
    """Tell whether an identity is nobody's yet: linked to no subject, in an entry without any."""
    return any(row["subject_id"] is None and not row["named"] for row in identity.faces)


def answers_on_record(decisions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what was answered of identities, by the digest of the faces that were there."""
    found = {}
    for row in sorted(decisions, key=lambda row: (row["decided_at"], row["decision_id"])):
        if row["kind"] == "identity" and row["withdraws"] is None:
            found[str(row["evidence"])] = f"{row['value']}, by {row['reviewer']}"
    return found


def draft(identities: Iterable[Identity], answered: Mapping[str, str]) -> tuple[str, str]:
    """Return the table to fill in and the table of the faces that were shown, as CSV.

    Args:
        identities: Those that were shown.
        answered: As `answers_on_record` gives it.
    """
    rows: list[Sequence[object]] = []
    faces: list[Sequence[object]] = []
    for one in identities:
        examples = dict.fromkeys(row["locator"] for row in one.shown)
        count = len({row["face_id"] for row in one.faces})
        rows.append((one.identity_id, "", one.entries, count, len(one.shown),
                     "; ".join(list(examples)[:EXAMPLES]), answered.get(one.seen, ""),
                     one.seen))  # fmt: skip
        faces += [(one.identity_id, *(row[n] for n in FACE_COLUMNS[1:])) for row in one.shown]
    return _csv(COLUMNS, rows), _csv(FACE_COLUMNS, faces)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


@dataclass(frozen=True)
class Answer:
    """What a person answered of one identity.

    Attributes:
        identity: The identity as it is now.
        subject: Who it is, by pseudonym; None where they do not know.
        contents: The contents of which they were shown a face.
        place: The row.
    """

    identity: Identity
    subject: str | None
    contents: frozenset[str]
    place: str


def read_answers(
    path: Path, identities: Iterable[Identity], known: Collection[str]
) -> tuple[list[Answer], int, list[CurateError]]:
    """Return what a person filled in, how many rows they left open, and what is wrong.

    Args:
        path: The table; the table of faces lies beside it.
        identities: As `identities_of` gives them now.
        known: The pseudonyms that are known.

    Raises:
        InputError: A file cannot be read, or is none of an export.
    """
    by_id = {one.identity_id: one for one in identities}
    shown = _shown(path.with_name(FACES))
    forms = {folded(one): one for one in sorted(known, reverse=True)}
    answers: dict[str, Answer] = {}
    errors: list[CurateError] = []
    left = 0
    for row in read_rows(path):
        try:
            if row.problem:
                raise InvalidRowError(row.problem, where=row.place, hint=_AGAIN)
            if not {"identity_id", "seen"} <= row.values.keys():
                raise InvalidRowError("the columns identity_id and seen are missing",
                                      where=row.place, hint=_AGAIN)  # fmt: skip
            text = cleaned(str(row.values.get("subject_id") or ""))
            if not text:
                left += 1
                continue
            answer = _answer(row.place, row.values, text, by_id, shown, known, forms)
            before = answers.setdefault(answer.identity.identity_id, answer)
            if before is not answer:
                raise InvalidRowError(f"the identity is in {before.place}, too", where=row.place,
                                      hint="leave one of the two rows")  # fmt: skip
            if answer.subject is not None:
                forms.setdefault(folded(answer.subject), answer.subject)
        except CurateError as error:
            errors.append(error)
    return list(answers.values()), left, errors


def _answer(
    place: str,
    values: Mapping[str, Any],
    text: str,
    by_id: Mapping[str, Identity],
    shown: Mapping[str, Mapping[str, str]],
    known: Collection[str],
    forms: Mapping[str, str],
) -> Answer:
    name = str(values["identity_id"])
    identity, faces = by_id.get(name), shown.get(name, {})
    if identity is None:
        raise InvalidRowError(
            f"there is no identity {name} any more: export again", where=place, hint=_AGAIN
        )
    if identity.seen != values["seen"]:
        raise InvalidRowError(
            f"the faces of identity {name} are not those that were exported: export it again",
            where=place, hint=_AGAIN,
        )  # fmt: skip
    here = {row["face_id"]: row["sha256"] for row in identity.faces}
    contents = frozenset(here[face] for face in faces if here.get(face) == faces[face])
    if not contents:
        raise InvalidRowError(f"no face of identity {name} was shown", where=place,
                              hint=f"keep {FACES} beside the table; {_AGAIN}")  # fmt: skip
    if text.casefold() == UNKNOWN:
        return Answer(identity, None, contents, place)
    spelled = forms.get(folded(text))
    if text not in known and spelled is not None and spelled != text:
        raise InvalidRowError(
            f"{text!r} differs from {spelled!r} only in how it is written", where=place,
            hint=f"write {spelled!r}; two people need pseudonyms that differ in more",
        )  # fmt: skip
    if (
        "/" in text or not text.isprintable() or len(text) > _LONGEST
        or text.startswith(_FORMULA) or text.casefold() in _NO_NAMES
    ):  # fmt: skip
        raise InvalidRowError(f"{text[:_LONGEST]!r} is no pseudonym", where=place,
                              hint=f"letters, digits and the like, without a slash, at most "
                              f"{_LONGEST} characters; `{UNKNOWN}` where the person is not "
                              "known")  # fmt: skip
    if ";" in text:
        raise InvalidRowError(f"{text!r} names several people, and a row is of one identity",
                              where=place, hint="name the one person whom the faces show; where "
                              "they show two people, leave the row empty and part the faces in "
                              "review")  # fmt: skip
    return Answer(identity, text, contents, place)


# What spreadsheets take for a formula, and what they and programs write for nothing.
_FORMULA = ("=", "+", "@", "-")
_NO_NAMES = frozenset({"*", "all", "n/a", "na", "nan", "none", "null"})
_LONGEST = 200


def _shown(path: Path) -> dict[str, dict[str, str]]:
    """Return the content of each face that was shown, by identity."""
    if not path.is_file():
        raise InputError("the table of the faces that were shown is not there", where=str(path),
                         hint=f"keep {FACES} of the export beside the table")  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for row in read_rows(path):
        missing = [name for name in FACE_COLUMNS[:3] if name not in row.values]
        if row.problem or missing:
            raise InvalidRowError(row.problem or f"the column {missing[0]} is empty",
                                  where=row.place, hint=_AGAIN)  # fmt: skip
        values = row.values
        found.setdefault(str(values["identity_id"]), {})[str(values["face_id"])] = str(
            values["sha256"]
        )
    return found
