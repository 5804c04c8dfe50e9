"""Rules DUP: copies of one another within the dataset."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

EXACT_DUPLICATE = Rule(
    code="DUP001",
    symbol="exact-duplicate",
    title="The same bytes are listed more than once.",
    effect=Effect.NONE,
    basis="content equality by SHA-256",
    message="entries with the same bytes besides it: {others}, such as {example}",
    explanation="Copies weigh some items more than others and inflate counts.",
    remedy="Keep one of them; `curate explain` names the others.",
    query="""
        SELECT media_id, count(*) OVER same - 1 AS others,
               CASE WHEN row_number() OVER ordered = 1
                    THEN nth_value(locator, 2) OVER same ELSE first_value(locator) OVER same
               END AS example
        FROM copies
        WINDOW same AS (PARTITION BY sha256 ORDER BY locator, media_id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
               ordered AS (PARTITION BY sha256 ORDER BY locator, media_id)
        QUALIFY count(*) OVER same > 1
    """,
)

NEAR_DUPLICATE = Rule(
    code="DUP002",
    symbol="near-duplicate",
    title="A picture looks the same as another in the dataset.",
    effect=Effect.NONE,
    basis="Hamming distance of PDQ hashes; medoid guard of the group",
    message="one of {contents} contents that look alike; the one to keep is {kept} ({reason})",
    explanation=(
        "Groups are complete components of the pairs within the radius, and no member lies "
        "further from the group's medoid than the limit. Of the copies with one label and method "
        "the one to keep is cleared for the use, if any is, and of those the one of the best "
        "quality: an original before a derivative, then more pixels, then less compressed. It is "
        "the one that a release takes. None is kept where all are blocked; a copy whose label is "
        "unclear gives way to one whose label is not."
    ),
    remedy="Keep the entry named, and leave the others out.",
    query="""
        SELECT c.media_id, n.contents, coalesce(o.locator, 'none') AS kept, k.reason
        FROM copies c
        JOIN (SELECT group_id, count(DISTINCT sha256) AS contents FROM copies
              WHERE tier IS NOT NULL GROUP BY group_id HAVING contents > 1) n USING (group_id)
        JOIN kept k ON k.media_id = c.media_id
        LEFT JOIN entries o ON o.media_id = k.keep
    """,
    stage=3,
)

DUPLICATE_ACROSS_DATASETS = Rule(
    code="DUP003",
    symbol="duplicate-across-datasets",
    title="A copy of the picture is in another dataset.",
    effect=Effect.NONE,
    basis="content equality, equal pixels, or near duplicates",
    message="{other}, a copy of it, is in dataset {dataset}",
    explanation=(
        "Datasets borrow from one another. Whoever trains on one and tests on the other tests "
        "on what was learnt, and what one of them says of consent, rights and label holds for "
        "the picture in the other as well."
    ),
    remedy="Leave it out of one of them, or keep both in one split.",
    query="""
        WITH places AS (
            SELECT group_id, dataset, min(locator) AS locator FROM copies
            GROUP BY group_id, dataset
        )
        SELECT a.media_id, b.locator AS other, b.dataset
        FROM copies a JOIN places b ON a.group_id = b.group_id AND a.dataset <> b.dataset
        QUALIFY row_number() OVER (PARTITION BY a.media_id ORDER BY b.dataset) = 1
    """,
)

CONSENT_CONFLICT = Rule(
    code="DUP005",
    symbol="consent-conflict",
    title="A copy of the picture is blocked for a person who is not declared here in that way.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed; GDPR Article 7(3)",
    message="{other}, a copy of it, is blocked: {reason} ({subject})",
    explanation=(
        "Copies show the same people. Where one of them is blocked because a person withdrew, "
        "refused or never agreed, or asked for it to be taken down, and another is declared to "
        "show somebody else, or was listed under another consent, one of the two declarations is "
        "wrong, and a refusal must not be got round by a second copy. A fake that is declared to "
        "be made from its near duplicate shows others, and is no conflict: what its own people "
        "said, and what is handed down to it, counts. Nobody waives this; two reviewers can "
        "clear an entry."
    ),
    remedy="Look at both, and correct who is declared; if it is the same person, take both out.",
    query="""
        WITH conflicts AS (
            SELECT a.media_id, b.locator AS other, r.subject_id, r.reason
            FROM refusals r
            JOIN copies b ON b.media_id = r.media_id
            JOIN copies a ON a.group_id = b.group_id AND a.media_id <> b.media_id
            WHERE NOT EXISTS (
                SELECT 1 FROM refusals own WHERE own.media_id = a.media_id
                AND own.subject_id IS NOT DISTINCT FROM r.subject_id
            )
            AND (a.sha256 = b.sha256 OR coalesce(a.pixel_digest = b.pixel_digest, FALSE)
                 OR NOT EXISTS (
                    SELECT 1 FROM relations d WHERE d.relation = 'derived_from'
                    AND ((d."left" = a.id AND d."right" = b.id)
                         OR (d."left" = b.id AND d."right" = a.id))
                 ))
        )
        SELECT media_id, other, reason, coalesce(subject_id, 'the entry itself') AS subject
        FROM conflicts
        QUALIFY row_number() OVER (
            PARTITION BY media_id ORDER BY other, subject_id NULLS FIRST, reason
        ) = 1
    """,
)

CHAIN_SPLIT = Rule(
    code="DUP006",
    symbol="chain-split",
    title="The entry belongs to a chain of look-alikes whose ends are no copies of each other.",
    effect=Effect.NONE,
    basis="distance of perceptual hashes from the group's medoid",
    message="one of {entries} entries that hang together by likeness; they are {pieces} groups",
    explanation=(
        "Each is like the next, and the first is not like the last: frames of a moving scene, "
        "edits of edits. No member of a group is further from its middle than the limit, so the "
        "chain was split, and what lies in two pieces is not compared any more: not across splits, "
        "and not for its labels. Different people who look alike are also told apart so."
    ),
    remedy="Look at the pieces; declare what was made from what, so that it is kept together.",
    query="SELECT media_id, pieces, entries FROM split_chains",
)

RULES = (EXACT_DUPLICATE, NEAR_DUPLICATE, DUPLICATE_ACROSS_DATASETS, CONSENT_CONFLICT, CHAIN_SPLIT)
