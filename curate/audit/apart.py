"""Faces that are told apart: enough reviewers say that a face is not that of whom it is like.

A face that is like that of a subject whom its entry does not name is a doubt, and one person's
word does not end it. Two people on the register do, for a wider audience by signed decisions,
where nobody says otherwise: of two faces, that they are two people; or of an entry and a subject,
that they are not shown. Beside that a doubt ends where the entry names the subject, or another
name of whom it is settled that they are the same person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.correct import DIFFERENT, LINK, NOT_SHOWN, SUBJECT, standing
from curate.audit.register import counts_for, turns
from curate.model.names import ENOUGH
from curate.model.people import person_of

# Of an entry and a subject, or of two faces, in both orders.
TOLD_APART = pa.schema(
    [(name, pa.string()) for name in ("id", "subject_id", "face_id", "other_face_id")]
)
NOBODY = TOLD_APART.empty_table()

# Asked of the numbered catalogue, `names`, `told_apart` and `restricted`.
OPEN_RESEMBLANCES = """
SELECT e.media_id, r.face_id, r.other_subject_id, r.other_face_id, r.similarity, r.state
FROM resemblances r
JOIN entries e USING (sha256)
LEFT JOIN names o ON o.subject_id = r.other_subject_id
WHERE (r.state IN ('compared', 'gone')
    OR r.other_subject_id IN (SELECT subject_id FROM restricted))
AND NOT EXISTS (
    SELECT 1 FROM depictions d LEFT JOIN names n USING (subject_id)
    WHERE d.media_id = e.media_id AND d.link_status <> 'rejected'
    AND (d.subject_id = r.other_subject_id OR n.settled = o.settled)
)
AND NOT EXISTS (
    SELECT 1 FROM told_apart t WHERE t.id = e.id AND t.subject_id = r.other_subject_id
)
AND NOT EXISTS (
    SELECT 1 FROM told_apart t
    WHERE t.face_id = r.face_id AND t.other_face_id = r.other_face_id
)
ORDER BY ALL
"""


# People of whom something is on record that stands against a use.
RESTRICTED = pa.schema([("subject_id", pa.string())])
_AGAINST = frozenset({"ConsentWithdrawn", "ConsentRefused", "ConsentRevoked", "ConsentInvalidated"})


@dataclass(frozen=True)
class Spoken:
    """What is said of people and faces that the facts of a catalogue depend on.

    Attributes:
        names: Who has more than one name, as `curate.audit.names.names_table` gives it.
        told_apart: Rows of `TOLD_APART`, as `told_apart_table` gives them.
        restricted: Rows of `RESTRICTED`, as `restricted_table` gives them.
    """

    names: pa.Table
    told_apart: pa.Table
    restricted: pa.Table

    def about(self, subjects: pa.ChunkedArray) -> Spoken:
        """Return the same, and of people who are restricted only those among some."""
        among = pc.is_in(self.restricted["subject_id"], value_set=subjects.combine_chunks())
        return replace(self, restricted=self.restricted.filter(among))

    def tables(self) -> list[pa.Table]:
        """Return those of them in which there is anything."""
        every = (self.names, self.told_apart, self.restricted)
        return [table for table in every if table.num_rows]


def restricted_table(statements: Mapping[str, pa.Table], names: pa.Table) -> pa.Table:
    """Return the people of whom something is on record that stands against a use.

    A withdrawal, refusal, revocation or invalidation that was not annulled, whenever it holds; a
    request other than for access; a state other than active. Whoever is held to be the same person
    is among them.

    Args:
        statements: ``consent_events``, ``requests`` and ``subjects``.
        names: Who has more than one name.
    """
    events, requests, subjects = (
        statements[name] for name in ("consent_events", "requests", "subjects")
    )
    against = pc.is_in(events["state"].cast(pa.string()), value_set=pa.array(sorted(_AGAINST)))
    against = pc.and_(against, pc.is_null(events["annulled_at"]))
    asked = pc.not_equal(requests["kind"].cast(pa.string()), "access")
    inactive = pc.not_equal(subjects["status"].cast(pa.string()), "active")
    found = {
        name
        for table, which in ((events, against), (requests, asked), (subjects, inactive))
        for name in table.filter(pc.fill_null(which, False))["subject_id"].to_pylist()  # noqa: FBT003
        if name is not None
    }
    person = dict(zip(*(names[c].to_pylist() for c in ("subject_id", "person")), strict=True))
    people = {person[name] for name in found if name in person}
    found |= {name for name, one in person.items() if one in people}
    return pa.table([pa.array(sorted(found), pa.string())], schema=RESTRICTED)


def told_apart_table(
    decisions: pa.Table, reviewers: pa.Table, *, audience: str, as_of: datetime | None
) -> pa.Table:
    """Return which faces and entries do not show whom they are like: rows of `TOLD_APART`.

    Args:
        decisions: Rows of the table ``decisions``.
        reviewers: The register.
        audience: Who receives the media: what one person's word needs to count.
        as_of: The instant to judge at; what was said by now when None.
    """
    rows = [
        row
        for row in decisions.to_pylist()
        if row["kind"] in {LINK, SUBJECT} and (as_of is None or row["decided_at"] <= as_of)
    ]
    if not rows:
        return NOBODY
    until = as_of or max(row["decided_at"] for row in rows)
    known = turns(reviewers.to_pylist(), until)
    about: dict[tuple[str | None, ...], dict[str, Mapping[str, Any]]] = {}
    for row in sorted(standing(rows), key=lambda row: (row["decided_at"], row["decision_id"])):
        faces = sorted(filter(None, (row["face_id"], row["other_face_id"])))
        what = (None, None, *faces) if faces else (row["media_id"], row["subject_id"], None, None)
        about.setdefault(what, {})[person_of(row["reviewer"])] = row
    found = [
        what
        for what, words in about.items()
        if all(row["value"] in {NOT_SHOWN, DIFFERENT} for row in words.values())
        and sum(
            counts_for(known, row["reviewer"], row["decided_at"], row["key_id"], audience=audience)
            for row in words.values()
        )
        >= ENOUGH
    ]
    found += [(None, None, other, one) for _, _, one, other in found if one is not None]
    columns = zip(*found, strict=True) if found else ((),) * len(TOLD_APART)
    return pa.table([pa.array(list(c), pa.string()) for c in columns], schema=TOLD_APART)
