"""Accounts that law asks for, as JSON: of consent, of processing, of training content.

Counts only: nobody's id is in them, and small counts of people are withheld as in the datasheet.
They are extracts of what the catalogue knows; what it does not know is null and listed as open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from curate.consent.vocabulary import NAMESPACES, basis_term, purpose_term
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.report.consents import (
    SCOPES,
    Counts,
    by_age,
    by_assurance,
    by_basis,
    by_column,
    by_scope,
    by_state,
    ends,
    people_shown,
)
from curate.report.datasheet.history import left_out
from curate.report.facts import Facts
from curate.report.overview import rule_of
from curate.report.suppression import SMALLEST, withheld, withheld_each
from curate.report.vocabulary import purpose_words, word
from curate.report.words import Cell

Node = dict[str, Any]

_AGES = {"adult": "dpv:Adult", "minor": "dpv:Child", "deceased": "curate:deceased",
         "unknown": "curate:unknown"}  # fmt: skip
# What one of these words names is a term; what is counted or told in words is not.
_REFERENCES = (
    "dpv:hasPurpose", "dpv:hasConsentStatus", "dpv:hasDataSubject", "dpv:hasLegalBasis",
    "curate:granted",
)  # fmt: skip
_NO_STATE = {"none": "curate:no-record", "ended": "curate:ended"}
_NO_BASIS = "not stated"


def consent_summary(facts: Facts) -> Node:
    """Return how people stand, in DPV's words: counts of people, none of them named."""
    whole = people_shown(facts)
    states = [(_NO_STATE.get(state, f"dpv:{state}"), n) for state, n in by_state(facts)]
    ages = [(_AGES.get(age, age), n) for age, n in by_age(facts)]
    proofs = [(_NO_STATE.get(level, level), n) for level, n in by_assurance(facts)]
    bases = [(_basis(basis), n) for basis, n in by_basis(facts)]
    routes = by_column(facts, "withdrawal_method")
    return {
        "@context": {
            **_spaces("dpv", "eu-gdpr", "dct", "curate", "xsd"),
            **{term: {"@id": term, "@type": "@id"} for term in _REFERENCES},
            "dct:created": {"@id": "dct:created", "@type": "xsd:dateTime"},
        },
        "@id": _name("consent-summary", facts),
        "@type": "curate:ConsentSummary",
        "dct:title": facts.inputs.project,
        "dct:created": print_instant(facts.inputs.as_of),
        "dpv:hasPurpose": purpose_term(facts.inputs.use.purpose),
        "curate:people": _people(whole),
        "curate:withheldBelow": SMALLEST,
        "curate:byConsentStatus": _groups("dpv:hasConsentStatus", withheld(states)),
        "curate:byAge": _groups("dpv:hasDataSubject", withheld(ages)),
        "curate:byLegalBasis": _groups("dpv:hasLegalBasis", withheld_each(bases, whole)),
        "curate:byAssurance": _groups("curate:assuranceLevel", withheld(proofs)),
        "curate:byGrant": [
            group | {"curate:kind": kind}
            for kind, column in SCOPES.items()
            for group in _groups(
                "curate:granted", withheld_each(_terms(kind, by_scope(facts, column)), whole)
            )
        ],
        "curate:byWithdrawalRoute": _groups("curate:route", withheld_each(routes, whole)),
    }


def _basis(name: str) -> str:
    return "curate:basis-not-stated" if name == _NO_BASIS else basis_term(name)


def _spaces(*names: str) -> Node:
    return {name: NAMESPACES[name][0] for name in names}


def _name(kind: str, facts: Facts) -> str:
    """Return the absolute address of a document on an audit, which names nobody."""
    return f"urn:uuid:{stable_id(kind, facts.inputs.project, facts.inputs.audit)}"


def _plain_context(references: tuple[str, ...]) -> Node:
    """Return a context for a document in words of its own: each of its keys is one of our terms."""
    return {
        **_spaces("dpv", "eu-gdpr", "pd", "curate", "xsd"),
        "@vocab": NAMESPACES["curate"][0],
        **{name: {"@id": f"curate:{name}", "@type": "@id"} for name in references},
        "as_of": {"@id": "curate:as_of", "@type": "xsd:dateTime"},
    }


