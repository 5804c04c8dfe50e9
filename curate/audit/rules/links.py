"""Rules DEP007 to DEP013: links that are not sure, and what an entry was made from."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

ROLE_UNKNOWN = Rule(
    code="DEP007",
    symbol="role-unknown",
    title="It is not known in which role a person appears.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_ROLE_UNKNOWN",
    message="the role in which {subject} is in this entry was not found out",
    explanation="Which consent a person must have given depends on their role.",
    remedy="Find out the role, and declare it.",
    query="""
        SELECT media_id, subject_id AS subject FROM unsure
        WHERE role = 'unknown' AND link_status <> 'rejected'
    """,
)

IDENTITY_UNRESOLVED = Rule(
    code="DEP008",
    symbol="identity-unresolved",
    title="One of several faces cannot be told.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_IDENTITY_UNRESOLVED",
    message=("of {faces} faces seen together, {unresolved} cannot be linked to anyone declared"),
    explanation=(
        "Where several people are seen, each must be one of those declared. A face that "
        "is linked to nobody may be someone else's."
    ),
    remedy="Confirm who is who in review.",
    query="""
        SELECT media_id, count(*) AS faces, count(*) FILTER (subject_id IS NULL) AS unresolved
        FROM likenesses
        WHERE someone
        GROUP BY media_id, frame, model_id
        HAVING faces > 1 AND unresolved > 0
        QUALIFY row_number() OVER (PARTITION BY media_id ORDER BY unresolved DESC, faces) = 1
    """,
)

LINK_UNCONFIRMED = Rule(
    code="DEP009",
    symbol="identity-link-unconfirmed",
    title="Nobody has confirmed that a person is in the entry.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_IDENTITY_LINK_UNCONFIRMED",
    message="that {subject} is here is known by {link_method} only",
    explanation=(
        "A name in a file or a likeness proposes who is shown; a declaration or a "
        "reviewer confirms it."
    ),
    remedy="Confirm or reject the link in review.",
    query="""
        SELECT media_id, subject_id AS subject, link_method FROM unsure
        WHERE link_status = 'proposed'
    """,
)

LINK_DISPUTED = Rule(
    code="DEP010",
    symbol="identity-link-disputed",
    title="It is disputed that a person is in the entry.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_IDENTITY_DISPUTED",
    message="it is disputed that {subject} is here",
    explanation="While it is disputed who is shown, nobody's consent can be relied on.",
    remedy="Settle the dispute in review.",
    query="""
        SELECT media_id, subject_id AS subject FROM unsure WHERE link_status = 'disputed'
    """,
)

PARENT_BLOCKED = Rule(
    code="DEP011",
    symbol="parent-blocked",
    title="Something the entry was made from is blocked.",
    effect=Effect.BLOCK,
    basis="STANDARDS section 9.5, BLK_PARENT",
    message="made from {parent}, which is blocked",
    explanation=(
        "A derivative is never better than the worst of what it was made from, however "
        "many steps lie between."
    ),
    remedy="Leave the entry out, or clear what it was made from.",
    query="""
        SELECT a.media_id, min(a.parent) AS parent
        FROM ancestors a
        JOIN judged j ON j.media_id = a.parent_id AND j.verdict = 'blocked'
        WHERE a.parent_id <> a.media_id
        GROUP BY a.media_id
    """,
    stage=2,
)

PARENT_REVIEW = Rule(
    code="DEP012",
    symbol="parent-in-review",
    title="Something the entry was made from needs review, is not known, or is the entry itself.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.5, REV_PARENT",
    message="made from {parent}, which {state}",
    explanation=(
        "A derivative is never better than the worst of what it was made from; a parent "
        "that is not in the catalogue has never been judged. An entry that is declared to be made "
        "from itself, directly or by way of others, rests on nothing."
    ),
    remedy=(
        "Review what it was made from, ingest it, or correct a descent that leads back to the "
        "entry itself."
    ),
    query="""
        SELECT a.media_id, min(a.parent) AS parent,
               arg_min(CASE WHEN a.parent_id IS NULL THEN 'is not in the catalogue'
                            WHEN a.parent_id = a.media_id THEN 'is this entry itself'
                            ELSE 'needs review' END, a.parent) AS state
        FROM ancestors a
        LEFT JOIN judged j ON j.media_id = a.parent_id
        WHERE a.parent_id = a.media_id
        OR coalesce(j.verdict, 'needs_review') = 'needs_review'
        GROUP BY a.media_id
    """,
    stage=2,
)

REFUSER_RECOGNISED = Rule(
    code="DEP013",
    symbol="refuser-recognised",
    title="A person who withdrew or refused is in an entry that does not declare them.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 7(3), Art. 17, Art. 21; STANDARDS BLK_CONSENT_WITHDRAWN",
    message="a face here is that of {subject}, who is not declared here ({reason})",
    explanation=(
        "The face lies in an identity that several other entries agree is this subject, who has "
        "withdrawn, refused, or asked for erasure. That the entry does not declare them takes "
        "nothing from what they said. A link that fewer entries speak for is a doubt (DEP004)."
    ),
    remedy=(
        "Leave the entry out; or, where somebody else is shown, say so: `curate decide LOCATOR "
        "not-shown --subject SUBJECT --by NAME --reason WHY`."
    ),
    query="""
        WITH refusers AS (
            SELECT subject_id, min(reason) AS reason FROM (
                SELECT subject_id, reason FROM unmet
                WHERE reason IN ('withdrawn', 'revoked', 'refused')
                UNION ALL
                SELECT subject_id, reason FROM standings
                WHERE reason IN ('withdrawal-requested', 'erased', 'objected')
                AND media_id IS NULL
            ) GROUP BY subject_id
        )
        SELECT DISTINCT l.media_id, l.subject_id AS subject, r.reason
        FROM likenesses l JOIN refusers r USING (subject_id)
        WHERE l.status = 'confirmed' AND NOT l.declared
    """,
)

RULES = (
    ROLE_UNKNOWN,
    IDENTITY_UNRESOLVED,
    LINK_UNCONFIRMED,
    LINK_DISPUTED,
    PARENT_BLOCKED,
    PARENT_REVIEW,
    REFUSER_RECOGNISED,
)
