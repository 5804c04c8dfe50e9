"""The questions that an entry must answer to be cleared (DESIGN section 10).

A rule says what is wrong; a question sees to it that nothing is missing. Each is one value: what
raises it, what is still open, and on which basis it is answered otherwise. An entry is cleared when
every question that it raises has an answer on a basis that is enough for the use; that no rule
found anything clears nothing.

Conditions are SQL over the columns of `curate.audit.looked`, or over those of
`curate.audit.answers` for what statements and other entries decide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from curate.errors import ConfigError

BASES = ("seen", "matched", "declared", "reviewed", "stripped")
SEEN, MATCHED, DECLARED, REVIEWED, STRIPPED = BASES
# How an answer is kept, one letter for each question.
LETTERS = {"seen": "s", "matched": "m", "declared": "d", "reviewed": "r", "stripped": "x"}
OPEN, NOT_RAISED = "?", "-"
BASIS_OF = {letter: basis for basis, letter in LETTERS.items()}


@dataclass(frozen=True)
class Gap:
    """One way in which a question can be open.

    Attributes:
        when: SQL that is true where it is.
        sentence: What the auditor is told, with columns in braces.
        alone: Whether nothing further is known where it is open in this way, so that it alone is
            told.
    """

    when: str
    sentence: str
    alone: bool = False


@dataclass(frozen=True)
class ClearanceQuestion:
    """A question that an entry must answer to be cleared.

    Attributes:
        name: What it is called, in settings too.
        asks: The question in full.
        raised_by: What raises it, in words.
        raised: SQL that is true of the entries that raise it.
        gaps: The ways in which it can be open; it is answered where none of them holds.
        basis: SQL that gives the basis of the answer.
        answered: What is told where it is answered, by basis, with columns in braces.
        possible: The bases that an answer can have.
        enough: The bases that are enough where the settings say nothing.
        who: Who can answer it, in words.
    """

    name: str
    asks: str
    raised_by: str
    raised: str
    gaps: tuple[Gap, ...]
    basis: str
    answered: Mapping[str, str]
    possible: tuple[str, ...]
    enough: tuple[str, ...]
    who: str


WHOLE = ClearanceQuestion(
    name="whole",
    asks="Was every part of the file looked at?",
    raised_by="every entry",
    raised="TRUE",
    gaps=(
        Gap("state <> 'present' OR NOT probed", "the file has not been opened and read",
            alone=True),
        Gap("part_count IS NULL OR part_count <> parts OR parts = 0",
            "of which parts the file consists is not on record ({format})"),
        Gap("unseen > 0", "not looked at: {unseen_parts}"),
        Gap("scan_worked AND unsought > 0", "faces were not sought in: {unsought_parts}"),
        Gap("moving AND coalesce(frames_read, '') <> 'every'",
            "a part of the video was not decoded"),
        Gap("moving AND coalesce(decode_errors, 0) > 0", "frames were lost in decoding"),
        Gap("moving AND scan_worked AND (looks IS NULL OR looks <> scanned_frames "
            "OR gap_ms IS NULL)", "in which frames faces were sought is not known"),
        Gap("moving AND scan_worked AND coalesce(gap_ms, 0) > 200",
            "for up to {gap_ms} ms no frame was searched though the picture had changed"),
    ),
    basis="CASE WHEN cut > 0 THEN 'stripped' ELSE 'seen' END",
    answered={
        "seen": "each part of the file was looked at: {format}, {byte_size} bytes{sampled}",
        "stripped": "what was not looked at is taken out of every release: {cut_parts}{sampled}",
    },
    possible=(SEEN, STRIPPED, REVIEWED),
    enough=(SEEN, STRIPPED, REVIEWED),
    who="the stages probe and faces; two reviewers who looked at what was not",
)  # fmt: skip

READABLE = ClearanceQuestion(
    name="readable",
    asks="Does the decoded picture show what the file holds?",
    raised_by="every picture that was decoded",
    raised="state = 'present'",
    gaps=(
        Gap("NOT probed", "the file has not been opened and read", alone=True),
        Gap("NOT moving AND NOT coalesce(decoded, FALSE)", "no picture was decoded", alone=True),
        Gap("coalesce(contrast < 0.02 OR brightness < 0.02 OR brightness > 0.98, FALSE)",
            "the picture is blank, or nearly so (contrast {contrast:.3f})"),
        Gap("NOT moving AND contrast IS NULL", "the picture was not measured"),
        Gap("NOT moving AND exif_orientation IS NULL AND coalesce(turns, 1) < 4 AND judgeable = 0",
            "which way up the picture stands is not known, and faces were sought in {turns} of "
            "four ways"),
    ),
    basis="'seen'",
    answered={"seen": "what was decoded is a picture, and not blank; its samples have {bit_depth} "
                      "bits"},
    possible=(SEEN, REVIEWED),
    enough=(SEEN, REVIEWED),
    who="the stages probe and faces; two reviewers who opened it",
)  # fmt: skip

SOUGHT = ClearanceQuestion(
    name="sought",
    asks="Were faces sought in it, by the model in use, down to the size that the settings name?",
    raised_by="every entry",
    raised="TRUE",
    gaps=(
        Gap("NOT scanned", "no scan for faces by the model in use is on record", alone=True),
        Gap("scanned AND NOT scan_worked", "the scan for faces failed", alone=True),
        Gap("scan_worked AND floor_px IS NULL", "down to which size faces are found is not known"),
        Gap("floor_px IS NOT NULL AND (smallest_px IS NULL OR floor_px > smallest_px)",
            "faces are found down to {floor_px:.0f} pixels, and {smallest_px:.0f} are asked for"),
    ),
    basis="'seen'",
    answered={"seen": "faces were sought down to {floor_px:.0f} pixels; {faces} found"},
    possible=(SEEN, REVIEWED),
    enough=(SEEN, REVIEWED),
    who="the stage faces; two reviewers who looked at every part",
)  # fmt: skip

ACCOUNTED = ClearanceQuestion(
    name="accounted",
    asks="Is each person who is seen one who is declared?",
    raised_by="every entry",
    raised="TRUE",
    gaps=(
        Gap("named = 0 AND declared_people = ''",
            "nobody is declared, and it is not declared either that nobody is shown"),
        Gap("named > 0 AND declared_people = 'none'",
            "it is declared that nobody is shown, and somebody is named"),
        Gap("declared_again <> ''",
            "it is declared once more, and otherwise: {declared_again}"),
        Gap("shown_otherwise > 0",
            "the same file is declared elsewhere: here that nobody is shown and there that "
            "somebody is, or the other way round"),
        Gap("NOT scan_worked", "who is seen is not known: no scan for faces by the model in use "
            "worked"),
        Gap("unconfirmed > 0", "that a person is here is proposed or disputed, and not confirmed"),
        Gap("persons > visible AND NOT (declared_people = 'none' AND named = 0 "
            "AND manipulation_type = 'full_synthesis')",
            "people seen: {persons}; people declared who should be visible: {visible}"),
        Gap("undeclared > 0", "a face is linked to somebody who is not declared here"),
    ),
    basis="CASE WHEN faces > 0 AND matched = faces THEN 'matched' "
          "WHEN faces = 0 AND named = 0 THEN 'seen' ELSE 'declared' END",
    answered={
        "matched": "the face model finds each person who is seen ({persons} in all) like the "
                   "other files that are declared as the same person; no person compared them",
        "declared": "as many people are declared as are seen ({persons}); who they are is known "
                    "by declaration only",
        "seen": "it is declared that nobody is shown, and no face was found",
    },
    possible=(SEEN, MATCHED, DECLARED, REVIEWED),
    enough=(SEEN, MATCHED, DECLARED, REVIEWED),
    who="the declaration together with the stages faces and identity; two reviewers, face by face",
)  # fmt: skip

VISIBLE = ClearanceQuestion(
    name="seen",
    asks="Is each declared person who should be visible among the faces?",
    raised_by="each declared person",
    raised="visible > 0 OR not_visible > 0",
    gaps=(
        Gap("NOT scan_worked", "whether they are seen is not known: no scan for faces by the model "
            "in use worked"),
        Gap("persons < visible AND scan_worked",
            "people declared who should be visible: {visible}; people seen: {persons}"),
        Gap("elsewhere > 0", "the faces here are not those of a declared person's other files"),
        Gap("unlike > 0", "a face here is unlike the other faces declared as the same person"),
    ),
    basis="CASE WHEN not_visible > 0 THEN 'declared' "
          "WHEN faces > 0 AND matched = faces THEN 'matched' ELSE 'seen' END",
    answered={
        "declared": "it is declared who is not to be seen, and why: {why_not}; for everybody else "
                    "there is a face",
        "matched": "the face model finds a face here like those of the other files that are "
                   "declared as the same person; no person compared them",
        "seen": "there is a face for each declared person; that it is theirs rests on the "
                "declaration",
    },
    possible=(SEEN, MATCHED, DECLARED, REVIEWED),
    enough=(SEEN, MATCHED, DECLARED, REVIEWED),
    who="the stages faces and identity; the declaration, for whoever is not to be seen; two "
        "reviewers",
)  # fmt: skip

ONE_NAME = ClearanceQuestion(
    name="one_name",
    asks="Has no other person of the catalogue a face that is seen here?",
    raised_by="each person seen",
    raised="faces > 0",
    gaps=(
        Gap("held < faces", "faces that were held against those of everybody else: {held} of "
            "{faces}"),
        Gap("others > 0", "a face here is like that of {other_names}, whom the entry does not "
            "name"),
        Gap("lost_others > 0", "not all people whom a face here is like are on record"),
        Gap("uncompared > 0",
            "faces were not held against those of files that show declared people and were added "
            "or named since `curate run` compared faces; such files: {uncompared}"),
        Gap("disputed > 0", "a face here is claimed for two people"),
        Gap("otherwise > 0", "the same file is declared elsewhere as somebody else"),
    ),
    basis="'matched'",
    answered={"matched": "the face model compared each face with those of every other person of "
                         "the catalogue in whose files faces were sought, and finds it like none "
                         "of them"},
    possible=(MATCHED, REVIEWED),
    enough=(MATCHED, REVIEWED),
    who="the stage identity; two reviewers who compared the faces",
)  # fmt: skip

CONSENT = ClearanceQuestion(
    name="consent",
    asks="Did each person agree to this use, in their role?",
    raised_by="each declared person in each role",
    raised="named > 0 OR unmet > 0 OR standing > 0",
    gaps=(
        Gap("unmet > 0", "the consent of a person does not cover this use"),
        Gap("standing > 0", "something about a person stands against this use"),
    ),
    basis="'declared'",
    answered={"declared": "the consents on record cover this use for each declared person"},
    possible=(DECLARED, REVIEWED),
    enough=(DECLARED, REVIEWED),
    who="the consents on record; where they leave a doubt, two reviewers",
)

ROLE = ClearanceQuestion(
    name="role",
    asks="Is it known what was done to the people shown, and in which role each appears?",
    raised_by="each manipulation, and each role",
    raised="named > 0 OR manipulation_type <> 'none' OR method <> '' OR done_otherwise > 0",
    gaps=(
        Gap("manipulation_type IN ('unknown', 'other')", "what was done is not known"),
        Gap("manipulation_type = 'none' AND label = 'fake'",
            "it is labelled fake, and no manipulation is named"),
        Gap("manipulation_type = 'none' AND method <> ''",
            "it is declared that nothing was done, and the method {method} is named"),
        Gap("done_otherwise > 0",
            "the same file is declared elsewhere with another manipulation"),
        Gap("manipulation_type = 'full_synthesis' AND named > 0",
            "a full synthesis names a person: it is a likeness, and that person's role must be "
            "declared"),
        Gap("manipulation_type = 'full_synthesis' AND named = 0 AND declared_people = ''",
            "that a synthesis shows no real person is not declared"),
        Gap("manipulation_type <> 'full_synthesis' AND unknown_roles > 0",
            "a person is in a role that a {manipulation_type} does not have"),
        Gap("missing_roles > 0", "somebody without whom there is no {manipulation_type} is not "
            "declared"),
    ),
    basis="'declared'",
    answered={"declared": "the manipulation is declared as {manipulation_type}, with the roles "
                          "that belong to it"},
    possible=(DECLARED, REVIEWED),
    enough=(DECLARED, REVIEWED),
    who="the declaration; two reviewers",
)  # fmt: skip

ORIGIN = ClearanceQuestion(
    name="origin",
    asks="Is the source on record, and do its rights and the licence admit the use?",
    raised_by="every entry; where the settings say that a source is optional, those that name a "
              "source or a licence",
    raised="source_required OR named_source OR licence <> ''",
    gaps=(
        Gap("source_required AND NOT named_source", "no source is named"),
        Gap("licences_unknown > 0", "the licence is not one whose terms are known"),
        Gap("licences_against > 0", "the licence forbids this use"),
        Gap("(named_source OR licence <> '') AND NOT source_admits AND licences_unknown = 0 "
            "AND licences_against = 0",
            "the source is not on record as one whose terms are read and admit this use"),
    ),
    basis="'declared'",
    answered={"declared": "what is recorded of the source, and the licence that is stated, admit "
                          "this use"},
    possible=(DECLARED, REVIEWED),
    enough=(DECLARED, REVIEWED),
    who="the record of the source; two reviewers",
)  # fmt: skip

# Formats whose places for text the signals stage knows, all of them.
_TEXTS_READ = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "PPM", "BMP", "MP4", "Matroska", "AVI", "MPEG",
               "MPEG-TS", "FLV", "Ogg", "ASF")  # fmt: skip
SAID = ClearanceQuestion(
    name="said",
    asks="Was every place read in which a restriction can stand?",
    raised_by="the file, and the files beside it and above it",
    raised="TRUE",
    gaps=(
        Gap("NOT searched", "the file was not searched for statements by the reader in use"),
        Gap("searched AND NOT search_worked", "the search of the file for statements failed"),
        Gap(f"probed AND coalesce(format, '') NOT IN {_TEXTS_READ}",
            "texts inside a file of this format are not read ({format})"),
        Gap("NOT searched_beside", "the files beside it were not searched"),
        Gap("remote", "beside files of a remote place nothing can be searched"),
        Gap("unreadable > 0",
            "not understood, and perhaps a refusal ({unreadable} in all): {unreadable_where}"),
    ),
    basis="'seen'",
    answered={
        "seen": "read were C2PA, XMP, IPTC, EXIF, comments and texts in the file and behind its "
                "end; files beside it that share its name; robots.txt, ai.txt, tdmrep.json, RSL, "
                "licences, READMEs, saved pages and WARC files in its folder and those above, up "
                "to the ingested root, on disk or in an archive; columns of its manifest that "
                "nothing else reads; and the same of each entry with its bytes or its pixels"
    },
    possible=(SEEN, REVIEWED),
    enough=(SEEN, REVIEWED),
    who="the stage signals; two reviewers who read what it could not",
)  # fmt: skip

LISTED = ClearanceQuestion(
    name="listed",
    asks="Was each hash list asked for this file, by every kind of hash in it?",
    raised_by="each registered hash list",
    raised="lists > 0",
    gaps=(
        Gap(
            "NOT list_asked",
            "it was not held against the hash lists as they are, or not by "
            "every kind of hash that they hold, or its hashes say too little",
        ),
    ),
    basis="'seen'",
    answered={
        "seen": "it was held against every registered hash list, by every kind of hash that "
        "the lists hold"
    },
    possible=(SEEN, REVIEWED),
    enough=(SEEN, REVIEWED),
    who="the stage hashlists; two reviewers, who still release nothing until it was asked",
)

DESCENT = ClearanceQuestion(
    name="descent",
    asks="Is everything that it was made from cleared?",
    raised_by="each entry that it was made from",
    raised="parents > 0 OR circular > 0",
    gaps=(
        Gap("circular > 0", "it is declared to be made from itself, directly or by way of others"),
        Gap("unlisted > 0", "something that it was made from is not in the catalogue"),
        Gap("uncleared > 0", "something that it was made from is not cleared"),
    ),
    basis="'declared'",
    answered={"declared": "each of the {parents} entries that it was made from is cleared"},
    possible=(DECLARED, REVIEWED),
    enough=(DECLARED, REVIEWED),
    who="the judgement of what it was made from; two reviewers",
)

QUESTIONS = (
    *(WHOLE, READABLE, SOUGHT, ACCOUNTED, VISIBLE, ONE_NAME),
    *(CONSENT, ROLE, ORIGIN, SAID, LISTED, DESCENT),
)
NAMES = tuple(question.name for question in QUESTIONS)
# What the catalogue alone decides; the others ask statements, or the verdicts of other entries.
OF_CATALOGUE = (WHOLE, READABLE, SOUGHT, ACCOUNTED, VISIBLE, ONE_NAME, ROLE, SAID, LISTED)

Clearance = Mapping[str, Collection[str]]
STRICT: Clearance = {question.name: question.enough for question in QUESTIONS}


def letter_of(question: ClearanceQuestion) -> str:
    """Return SQL that gives a question's letter: not raised, open, or the basis of its answer.

    A condition that is neither true nor false holds the question open.
    """
    open_ = " OR ".join(f"({gap.when}) IS DISTINCT FROM FALSE" for gap in question.gaps)
    letters = " ".join(f"WHEN '{basis}' THEN '{letter}'" for basis, letter in LETTERS.items())
    return (
        f"CASE WHEN NOT coalesce({question.raised}, TRUE) THEN '{NOT_RAISED}' "
        f"WHEN {open_} THEN '{OPEN}' ELSE CASE {question.basis} {letters} ELSE '{OPEN}' END END"
    )


def check_clearance(clearance: Mapping[str, Any], *, where: str) -> None:
    """Check that the settings ``[clearance]`` accept only answers that a question can have.

    Raises:
        ConfigError: A question is to be answered on a basis that it cannot be answered on.
    """
    by_name = {question.name: question for question in QUESTIONS}
    for place, told in [("clearance", clearance),
                        *((f"clearance.{k}", v) for k, v in clearance.items()
                          if isinstance(v, dict))]:  # fmt: skip
        for name, bases in told.items():
            question = by_name.get(name)
            wrong = sorted(set(bases) - set(question.possible)) if question else []
            if question and wrong:
                raise ConfigError(
                    f"{place}.{name}: {wrong[0]!r} cannot answer the question {name!r}",
                    where=where,
                    hint=f"it can be answered on these bases: {', '.join(question.possible)}",
                )
