"""Rules SRC: where media came from, and what its terms allow."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

SOURCE_RETRACTED = Rule(
    code="SRC001",
    symbol="source-retracted",
    title="The source was withdrawn by those who published it.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_SOURCE_RETRACTED",
    message="source {source} is {status}",
    explanation="A dataset that its makers retracted is not to be used, whatever copies say.",
    remedy="Leave the entry out.",
    query="""
        SELECT o.origin, s.source_id AS source, s.status
        FROM origins o JOIN sources s USING (source_id) CROSS JOIN use u
        WHERE s.status = 'retracted'
    """,
)

SOURCE_PROHIBITED = Rule(
    code="SRC002",
    symbol="source-prohibited",
    title="The source is an untargeted scrape of faces.",
    effect=Effect.BLOCK,
    basis="EU AI Act Art. 5(1)(e); STANDARDS BLK_SOURCE_PROHIBITED",
    message="source {source} was made by untargeted scraping of faces",
    explanation="Databases for recognising faces may not be built by untargeted scraping.",
    remedy="Leave the source out.",
    query="""
        SELECT o.origin, s.source_id AS source
        FROM origins o JOIN sources s USING (source_id) CROSS JOIN use u
        WHERE list_contains(s.terms_flags, 'untargeted_face_scrape')
    """,
)

TERMS_FORBID = Rule(
    code="SRC003",
    symbol="terms-forbid",
    title="The source's terms forbid the use.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_TERMS_FORBID",
    message="the terms of source {source} forbid this use: {terms}",
    explanation=(
        "Terms are read as flags: no_training and evaluation_only forbid training; "
        "non_commercial, research_only and sale_prohibited commercial use; "
        "no_redistribution any audience but internal; no_biometric_id embeddings and "
        "identity links."
    ),
    remedy="Leave the source out of this use.",
    query="""
        SELECT * FROM (
            SELECT o.origin, s.source_id AS source, list_filter(s.terms_flags, lambda f:
                (f IN ('no_training', 'evaluation_only')
                 AND list_has_any(u.operations, ['train_detector', 'train_generator']))
                OR (f IN ('non_commercial', 'research_only', 'sale_prohibited') AND u.commercial)
                OR (f = 'no_redistribution' AND (u.audience <> 'internal'
                    OR list_has_any(u.operations, ['share', 'publish'])))
                OR (f = 'no_biometric_id'
                    AND list_has_any(u.operations, ['biometric_embed', 'identity_link']))
            ) AS terms
            FROM origins o JOIN sources s USING (source_id) CROSS JOIN use u
        ) WHERE len(terms) > 0
    """,
)

LICENCE_UNKNOWN = Rule(
    code="SRC004",
    symbol="licence-unknown",
    title="No licence is known for the entry or its source.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_LICENCE_UNKNOWN",
    message="neither the entry nor source {source} states a licence",
    explanation=(
        "The work has an author too. Without a licence nobody granted the right to copy it."
    ),
    remedy="Find the licence, and record it on the source.",
    query="""
        SELECT o.origin, s.source_id AS source
        FROM origins o JOIN sources s USING (source_id) CROSS JOIN use u
        WHERE s.licence IS NULL AND o.licence IS NULL
    """,
)

TERMS_UNREAD = Rule(
    code="SRC005",
    symbol="terms-unread",
    title="Nobody has read the source's terms.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_TERMS_UNREAD",
    message="the terms of source {source} were not recorded",
    explanation=(
        "A source of whose terms nothing is recorded may forbid the use. A source "
        "without any terms is recorded with gated, must_update or an empty list once "
        "someone has read them."
    ),
    remedy=("Read the terms, and record their flags; an empty list says that there are none."),
    query="""
        SELECT o.origin, s.source_id AS source
        FROM origins o JOIN sources s USING (source_id) CROSS JOIN use u
        WHERE s.terms_flags IS NULL
    """,
)

SOURCE_UNKNOWN = Rule(
    code="SRC006",
    symbol="source-unknown",
    title="The entry names a source that is not on record.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 14; STANDARDS section 9, unknown is not allowed",
    message="the entry names source {source}, which is not on record",
    explanation="Where media came from decides which terms and claims hold for them.",
    remedy="Import the source with `curate consent import sources.toml`.",
    query="""
        SELECT o.origin, o.source_id AS source FROM origins o
        WHERE NOT EXISTS (SELECT 1 FROM sources s WHERE s.source_id = o.source_id)
    """,
)

SOURCE_RESTRICTED = Rule(
    code="SRC007",
    symbol="source-restricted",
    title="The source is restricted or superseded.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 8, source.status",
    message="source {source} is {status}",
    explanation=(
        "A source whose makers restricted it or replaced it by a newer version may have "
        "removed people."
    ),
    remedy="Use the version that is in force, or have someone decide.",
    query="""
        SELECT o.origin, s.source_id AS source, s.status
        FROM origins o JOIN sources s USING (source_id) CROSS JOIN use u
        WHERE s.status IN ('restricted', 'superseded')
    """,
)

RULES = (
    SOURCE_RETRACTED,
    SOURCE_PROHIBITED,
    TERMS_FORBID,
    LICENCE_UNKNOWN,
    TERMS_UNREAD,
    SOURCE_UNKNOWN,
    SOURCE_RESTRICTED,
)

# The origins whose source is on record, with terms that were read and admit the use.
ADMITS = f"""
SELECT o.origin FROM origins o JOIN sources s USING (source_id)
WHERE s.status = 'active' AND s.terms_flags IS NOT NULL
AND NOT list_contains(s.terms_flags, 'untargeted_face_scrape')
AND (s.licence IS NOT NULL OR o.licence IS NOT NULL)
AND o.origin NOT IN (SELECT origin FROM ({TERMS_FORBID.query}))
"""
