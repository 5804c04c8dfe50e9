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

RULES = (IDENTITY_DISPUTED,)
