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
    message="{others} other entries hold the same bytes, such as {example}",
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

RULES = (EXACT_DUPLICATE, NEAR_DUPLICATE)
