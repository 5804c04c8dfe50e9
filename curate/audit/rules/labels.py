"""Rules LAB: labels that contradict one another, the file, the faces, or the look."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect
from curate.signals.fields import CAPTURES

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

DECLARED_REAL = Rule(
    code="LAB002",
    symbol="real-but-generated",
    title="Declared real, while the file says that it is no plain capture.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_LABEL_SOURCE_CONFLICT; IPTC DigitalSourceType; C2PA actions",
    message="labelled real, while {place} says {value}",
    explanation=(
        "A digital source type such as trainedAlgorithmicMedia, or a C2PA action by a generative "
        "model, says that the picture or a part of it was made by a model; others, such as "
        "virtualRecording, digitalArt or composite, that it was drawn, computed or put together. "
        "Only digitalCapture, computationalCapture, negativeFilm, positiveFilm and print say that "
        "it was taken. Cameras and editors write such records for touched-up photos too, so a "
        "person has to look. A value that the list does not have is SIG004."
    ),
    remedy="Look at the record and the picture, and correct the label or the declaration.",
    query=f"""
        SELECT s.media_id, s.place, s.value
        FROM signalled s
        JOIN labels l ON l.media_id = s.media_id AND l.name = 'authenticity' AND l.value = 'real'
        WHERE s.generative
        OR (s.kind = 'digital_source_type' AND s.value NOT IN {tuple(sorted(CAPTURES))})
        QUALIFY row_number() OVER (PARTITION BY s.media_id ORDER BY s.kind, s.key) = 1
    """,
)

FAKE_UNTOLD = Rule(
    code="LAB003",
    symbol="fake-without-method",
    title="Declared fake, and nothing says how or of whom.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 2",
    message="labelled fake, with no method, no manipulation, no donor and no target",
    explanation=(
        "What was done, and to whom, decides whose consent is needed and what a detector "
        "learns from the entry. A bare label can be neither checked nor balanced by method."
    ),
    remedy="Declare the method, the manipulation, or the donor and the target.",
    query="""
        SELECT e.media_id
        FROM entries e
        JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity' AND l.value = 'fake'
        WHERE e.manipulation_type IN ('none', 'unknown') AND e.method IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM depictions d WHERE d.media_id = e.media_id
            AND d.role IN ('donor', 'target', 'driver') AND d.link_status <> 'rejected'
        )
        AND NOT EXISTS (
            SELECT 1 FROM relations r WHERE r."left" = e.id
            AND r.relation IN ('swap_donor', 'swap_target')
        )
    """,
)

SELF_SWAP = Rule(
    code="LAB004",
    symbol="donor-is-target",
    title="A swap whose donor is its target.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 2",
    message="{who} is both the donor and the target",
    explanation=(
        "A swap shows one person's face on another's footage. Where both are the same person, or "
        "both ends are copies of one clip, either the names are wrong or nothing was swapped: "
        "then the entry is a real one, or nearly."
    ),
    remedy="Look at the entry beside its donor and its target, and correct what is declared.",
    query="""
        SELECT d.media_id, 'subject ' || d.subject_id AS who
        FROM depictions d
        JOIN depictions t ON t.media_id = d.media_id AND t.subject_id = d.subject_id
        JOIN entries e ON e.media_id = d.media_id AND e.manipulation_type = 'face_swap'
        WHERE d.role = 'donor' AND t.role = 'target'
        AND d.link_status <> 'rejected' AND t.link_status <> 'rejected'
        UNION
        SELECT e.media_id, a.locator AS who
        FROM relations d
        JOIN relations t ON t."left" = d."left" AND t.relation = 'swap_target'
        JOIN entries e ON e.id = d."left"
        JOIN entries a ON a.id = d."right"
        JOIN entries b ON b.id = t."right"
        LEFT JOIN groups ga ON ga.sha256 = a.sha256
        LEFT JOIN groups gb ON gb.sha256 = b.sha256
        WHERE d.relation = 'swap_donor'
        AND (a.id = b.id OR coalesce(ga.group_id, a.sha256) = coalesce(gb.group_id, b.sha256))
    """,
)

WHICH_FACE = Rule(
    code="LAB005",
    symbol="fake-of-several-faces",
    title="A fake shows more faces than its label speaks of.",
    effect=Effect.REVIEW,
    basis="Rössler and others, FaceForensics++ (2019); Dolhansky and others, DFDC (2020)",
    message="labelled fake as a whole, and {faces} faces are seen: which are altered is not said",
    explanation=(
        "One label stands for the picture, while a manipulation changes certain faces. Tools "
        "that cut out the largest face train on an untouched one and call it fake. As many faces "
        "as donors, or as targets that are made to move, are spoken of."
    ),
    remedy="Declare a donor or target for each altered face, or cut the altered face out.",
    query="""
        SELECT v.media_id, v.faces
        FROM visible v
        JOIN labels l ON l.media_id = v.media_id AND l.name = 'authenticity' AND l.value = 'fake'
        LEFT JOIN (
            SELECT media_id, count(*) FILTER (role = 'donor') AS donors,
                   count(*) FILTER (role = 'target') AS targets
            FROM depictions WHERE link_status <> 'rejected' GROUP BY media_id
        ) p ON p.media_id = v.media_id
        WHERE v.scanned AND v.faces > greatest(1, coalesce(p.donors, 0), coalesce(p.targets, 0))
    """,
)

FAKE_FACELESS = Rule(
    code="LAB006",
    symbol="fake-without-face",
    title="Declared fake, and no face is found.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 2",
    message="labelled fake, and no face was found by the face model",
    explanation=(
        "A manipulated face that no model finds is cut off, too small or destroyed, or the entry "
        "is not what its label says. A detector that is given crops of faces never sees it, or "
        "sees a crop of something else."
    ),
    remedy="Look at the entry; leave it out if no face is to be seen.",
    query="""
        SELECT v.media_id
        FROM visible v
        JOIN labels l ON l.media_id = v.media_id AND l.name = 'authenticity' AND l.value = 'fake'
        WHERE v.scanned AND v.faces = 0
    """,
)

INVERTED = Rule(
    code="LAB007",
    symbol="labels-inverted",
    title="A dataset's labels look inverted.",
    effect=Effect.REVIEW,
    basis="Li and others, Celeb-DF (2020), whose list writes 1 for real",
    message="of {manipulated} entries of {dataset} that say how they were manipulated, {real} "
    "are labelled real; this one is labelled {label}",
    explanation=(
        "Datasets disagree on whether 1 is real or fake. Where most entries that name a method, "
        "a manipulation or a donor are labelled real, the convention was read the wrong way "
        "round, and all labels of the dataset are doubted."
    ),
    remedy="Read the dataset's documentation, set `ingest.real` and `ingest.fake`, ingest again.",
    query="""
        WITH told AS (
            SELECT e.media_id, e.dataset, l.value AS label,
                   e.manipulation_type NOT IN ('none', 'unknown') OR e.method IS NOT NULL
                   OR EXISTS (
                       SELECT 1 FROM relations r WHERE r."left" = e.id
                       AND r.relation IN ('swap_donor', 'swap_target')
                   ) AS made
            FROM entries e
            JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
            WHERE l.value IN ('real', 'fake')
        ), datasets AS (
            SELECT dataset, count(*) FILTER (made) AS manipulated,
                   count(*) FILTER (made AND label = 'real') AS "real"
            FROM told GROUP BY dataset
        )
        SELECT t.media_id, d.dataset, d.manipulated, d."real", t.label
        FROM told t JOIN datasets d USING (dataset)
        WHERE d.manipulated >= 3 AND d."real" > d.manipulated / 2
    """,
)

OTHER_CLUSTER = Rule(
    code="LAB008",
    symbol="identity-label-against-cluster",
    title="The person declared is not the one that most entries of this face declare.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_IDENTITY_UNRESOLVED",
    message="declares {subject}, while {votes} of {entries} entries with this face declare {other}",
    explanation=(
        "Entries with one face and one person seen speak plainly of whose face it is. Where "
        "two thirds of the entries of an identity, three at least, declare somebody else, this "
        "entry's name is probably wrong. It needs no link between identity and subject, so it "
        "speaks where too little is known to confirm one."
    ),
    remedy="Compare the faces, and correct the name that is wrong.",
    query="""
        WITH one_face AS (
            SELECT f.sha256, any_value(i.identity_id) AS identity_id
            FROM faces f JOIN identities i USING (face_id)
            GROUP BY f.sha256 HAVING count(*) = 1 AND any_value(i.identity_id) IS NOT NULL
        ), one_person AS (
            SELECT media_id, any_value(subject_id) AS subject FROM depictions
            WHERE link_status <> 'rejected'
            GROUP BY media_id HAVING count(*) = 1 AND any_value(role) = 'depicted'
        ), said AS (
            SELECT e.media_id, o.identity_id, p.subject
            FROM entries e JOIN one_face o USING (sha256) JOIN one_person p USING (media_id)
            WHERE e.state = 'present'
        ), votes AS (
            SELECT identity_id, subject, count(*) AS votes,
                   sum(count(*)) OVER (PARTITION BY identity_id)::BIGINT AS entries
            FROM said GROUP BY identity_id, subject
        )
        SELECT s.media_id, s.subject, v.subject AS other, v.votes, v.entries
        FROM said s JOIN votes v USING (identity_id)
        WHERE v.subject <> s.subject AND v.votes >= 3 AND v.votes * 3 >= v.entries * 2
    """,
)

DOUBTED = Rule(
    code="LAB009",
    symbol="label-doubted",
    title="The picture looks like those of the other label.",
    effect=Effect.REVIEW,
    basis="Northcutt, Jiang, Chuang: Confident learning (JAIR 70, 2021)",
    message="labelled {label}; {basis} give this label {confidence} and {suggested} {against}",
    explanation=(
        "A classifier that has seen no picture of the same people, clips and copies gives each "
        "entry a score. Where it is confident of another label, as confident as it usually is of "
        "that label's own entries, and no more often than labels are estimated to be wrong, the "
        "label is doubted. It may be the classifier that is wrong: nothing is changed."
    ),
    remedy="Look at the entries in the order of their doubt, and correct those that are wrong.",
    query="""
        SELECT e.media_id, d.label, d.suggested, d.basis,
               round(d.confidence, 3) AS confidence, round(d.against, 3) AS against
        FROM doubts d JOIN entries e ON e.id = d.media_id
        JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
        WHERE l.value = d.label
    """,
)

RULES = (
    LABEL_CONFLICT,
    DECLARED_REAL,
    FAKE_UNTOLD,
    SELF_SWAP,
    WHICH_FACE,
    FAKE_FACELESS,
    INVERTED,
    OTHER_CLUSTER,
    DOUBTED,
)
