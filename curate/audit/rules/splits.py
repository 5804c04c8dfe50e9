"""Rules SPL: what one split must not share with another."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect
from curate.splits.classes import CONTRADICTED, FOLDERS, PARTIAL, VANISHED

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


def _crossing(kind: str) -> str:
    return f"""
        SELECT media_id, split, other, other_split, name FROM crossings WHERE kind = '{kind}'
    """


ENTRY_IN_TWO_SPLITS = Rule(
    code="SPL004",
    symbol="entry-in-two-splits",
    title="The entry is listed in two splits.",
    effect=Effect.REVIEW,
    basis="train-test leakage by content",
    message="listed in split {split} and in {other_split}",
    explanation=(
        "What is trained on and tested on is remembered and not detected. A layout keeps every "
        "split that lists an entry."
    ),
    remedy="Leave it in one of them; `curate split` makes splits in which nothing is twice.",
    query=_crossing("entry"),
)

SOURCE_ACROSS_SPLITS = Rule(
    code="SPL005",
    symbol="source-across-splits",
    title="Footage of one source video is in two splits.",
    effect=Effect.REVIEW,
    basis="train-test leakage by source; FaceForensics++ shares 7 videos across official splits",
    message="in split {split}; {other}, from the same source {name}, is in {other_split}",
    explanation=(
        "Clips of one video share the person, the light and the encoder. What an entry was made "
        "from is followed all the way: frames to their video, swaps to target and donor, clips "
        "to the video they were cut out of."
    ),
    remedy="Keep all that comes from one source in one split.",
    query=_crossing("source"),
)

CLIP_ACROSS_SPLITS = Rule(
    code="SPL006",
    symbol="clip-across-splits",
    title="One clip is in two splits, in another compression or by another method.",
    effect=Effect.REVIEW,
    basis="train-test leakage by content",
    message="in split {split}; {other}, which shows the same clip, is in {other_split}",
    explanation=(
        "A dataset holds a clip in several compressions, as frames, or altered by several "
        "methods over the same footage. These look alike without being copies of one another."
    ),
    remedy="Deal clips out to splits, and not files.",
    query=_crossing("clip"),
)

SWAP_ACROSS_SPLITS = Rule(
    code="SPL007",
    symbol="swap-across-splits",
    title="A swap is in another split than what it was made from, or than another swap of it.",
    effect=Effect.REVIEW,
    basis="train-test leakage by swap partner",
    message="in split {split}; {other}, made from the same entry or the entry itself, is in "
    "{other_split}",
    explanation=(
        "A swap shows the footage of its target and the face of its donor. Whoever trained on "
        "one of these is tested on footage or on a face already seen, and can tell real from "
        "fake by the pair alone."
    ),
    remedy="Keep a swap, its target and its donor in one split.",
    query=_crossing("swap"),
)

FRAMES_ACROSS_SPLITS = Rule(
    code="SPL008",
    symbol="frames-across-splits",
    title="Frames of one video are in two splits.",
    effect=Effect.REVIEW,
    basis="train-test leakage by neighbouring frames",
    message="in split {split}; {other}, a frame or crop of the same, is in {other_split}",
    explanation=(
        "Neighbouring frames are nearly one picture, whether or not they are near duplicates by "
        "their hashes. Frames and crops are followed to the video or picture they were taken "
        "from, which need not be listed itself."
    ),
    remedy="Deal videos out to splits, and not frames.",
    query=_crossing("frames"),
)

DERIVED_ACROSS_SPLITS = Rule(
    code="SPL009",
    symbol="derived-across-splits",
    title="One is made from the other, or both from one entry, and they are in two splits.",
    effect=Effect.REVIEW,
    basis="train-test leakage by derivation",
    message="in split {split}; {other}, made from the same entry or the entry itself, is in "
    "{other_split}",
    explanation="What is derived from an entry shows what it shows. Swaps are SPL007.",
    remedy="Keep an entry and all that was made from it in one split.",
    query=_crossing("derived"),
)

SPLIT_INSIDE_ANOTHER = Rule(
    code="SPL010",
    symbol="split-inside-another",
    title="The split holds nothing that another split does not hold.",
    effect=Effect.REVIEW,
    basis="model selection on the test set",
    message="in split {split}, all of which is in {other_split} too: {entries} entries",
    explanation=(
        "Where val is test, a model is chosen by the very items that it is then judged by. Told "
        "is every split of which all entries, or others with the same bytes, are in another one."
    ),
    remedy="Take what the two share out of one of them.",
    query="""
        WITH things AS (
            SELECT DISTINCT p.split, coalesce(i.sha256, i.id) AS thing
            FROM placed p JOIN items i USING (item)
        ), sizes AS (
            SELECT split, count(*) AS n FROM things GROUP BY split
        ), inside AS (
            SELECT a.split, b.split AS other_split, s.n AS entries
            FROM things a JOIN things b USING (thing) JOIN sizes s ON s.split = a.split
            WHERE a.split <> b.split GROUP BY ALL HAVING count(*) = s.n
        )
        SELECT p.item AS media_id, split, other_split, entries
        FROM placed p JOIN inside USING (split)
        QUALIFY row_number() OVER (PARTITION BY media_id ORDER BY split, other_split) = 1
    """,
)

_PARTIAL = f"""
    SELECT i.item AS media_id, c.class, array_to_string(c.present, ', ') AS present,
           array_to_string(c.absent, ', ') AS absent
    FROM ({PARTIAL}) c JOIN items i USING (dataset)
    LEFT JOIN labelled l USING (item)
    WHERE c.sort = '{{sort}}' AND c.class = CASE c.sort WHEN 'label' THEN l.value ELSE i.method END
