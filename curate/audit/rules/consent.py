"""Rules CON: each person in an entry has agreed to this use of it, in that role.

Reasons and their order are those of STANDARDS section 9.4; `unmet` has a row for each reason.
"""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

# Where another name of the same person says it, both are told.
NAMED = "subject_id || coalesce(' (merged with ' || by_name || ')', '')"


def duty(reason: str, *facts: str) -> str:
    """Return the query for one reason of `unmet`."""
    columns = ", ".join(("duty", f"{NAMED} AS subject", "role", "consent_id", *facts))
    return f"SELECT {columns} FROM unmet WHERE reason = '{reason}'"


NO_CONSENT = Rule(
    code="CON001",
    symbol="no-consent",
    title="A person has no consent on record.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 6(1)(a), 7(1), 9(2)(a); STANDARDS BLK_NO_CONSENT",
    message="{subject} appears as {role}, and no consent of theirs is on record",
    explanation=(
        "Whoever uses the media must be able to show that each person agreed. A record that "
        "does not exist shows nothing, so the entry is blocked and not merely doubted. In a "
        "swap the donor and the target are two people, and each needs a record."
    ),
    remedy="Import the person's consent, or leave the entry out.",
    query=duty("no-consent"),
)

CONSENT_WITHDRAWN = Rule(
    code="CON002",
    symbol="consent-withdrawn",
    title="A person withdrew their consent.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 7(3); dpv:ConsentWithdrawn; STANDARDS BLK_CONSENT_WITHDRAWN",
    message="{subject}, who appears as {role}, withdrew on {withdrawn_at} "
    "(consent {said_in}), and no consent of theirs was given since then",
    explanation=(
        "A withdrawal holds from the instant it takes effect and beats every grant the person "
        "gave before it, in any record. Only a grant given afterwards counts, and a record that "
        "does not say when it was given was not given afterwards. Who withdrew from one purpose, "
        "or for listed entries, withdrew from these alone. Past use stays lawful; new use does "
        "not."
    ),
    remedy="Leave the entry and everything derived from it out, and recall releases that hold it.",
    query=duty("withdrawn", "coalesce(said_at, state_at) AS withdrawn_at", "said_in"),
)

CONSENT_EXPIRED = Rule(
    code="CON003",
    symbol="consent-expired",
    title="A consent had expired by the instant judged.",
    effect=Effect.BLOCK,
    basis="dpv:ConsentExpired; STANDARDS BLK_CONSENT_EXPIRED",
    message="consent {consent_id} of {subject}, who appears as {role}, expired on {expired_at}",
    explanation="A consent holds until its end, the end not included.",
    remedy="Ask the person to renew, or leave the entry out.",
    query=duty("expired", "least(valid_until, state_at_if_expired) AS expired_at"),
)

PURPOSE_NOT_GRANTED = Rule(
    code="CON004",
    symbol="purpose-not-granted",
    title="A consent does not cover the purpose.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 5(1)(b); ISO/IEC TS 27560 purpose; STANDARDS BLK_PURPOSE_NOT_GRANTED",
    message="consent {consent_id} of {subject} covers {purposes}, and the use is for {purpose}",
    explanation=(
        "A grant of a purpose covers the narrower purposes below it in the tree, and no other. "
        "`schemas/purposes.json` is the tree; `[purposes]` in curate.toml adds terms."
    ),
    remedy="Ask the person for this purpose, or use the media for one they agreed to.",
    query=duty("purpose-not-granted", "purposes", "purpose"),
)

ROLE_NOT_GRANTED = Rule(
    code="CON005",
    symbol="role-not-granted",
    title="A consent does not cover the role, such as donor or target of a swap.",
    effect=Effect.BLOCK,
    basis="STANDARDS section 2, BLK_ROLE_NOT_GRANTED",
    message="consent {consent_id} of {subject} does not cover appearing as {role}",
    explanation=(
        "To agree to be recorded is not to agree to lend one's face to another body, nor to "
        "have one's footage altered. A swap has two data subjects, donor and target, and each "
        "must have agreed to that role."
    ),
    remedy="Ask the person for this role, or leave the entry out.",
    query=duty("role-not-granted"),
)

OPERATION_NOT_GRANTED = Rule(
    code="CON006",
    symbol="operation-not-granted",
    title="A consent does not cover what is done with the media.",
    effect=Effect.BLOCK,
    basis="ISO/IEC TS 27560 processing_method; STANDARDS BLK_OPERATION_NOT_GRANTED",
    message="consent {consent_id} of {subject}, as {role}, does not cover: {missing}",
    explanation=(
        "The use names its operations, and a role in a manipulation adds its own: a donor must "
        "have agreed to likeness_synthesis, a target to likeness_alteration."
    ),
    remedy="Ask the person for these operations, or leave the entry out.",
    query=duty("operation-not-granted", "missing"),
)

CONSENT_REVOKED = Rule(
    code="CON007",
    symbol="consent-revoked",
    title="A consent was revoked by someone other than the person.",
    effect=Effect.BLOCK,
    basis="dpv:ConsentRevoked; STANDARDS BLK_CONSENT_REVOKED",
    message="consent {said_in} of {subject}, who appears as {role}, was revoked on {said_at}, and "
    "no consent of theirs was given since then",
    explanation="A controller, court or authority can end a consent. It then permits nothing, and "
    "another record of the person counts only if it was given afterwards.",
    remedy="Leave the entry out, or obtain a new consent.",
    query=duty("revoked", "said_at", "said_in"),
)

