"""Rules CON028 to CON039: what about a person, beyond a consent, stands in the way."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.audit.rules.consent import NAMED
from curate.model.verdict import Effect


def standing(reason: str, *facts: str) -> str:
    """Return the query for one reason of `standings`."""
    columns = ", ".join(("standing", f"{NAMED} AS subject", *facts))
    return f"SELECT {columns} FROM standings WHERE reason = '{reason}'"


POSSIBLE_MINOR = Rule(
    code="CON028",
    symbol="possible-minor",
    title="It is not known whether a person was a minor.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 8; STANDARDS REV_POSSIBLE_MINOR",
    message=(
        "it is not recorded whether {subject} was a minor when the media were made, or what is "
        "recorded of it contradicts itself"
    ),
    explanation=(
        "A child cannot give this consent alone. A subject of whom nothing is known may "
        "be one; nothing is inferred from the face. Nor is anybody taken for an adult who has a "
        "guardian on record, or a day still to come on which they come of age."
    ),
    remedy=(
        "Record whether the subject was a minor, in the column minor_at_capture, and correct what "
        "contradicts it."
    ),
    query=standing("possible-minor"),
)

MINOR = Rule(
    code="CON029",
    symbol="minor",
    title="A person was a minor, and the use does not admit minors.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 8; STANDARDS BLK_MINOR",
    message="{subject} was a minor when the media were made",
    explanation=(
        "Media of minors are used only where the use profile says so (minors = true) "
        "and a guardian consented."
    ),
    remedy="Leave the entry out.",
    query=standing("minor"),
)

GUARDIAN_MISSING = Rule(
    code="CON030",
    symbol="guardian-missing",
    title="No guardian consented for a minor.",
    effect=Effect.REVIEW,
    basis="GDPR Art. 8(1); STANDARDS REV_GUARDIAN_MISSING",
    message="no guardian has consented for {subject}, a minor",
    explanation=(
        "The holder of parental responsibility gives or authorises a child's consent; "
        "the event says who indicated it."
    ),
    remedy="Record the guardian's consent, with indicated_by = guardian.",
    query=standing("guardian-missing"),
)

RECONSENT_AT_MAJORITY = Rule(
    code="CON031",
    symbol="reconsent-at-majority",
    title="A person came of age and has not been asked again.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_RECONSENT_AT_MAJORITY",
    message="{subject} came of age on {since}, and has not consented since",
    explanation="A guardian's consent does not outlast childhood by itself: the person decides.",
    remedy="Ask the person, and record the answer.",
    query=standing("reconsent-at-majority", "since"),
)

DECEASED = Rule(
    code="CON032",
    symbol="subject-deceased",
    title="A person has died.",
    effect=Effect.REVIEW,
    basis="Danish Copyright Act section 73a (proposed); national law on the deceased",
    message="{subject} has died ({since})",
    explanation=(
        "Data protection ends with death in most places, and rights in a person's "
        "likeness often do not. What holds is a matter of the law that applies."
    ),
    remedy=("Have someone who may decide it look at the applicable law and the heirs' wishes."),
    query=standing("deceased", "since"),
)

DESTROY_BY_PASSED = Rule(
    code="CON033",
    symbol="destroy-by-passed",
    title="The date by which biometric data must be destroyed has passed.",
    effect=Effect.BLOCK,
    basis="740 ILCS 14/15(a) (BIPA)",
    message="biometric data about {subject} had to be destroyed by {since}",
    explanation=(
        "Biometric data are destroyed when their purpose is met or three years after "
        "the last interaction, whichever comes first. After the date nothing may be "
        "computed from the person's face."
    ),
    remedy="Destroy the data, and leave the entry out.",
    query=standing("destroy-by-passed", "since"),
)

DESTROY_BY_AHEAD = Rule(
    code="CON044",
    symbol="destroy-by-ahead",
    title="Biometric data must be destroyed before the use is over.",
    effect=Effect.REVIEW,
    basis="740 ILCS 14/15(a) (BIPA); STANDARDS section 9.4, REV_RELEASE_OUTLIVES_CONSENT",
    message="biometric data about {subject} must be destroyed by {since}, while the use goes on",
    explanation=(
        "A dataset given out for longer than that will be used after the date. Where the use does "
        "not say when it ends, horizon_days says for how long it goes on."
    ),
    remedy="End the use earlier, or leave the entry out.",
    query=standing("destroy-by-ahead", "since"),
)

RESTRICTED = Rule(
    code="CON034",
    symbol="subject-restricted",
    title="Processing of a person's data is restricted.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 16, 18; STANDARDS BLK_RESTRICTED",
    message="processing of the data of {subject} is restricted (request {request})",
    explanation=(
        "While a restriction or a rectification is open, the data may be stored and not used. A "
        "restriction that was granted holds until somebody lifts it; the person is told before."
    ),
    remedy="Answer the request; lift a restriction with `curate requests lift` once its cause is "
    "gone and the person was told.",
    query=standing("restricted", "request"),
)

ERASURE = Rule(
    code="CON035",
    symbol="erasure",
    title="A person asked for erasure, or was erased.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 17; STANDARDS BLK_ERASURE",
    message="{subject} asked for erasure or was erased (request {request})",
    explanation=(
        "From the request on, the media may not be used; when it is fulfilled, they may "
        "not come back."
    ),
    remedy="Erase what is held, and answer the request.",
    query=standing("erased", "request"),
)

ERASED_CONTENT = Rule(
    code="CON040",
    symbol="erased-content",
    title="The same file was erased when a person asked for it.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 17; STANDARDS BLK_ERASURE",
    message="the file may not come back: {detail}",
    explanation=(
        "When a person is erased, what tells their files again is kept in the ledger as keyed "
        "digests. A file that comes back under another name, in another dataset or declared as "
        "another person is known by them. It is not opened again, and it is blocked."
    ),
    remedy="Take the file out of the dataset.",
    query="""
        SELECT media_id, detail FROM entries WHERE state = 'unreadable' AND reason = 'erased'
    """,
)

OBJECTION = Rule(
    code="CON036",
    symbol="objection",
    title="A person objected.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 21; STANDARDS BLK_OBJECTION",
    message="{subject} objected (request {request})",
    explanation=(
        "After an objection the data may not be used unless someone shows compelling grounds."
    ),
    remedy="Leave the entry out, or decide the request.",
    query=standing("objected", "request"),
)

WITHDRAWAL_REQUESTED = Rule(
    code="CON037",
    symbol="withdrawal-requested",
    title="A person asked to withdraw.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 7(3)",
    message="{subject} asked to withdraw on {since} (request {request})",
    explanation=(
        "A withdrawal holds from the moment it is declared, whether or not anyone has "
        "recorded it against a consent yet."
    ),
    remedy="Record it with `curate consent withdraw`, and answer the request.",
    query=standing("withdrawal-requested", "since", "request"),
)

TAKEDOWN = Rule(
    code="CON038",
    symbol="takedown",
    title="A takedown was requested for the entry.",
    effect=Effect.BLOCK,
    basis="TAKE IT DOWN Act; STANDARDS BLK_TAKEDOWN",
    message="a takedown was requested on {since} (request {request})",
    explanation=("A valid request is acted on within 48 hours, and covers known identical copies."),
    remedy="Take the entry down, and answer the request.",
    query=standing("takedown", "since", "request"),
)

LEGAL_HOLD = Rule(
    code="CON039",
    symbol="legal-hold",
    title="An authority holds the entry.",
    effect=Effect.BLOCK,
    basis="18 USC 2258A(h); STANDARDS BLK_LEGAL_HOLD",
    message="an authority's request of {since} holds this ({request})",
    explanation="Preserved or to be destroyed by order: in neither case may it be used.",
    remedy="Follow the order; ask your counsel.",
    query=standing("legal-hold", "since", "request"),
)

RULES = (
    POSSIBLE_MINOR,
    MINOR,
    GUARDIAN_MISSING,
    RECONSENT_AT_MAJORITY,
    DECEASED,
    DESTROY_BY_PASSED,
    DESTROY_BY_AHEAD,
    RESTRICTED,
    ERASURE,
    OBJECTION,
    WITHDRAWAL_REQUESTED,
    TAKEDOWN,
    LEGAL_HOLD,
    ERASED_CONTENT,
)
