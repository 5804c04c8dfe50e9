"""Rules DEP: it is known who is in each entry, and in which role."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

FACES_UNACCOUNTED = Rule(
    code="DEP001",
    symbol="faces-unaccounted",
    title="More faces are visible than people are declared.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_FACES_UNACCOUNTED",
    message="faces visible in one frame: {faces}; people declared: {declared}",
    explanation=(
        "Someone is in the picture whom nobody declared, and whose consent nobody asked. "
        "A face too poor to recognise counts: someone is there. A swap shows one face and has "
        "two subjects: its donor and target count as one visible person."
    ),
    remedy="Declare who else is in the picture, crop them out, or leave the entry out.",
    query="""
        SELECT media_id, faces, declared FROM visible
        WHERE faces > declared AND someone
    """,
)

NO_PEOPLE_RECORDED = Rule(
    code="DEP002",
    symbol="no-people-recorded",
    title="Nobody is declared to be in the entry.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, REV_NO_PEOPLE_RECORDED",
    message="nobody is declared to be in this entry; faces visible: {faces}",
    explanation=(
        "No obligation is no clearance: an entry about which nothing is known is doubted. "
        "Whom someone ruled out is nobody who was declared. Where it is declared that nobody is "
        "shown (people = none), this rule is silent, and the questions of clearance ask whether "
        "that is so."
    ),
    remedy=(
        "Declare who is in it, in the manifest's subject, target and donor columns; or that nobody "
        "is, by people = none."
    ),
    query="""
        SELECT v.media_id, v.faces FROM visible v JOIN entries e USING (media_id)
        WHERE NOT v.someone AND e.people IS DISTINCT FROM 'none'
    """,
)

FACES_NOT_SCANNED = Rule(
    code="DEP003",
    symbol="faces-not-scanned",
    title="The entry was not scanned for faces.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, REV_FACES_NOT_SCANNED",
    message="no face model has looked at this entry",
    explanation=(
        "Without a scan nobody knows whether an undeclared person is in the picture, and what "
        "is not known is not cleared. A scan that failed on a frame is no scan."
    ),
    remedy="Run `curate run faces identity`.",
    query="SELECT media_id FROM visible WHERE NOT scanned",
)

UNDECLARED_PERSON = Rule(
    code="DEP004",
    symbol="undeclared-person",
    title="The face of a known subject is in an entry that does not declare them.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_FACES_UNACCOUNTED",
    message="a face here is like those of {subject}, who is not declared (similarity {similarity})",
    explanation=(
        "The face lies in an identity that other entries link to a subject of this project's "
        "own records. Likeness is a proposal: a person confirms or rejects it."
    ),
    remedy=(
        "Look who it is, then declare the person; or rule them out: `curate decide LOCATOR "
        "not-shown --subject SUBJECT --by NAME --reason WHY`."
    ),
    query="""
        SELECT DISTINCT media_id, subject_id AS subject, round(similarity::DOUBLE, 2) AS similarity
        FROM likenesses
        WHERE subject_id IS NOT NULL AND status IS DISTINCT FROM 'disputed' AND NOT declared
    """,
)

ROLE_MISSING = Rule(
    code="DEP005",
    symbol="role-missing",
    title="A manipulation lacks one of the people it needs.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 2, REV_ROLE_MISSING",
    message="a {manipulation} needs people as {role}: {needed}, and declared are {declared}",
    explanation=(
        "A swap has a donor and a target, whoever is visible, and a morph has two donors; all "
        "must be known. Whom someone ruled out does not count."
    ),
    remedy="Declare the missing person in the manifest.",
    query="""
        SELECT media_id, manipulation_type AS manipulation, role, needed, declared
        FROM short_roles
    """,
)

MANIPULATION_UNKNOWN = Rule(
    code="DEP006",
    symbol="manipulation-unknown",
    title="It is not known what was done to the people shown.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 2, REV_MANIPULATION_UNKNOWN",
    message="the entry is labelled {label}, and its manipulation is {manipulation}",
    explanation="Which consents a fake needs depends on what was done, so it must be known.",
    remedy="Name the manipulation in the manifest's manipulation column.",
    query="""
        SELECT e.media_id, coalesce(l.value, 'not at all') AS label,
               e.manipulation_type AS manipulation
        FROM entries e
        LEFT JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
        WHERE e.manipulation_type IN ('unknown', 'other')
    """,
)

RULES = (
    FACES_UNACCOUNTED,
    NO_PEOPLE_RECORDED,
    FACES_NOT_SCANNED,
    UNDECLARED_PERSON,
    ROLE_MISSING,
    MANIPULATION_UNKNOWN,
)
