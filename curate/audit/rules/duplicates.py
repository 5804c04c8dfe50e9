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
        "further from the group's medoid than the limit."
    ),
    remedy="Keep the member named, and leave the others out.",
    query="""
        SELECT c.media_id, n.contents, k.locator AS kept, c.keep_reason AS reason
        FROM copies c
        JOIN (SELECT group_id, count(DISTINCT sha256) AS contents FROM copies
              WHERE tier IS NOT NULL GROUP BY group_id HAVING contents > 1) n USING (group_id)
        LEFT JOIN (SELECT sha256, min(locator) AS locator FROM copies GROUP BY sha256) k
            ON k.sha256 = c.keep
    """,
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

RULES = (EXACT_DUPLICATE, NEAR_DUPLICATE, DUPLICATE_ACROSS_DATASETS)
