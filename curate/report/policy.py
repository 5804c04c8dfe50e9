"""The policy of a release as machines read it: ODRL for what may be done, DUO for search."""

from __future__ import annotations

from typing import Any

from curate.consent.vocabulary import NAMESPACES, location_terms, purpose_term
from curate.model.config import UseProfile
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.report.appendix import audit_run
from curate.report.facts import Facts

Node = dict[str, Any]

# Refused whatever the use: nobody whose face is here agreed to be found by it.
_NEVER = (
    ("curate:reidentify", "Recognising the people shown, or finding them elsewhere."),
    ("curate:impersonate", "Making media that show a person doing what they did not do."),
)
_DUO = {
    "DUO_0000018": "not for profit, non commercial use only",
    "DUO_0000022": "geographical restriction",
    "DUO_0000025": "time limit on use",
    "DUO_0000027": "project specific restriction",
    "DUO_0000028": "institution specific restriction",
}


def policy(facts: Facts) -> Node:
    """Return the policy under which a release was cleared, and what it asks of holders."""
    use, run = facts.inputs.use, audit_run(facts)
    return {
        "@context": {
            **{name: NAMESPACES[name][0]
               for name in ("odrl", "dpv", "dct", "loc", "curate", "xsd")},
            "offer": {"@id": "odrl:hasPolicy"},
        },
        "@id": target_of(facts),
        "@type": "odrl:Asset",
        "use": {
            "name": use.name,
            "purpose": use.purpose,
            "operations": list(use.operations),
            "audience": use.audience,
            "commercial": use.commercial,
            "recipient_territories": list(use.recipient_territories),
            "storage_territories": list(use.storage_territories),
            "starts_at": _instant(use, "starts_at"),
            "ends_at": _instant(use, "ends_at"),
            "contexts": list(use.contexts),
            "minors": use.minors,
        },
        "judged_as_of": print_instant(facts.inputs.as_of),
        "audit": facts.inputs.audit,
        "ruleset": run.ruleset,
        "rules": list(run.rules),
        "policy_sha256": run.policy,
        "excluded_by_people": {
            "purposes": _words(facts, "purposes_excluded"),
            "contexts": _words(facts, "contexts_forbidden"),
            "territories": _words(facts, "territories_excluded"),
        },
        "terms_of_sources": [row[0] for row in facts.rows(
            "SELECT DISTINCT unnest(terms_flags) AS flag FROM used_sources ORDER BY 1"
        )],
        "offer": {**_named(facts), **offer(facts)},
        "duo": [term["termCode"] for term in duo_terms(use)],
    }  # fmt: skip


def offer(facts: Facts) -> Node:
    """Return an ODRL offer: the use that was judged, and nothing else."""
    use = facts.inputs.use
    return {
        "@type": "odrl:Offer",
        "odrl:permission": [{"odrl:action": _id("odrl:use"), "odrl:constraint": _limits(use),
                             "odrl:duty": _duties()}],
        "odrl:prohibition": [
            *({"odrl:action": _id(action), "dct:description": words} for action, words in _NEVER),
            *([] if use.commercial else [{"odrl:action": _id("odrl:commercialize")}]),
            *([] if use.audience == "public" else [{"odrl:action": _id("odrl:distribute")}]),
            *(
                {"odrl:action": _id("odrl:use"), "odrl:constraint": [
                    _limit("odrl:purpose", "odrl:isA", _id(purpose_term(name)))]}
                for name in _words(facts, "purposes_excluded")
            ),
        ],
    }  # fmt: skip


def _named(facts: Facts) -> Node:
    """Return what makes an offer a policy that others can refer to: its uid, and who and what."""
    project, audit = facts.inputs.project, facts.inputs.audit
    uid = f"urn:uuid:{stable_id('offer', project, audit)}"
    return {
        "@id": uid,
        "odrl:uid": _id(uid),
        "odrl:assigner": _id(f"urn:uuid:{stable_id('assigner', project)}"),
        "odrl:target": _id(target_of(facts)),
    }


def target_of(facts: Facts) -> str:
    """Return the name of what the policy is about, as an absolute address that names nobody."""
    return f"urn:uuid:{stable_id('assets', facts.inputs.project, facts.inputs.audit)}"


def _limits(use: UseProfile) -> list[Node]:
    found = [
        _limit("odrl:purpose", "odrl:isA", _id(purpose_term(use.purpose))),
        _limit("odrl:recipient", "odrl:isPartOf", _id(f"curate:audience-{use.audience}")),
    ]
    if use.recipient_territories:
        places = [_id(term) for term in location_terms(use.recipient_territories)]
        found.append(_limit("odrl:spatial", "odrl:isAnyOf", places))
    for name, operator in (("starts_at", "odrl:gteq"), ("ends_at", "odrl:lt")):
        if moment := _instant(use, name):
            typed = {"@type": "xsd:dateTime", "@value": moment}
            found.append(_limit("odrl:dateTime", operator, typed))
    return found


def _duties() -> list[Node]:
    return [{
        "odrl:action": _id("odrl:delete"),
        "dct:description": "Delete what a withdrawal feed of a later release names.",
        "odrl:constraint": [
            _limit("odrl:event", "odrl:gteq", _id("dpv:ConsentWithdrawn")),
        ],
    }]  # fmt: skip


def duo_terms(use: UseProfile) -> list[Node]:
    """Return the Data Use Ontology's terms that a use calls for."""
    needed = {
        "DUO_0000018": not use.commercial,
        "DUO_0000022": bool(use.recipient_territories),
        "DUO_0000025": use.ends_at is not None,
        "DUO_0000027": True,
        "DUO_0000028": use.audience in ("internal", "consortium"),
    }
    return [
        {
            "@type": "sc:DefinedTerm",
            "@id": f"http://purl.obolibrary.org/obo/{code}",
            "name": _DUO[code],
            "termCode": code,
        }
        for code, is_needed in needed.items()
        if is_needed
    ]


def _words(facts: Facts, column: str) -> list[str]:
    return [row[0] for row in facts.rows(
        f"SELECT DISTINCT unnest({column}) AS word FROM granted ORDER BY 1"
    )]  # fmt: skip


def _instant(use: UseProfile, name: str) -> str | None:
    moment = getattr(use, name)
    return None if moment is None else print_instant(moment)


def _limit(left: str, operator: str, right: Any) -> Node:
    return {"odrl:leftOperand": _id(left), "odrl:operator": _id(operator),
            "odrl:rightOperand": right}  # fmt: skip


def _id(term: str) -> Node:
    return {"@id": term}
