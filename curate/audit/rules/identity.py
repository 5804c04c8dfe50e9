"""Rules IDN: identities found in faces agree with what was declared."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

IDENTITY_DISPUTED = Rule(
    code="IDN001",
    symbol="identity-disputed",
    title="One identity is claimed for two subjects.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, BLK_IDENTITY_DISPUTED",
    message="a face here lies in an identity that entries declare as more than one subject",
    explanation=(
        "Either two people look alike to the model, or an entry names the wrong person. Until "
        "someone decides, it is not known whose consent counts."
    ),
    remedy="Look at the identity in review, and confirm or dispute its links.",
    query="""
        SELECT DISTINCT e.media_id, i.identity_id AS identity
        FROM identities i
        JOIN faces f USING (face_id)
        JOIN entries e USING (sha256)
        WHERE i.status = 'disputed'
    """,
)

SECOND_IDENTITY = Rule(
    code="IDN002",
    symbol="subject-in-two-identities",
    title="The face linked to a subject here is not the one of their other entries.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_IDENTITY_UNRESOLVED",
    message="the face linked to {subject} here is in another identity than most of theirs",
    explanation=(
        "Faces of one person should be one identity. Where a subject has two, either the model "
        "does not see that they are alike, or an entry names the wrong person. The identity in "
        "most contents is taken for the subject's own, and the entries of the others are doubted."
    ),
    remedy="Compare the faces in review, and correct the declaration that is wrong.",
    query="SELECT media_id, subject_id AS subject FROM second_identities",
)

FACE_ELSEWHERE = Rule(
    code="IDN003",
    symbol="declared-face-elsewhere",
    title="A declared person's face is known, and every face here is somebody else's.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, each visible face accounted for",
    message="{subject} is declared, and all faces here are linked to other people",
    explanation=(
        "Other entries show what the subject looks like to the model, and each face of this one "
        "is linked to another subject. Then the entry may name the wrong person, and the consent "
        "that was asked for is not that of whoever is shown. A face that is linked to nobody, or "
        "too poor to judge, may be the subject's, and is no finding here."
    ),
    remedy="Look who is shown, and correct the declaration.",
    query="SELECT media_id, subject_id AS subject FROM face_elsewhere",
)

UNLIKE_DECLARED = Rule(
    code="IDN004",
    symbol="declared-face-unlike",
    title="The face of an entry is unlike the other faces declared as the same person.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_IDENTITY_UNRESOLVED",
    message="the face here is unlike the other faces declared as {subject}",
    explanation=(
        "The entry shows one face and names one person, and most other entries of that person "
        "show somebody who is plainly not alike. The name may be wrong, so the face is not held "
        "to be that person's: it draws no two identities into one, and votes for no link. Where "
        "no most of the faces agree, all are doubted, as nobody can tell which is wrong. Great "
        "age gaps and changed looks can have the same effect."
    ),
    remedy="Look who is shown, and correct the declaration that is wrong.",
    query="""
        SELECT DISTINCT e.media_id, i.unlike_subject_id AS subject
        FROM identities i
        JOIN faces f USING (face_id)
        JOIN entries e USING (sha256)
        WHERE i.unlike_subject_id IS NOT NULL
    """,
)

# The most similar face of each other subject, unless enough reviewers ruled that person out, or
# the face is linked to them: then it is that of an undeclared person (DEP004, DEP013). One content
# under two names that have nobody in common is its own likeness.
_TWO_NAMES = """
    WITH said AS (
        SELECT d.media_id, list(DISTINCT d.subject_id ORDER BY d.subject_id) AS names,
               list(DISTINCT coalesce(n.settled, d.subject_id)) AS people
        FROM depictions d LEFT JOIN names n USING (subject_id)
        WHERE d.link_status <> 'rejected' GROUP BY d.media_id
    ),
    links AS (
        SELECT "left" AS face_id, "right" AS other_face_id, relation FROM relations
        WHERE relation IN ('same_person', 'different_people')
        UNION
        SELECT "right", "left", relation FROM relations
        WHERE relation IN ('same_person', 'different_people')
    ),
    alike AS (
        SELECT r.media_id, r.other_subject_id AS other, r.similarity, g.sha256,
               coalesce(l.relation = 'same_person', FALSE) AS confirmed,
               coalesce(l.relation = 'different_people', FALSE) OR d.media_id IS NOT NULL
                   AS doubted
        FROM open_resemblances r
        LEFT JOIN identities i ON i.face_id = r.face_id
        LEFT JOIN faces g ON g.face_id = r.other_face_id
        LEFT JOIN links l ON l.face_id = r.face_id AND l.other_face_id = r.other_face_id
        LEFT JOIN (SELECT DISTINCT media_id, subject_id FROM depictions
                   WHERE link_status = 'rejected') d
            ON d.media_id = r.media_id AND d.subject_id = r.other_subject_id
        WHERE i.subject_id IS DISTINCT FROM r.other_subject_id OR i.status = 'disputed'
        UNION ALL
        SELECT e.media_id, unnest(theirs.names), 1, e.sha256, FALSE, FALSE
        FROM entries e
        JOIN said own USING (media_id)
        JOIN entries o ON o.sha256 = e.sha256 AND o.media_id <> e.media_id
        JOIN said theirs ON theirs.media_id = o.media_id
        WHERE NOT list_has_any(own.people, theirs.people)
        AND e.sha256 IN (SELECT sha256 FROM faces)
    )
    SELECT a.media_id, s.names AS subject, a.other,
           round(max(a.similarity)::DOUBLE, 2) AS similarity,
           coalesce(min(o.locator), 'an entry that is gone') AS entry,
           CASE WHEN bool_or(a.confirmed) THEN 'confirmed by reviewers'
                WHEN bool_or(a.doubted) THEN 'a reviewer says that they are two people, and two '
                     || 'people of the register must'
                ELSE 'not settled' END AS state
    FROM alike a
    JOIN said s USING (media_id)
    LEFT JOIN (
        SELECT e.sha256, d.subject_id, e.locator
        FROM entries e JOIN depictions d USING (media_id) WHERE d.link_status <> 'rejected'
    ) o ON o.sha256 = a.sha256 AND o.subject_id = a.other
    WHERE NOT EXISTS (
        SELECT 1 FROM depictions d WHERE d.media_id = a.media_id AND d.subject_id = a.other
        AND d.link_status <> 'rejected'
    )
    GROUP BY a.media_id, s.names, a.other
