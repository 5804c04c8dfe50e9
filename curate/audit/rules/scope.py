"""Rules CON017 to CON027, CON041 to CON043: how far a consent reaches, and how sure it is."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.audit.rules.consent import duty
from curate.model.verdict import Effect

TERRITORY_NOT_GRANTED = Rule(
    code="CON017",
    symbol="territory-not-granted",
    title="The use reaches a territory that was not granted.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_TERRITORY_NOT_GRANTED",
    message="consent {consent_id} of {subject} does not cover {territories}",
    explanation=(
        "Recipients and storage of the use lie in territories; a consent names those it "
        "covers, or WORLD. An excluded territory wins over WORLD."
    ),
    remedy="Keep the dataset out of these territories, or ask the person.",
    query=duty("territory-not-granted", "territories"),
)

TERRITORY_UNSTATED = Rule(
    code="CON018",
    symbol="territory-unstated",
    title="The use names territories, and the consent names none.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="consent {consent_id} of {subject} does not say where the media may go",
    explanation=(
        "A consent that speaks of no territory neither grants nor refuses one, so a person decides."
    ),
    remedy="Ask the person, and record the answer.",
    query=duty("territory-unstated"),
)

OTHER_MEDIA = Rule(
    code="CON019",
    symbol="consent-other-media",
    title="A consent covers other media than this.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_CONSENT_OTHER_MEDIA",
    message=("consent {consent_id} of {subject} covers listed entries, and this is none of them"),
    explanation="A grant can be for listed entries alone.",
    remedy="Ask the person for this entry, or leave it out.",
    query=duty("other-media"),
)

SCOPE_UNRESOLVED = Rule(
    code="CON020",
    symbol="consent-scope-unresolved",
    title="It is not known whether a consent for a session or project covers this entry.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 8, consent.scope_kind",
    message=(
        "consent {consent_id} of {subject} is for a session or project, and nothing "
        "says that this is of it"
    ),
    explanation=(
        "A grant for a session or project holds for what was made in it, and the entry "
        "does not say."
    ),
    remedy="List the entries that the grant covers.",
    query=duty("scope-unresolved"),
)

CONTEXT_FORBIDDEN = Rule(
    code="CON021",
    symbol="context-forbidden",
    title="The use is in a context that was forbidden.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_CONTEXT_FORBIDDEN",
    message="consent {consent_id} of {subject} forbids: {contexts}",
    explanation=(
        "People may agree to research and still refuse that their picture serves "
        "surveillance, advertising or politics. The use profile names its contexts."
    ),
    remedy="Leave the entry out of this use.",
    query=duty("context-forbidden", "contexts"),
)

LEGAL_BASIS_NOT_CONSENT = Rule(
    code="CON022",
    symbol="legal-basis-not-consent",
    title="The record rests on another legal basis than consent.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 6(1)(b)-(f), 9(2)(e), (j); STANDARDS REV_LEGAL_BASIS_NOT_CONSENT",
    message="record {consent_id} of {subject} rests on {legal_basis}",
    explanation=(
        "Other bases may be lawful, and need a documented test that no program can "
        "make. They are never cleared by themselves."
    ),
    remedy="Have someone who may decide it look at the documented test.",
    query=duty("legal-basis-not-consent", "legal_basis"),
)

NOTICE_MISMATCH = Rule(
    code="CON023",
    symbol="notice-mismatch",
    title="What the person was told does not cover this use.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 4(11), 7(2); ISO/IEC 29184; STANDARDS REV_NOTICE_MISMATCH",
    message=(
        "notice {notice_id} of consent {consent_id} of {subject} is not on record or "
        "does not speak of this use"
    ),
    explanation=(
        "Consent is informed: it covers what the notice spoke of. A notice that is not "
        "on record, or that does not name the purpose and operations, leaves a doubt."
    ),
    remedy=(
        "Record the notice with the purposes and operations it covers, or inform the person anew."
    ),
    query=duty("notice-mismatch", "notice_id"),
)

ASSURANCE_TOO_LOW = Rule(
    code="CON024",
    symbol="assurance-too-low",
    title="A record is not sure enough for the audience.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_ASSURANCE_TOO_LOW",
    message=(
        "consent {consent_id} of {subject} has assurance {assurance_level}, too little "
        "for an audience that is {audience}"
    ),
    explanation=(
        "The wider the audience, the surer the record must be: internal 1 (a "
        "statement), consortium 2 (a signed batch), gated 3 (an individual record with "
        "its document's digest), public 4 (a verified signer and matching notice)."
    ),
    remedy="Obtain the document, or narrow the audience.",
    query=duty("assurance-too-low", "assurance_level", "audience"),
)

NO_EXPIRY = Rule(
    code="CON025",
    symbol="consent-no-expiry",
    title="A consent has no end.",
    effect=Effect.REVIEW,
    basis="dpv:EndlessDuration; STANDARDS REV_CONSENT_NO_EXPIRY",
    message="consent {consent_id} of {subject} has no end",
    explanation=(
        "An endless consent is poor practice, and void in places; someone should decide "
        "how long it is to be relied on."
    ),
    remedy="Record until when it holds.",
    query=duty("no-expiry"),
)

RELEASE_OUTLIVES_CONSENT = Rule(
    code="CON026",
    symbol="release-outlives-consent",
    title="The use goes on after the consent ends.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9.4, REV_RELEASE_OUTLIVES_CONSENT",
    message=("consent {consent_id} of {subject} ends on {valid_until}, and the use on {ends_at}"),
    explanation=(
        "A dataset given out for longer than a consent holds will be used without it. Where the "
        "use does not say when it ends, horizon_days says for how long it goes on."
    ),
    remedy="End the use earlier, or ask the person to renew.",
    query=duty("release-outlives-consent", "valid_until", "ends_at"),
)

CLAIM_ONLY = Rule(
    code="CON027",
    symbol="dataset-claim-only",
    title="Only the source says that people agreed.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 2, assurance levels 1 and 2",
    message=(
        "{subject} appears as {role} without a record of their own; source {source_id} "
        "claims {consent_claim}"
    ),
    explanation=(
        "A sentence such as 'actors agreed to take part' is a claim of assurance 1, a "
        "signed batch of 2. It is not a record that a person gave, for this role and "
        "this purpose, and so it does not clear."
    ),
    remedy="Obtain individual records, or have someone decide on the claim.",
    query=duty("claim-only", "source_id", "consent_claim"),
)

UNINFORMED = Rule(
    code="CON041",
    symbol="consent-uninformed",
    title="A person was not informed when they consented.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 4(11); dpv:UninformedConsent",
    message="consent {consent_id} of {subject}, as {role}, was given without information",
    explanation="Consent is informed. A record that says that it was not proves no consent.",
    remedy="Inform the person and ask again, or leave the entry out.",
    query=duty("uninformed"),
)

LEGAL_BASIS_UNSTATED = Rule(
    code="CON042",
    symbol="legal-basis-unstated",
    title="Neither the record nor the use names a legal basis.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 6(1), 9(2), 13(1)(c); ISO/IEC TS 27560 lawful_basis",
    message="record {consent_id} of {subject} names no legal basis, and the use relies on none",
    explanation=(
        "Whoever uses the media relies on one legal basis. Where people's records do not name it, "
        "curate.toml does, as legal_basis of the use."
    ),
    remedy="Name it in the column legal_basis, or as legal_basis of the use in curate.toml.",
    query=duty("legal-basis-unstated"),
)

KEPT_WORDS = Rule(
    code="CON043",
    symbol="kept-column-words",
    title="A column of a consent record that was kept has words that may limit the use.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="record {consent_id} of {subject} has a column that no rule reads: {words}",
    explanation=(
        "Columns that the setting [import] keep names are stored and decide nothing. One that "
        "speaks of consent, use or a limit may say what the person agreed to, or did not."
    ),
    remedy=(
        "Read the column, and record what it means in columns that are known, or have someone "
        "decide."
    ),
    query="""
        SELECT DISTINCT d.media_id, w.consent_id, d.subject_id AS subject, w.words
        FROM consent_words w JOIN consents c USING (consent_id)
        JOIN depictions d USING (subject_id)
        WHERE d.link_status <> 'rejected'
    """,
)

RULES = (
    TERRITORY_NOT_GRANTED,
    TERRITORY_UNSTATED,
    OTHER_MEDIA,
    SCOPE_UNRESOLVED,
    CONTEXT_FORBIDDEN,
    LEGAL_BASIS_NOT_CONSENT,
    NOTICE_MISMATCH,
    ASSURANCE_TOO_LOW,
    NO_EXPIRY,
    RELEASE_OUTLIVES_CONSENT,
    CLAIM_ONLY,
    UNINFORMED,
    LEGAL_BASIS_UNSTATED,
    KEPT_WORDS,
)
