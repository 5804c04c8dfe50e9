"""Rules HSH: what is on a hash list or near, was not held against the lists, or is sealed."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

MATCH = Rule(
    code="HSH001",
    symbol="hash-match",
    title="The entry is on a hash list.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_HASH_CSAM, BLK_HASH_NCII; PDQ at most 31 bits and quality 50",
    message="matches the list {list} ({category}), by {basis}",
    explanation=(
        "The bytes are on the list, or the picture is as near to one as the list's provider "
        "takes for the same. A provider who takes a hash back takes the match back."
    ),
    remedy="Do not look at it. Follow the runbook in docs/safety.md; ask your counsel.",
    query="""
        SELECT e.media_id, m.list_id AS list, m.category, m.basis
        FROM entries e JOIN hash_matches m USING (sha256)
        WHERE m.band = 'match'
        QUALIFY row_number() OVER (
            PARTITION BY e.media_id ORDER BY m.category, m.list_id, m.basis, m.ref
        ) = 1
    """,
)

NEAR = Rule(
    code="HSH002",
    symbol="hash-near",
    title="The entry is near what is on a hash list.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_HASH_NEAR",
    message="near the list {list} ({category}): {why}",
    explanation=(
        "It may be the same picture, changed; or another one. A hash of low quality, a listed "
        "hash that matches far too much, and one that its list doubts prove nothing either."
    ),
    remedy="Decide without viewing: by where it came from, or by another hash. Else leave it out.",
    query="""
        SELECT e.media_id, m.list_id AS list, m.category, m.why
        FROM entries e JOIN hash_matches m USING (sha256)
        WHERE m.band = 'near'
        QUALIFY row_number() OVER (
            PARTITION BY e.media_id ORDER BY m.category, m.list_id, m.why, m.ref
        ) = 1
    """,
)

UNCHECKABLE = Rule(
    code="HSH003",
    symbol="hash-not-checkable",
    title="No hash of the entry says enough to be held against the lists.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 4",
    message="not checkable against the hash lists: {why}",
    explanation=(
        "Blank, tiny and unreadable media have no perceptual hash that tells them apart. What "
        "cannot be checked is not clean."
    ),
    remedy="Leave it out, or have two reviewers decide by where it came from.",
    query="""
        SELECT e.media_id, k.reason AS why
        FROM entries e JOIN hash_checks k USING (sha256)
        WHERE NOT k.checked AND coalesce(len(k.not_asked), 0) = 0
    """,
)

UNCHECKED = Rule(
    code="HSH004",
    symbol="hash-not-checked",
    title="The entry was not held against all that the hash lists hold.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 4, feature 9",
    message="not held against {what}",
    explanation=(
        "Lists are registered, and the stage hashlists has not run on this file since it or a "
        "list changed; or a list holds hashes of a kind that was never computed of this file, so "
        "that nothing was asked by them."
    ),
    remedy=(
        "Run `curate run probe hashlists`. Where nothing here computes a kind of hash, ask that "
        "list elsewhere and register it with `curate lists add --without KIND`."
    ),
    query="""
        SELECT e.media_id,
               CASE WHEN k.sha256 IS NULL THEN 'the hash lists as they are now'
                    ELSE 'hashes of these kinds: ' || array_to_string(k.not_asked, ', ')
               END AS what
        FROM entries e LEFT JOIN (
            SELECT * FROM hash_checks WHERE lists = (SELECT max(state) FROM hash_lists)
        ) k USING (sha256)
        WHERE EXISTS (SELECT 1 FROM hash_lists) AND e.state NOT IN ('missing', 'sealed')
        AND (k.sha256 IS NULL OR len(k.not_asked) > 0)
    """,
)

STALE = Rule(
    code="HSH005",
    symbol="hash-list-stale",
    title="A hash list is too old to be relied on.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_HASHLIST_STALE",
    message="the hash list {list} is stale since {since}",
    explanation=(
        "What was added to the list since, and what was taken back, is not known here. A "
        "release is not built on a stale list."
    ),
    remedy="Fetch the list again, and register it with `curate lists add`; or drop it.",
    query="""
        SELECT e.media_id, l.list_id AS list, l.stale_after AS since
        FROM entries e, hash_lists l, use u
        WHERE l.stale_after <= u.as_of AND e.state <> 'missing'
        QUALIFY row_number() OVER (
            PARTITION BY e.media_id ORDER BY l.stale_after, l.list_id
        ) = 1
    """,
)

SEALED = Rule(
    code="HSH006",
    symbol="hash-sealed",
    title="The entry is sealed.",
    effect=Effect.BLOCK,
    basis="STANDARDS section 4, features 3 and 4",
    message="sealed as {seal} ({category})",
    explanation=(
        "It matched a hash list. Its file was taken away under the safety officer's key, or is "
        "left where it lies; its name and hashes are gone from the catalogue."
    ),
    remedy="Follow the runbook in docs/safety.md. Two people open it, with a reason, and only so.",
    query="""
        SELECT e.media_id, c.seal_id AS seal, c.category
        FROM entries e LEFT JOIN (
            SELECT unnest(media_ids) AS media_id, seal_id, category FROM custody
            WHERE event IN ('sealed', 'left_in_place')
            AND seal_id NOT IN (SELECT seal_id FROM custody WHERE event = 'restored')
        ) c ON c.media_id = e.id
        WHERE e.state = 'sealed' OR c.seal_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY e.media_id ORDER BY c.seal_id) = 1
    """,
)

RULES = (MATCH, NEAR, UNCHECKABLE, UNCHECKED, STALE, SEALED)
