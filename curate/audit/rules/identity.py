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
        "most entries is taken for the subject's own, and the entries of the others are doubted."
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

RULES = (IDENTITY_DISPUTED, SECOND_IDENTITY, FACE_ELSEWHERE, UNLIKE_DECLARED)