"""

UNDER_TWO_NAMES = Rule(
    code="IDN005",
    symbol="face-under-two-names",
    title="A face is like that of a subject under another name.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_IDENTITY_UNRESOLVED",
    message=(
        "{subject} and {other} may be one person: a face here, declared as {subject}, is like that "
        "of {other} in {entry} (similarity {similarity}; {state})"
    ),
    explanation=(
        "Each face is held against those of all subjects whom its entry does not name, whatever "
        "was declared: of people who withdrew, refused or never agreed as well. One person under "
        "two names would answer for a consent that the other name never gave, or has withdrawn. "
        "A likeness stays when the other file is deleted, its person erased, or its name changed "
        "after that person withdrew or refused. "
        "The likeness at which this is asked is more than strangers of the dataset should reach; "
        "twins and close relatives may."
    ),
    remedy=(
        "Look at both faces. Where they are one person, correct the declaration, so that one name "
        "is left; or say so with `curate subjects merge`, which settles this once two people of "
        "the register have said it. Where they are two, two people of the register say so: part "
        "the faces in review, or "
        "`curate decide LOCATOR not-shown --subject SUBJECT --by NAME --reason WHY`."
    ),
    query=_TWO_NAMES,
)

RULES = (IDENTITY_DISPUTED, SECOND_IDENTITY, FACE_ELSEWHERE, UNLIKE_DECLARED, UNDER_TWO_NAMES)
