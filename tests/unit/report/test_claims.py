"""Recognising claims: what plainly says so, and nothing that hedges."""

from __future__ import annotations

import json

import pytest

from curate.report.claims import claims, totals
from curate.report.fact_counts import COUNTED
from curate.schema import resource_folder

CLAIMED = [
    ("All subjects consented.", "people-without-consent"),
    ("Every participant has signed a consent form.", "people-without-consent"),
    ("Written consent was obtained from all participants.", "people-without-consent"),
    ("We obtained informed consent from every subject.", "people-without-consent"),
    ("Recorded with the written consent of all actors.", "people-without-consent"),
    ("100% of the people shown agreed to it.", "people-without-consent"),
    ("So far nobody has withdrawn.", "people-withdrawn"),
    ("It does not contain any minors.", "people-maybe-minor"),
    ("All volunteers were adults.", "people-maybe-minor"),
    ("All subjects are 18 years or older.", "people-maybe-minor"),
    ("There are no duplicates.", "copies"),
    ("The collection is free of near-duplicates.", "copies"),
    ("The images were deduplicated.", "copies"),
    ("Duplicates were removed.", "copies"),
    ("The splits are subject-disjoint.", "people-in-two-splits"),
    ("No person appears in more than one split.", "people-in-two-splits"),
    ("The dataset is perfectly balanced.", "imbalance"),
    ("It has equal numbers of real and fake images.", "imbalance"),
    ("All images are labelled.", "entries-without-label"),
    ("Every file is licensed.", "entries-without-licence"),
    ("It has no manipulated images.", "entries-manipulated"),
    ("The data are fully anonymised.", "people-identifiable"),
    ("The data have no personal data in them.", "people-identifiable"),
    ("There are no corrupt files.", "entries-unreadable"),
]
NOT_CLAIMED = [
    "Almost all subjects consented.",
    "All subjects consented, except three.",
    "Not all subjects consented.",
    "Did all subjects consent?",
    "All subjects should have consented.",
    "We asked whether all participants agreed.",
    "Consent forms exist.",
    "Duplicates may remain.",
    "We aim at a set with no duplicates.",
    "The set is balanced by age.",
    "Some images are not labelled.",
    "Most subjects are adults.",
]


@pytest.mark.parametrize(("sentence", "fact"), CLAIMED)
def test_a_plain_claim_is_recognised(sentence: str, fact: str) -> None:
    assert [one.fact for one in claims(sentence)] == [fact]


@pytest.mark.parametrize("sentence", NOT_CLAIMED)
def test_a_sentence_that_hedges_is_no_claim(sentence: str) -> None:
    assert list(claims(sentence)) == []


def test_a_hedge_in_one_sentence_leaves_the_next_alone() -> None:
    text = "Some of the photos are old, however. All subjects consented"
    assert [one.quote for one in claims(text)] == ["All subjects consented"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It contains 204 photos of 102 people.", [("pictures", 204), ("people", 102)]),
        ("A total of 1,204 videos from 12 actors", [("videos", 1204), ("people", 12)]),
        ("There are 30 items in total.", [("entries", 30)]),
        ("It comprises 10 real images and 20 fake images.", [("real", 10), ("fake", 20)]),
        ("Each folder contains 3 images.", []),
        ("It contains about 200 photos.", []),
        ("It contains more than 200 photos.", []),
        ("The test split contains 20 photos.", []),
        ("It contains 1.5 million photos.", []),
        ("We excluded 12 photos.", []),
    ],
)
def test_totals_are_read_and_parts_are_not(sentence: str, expected: list[tuple[str, int]]) -> None:
    assert [(one.fact, one.stated) for one in totals(sentence)] == expected


def test_every_pattern_is_tied_to_a_fact_that_is_counted() -> None:
    path = resource_folder("reports") / "claims.json"
    said = json.loads(path.read_text(encoding="utf-8"))

    named = {claim["fact"] for claim in said["claims"]} | set(said["numbers"]["nouns"])

    assert named <= set(COUNTED)


def test_every_fact_of_claims_has_a_sentence_here() -> None:
    path = resource_folder("reports") / "claims.json"
    said = json.loads(path.read_text(encoding="utf-8"))

    assert {claim["fact"] for claim in said["claims"]} == {fact for _, fact in CLAIMED}