"""

LABEL_NOT_IN_SPLIT = Rule(
    code="SPL011",
    symbol="label-not-in-split",
    title="A split of the dataset has nothing with this label.",
    effect=Effect.NONE,
    basis="a class that a split lacks is not measured there",
    message="labelled {class}, and no entry of {absent} is",
    explanation=(
        "A split of one class alone measures nothing: whatever always says that class is right. "
        "Where a class is in train alone the split tells which one it is. It is the dataset's "
        "doing, and casts no doubt on the entry."
    ),
    remedy="Deal both classes out to every split.",
    query=_PARTIAL.format(sort="label"),
)

METHOD_NOT_IN_SPLIT = Rule(
    code="SPL012",
    symbol="method-not-in-split",
    title="A split of the dataset has nothing by this method.",
    effect=Effect.NONE,
    basis="generalisation to unseen methods",
    message="made by {class}, and no entry of {absent} is",
    explanation=(
        "On purpose this measures how a detector generalises; by accident it makes splits that "
        "cannot be compared."
    ),
    remedy="If it is on purpose, say so in the datasheet: `curate split --held-out-method`.",
    query=_PARTIAL.format(sort="method"),
)

FOLDER_IN_NO_SPLIT = Rule(
    code="SPL013",
    symbol="folder-in-no-split",
    title="A whole folder of a dataset with splits is in none of them.",
    effect=Effect.REVIEW,
    basis="the published rearrangement of Celeb-DF-v2 loses one of its two folders of real videos",
    message="in folder {folder}, none of whose {entries} entries is in a split",
    explanation=(
        "Scripts that make splits folder by folder lose one when two folders are one class. What "
        "is left is balanced otherwise than the dataset's paper says."
    ),
    remedy="Put the folder's entries into splits, or leave the folder out by a decision.",
    query=f"""
        SELECT f.item AS media_id, v.folder, v.entries
        FROM ({VANISHED}) v JOIN ({FOLDERS}) f USING (dataset, folder)
    """,
)

LABEL_INVERTED = Rule(
    code="SPL014",
    symbol="label-contradicts-manipulation",
    title="The label contradicts what was done to the media.",
    effect=Effect.REVIEW,
    basis="Celeb-DF's test list has 1 for real, where most sets have 1 for fake",
    message="labelled {label}, and its manipulation is {manipulation}; {share} % of the labels of "
    "{dataset} that can be told contradict",
    explanation=(
        "A label is held against what the dataset says was done: a real one with a manipulation "
        "or with a target or donor, or a fake one with none. One is a slip; most of a dataset is "
        "an inverted convention, as when a list's 1 is read the wrong way round."
    ),
    remedy="Map the dataset's own words to real and fake under [ingest] in curate.toml.",
    query=f"""
        WITH told AS ({CONTRADICTED}), shares AS (
            SELECT dataset, round(100 * avg(contradicts::INTEGER))::INTEGER AS share FROM told
            GROUP BY dataset
        )
        SELECT t.item AS media_id, t.value AS label, t.manipulation_type AS manipulation, s.share,
               t.dataset
        FROM told t JOIN shares s USING (dataset) WHERE t.contradicts
    """,
)

RULES = (
    DUPLICATE_ACROSS_SPLITS,
    IDENTITY_ACROSS_SPLITS,
    ENTRY_IN_TWO_SPLITS,
    SOURCE_ACROSS_SPLITS,
    CLIP_ACROSS_SPLITS,
    SWAP_ACROSS_SPLITS,
    FRAMES_ACROSS_SPLITS,
    DERIVED_ACROSS_SPLITS,
    SPLIT_INSIDE_ANOTHER,
    LABEL_NOT_IN_SPLIT,
    METHOD_NOT_IN_SPLIT,
    FOLDER_IN_NO_SPLIT,
    LABEL_INVERTED,
)
