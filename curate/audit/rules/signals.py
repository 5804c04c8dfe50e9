"""Rules SIG: what media, and files beside them, say of their own use and origin."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

# Which answers speak of a use: STANDARDS 3.2. A detector is trained, and generates nothing; all
# of these are held to include mining, which is doubted where it alone is refused.
_ASKED = """
    SELECT s.*, c.category, c.says
    FROM signalled s CROSS JOIN use u CROSS JOIN LATERAL (
        VALUES ('ai_training', s.ai_training, ['train_detector']),
               ('ai_generative_training', s.ai_generative_training, ['train_generator']),
               ('ai_inference', s.ai_inference, ['evaluate']),
               ('data_mining', s.data_mining, ['train_detector', 'train_generator', 'evaluate'])
    ) c(category, says, operations)
    WHERE list_has_any(u.operations, c.operations)
"""

_BELIEVED = (
    "What a file says of itself can be forged, so a permission in it clears nothing; a refusal "
    "costs nothing to believe. "
)

OPTOUT = Rule(
    code="SIG001",
    symbol="opt-out",
    title="A statement in or beside the file refuses this use.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_OPTOUT; EU DSM Directive Art. 4(3); CAWG training-mining; PLUS DataMining",
    message="{place} says {value}, which refuses {categories}",
    explanation=(
        f"{_BELIEVED}"
        "Read are C2PA assertions of training and mining, new and old, PLUS Data Mining in XMP, "
        "TDMRep, AIPREF, robots.txt for AI crawlers, ai.txt and X-Robots-Tag. Training a "
        "detector is ai_training, training a generator ai_generative_training, evaluation "
        "ai_inference; the strictest statement wins."
    ),
    remedy="Leave the entry out of this use, or get the rights holder's licence in writing.",
    query=f"""
        SELECT media_id, place, value, list(category ORDER BY category) AS categories, reader
        FROM ({_ASKED}) WHERE says = 'prohibited' AND category <> 'data_mining'
        AND ingredient IS NULL
        GROUP BY media_id, place, value, reader, key
    """,
)

INHERITED_OPTOUT = Rule(
    code="SIG002",
    symbol="inherited-opt-out",
    title="A part that the picture was made from refuses this use.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_OPTOUT and section 9, descent; C2PA 2.2, ingredients",
    message="ingredient {ingredient} says {value}, which refuses {categories}",
    explanation=(
        f"{_BELIEVED}"
        "A C2PA record names the pictures that went into this one and brings their statements "
        "along, at any depth. What was made from a part is no freer than the part."
    ),
    remedy="Leave the entry out of this use, or make it again without that part.",
    query=f"""
        SELECT media_id, ingredient, place, value,
               list(category ORDER BY category) AS categories
        FROM ({_ASKED}) WHERE says = 'prohibited' AND category <> 'data_mining'
        AND ingredient IS NOT NULL
        GROUP BY media_id, ingredient, place, value, key
    """,
)

CONSTRAINED = Rule(
    code="SIG003",
    symbol="opt-out-constrained",
    title="A statement in or beside the file allows this use under conditions only.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_OPTOUT_CONSTRAINED; CAWG training-mining, constrained",
    message="{place} puts conditions on {categories}: {value}",
    explanation=(
        "The statement points at conditions that a machine cannot judge: a constraint in words, "
        "a licence at an address, an encoded expression of rights. Until someone has read them "
        "the standard counts it as a refusal."
    ),
    remedy="Read the conditions; a reviewer decides whether this use meets them.",
    query=f"""
        SELECT media_id, place, value, ingredient,
               list(category ORDER BY category) AS categories
        FROM ({_ASKED}) WHERE says = 'constrained'
        GROUP BY media_id, place, value, ingredient, key
    """,
)

UNREADABLE = Rule(
    code="SIG004",
    symbol="signal-unreadable",
    title="Something in or beside the file may refuse its use, and no program can tell.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_OPTOUT_UNREADABLE",
    message="{place} may refuse this use and was not understood: {value}",
    explanation=(
        "Two things lead here. Some statements cannot be read: a broken XMP packet, one with "
        "entities or of more than 1 MiB, a C2PA record that its own reader refuses, a code that "
        "no vocabulary has, a file that is too long or of a kind that is not read. Others were "
        "read and not understood: a sentence with a word of use, training, consent or refusal, "
        "terms that are no known licence as a whole, a name or a field that seems to say no. "
        "Each may be a refusal, and only a person can tell. What is said of one copy of a picture "
        "holds for every copy with the same bytes or the same pixels."
    ),
    remedy=(
        "Read what is quoted where it stands, or open the file with a metadata viewer, and decide "
        "by hand. Where a text refuses, leave the entry out."
    ),
    query="""
        SELECT media_id, place, value, reader, ingredient, key FROM signalled
        WHERE kind = 'unreadable'
        OR 'unreadable' IN (data_mining, ai_inference, ai_training, ai_generative_training)
    """,
)

C2PA_INVALID = Rule(
    code="SIG005",
    symbol="c2pa-invalid",
    title="The file's C2PA record does not hold.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_C2PA_INVALID; C2PA 2.2 section 15",
    message="the C2PA record is invalid: {codes}",
    explanation=(
        "The picture or its record was changed after signing, or the certificate had expired. "
        "The record may be old and good: results depend on the SDK, whose version stands in the "
        "table. That nobody here trusts the signer is no failure."
    ),
    remedy="Get the original from its source, or decide by hand what the record is worth.",
    query="""
        SELECT media_id, codes, tool FROM signalled
        WHERE kind = 'c2pa_state' AND value = 'invalid' AND ingredient IS NULL
    """,
)

C2PA_INGREDIENT_INVALID = Rule(
    code="SIG006",
    symbol="c2pa-ingredient-invalid",
    title="The C2PA record of a part that the picture was made from does not hold.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_C2PA_INGREDIENT_INVALID; C2PA 2.2 section 15.11",
    message="the record of ingredient {ingredient} is invalid: {codes}",
    explanation=(
        "The state that a C2PA reader gives is about the outermost record only: a file can be "
        "valid, or even trusted, with a part whose signature is wrong. Every record is walked."
    ),
    remedy="Ask where the part came from, or decide by hand.",
    query="""
        SELECT media_id, ingredient, codes, place FROM signalled
        WHERE kind = 'c2pa_state' AND value = 'invalid' AND ingredient IS NOT NULL
    """,
)

PROVENANCE_STRIPPED = Rule(
    code="SIG007",
    symbol="provenance-stripped",
    title="The file points at a C2PA record that was taken out of it.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_PROVENANCE_STRIPPED",
    message="{place} points at {codes}, which is not in the file",
    explanation=(
        "XMP names the record by its address inside the file, and there is none. Whatever the "
        "record said, a refusal among it, is gone."
    ),
    remedy="Get the file with its record from where it was published.",
    query="""
        SELECT media_id, place, codes FROM signalled
        WHERE kind = 'c2pa_state' AND value = 'stripped'
    """,
)

C2PA_REMOTE = Rule(
    code="SIG008",
    symbol="c2pa-remote-unread",
    title="The file's C2PA record lies elsewhere and was not read.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_C2PA_REMOTE_UNREAD",
    message="the C2PA record is not in the file: {codes}",
    explanation=(
        "A record may be kept on a server. It is never fetched: that would tell the server who "
        "looks at which picture. What it says is not known."
    ),
    remedy="Fetch the file with its record embedded, outside this tool, and ingest that.",
    query="""
        SELECT media_id, codes FROM signalled
        WHERE kind = 'c2pa_state' AND value = 'remote_unread'
    """,
)

ALTERATION = Rule(
    code="SIG009",
    symbol="alteration-constraint",
    title="The file forbids a kind of alteration, and this one is altered.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_ALTERATION_CONSTRAINT; PLUS ImageAlterationConstraints",
    message="{place} says {constraints}, and the entry's manipulation is {manipulation_type}",
    explanation=(
        "PLUS codes forbid cropping (AL-CRP), flipping (AL-FLP), retouching (AL-RET), "
        "colourising (AL-CLR), decolourising (AL-DCL) and merging (AL-MRG) of a picture. A swap "
        "merges two. Any of them on a manipulated entry, or on a genuine one that the use would "
        "alter, is looked at by a person."
    ),
    remedy="Ask the licensor, or leave the entry out.",
    query="""
        SELECT s.media_id, s.place, e.manipulation_type::VARCHAR AS manipulation_type,
               list(DISTINCT s.value ORDER BY s.value) AS constraints
        FROM signalled s JOIN entries e USING (media_id) CROSS JOIN use u
        WHERE s.kind = 'alteration_constraint' AND (e.manipulation_type <> 'none'
            OR list_has_any(u.operations, ['likeness_synthesis', 'likeness_alteration']))
        GROUP BY s.media_id, s.place, e.manipulation_type
    """,
)

MINOR_STATED = Rule(
    code="SIG010",
    symbol="minor-stated",
    title="The file says that the youngest person shown is a minor, or that their age is unknown.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_POSSIBLE_MINOR; PLUS MinorModelAgeDisclosure",
    message="{place} says {value}",
    explanation=(
        "PLUS states the age of the youngest model in years up to 25, below 14, or unknown. "
        "Under 18 and unknown are looked at by a person; 18 and over clears nobody, for "
        "subjects have records of their own."
    ),
    remedy="Find out who is shown; a minor's entry is left out.",
    query="""
        SELECT media_id, place, value FROM signalled
        WHERE kind = 'minor_age' AND value IN ('AG-UNK', 'AG-A17', 'AG-A16', 'AG-A15', 'AG-U14')
    """,
)

NO_MODEL_RELEASE = Rule(
    code="SIG011",
    symbol="no-model-release",
    title="The file says that there is no model release, or only a limited one.",
    effect=Effect.REVIEW,
    basis="PLUS ModelReleaseStatus; IPTC Photo Metadata Standard 2024.1",
    message="{place} says {value}",
    explanation=(
        "MR-NON is none and MR-LMR limited or incomplete. A statement that there is an unlimited "
        "one (MR-UMR), or that none is needed (MR-NAP), clears nothing: consents are records of "
        "their own."
    ),
    remedy="Compare with the consent on record, or ask the photographer for the release.",
    query="""
        SELECT media_id, place, value FROM signalled
        WHERE kind = 'model_release' AND value IN ('MR-NON', 'MR-LMR')
    """,
)

CONFLICT = Rule(
    code="SIG012",
    symbol="metadata-conflict",
    title="Two statements of the file contradict each other.",
    effect=Effect.REVIEW,
    basis="Metadata Working Group 2.0 section 5; STANDARDS section 3.2",
    message="{place} says {value}, and {against_place} says {against}",
    explanation=(
        "Creator and copyright can stand in EXIF, IPTC and XMP, and are compared as the Metadata "
        "Working Group advises. A statement that allows what another refuses is told too: the "
        "stricter one has won already."
    ),
    remedy="Find out which of the two is right; the file was edited by someone.",
    query="""
        SELECT media_id, place, value, against_place, against, codes FROM signalled
        WHERE kind = 'conflict'
    """,
)

TERMS_IN_FILE = Rule(
    code="SIG013",
    symbol="terms-in-file",
    title="The file states conditions in words that nobody has read.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_TERMS_UNREAD; PLUS OtherConstraints; XMP Rights Management",
    message="{place} says: {value}",
    explanation=(
        "Usage terms, constraints, instructions, rights expressions and addresses of terms that "
        "name no licence that is known. A known licence is read as its SPDX id instead."
    ),
    remedy="Read them. A waiver for this rule records that they do not matter for the dataset.",
    query="""
        SELECT media_id, place, value, ingredient FROM signalled WHERE kind = 'terms'
    """,
)

LICENCE_FORBIDS = Rule(
    code="SIG014",
    symbol="licence-in-file-forbids",
    title="The licence in the file does not allow commercial use, and this use is commercial.",
    effect=Effect.BLOCK,
    basis="Creative Commons licences, NonCommercial; STANDARDS BLK_TERMS_FORBID",
    message="{place} names {value}, which is not for commercial use",
    explanation=(
        f"{_BELIEVED}"
        "Licences are read from texts and addresses as SPDX ids. A NonCommercial one in the file "
        "holds whatever the dataset's own licence says."
    ),
    remedy="Leave the entry out of commercial use.",
    query="""
        SELECT s.media_id, s.place, s.value FROM signalled s CROSS JOIN use u
        WHERE s.kind = 'licence' AND u.commercial AND contains(s.value, 'CC-BY-NC')
    """,
)

LICENCE_DIFFERS = Rule(
    code="SIG015",
    symbol="licence-in-file-differs",
    title="The file names another licence than the dataset does.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 3.2; SPDX licence list",
    message="{place} names {value}, and the {stated_by} is listed as {licence}",
    explanation=(
        "Somebody gave the work two licences. A dataset's maker can hand on no more than they "
        "were given, so the file's own licence is the one to ask about."
    ),
    remedy="Find out which one holds, and correct the record or leave the entry out.",
    query="""
        SELECT s.media_id, s.place, s.value, coalesce(e.licence, o.licence) AS licence,
               CASE WHEN e.licence IS NOT NULL THEN 'entry' ELSE 'source' END AS stated_by
        FROM signalled s JOIN entries e USING (media_id)
        LEFT JOIN sources o USING (source_id)
        WHERE s.kind = 'licence' AND coalesce(e.licence, o.licence) IS NOT NULL
        AND replace(upper(coalesce(e.licence, o.licence)::VARCHAR), ' ', '-')
            <> upper(replace(s.value, 'LicenseRef-', ''))
    """,
)

MINING_REFUSED = Rule(
    code="SIG016",
    symbol="mining-refused",
    title="A statement in or beside the file refuses data mining and not the use itself.",
    effect=Effect.REVIEW,
    basis="EU DSM Directive Art. 4(3); CAWG training-mining, data_mining",
    message="{place} says {value} of data mining",
    explanation=(
        "Training is widely held to include mining, and the statement says nothing of training, "
        "or allows it. Whether it covers this use is for a person to say."
    ),
    remedy="A reviewer decides, on the words of the statement.",
    query=f"""
        SELECT media_id, place, value, ingredient FROM ({_ASKED})
        GROUP BY media_id, place, value, ingredient, key
        HAVING bool_or(category = 'data_mining' AND says = 'prohibited')
        AND NOT bool_or(category <> 'data_mining' AND says = 'prohibited')
    """,
)

NOT_SEARCHED = Rule(
    code="SIG017",
    symbol="signals-not-read",
    title="Nobody has looked for opt-outs and provenance in the file.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, crashed stages are review",
    message="the file was not searched for statements: {why}",
    explanation=(
        "A file that was not searched may refuse the use. A reader that crashed or hung on it, "
        "and a file that changed meanwhile, are told with the reason."
    ),
    remedy="Run `curate run signals`; look at the file where the reader fails.",
    query="""
        SELECT e.media_id, coalesce(s.error, 'the stage has not run on it') AS why
        FROM entries e LEFT JOIN signal_scans s USING (sha256)
        WHERE e.state = 'present' AND (s.sha256 IS NULL OR s.error IS NOT NULL)
    """,
)

RULES = (
    OPTOUT,
    INHERITED_OPTOUT,
    CONSTRAINED,
    UNREADABLE,
    C2PA_INVALID,
    C2PA_INGREDIENT_INVALID,
    PROVENANCE_STRIPPED,
    C2PA_REMOTE,
    ALTERATION,
    MINOR_STATED,
    NO_MODEL_RELEASE,
    CONFLICT,
    TERMS_IN_FILE,
    LICENCE_FORBIDS,
    LICENCE_DIFFERS,
    MINING_REFUSED,
    NOT_SEARCHED,
)
