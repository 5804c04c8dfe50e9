"""Rules MED: the file is there, can be read, and is what it seems to be."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.media.sniff import FORMATS
from curate.model.verdict import Effect

UNREADABLE = Rule(
    code="MED001",
    symbol="unreadable",
    title="The file cannot be read as media.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_UNDECODABLE",
    message="{reason}: {detail}",
    explanation=(
        "What cannot be opened cannot be judged: nobody knows who is in it. Files are opened "
        "in worker processes with limits of bytes, pixels, time and memory. A file that is "
        "truncated, that asks for more than the limits (a bomb), that is something else than "
        "its name says, or that breaks its worker costs nobody else anything and is told here."
    ),
    remedy="Replace the file with a good copy, or take it out of the dataset.",
    query="SELECT media_id, reason, detail FROM entries WHERE state = 'unreadable'",
)

CHANGED = Rule(
    code="MED011",
    symbol="changed-observations",
    title="What was computed of the entry is not what was written.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, crashed stages are review",
    message="rows of {written_in}, or rows that belong to them, are not what the stage wrote",
    explanation=(
        "Each stage writes how many rows came of what it looked at, and their sum. Rows that were "
        "deleted, changed or added by other means, or restored from an older copy, are noticed by "
        "it. What such rows say of an entry proves nothing, and neither does what they do not say."
    ),
    remedy="Run the stages again: `curate run` does anew what is not as it was written.",
    query="""
        SELECT e.media_id, string_agg(DISTINCT c.written_in, ', ' ORDER BY c.written_in)
               AS written_in
        FROM changed c JOIN entries e ON e.sha256 = c.about
        GROUP BY e.media_id
        UNION ALL
        SELECT e.media_id, string_agg(DISTINCT c.written_in, ', ' ORDER BY c.written_in)
        FROM changed c JOIN entries e ON e.id = c.about
        GROUP BY e.media_id
        UNION ALL
        SELECT e.media_id, w.written_in
        FROM entries e CROSS JOIN (
            SELECT string_agg(written_in, ', ' ORDER BY written_in) AS written_in
            FROM changed WHERE about = '*' HAVING count(*) > 0
        ) w
        WHERE e.state = 'present'
    """,
)

CHANGED_LISTING = Rule(
    code="MED012",
    symbol="changed-listing",
    title="What is declared of the entry's dataset is not what was ingested.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, believe restrictions and verify permissions",
    message="rows of {written_in} about {dataset} are not what curate wrote",
    explanation=(
        "Who is in an entry, what it was made from and how it is labelled is declared by its "
        "dataset. The ledger, which is only ever added to, has the count and the sum of what each "
        "ingest wrote of that, and of what reviewers changed since. Rows that were changed, added "
        "or taken out by other means are noticed by it, and what such a dataset says of an entry "
        "proves nothing, neither who is in it nor who is not."
    ),
    remedy=(
        "Ingest the dataset again: what it declares is read anew. What stands beside its files "
        "`curate run signals` reads anew."
    ),
    query="""
        SELECT e.media_id, w.written_in, e.dataset
        FROM entries e JOIN (
            SELECT about, string_agg(written_in, ', ' ORDER BY written_in) AS written_in
            FROM changed WHERE starts_with(about, 'dataset ') GROUP BY about
        ) w ON w.about = 'dataset ' || e.dataset
    """,
)

MISSING = Rule(
    code="MED002",
    symbol="missing-file",
    title="The file is listed and is not there.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="{locator} is listed in {declared_in} and was not found",
    explanation="Metadata can be audited without media, and cannot clear what nobody has seen.",
    remedy="Restore the file, or take its row out of the manifest.",
    query="SELECT media_id, locator, declared_in FROM entries WHERE state = 'missing'",
)

NOT_PROBED = Rule(
    code="MED003",
    symbol="not-probed",
    title="The file has not been opened yet.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="{locator} has not been opened since it was listed",
    explanation="A file that was never opened, or that changed since, is not known.",
    remedy="Run `curate run`.",
    query="SELECT media_id, locator FROM entries WHERE state = 'unseen'",
)

LOW_QUALITY = Rule(
    code="MED004",
    symbol="low-quality",
    title="The picture is too small, blurred, flat, dark, bright or compressed to learn from.",
    effect=Effect.NONE,
    basis="measures of the decoded picture, with thresholds far below ordinary photographs",
    message="{flaws}",
    explanation=(
        "A detector learns the flaw in place of the face, above all where one label has more of "
        "it than the other. Told are a shorter side under 64 pixels, a sharpness under 30 "
        "(variance of the Laplacian at 512 pixels; photographs have 100 and more), a contrast "
        "under 0.03 and a brightness outside 0.06 to 0.94 on a scale of 1, and a JPEG quality "
        "under 30."
    ),
    remedy="Look at it, and leave it out unless such pictures are wanted under both labels.",
    query="""
        SELECT media_id, flaws FROM (
            SELECT e.media_id, list_filter([
                CASE WHEN least(c.width, c.height) < 64
                     THEN format('{} x {} pixels', c.width, c.height) END,
                CASE WHEN c.sharpness < 30 THEN format('sharpness {:.1f}', c.sharpness) END,
                CASE WHEN c.contrast < 0.03 THEN format('contrast {:.3f}', c.contrast) END,
                CASE WHEN c.brightness < 0.06 OR c.brightness > 0.94
                     THEN format('brightness {:.2f}', c.brightness) END,
                CASE WHEN c.jpeg_quality < 30
                     THEN format('JPEG quality {}', c.jpeg_quality) END
            ], lambda flaw: flaw IS NOT NULL) AS flaws
            FROM content c JOIN entries e USING (sha256)
            WHERE e.state = 'present'
        ) WHERE len(flaws) > 0
    """,
)

_ENDINGS = ", ".join(f"('{f.name}', '{ending}')" for f in FORMATS for ending in f.extensions)

WRONG_EXTENSION = Rule(
    code="MED005",
    symbol="wrong-extension",
    title="The file's ending names another format than its content has.",
    effect=Effect.NONE,
    basis="the format's first bytes against the endings in use for it",
    message="the content is {format}, and the name ends in {ending}",
    explanation=(
        "The content decides how a file is read here, but other programs go by the name: they "
        "fail, or read the file with another decoder. One ending for two formats is also how "
        "labels leak, when real pictures are JPEG and fake ones PNG under another name."
    ),
    remedy="Rename the file after its content, and ingest again.",
    query=f"""
        WITH endings(format, ending) AS (VALUES {_ENDINGS}), named AS (
            SELECT media_id, sha256,
                   lower(regexp_extract(locator, '[^/][.]([^./]*)$', 1)) AS ending
            FROM entries WHERE state = 'present'
        )
        SELECT n.media_id, c.format,
               CASE WHEN n.ending = '' THEN 'nothing' ELSE '.' || n.ending END AS ending
        FROM named n JOIN content c USING (sha256)
        WHERE c.format IN (SELECT format FROM endings)
        AND NOT EXISTS (
            SELECT 1 FROM endings k WHERE k.format = c.format AND k.ending = n.ending
        )
    """,
)

STRIPPED_ORIENTATION = Rule(
    code="MED006",
    symbol="stripped-orientation",
    title="The picture lies turned: a copy of it stands another way up.",
    effect=Effect.REVIEW,
    basis="PDQ hashes of the eight turns; EXIF tag 0x0112 (CIPA DC-008)",
    message="{other}, a copy of it, stands otherwise: {turn}",
    explanation=(
        "Cameras store a picture as the sensor saw it and note in EXIF how it is to be turned. A "
        "program that drops the note without turning the pixels leaves people on their side, "
        "where face models overlook them: that nobody undeclared is seen then says nothing. "
        "Found are copies that differ by a turn, of which this one has no note of it. One that "
        "is declared to be made from the other is no finding."
    ),
    remedy="Turn the picture upright, or declare which picture it was made from.",
    query="""
        WITH turned AS (
            SELECT "left" AS sha256, "right" AS copy, basis FROM relations
            WHERE relation = 'near_duplicate' AND contains(basis, ', right ')
            UNION ALL
            SELECT "right", "left", basis FROM relations
            WHERE relation = 'near_duplicate' AND contains(basis, ', right ')
        )
        SELECT e.media_id, o.locator AS other,
               regexp_extract(t.basis, ', right (.*)$', 1) AS turn
        FROM turned t
        JOIN content c ON c.sha256 = t.sha256
        JOIN content k ON k.sha256 = t.copy
        JOIN entries e ON e.sha256 = t.sha256 AND e.state = 'present'
        JOIN entries o ON o.sha256 = t.copy AND o.state = 'present'
        WHERE coalesce(c.exif_orientation, 1) = 1
        -- A mirrored copy is turned only where a note says so: flipping is a common augmentation.
        AND (k.exif_orientation > 1 OR regexp_matches(t.basis, 'rotated|transposed'))
        AND NOT EXISTS (
            SELECT 1 FROM relations r WHERE r.relation = 'derived_from'
            AND ((r."left" = e.id AND r."right" = o.id) OR (r."left" = o.id AND r."right" = e.id))
        )
        QUALIFY row_number() OVER (PARTITION BY e.media_id ORDER BY o.locator, o.id) = 1
    """,
)

SUSPICIOUS_THUMBNAIL = Rule(
    code="MED007",
    symbol="suspicious-thumbnail",
    title="The small picture inside the file shows something else than the file does.",
    effect=Effect.REVIEW,
    basis="Hamming distance of the pHashes of picture and EXIF thumbnail, more than 10 of 64 bits",
    message="the thumbnail inside is {distance} of 64 bits away from the picture",
    explanation=(
        "Cameras put a small copy of each picture into its EXIF block. A program that changes "
        "the picture and forgets the copy leaves the original there: the picture was edited or "
        "cropped after it was taken, and the copy may show a person, or a face, that nobody "
        "declared. Thumbnails that fit are 0 to 2 bits away."
    ),
    remedy="Look at both; correct the label, or strip the metadata and ingest again.",
    query="""
        SELECT e.media_id, c.thumbnail_distance AS distance
        FROM content c JOIN entries e USING (sha256)
        WHERE e.state = 'present' AND c.thumbnail_distance > 10
    """,
)

TRAILING_BYTES = Rule(
    code="MED008",
    symbol="trailing-bytes",
    title="Something follows the end of the picture in its file.",
    effect=Effect.REVIEW,
    basis="the end marks of JPEG, PNG, GIF and WebP",
    message="{trailing} of {size} bytes lie behind the end of the picture",
    explanation=(
        "Nobody has looked at what lies behind the end of a picture: a second picture, the video "
        "of a live photo with other people in it, or a file of another kind, such as an archive. "
        "A release takes it out; whoever uses the file as it is has it. Some cameras only pad "
        "their files; that is for reviewers to see: no waiver stands in for looking."
    ),
    remedy=(
        "Save the picture without what follows it; or have two reviewers look at that, and decide."
    ),
    query="""
        SELECT e.media_id, c.trailing_bytes AS trailing, c.byte_size AS size
        FROM content c JOIN entries e USING (sha256)
        WHERE e.state = 'present' AND c.trailing_bytes > 0
    """,
)

RULES = (
    UNREADABLE,
    MISSING,
    NOT_PROBED,
    LOW_QUALITY,
    WRONG_EXTENSION,
    STRIPPED_ORIENTATION,
    SUSPICIOUS_THUMBNAIL,
    TRAILING_BYTES,
    CHANGED,
    CHANGED_LISTING,
)
