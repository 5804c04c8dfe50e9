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
        WHERE o.source_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.source_id = o.source_id)
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

# The licences that an entry and its source state. Each must admit the use: a dataset's maker can
# hand on no more than they were given, and an entry's own licence is about that very work.
_STATED = """
    SELECT o.origin, s.kind, s.terms_flags, x.stated_by, l.*
    FROM origins o LEFT JOIN sources s ON s.source_id = o.source_id
    CROSS JOIN LATERAL (
        VALUES ('entry', o.licence::VARCHAR), ('source', s.licence::VARCHAR)
    ) x(stated_by, licence)
    JOIN licences l ON l.licence = x.licence
"""

LICENCE_FORBIDS = Rule(
    code="SRC008",
    symbol="licence-forbids",
    title="The licence of the entry or its source forbids the use.",
    effect=Effect.BLOCK,
    basis="Creative Commons licences, NonCommercial and NoDerivatives; STANDARDS BLK_TERMS_FORBID",
    message="the {stated_by} has the licence {licence}, which forbids this use: {forbids}",
    explanation=(
        "A NonCommercial licence forbids commercial use. A NoDerivatives licence forbids giving "
        "out what was made from the work, which a use that synthesises or alters likenesses does. "
        "Where the entry and its source state two licences, each of them must admit the use."
    ),
    remedy="Leave the entry out of this use, or get the rights holder's licence in writing.",
    query=f"""
        SELECT origin, stated_by, licence, list_filter([
            CASE WHEN u.commercial AND NOT commercial_ THEN 'commercial use' END,
            CASE WHEN NOT derivatives AND list_has_any(u.operations,
                 ['likeness_synthesis', 'likeness_alteration']) THEN 'derivatives' END
        ], lambda f: f IS NOT NULL) AS forbids
        FROM (SELECT * RENAME (commercial AS commercial_) FROM ({_STATED})) CROSS JOIN use u
        WHERE understood AND len(forbids) > 0
    """,
)

# Sources that have what they give on terms which the controller agreed or set.
_BY_AGREEMENT = "('own_capture', 'licensed_dataset', 'user_donation', 'third_party_private')"

LICENCE_NOT_KNOWN = Rule(
    code="SRC009",
    symbol="licence-not-known",
    title="The licence is not one whose terms are known.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_LICENCE_UNKNOWN; SPDX licence list",
    message="the {stated_by} has the licence {licence}, whose terms are not known",
    explanation=(
        "Known are the Creative Commons licences, CC0, the public domain mark, ODbL, ODC-By, PDDL, "
        "OGL-UK, MIT, Apache and BSD, written as an SPDX id or as the address of their text. Any "
        "other words may forbid the use. A licence of one's own or a contract is named as a "
        "LicenseRef, and its terms are recorded as terms_flags of the source; that counts where "
        "the source's kind is own_capture, licensed_dataset, user_donation or "
        "third_party_private."
    ),
    remedy=(
        "Write the licence as an SPDX id. For a contract or a text of its own, read it, name it "
        "LicenseRef-NAME, and record its terms and the source's kind with `curate consent import "
        "sources.toml`."
    ),
    query=f"""
        SELECT origin, stated_by, licence FROM ({_STATED})
        WHERE NOT understood
        AND NOT coalesce(own AND terms_flags IS NOT NULL AND kind IN {_BY_AGREEMENT}, FALSE)
    """,
)

SOURCE_UNSTATED = Rule(
    code="SRC010",
    symbol="source-unstated",
    title="The entry names no source.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 14(2)(f); AI Act Art. 10(2)(b); STANDARDS section 9, unknown is not allowed",
    message="the entry names no source",
    explanation=(
        "Where media came from decides which terms and claims hold for them. An entry of which "
        "nobody says where it came from may come from anywhere. Where none need be named, "
        'curate.toml says so: source = "optional" under [clearance].'
    ),
    remedy=(
        "Name the source in the manifest, and record it with `curate consent import sources.toml`."
    ),
    query="""
        SELECT e.media_id FROM entries e CROSS JOIN use u
        WHERE e.source_id IS NULL AND u.source_required
    """,
)

SOURCE_WORDS = Rule(
    code="SRC011",
    symbol="source-words",
    title="The record of the source has words that may limit the use.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="{field} of source {source} may limit this use, and no program understands it: {words}",
    explanation=(
        "The record of a source has fields for free text. No rule is decided by them, so a "
        "sentence there that speaks of consent, training or a limit has to be read by somebody."
    ),
    remedy=(
        "Read it. Record what it means as terms_flags or as the status of the source, and take "
        "the sentence out, or have someone decide."
    ),
    query="""
        SELECT o.origin, w.source_id AS source, w.field, w.words
        FROM origins o JOIN source_words w USING (source_id)
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
    LICENCE_FORBIDS,
    LICENCE_NOT_KNOWN,
    SOURCE_UNSTATED,
    SOURCE_WORDS,
)

# Origins of a licence that is known, and admits the use. Those that state none are among them.
_LICENSED = f"""
SELECT origin FROM origins
WHERE origin NOT IN (SELECT origin FROM ({LICENCE_FORBIDS.query}))
AND origin NOT IN (SELECT origin FROM ({LICENCE_NOT_KNOWN.query}))
"""

# The origins whose source is on record, with terms that were read and admit the use; where no
# source is named, and none need be, those of a licence that does.
ADMITS = f"""
SELECT o.origin FROM origins o JOIN sources s USING (source_id)
WHERE s.status = 'active' AND s.terms_flags IS NOT NULL
AND NOT list_contains(s.terms_flags, 'untargeted_face_scrape')
AND (s.licence IS NOT NULL OR o.licence IS NOT NULL)
AND o.origin NOT IN (SELECT origin FROM ({TERMS_FORBID.query}))
AND o.origin IN ({_LICENSED})
UNION ALL
SELECT origin FROM origins WHERE source_id IS NULL AND origin IN ({_LICENSED})
"""