def _terms(kind: str, counts: Counts) -> Counts:
    if kind == "purpose":
        return [(purpose_term(name), n) for name, n in counts]
    return [(f"curate:{name}", n) for name, n in counts]


def _groups(
    name: str, counts: Iterable[tuple[Cell, Cell]], *, space: str = "curate:"
) -> list[Node]:
    """Return counts of people by group, in a namespace; small ones are withheld already."""
    return [
        {name: group, f"{space}people": n if isinstance(n, int) else None,
         **({} if isinstance(n, int) else {f"{space}withheld": n})}
        for group, n in counts
    ]  # fmt: skip


def _people(count: int) -> int | None:
    return None if 0 < count < SMALLEST else count


def processing_record(facts: Facts) -> Node:
    """Return an extract of the record of processing activities, by GDPR Art. 30(1)."""
    use, authored = facts.inputs.use, facts.inputs.authored
    _, first, last = ends(facts)
    (destroy,) = facts.row(
        "SELECT max(destroy_by) FROM subjects SEMI JOIN shown USING (subject_id)"
    )
    whole = people_shown(facts)
    bases = withheld_each(by_basis(facts), whole)
    record: Node = {
        "activity": facts.inputs.project,
        "basis": "GDPR Art. 30(1)",
        "as_of": print_instant(facts.inputs.as_of),
        "controller": authored.text_of("controller") or None,
        "contact": authored.text_of("contact") or None,
        "data_protection_officer": authored.text_of("data_protection_officer") or None,
        "purposes": [{"name": use.name, "purpose": purpose_term(use.purpose),
                      "in_words": purpose_words(use.purpose)}],
        "operations": [{"operation": name, "in_words": word("consents.operations", name)}
                       for name in use.operations],
        "legal_bases": [
            one | {"in_words": word("consents.legal_basis", str(one["legal_basis"]))}
            for one in _groups("legal_basis", bases, space="")
        ],
        "data_subjects": {
            "people": _people(whole),
            "categories": _groups("category", withheld(by_age(facts)), space=""),
        },
        "personal_data": _categories(facts),
        "recipients": {"audience": use.audience,
                       "in_words": word("consents.audience_max", use.audience),
                       "commercial": use.commercial,
                       "territories": list(use.recipient_territories)},
        "storage_territories": list(use.storage_territories),
        "time_limits": {
            "consents_end_from": _day(first),
            "consents_end_until": _day(last),
            "biometric_data_destroyed_by": _day(destroy),
            "copies": authored.text_of("retention") or None,
        },
        "security": authored.text_of("security") or None,
        "impact_assessment": authored.text_of("impact_assessment") or None,
    }  # fmt: skip
    record["open"] = [name for name, value in record.items() if value is None]
    return {
        "@context": _plain_context(("purpose",)),
        "@id": _name("processing-record", facts),
        "@type": "curate:ProcessingRecord",
        **record,
    }


def _categories(facts: Facts) -> list[Node]:
    rows = facts.rows(
        "SELECT kind, count(*) AS n FROM described GROUP BY kind ORDER BY n DESC, kind"
    )
    names = [row[0] for row in facts.rows(
        "SELECT DISTINCT name FROM labels SEMI JOIN described USING (media_id) ORDER BY name"
    )]  # fmt: skip
    return [
        *({"category": "pd:Picture", "kind": kind, "entries": n,
           "special_category": "biometric data once processed to tell who someone is "
           "(GDPR Art. 9(1), recital 51)"} for kind, n in rows),
        *({"category": "label", "name": name} for name in names),
    ]  # fmt: skip


def _day(moment: Any) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d}"


# The parts of the template's second section, by kind of source.
_PART = {
    "public_dataset": "publicly_available_datasets",
    "licensed_dataset": "licensed_from_third_parties",
    "third_party_private": "obtained_from_third_parties",
    "web_crawl": "crawled_and_scraped",
    "user_donation": "user_data",
    "synthetic": "synthetic_data",
}


