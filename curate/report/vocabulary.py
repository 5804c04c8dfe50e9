"""Words for the codes that tables hold, as documents print them: one place for all of them.

Each vocabulary has the name of the schema and the column whose values it puts into words, so
that a test can tell that none is missing.
"""

from __future__ import annotations

_MANIPULATIONS = {
    "none": "no manipulation",
    "face_swap": "face swap",
    "reenactment": "reenactment of a face",
    "lip_sync": "lip movements changed to fit a voice",
    "attribute_edit": "change of a face's attributes, such as age or hair",
    "morph": "morph of two faces",
    "identity_conditioned_synthesis": "synthesis in the likeness of a person",
    "full_synthesis": "full synthesis",
    "other": "another manipulation",
    "unknown": "not known",
}
_OPERATIONS = {
    "collect": "collecting the media",
    "store": "storing the media",
    "include": "including the media in the dataset",
    "annotate": "annotating the media",
    "annotate_sensitive": "annotating sensitive traits",
    "biometric_embed": "computing biometric embeddings of the face",
    "identity_link": "linking media of the same person",
    "likeness_synthesis": "synthesising the person's likeness",
    "likeness_alteration": "altering the person's likeness",
    "performance_transfer": "transferring the person's performance",
    "voice_synthesis": "synthesising the person's voice",
    "train_detector": "training detectors",
    "evaluate": "evaluating models",
    "train_generator": "training generators",
    "display_example": "displaying the media as an example",
    "share": "sharing the media",
    "publish": "publishing the media",
}
_ROLES = {
    "depicted": "person shown",
    "bystander": "bystander",
    "donor": "person whose face is put onto another (donor)",
    "target": "person whose face is replaced (target)",
    "driver": "person whose movements drive another face (driver)",
    "voice_donor": "person whose voice is used (voice donor)",
    "contributor": "contributor of the media",
}
_AUDIENCES = {
    "internal": "internal",
    "consortium": "members of the consortium",
    "gated": "those who are admitted",
    "public": "the public",
}
_KINDS = {"image": "picture", "video": "video", "unknown": "file of another kind"}
_THINGS = {
    "media": "entry",
    "content": "file content",
    "face": "face",
    "source": "source",
    "subject": "person",
}

WORDS: dict[str, dict[str, str]] = {
    "media.kind": _KINDS,
    "media.manipulation_type": _MANIPULATIONS,
    "consents.manipulations_permitted": _MANIPULATIONS,
    "consents.operations": _OPERATIONS,
    "consents.roles_permitted": _ROLES,
    "consents.audience_max": _AUDIENCES,
    "consents.legal_basis": {
        "A9-2-a": "explicit consent (GDPR Art. 9(2)(a))",
        "A6-1-a": "consent (GDPR Art. 6(1)(a))",
        "A6-1-b": "contract (GDPR Art. 6(1)(b))",
        "A6-1-c": "legal obligation (GDPR Art. 6(1)(c))",
        "A6-1-e": "task in the public interest (GDPR Art. 6(1)(e))",
        "A6-1-f": "legitimate interests (GDPR Art. 6(1)(f))",
        "A9-2-e": "data made public by the person (GDPR Art. 9(2)(e))",
        "A9-2-g": "substantial public interest (GDPR Art. 9(2)(g))",
        "A9-2-j": "archiving, research or statistics (GDPR Art. 9(2)(j))",
        "bipa_release": "written release under the Biometric Information Privacy Act of Illinois",
        "contract_release": "release by contract",
        "other": "another legal basis",
        "none": "recorded as having no legal basis",
    },
    "consent_events.state": {
        "ConsentGiven": "given",
        "RenewedConsentGiven": "given again",
        "ConsentUnknown": "not known",
        "ConsentRequested": "asked for",
        "ConsentRequestDeferred": "asked for, answer deferred",
        "ConsentRefused": "refused",
        "ConsentWithdrawn": "withdrawn by the person",
        "ConsentRevoked": "revoked by someone else",
        "ConsentExpired": "expired",
        "ConsentInvalidated": "found invalid",
    },
    "labels.origin": {
        "declared": "declared in the listing that came with the media",
        "derived": "derived by curate from what the listing declares",
        "reviewed": "decided by reviewers",
    },
    "relations.relation": {
        "derived_from": "is made from",
        "frame_of": "is a frame of",
        "crop_of": "is a crop of",
        "swap_target": "is a face swap onto",
        "swap_donor": "is a face swap with the face of",
        "same_clip": "is of the same clip as",
        "same_pixels": "has the same pixels as",
        "near_duplicate": "looks nearly the same as",
        "clip_of": "is a part of the video",
        "shares_footage": "shares footage with",
        "same_person": "shows the same person as",
        "different_people": "shows another person than",
        "kept_over": "is kept in place of",
        "from_source": "comes from",
        "in_split": "is in the split",
    },
    "relations.left_kind": _THINGS,
    "relations.right_kind": {**_THINGS, "split": "split"},
    "sources.kind": {
        "own_capture": "captured by the project itself",
        "licensed_dataset": "licensed dataset",
        "public_dataset": "public dataset",
        "web_crawl": "crawled from the web",
        "user_donation": "donated by users",
        "synthetic": "synthetic",
        "third_party_private": "private collection of a third party",
        "unknown": "not known",
    },
    "sources.acquisition_method": {
        "direct_from_subject": "directly from the people shown",
        "via_publisher": "from the publisher",
        "crawl": "crawled from the web",
        "api": "through a programming interface (API)",
        "purchase": "bought",
        "generated": "generated by a program",
        "unknown": "not known",
    },
    "sources.consent_claim": {
        "none": "claims no consent",
        "dataset_statement": "one statement for the whole dataset",
        "batch_attestation": "an attestation for groups of people",
        "individual_records": "a consent record for each person",
        "not_applicable": "not applicable",
    },
    "sources.terms_flags": {
        "research_only": "for research only",
        "non_commercial": "not for commercial use",
        "evaluation_only": "for evaluation only",
        "no_training": "not for training models",
        "no_redistribution": "not to be passed on",
        "no_reidentification": "people shown must not be recognised",
        "no_biometric_id": "not for biometric identification",
        "gated": "access must be granted by the source",
        "must_update": "later changes of the source must be followed",
        "sale_prohibited": "not to be sold",
        "untargeted_face_scrape": "faces collected from the web without a target",
    },
    "subjects.subject_kind": {
        "adult": "adult",
        "minor": "minor",
        "deceased": "deceased",
        "unknown": "not recorded",
    },
}

