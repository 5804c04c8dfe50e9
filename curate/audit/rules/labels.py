"""Rules LAB: labels that contradict one another."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

LABEL_CONFLICT = Rule(
    code="LAB001",
    symbol="label-conflict",
    title="Copies of one picture carry different labels.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_LABEL_SOURCE_CONFLICT",
    message="labelled {label}, while {other}, a copy of it, is labelled {other_label}",
    explanation=(
        "One of the labels is wrong, and a detector would be trained on both. A fake that is "
        "declared to be derived from its near duplicate is no conflict: most swaps change "
        "little of the frame. Copies by bytes or pixels conflict whatever is declared."
    ),
    remedy="Look at both, and correct the label that is wrong.",
    query="""
        WITH pairs AS (
            SELECT a.media_id, la.value AS label, b.locator AS other, lb.value AS other_label,
                   a.sha256 = b.sha256 OR a.pixel_digest = b.pixel_digest AS same,
                   a.id, b.id AS other_id
            FROM copies a
            JOIN copies b ON a.group_id = b.group_id AND a.media_id <> b.media_id
            JOIN labels la ON la.media_id = a.media_id AND la.name = 'authenticity'
            JOIN labels lb ON lb.media_id = b.media_id AND lb.name = 'authenticity'
            WHERE la.value <> lb.value
        )
        SELECT media_id, label, other, other_label FROM pairs p
        WHERE same OR NOT EXISTS (
            SELECT 1 FROM relations r
            WHERE r.relation = 'derived_from'
            AND ((r."left" = p.id AND r."right" = p.other_id)
                 OR (r."left" = p.other_id AND r."right" = p.id))
        )
        QUALIFY row_number() OVER (PARTITION BY media_id ORDER BY same DESC, other) = 1
    """,
)

RULES = (LABEL_CONFLICT,)
