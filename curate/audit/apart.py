"""Faces that are told apart: enough reviewers say that a face is not that of whom it is like.

A face that is like that of a subject whom its entry does not name is a doubt, and one person's
word does not end it. Two people on the register do, for a wider audience by signed decisions,
where nobody says otherwise: of two faces, that they are two people; or of an entry and a subject,
that they are not shown. Beside that a doubt ends where the entry names the subject, or another
name of whom it is settled that they are the same person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from curate.audit.correct import DIFFERENT, LINK, NOT_SHOWN, SUBJECT, standing
from curate.audit.register import counts_for, turns
from curate.model.names import ENOUGH
from curate.model.people import person_of

# Of an entry and a subject, or of two faces, in both orders.
TOLD_APART = pa.schema(
    [(name, pa.string()) for name in ("id", "subject_id", "face_id", "other_face_id")]
)
NOBODY = TOLD_APART.empty_table()

# Asked of the numbered catalogue, `names` and `told_apart`.
OPEN_RESEMBLANCES = """
SELECT e.media_id, r.face_id, r.other_subject_id, r.other_face_id, r.similarity, r.compared
FROM resemblances r
JOIN entries e USING (sha256)
LEFT JOIN names o ON o.subject_id = r.other_subject_id
WHERE NOT EXISTS (
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