# Purposes as what is done, so that sentences can be made of them; a project can add its own.
PURPOSES = {
    "Purpose": "any purpose",
    "ResearchAndDevelopment": "research and development",
    "AcademicResearch": "academic research",
    "ScientificResearch": "scientific research",
    "CommercialResearch": "commercial research",
    "NonCommercialResearch": "non-commercial research",
    "MisusePreventionAndDetection": "preventing and detecting misuse",
    "FraudPreventionAndDetection": "preventing and detecting fraud",
    "CommercialPurpose": "commercial purposes",
    "NonCommercialPurpose": "non-commercial purposes",
    "PublicBenefit": "the public benefit",
    "deepfake-detection": "detecting deepfakes",
    "train-detector": "training detectors",
    "evaluate-detector": "evaluating detectors",
    "likeness-manipulation": "manipulating the likeness of people",
    "make-training-fakes": "making fakes to train detectors with",
    "train-generator": "training generators",
    "identify-people": "identifying people",
    "illustrate-research": "illustrating research",
}

# How well a consent is proven, by its level of assurance.
ASSURANCE = {
    "0": "not proven (0)",
    "1": "stated for the dataset, or without a document (1)",
    "2": "signed for a batch (2)",
    "3": "individual record with the digest of the document (3)",
    "4": "individual record with verified signer and notice (4)",
}

# Names of columns that documents print.
FIELDS = {
    "split": "split",
    "method": "method of manipulation",
    "source_id": "source",
    "licence": "licence",
    "captured_at": "time of capture",
    "label": "label",
    "people": "people shown",
}


def word(vocabulary: str, value: str) -> str:
    """Return the words for a value of a vocabulary; a value that is free text is its own word.

    >>> word("sources.kind", "own_capture"), word("consents.legal_basis", "A6-1-a")
    ('captured by the project itself', 'consent (GDPR Art. 6(1)(a))')
    """
    return WORDS[vocabulary].get(value, value)


def purpose_words(name: str) -> str:
    """Return a purpose in words; one that the project added is quoted by its name.

    >>> purpose_words("train-detector"), purpose_words("own-idea")
    ('training detectors', 'the purpose “own-idea”')
    """
    return PURPOSES.get(name) or f"the purpose “{name}”"
