"""Words of the Data Privacy Vocabulary (DPV 2.3) and of curate, as consent records use them.

STANDARDS sections 1.1 and 1.2. Terms are written compactly: ``dpv:ConsentGiven``. What DPV has
no word for stands under ``curate:``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from curate.model.territories import TERRITORIES
from curate.schema import json_schema

# The first namespace of a prefix is the one written; the others are older ones.
NAMESPACES = {
    "dpv": ("https://w3id.org/dpv#", "http://www.w3.org/ns/dpv#"),
    "eu-gdpr": (
        "https://w3id.org/dpv/legal/eu/gdpr#",
        "https://w3id.org/dpv/dpv-gdpr#",
        "https://w3id.org/dpv/eu-gdpr#",
    ),
    "loc": (
        "https://w3id.org/dpv/loc#",
        "https://w3id.org/dpv/dpv-legal#",
        "https://w3id.org/dpv/legal#",
    ),
    "pd": ("https://w3id.org/dpv/pd#", "https://w3id.org/dpv/dpv-pd#"),
    "dct": ("http://purl.org/dc/terms/",),
    "rdf": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#",),
    "rdfs": ("http://www.w3.org/2000/01/rdf-schema#",),
    "skos": ("http://www.w3.org/2004/02/skos/core#",),
    "xsd": ("http://www.w3.org/2001/XMLSchema#",),
    "schema": ("https://schema.org/", "http://schema.org/"),
    "odrl": ("http://www.w3.org/ns/odrl/2/",),
    "curate": ("urn:curate:",),
}
PREFIX_ALIASES = {"dcterms": "dct"}

GENERIC_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record"
GDPR_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
PROFILES = (GENERIC_PROFILE, GDPR_PROFILE)
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt"

STATES = frozenset(json_schema("consent_events")["properties"]["state"]["enum"])
# The guide's prose says terminated where the vocabulary says revoked.
STATE_ALIASES = {"ConsentTerminated": "ConsentRevoked"}
PERMITTING = frozenset({"ConsentGiven", "RenewedConsentGiven"})

# From the weakest to the strongest.
CONSENT_TYPES = {
    "UninformedConsent": "uninformed",
    "ImpliedConsent": "implied",
    "ExpressedConsent": "expressed",
    "ExplicitlyExpressedConsent": "explicit",
}
OPERATIONS = {"Collect": "collect", "Store": "store", "Share": "share"}
INDICATED_BY = {
    "dpv:DataSubject": "subject",
    "dpv:GuardianOfDataSubject": "guardian",
    "dpv:ParentOfDataSubject": "guardian",
    "dpv:DataController": "controller",
    "dpv:Authority": "authority",
    "dpv:DataProtectionAuthority": "authority",
    "curate:court": "court",
}
SUBJECT_KINDS = {"dpv:Adult": "adult", "dpv:Child": "minor", "curate:deceased": "deceased"}

# Purposes of schemas/purposes.json that are DPV's own; the rest are curate's.
_DPV_PURPOSES = """
    Purpose ResearchAndDevelopment AcademicResearch ScientificResearch CommercialResearch
    NonCommercialResearch MisusePreventionAndDetection FraudPreventionAndDetection
    CommercialPurpose NonCommercialPurpose PublicBenefit
"""
DPV_PURPOSES = frozenset(_DPV_PURPOSES.split())

# Terms whose names people also write without a prefix.
_PROPERTIES = """
    dct:identifier dct:conformsTo dct:language dct:created dct:date dpv:hasDataSubject
    dpv:hasProcess dpv:hasPurpose dpv:hasProcessing dpv:hasLegalBasis dpv:hasConsentStatus
    dpv:hasNotice dpv:hasConsentControl dpv:hasLocation dpv:hasRule dpv:hasContext
    dpv:hasStorageCondition dpv:hasProcessingCondition dpv:hasPersonalData
    dpv:hasDataController dpv:hasDataProcessor dpv:hasRecipient dpv:hasJurisdiction
    dpv:hasApplicableLaw dpv:hasRight dpv:hasEntity dpv:hasDuration dpv:hasIndicationMethod
    dpv:isIndicatedBy dpv:isIndicatedAtTime dpv:isExercisedAt dpv:hasRecordOfActivity
"""
BARE = {term.partition(":")[2]: term for term in _PROPERTIES.split()} | {
    "id": "@id",
    "type": "@type",
}


def values_of(column: str) -> tuple[str, ...]:
    """Return the values that a column of ``consents`` may hold, from its schema."""
    declared: dict[str, Any] = json_schema("consents")["properties"][column]
    return tuple(declared.get("enum") or declared["items"]["enum"])


def purpose_term(name: str) -> str:
    """Return a purpose of `schemas/purposes.json` as a term.

    >>> purpose_term("ScientificResearch"), purpose_term("train-detector")
    ('dpv:ScientificResearch', 'curate:train-detector')
    """
    return f"dpv:{name}" if name in DPV_PURPOSES else f"curate:{quote(name, safe='')}"


def location_terms(codes: Iterable[str]) -> list[str]:
    """Return territories as terms.

    >>> location_terms(["DE", "WORLD"])
    ['loc:DE', 'curate:WORLD']
    """
    return [f"loc:{code}" if code in TERRITORIES else f"curate:{code}" for code in codes]


def basis_term(name: str) -> str:
    """Return a legal basis as a term.

    >>> basis_term("A9-2-a"), basis_term("bipa_release")
    ('eu-gdpr:A9-2-a', 'curate:bipa_release')
    """
    return f"{'eu-gdpr' if name.startswith('A') else 'curate'}:{name}"
