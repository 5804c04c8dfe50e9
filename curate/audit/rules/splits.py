"""Rules SPL: what one split must not share with another."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

DUPLICATE_ACROSS_SPLITS = Rule(
    code="SPL001",
    symbol="duplicate-across-splits",
    title="Copies of one picture stand in two splits.",
    effect=Effect.REVIEW,
    basis="train-test leakage by content",
    message="in split {split}; {other}, a copy of it, is in {other_split}",
    explanation=(
        "A detector that has seen the picture in training is tested on its memory. Copies are "
        "the same bytes, the same pixels, or near duplicates."
    ),
    remedy="Keep the picture in one split.",
    query="""
        SELECT a.media_id, a.split, b.locator AS other, b.split AS other_split
        FROM copies a
        JOIN copies b ON a.group_id = b.group_id AND a.split <> b.split
        QUALIFY row_number() OVER (PARTITION BY a.media_id ORDER BY b.split, b.locator) = 1
    """,
)

IDENTITY_ACROSS_SPLITS = Rule(
    code="SPL002",
    symbol="identity-across-splits",
    title="One person is in two splits.",
    effect=Effect.REVIEW,
    basis="train-test leakage by identity",
    message="in split {split}; {person} is also in {other_split}, for example in {other}",
    explanation=(
        "A detector tested on people it was trained on is tested on faces it knows. People are "
        "told by declared depictions in any role, and by identities found in faces."
    ),
    remedy="Keep each person in one split.",
    query="""
        SELECT a.media_id, a.split, a.person, b.split AS other_split, b.locator AS other
        FROM people a
        JOIN (SELECT person, split, min(locator) AS locator FROM people
              WHERE split IS NOT NULL GROUP BY person, split) b
            ON a.person = b.person AND a.split <> b.split
        QUALIFY row_number() OVER (
            PARTITION BY a.media_id ORDER BY a.person LIKE 'identity %', a.person, b.split
        ) = 1
    """,
)

RULES = (DUPLICATE_ACROSS_SPLITS, IDENTITY_ACROSS_SPLITS)