def training_summary(facts: Facts) -> Node:
    """Return what the template of EU AI Act Art. 53(1)(d) asks of a training set.

    Whoever trains a general-purpose model with the release copies it into their own summary:
    this one speaks of the dataset, and names no model.
    """
    kinds = facts.records("""
        SELECT kind AS modality, count(*) AS items, sum(byte_size)::BIGINT AS bytes
        FROM described JOIN (SELECT sha256, byte_size FROM content) USING (sha256)
        GROUP BY kind ORDER BY items DESC, kind""")  # fmt: skip
    sources: dict[str, list[Node]] = {part: [] for part in (*_PART.values(), "other_sources")}
    for row in facts.records("""
        SELECT kind, coalesce(name, source_id) AS name, origin_url, licence, version,
               acquisition_method, original_purpose, entries AS items
        FROM used_sources ORDER BY entries DESC, source_id"""):
        way = row["acquisition_method"]
        row["acquisition"] = word("sources.acquisition_method", way) if way else None
        sources[_PART.get(row.pop("kind"), "other_sources")].append(row)
    unsourced = facts.count("""
        SELECT count(*) FROM described
        WHERE source_id IS NULL OR source_id NOT IN (SELECT source_id FROM sources)""")
    authored = facts.inputs.authored
    return {
        "@context": _plain_context(("purpose",)),
        "@id": _name("training-summary", facts),
        "@type": "curate:TrainingSummary",
        "template": "EU AI Act Art. 53(1)(d): public summary of training content",
        "general_information": {
            "dataset": authored.text_of("title") or facts.inputs.project,
            "provider": authored.text_of("publisher") or None,
            "contact": authored.text_of("contact") or None,
            "modalities": kinds,
            "as_of": print_instant(facts.inputs.as_of),
            "purpose": purpose_term(facts.inputs.use.purpose),
        },
        "list_of_data_sources": {**sources, "items_without_a_source_on_record": unsourced},
        "data_processing_aspects": {
            "reservation_of_rights": _reservations(facts),
            "illegal_content": {
                "left_out_by_rules_on_media_and_sources": _left_out(facts, "MED", "SRC"),
                "lists_of_known_illegal_content": None,
            },
            "personal_data": {
                "people": _people(people_shown(facts)),
                "left_out_for_consent_or_people": _left_out(facts, "CON", "DEP", "IDN"),
            },
        },
    }  # fmt: skip


def _reservations(facts: Facts) -> Node:
    flags = facts.records("""
        SELECT flag, count(*) AS sources, sum(entries)::BIGINT AS items
        FROM (SELECT unnest(terms_flags) AS flag, entries FROM used_sources)
        GROUP BY flag ORDER BY items DESC, flag""")
    unread = facts.count("SELECT count(*) FROM used_sources WHERE terms_flags IS NULL")
    for row in flags:
        row["in_words"] = word("sources.terms_flags", row["flag"])
    return {
        "terms_of_sources": flags,
        "sources_whose_terms_nobody_read": unread,
        "machine_readable_statements": _statements(facts),
        "left_out_by_rules_on_rights": _left_out(facts, "SRC", "SIG"),
    }


_STATEMENTS = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")


def _statements(facts: Facts) -> Node:
    """Return what files say of mining and training, by contents; and how many were not read."""
    told = {
        name: dict(facts.rows(
            f"SELECT optout_{name}, count(*) AS n FROM signal_scans SEMI JOIN held USING (sha256) "
            "WHERE error IS NULL GROUP BY 1 ORDER BY n DESC, 1"
        )) for name in _STATEMENTS
    }  # fmt: skip
    unread = facts.count(
        "SELECT count(*) FROM held ANTI JOIN (SELECT sha256 FROM signal_scans WHERE error IS NULL) "
        "USING (sha256)"
    )
    return {"contents": told, "contents_not_read": unread}


def _left_out(facts: Facts, *families: str) -> list[Node]:
    """Return entries left out by rules of families; counts are withheld as in the datasheet."""
    return [
        {"rule": code, "in_words": rule_of(str(code)).title, "items": n}
        for code, n in left_out(facts)
        if str(code).startswith(families)
    ]