CONSENT_REFUSED = Rule(
    code="CON008",
    symbol="consent-refused",
    title="A person refused.",
    effect=Effect.BLOCK,
    basis="dpv:ConsentRefused; STANDARDS BLK_CONSENT_REFUSED",
    message="{subject}, who appears as {role}, refused on {said_at} (consent {said_in}), and no "
    "consent of theirs was given since then",
    explanation="A refusal on record blocks until the person gives consent afterwards, whatever "
    "other records say.",
    remedy="Leave the entry out.",
    query=duty("refused", "said_at", "said_in"),
)

CONSENT_INVALIDATED = Rule(
    code="CON009",
    symbol="consent-invalidated",
    title="A consent was found invalid.",
    effect=Effect.BLOCK,
    basis="dpv:ConsentInvalidated; STANDARDS BLK_CONSENT_INVALIDATED",
    message="consent {said_in} of {subject}, who appears as {role}, was found invalid on "
    "{said_at}, and no consent of theirs was given since then",
    explanation="A consent that was never valid permits nothing, before or after. Another record "
    "of the person counts only if it was given afterwards.",
    remedy="Obtain a valid consent, or leave the entry out.",
    query=duty("invalidated", "said_at", "said_in"),
)

CONSENT_NOT_YET_VALID = Rule(
    code="CON010",
    symbol="consent-not-yet-valid",
    title="A consent does not hold yet.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_CONSENT_NOT_YET_VALID",
    message="consent {consent_id} of {subject}, as {role}, holds from {valid_from} on",
    explanation="A consent holds from its start, the start included.",
    remedy="Wait until it holds, or leave the entry out.",
    query=duty("not-yet-valid", "valid_from"),
)

CONSENT_PENDING = Rule(
    code="CON011",
    symbol="consent-pending",
    title="It is not known whether a consent was given.",
    effect=Effect.REVIEW,
    basis="dpv:ConsentUnknown, dpv:ConsentRequested; STANDARDS REV_CONSENT_PENDING",
    message="consent {consent_id} of {subject}, as {role}, is in state {state}",
    explanation="Requested, deferred and unknown are no consent; someone must find out.",
    remedy="Find out whether the person agreed, and record it.",
    query=duty("pending", "state"),
)

PURPOSE_EXCLUDED = Rule(
    code="CON012",
    symbol="purpose-excluded",
    title="A person excluded the purpose.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_PURPOSE_EXCLUDED",
    message="consent {said_in} of {subject} excludes {purpose} or a purpose above it",
    explanation="An exclusion covers the narrower purposes below it, and wins over any grant, in "
    "this and in other records of the person, unless it is given later and does not exclude it.",
    remedy="Leave the entry out of this use.",
    query=duty("purpose-excluded", "purpose", "said_in"),
)

AUDIENCE_EXCEEDED = Rule(
    code="CON013",
    symbol="audience-exceeded",
    title="The use reaches a wider audience than was agreed.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_AUDIENCE_EXCEEDED",
    message="consent {consent_id} of {subject} reaches {audience_max}; the use is {audience}",
    explanation="Audiences widen from internal through consortium and gated to public.",
    remedy="Narrow the use's audience, or ask the person.",
    query=duty("audience-exceeded", "audience_max", "audience"),
)

COMMERCIAL_NOT_GRANTED = Rule(
    code="CON014",
    symbol="commercial-not-granted",
    title="The use is commercial, and commercial use was excluded.",
    effect=Effect.BLOCK,
    basis="STANDARDS BLK_COMMERCIAL_NOT_GRANTED",
    message="consent {consent_id} of {subject} excludes commercial use",
    explanation="A use profile says whether it is commercial; a consent says whether it may be.",
    remedy="Leave the entry out of commercial uses.",
    query=duty("commercial-not-granted"),
)

COMMERCIAL_UNSTATED = Rule(
    code="CON015",
    symbol="commercial-unstated",
    title="The use is commercial, and the consent does not speak of it.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_COMMERCIAL_UNSTATED",
    message="consent {consent_id} of {subject} does not speak of commercial use",
    explanation="Silence is not a grant; it is not an exclusion either, so a person decides.",
    remedy="Ask the person, and record the answer.",
    query=duty("commercial-unstated"),
)

MANIPULATION_NOT_GRANTED = Rule(
    code="CON016",
    symbol="manipulation-not-granted",
    title="A person did not agree to this kind of manipulation.",
    effect=Effect.BLOCK,
    basis="STANDARDS section 8, consent.manipulations_permitted",
    message="consent {consent_id} of {subject}, as {role}, does not cover {manipulation}",
    explanation=(
        "Consent to manipulation is consent to the kinds that were named. A list that was left "
        "out names none."
    ),
    remedy="Ask the person for this kind of manipulation, or leave the entry out.",
    query=duty("manipulation-not-granted", "manipulation_type AS manipulation"),
)

RULES = (
    NO_CONSENT,
    CONSENT_WITHDRAWN,
    CONSENT_EXPIRED,
    PURPOSE_NOT_GRANTED,
    ROLE_NOT_GRANTED,
    OPERATION_NOT_GRANTED,
    CONSENT_REVOKED,
    CONSENT_REFUSED,
    CONSENT_INVALIDATED,
    CONSENT_NOT_YET_VALID,
    CONSENT_PENDING,
    PURPOSE_EXCLUDED,
    AUDIENCE_EXCEEDED,
    COMMERCIAL_NOT_GRANTED,
    COMMERCIAL_UNSTATED,
    MANIPULATION_NOT_GRANTED,
)
