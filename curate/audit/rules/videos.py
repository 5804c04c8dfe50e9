"""Rules on videos: what of them was looked at, and whose footage they share."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

VIDEO_NOT_READ = Rule(
    code="MED009",
    symbol="video-not-read",
    title="No frame of the video was looked at.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="the content is {format}, and nothing here reads it",
    explanation=(
        "Videos are read with PyAV, an extra. Without it a video is known by its digest alone: "
        "exact copies are found, and nothing is known of what it shows."
    ),
    remedy="Install `curate[video]`, then run `curate run`.",
    query="""
        SELECT e.media_id, c.format
        FROM entries e JOIN content c USING (sha256)
        WHERE e.state = 'present' AND c.kind = 'video' AND c.frames_read IS NULL
    """,
)

VIDEO_READ_IN_PART = Rule(
    code="MED010",
    symbol="video-read-in-part",
    title="Only a part of the video or animation could be looked at.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_UNDECODABLE",
    message="{extent}; packets and frames with errors: {errors}",
    explanation=(
        "Who appears in frames that nobody saw is not known. Frames are lost where a file is "
        "damaged; of a very long video only key frames are decoded after some point, and of one "
        "that is too long even so, nothing after that."
    ),
    remedy="Replace it with a good copy, or cut it into shorter ones that are listed as such.",
    query="""
        SELECT e.media_id, coalesce(c.decode_errors, 0) AS errors,
               CASE c.frames_read
                   WHEN 'key' THEN 'after some point only key frames were decoded'
                   WHEN 'part' THEN 'decoding stopped before the end'
                   ELSE 'decoding reached the end'
               END AS extent
        FROM entries e JOIN content c USING (sha256)
        WHERE e.state = 'present' AND c.kind = 'video'
        AND (c.frames_read IN ('key', 'part') OR c.decode_errors > 0)
    """,
)

CLIP_OF_ANOTHER = Rule(
    code="DUP004",
    symbol="clip-of-another",
    title="The video is a clip of a longer one.",
    effect=Effect.NONE,
    basis="share of the time whose frames match, by PDQ hashes of frames",
    message="{share} % of it is in {whole}, from {offset} on",
    explanation=(
        "A clip and what it was cut out of are not copies, and so are in no group; whoever "
        "counts videos, or deals them out to splits, has the footage twice all the same."
    ),
    remedy="Declare which video it was made from, or leave one of them out.",
    query="""
        SELECT a.media_id, round(100 * r.left_share)::INTEGER AS share, b.locator AS whole,
               coalesce(format('{:.1f} s', r.offset_s), 'no one place') AS "offset"
        FROM relations r
        JOIN entries a ON a.sha256 = r."left" AND a.state = 'present'
        JOIN entries b ON b.sha256 = r."right" AND b.state = 'present'
        WHERE r.relation = 'clip_of'
        QUALIFY row_number() OVER (
            PARTITION BY a.media_id ORDER BY r.left_share DESC, b.locator, b.id
        ) = 1
    """,
)

FOOTAGE_ACROSS_SPLITS = Rule(
    code="SPL003",
    symbol="footage-across-splits",
    title="Footage of the video is in another split.",
    effect=Effect.REVIEW,
    basis="train-test leakage by content",
    message="in split {split}; {share} % of it is in {other}, which is in {other_split}",
    explanation=(
        "A detector that was trained on a clip is tested on its memory of it. Told are clips of "
        "longer videos and videos that have footage in common; whole copies are SPL001."
    ),
    remedy="Keep all that was cut out of one video in one split.",
    query="""
        WITH shared AS (
            SELECT "left" AS one, "right" AS two, left_share AS share FROM relations
            WHERE relation IN ('clip_of', 'shares_footage')
            UNION ALL
            SELECT "right", "left", right_share FROM relations
            WHERE relation IN ('clip_of', 'shares_footage')
        )
        SELECT a.media_id, a.split, round(100 * s.share)::INTEGER AS share,
               b.locator AS other, b.split AS other_split
        FROM shared s
        JOIN entries a ON a.sha256 = s.one AND a.state = 'present'
        JOIN entries b ON b.sha256 = s.two AND b.state = 'present' AND a.split <> b.split
        QUALIFY row_number() OVER (
            PARTITION BY a.media_id ORDER BY s.share DESC, b.split, b.locator
        ) = 1
    """,
)

MEDIA_RULES = (VIDEO_NOT_READ, VIDEO_READ_IN_PART)
DUPLICATE_RULES = (CLIP_OF_ANOTHER,)
SPLIT_RULES = (FOOTAGE_ACROSS_SPLITS,)
