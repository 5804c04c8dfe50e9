"""Assurance: what proves a consent, and how well."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.assurance import Kind, Proof, assurance

NOTICES = {"n": "bb"}
ALL: dict[str, Any] = {
    "document_sha256": "aa",
    "verified_signer": True,
    "notice_id": "n",
    "notice_sha256": "bb",
}
PROOFS = st.builds(
    Proof,
    st.sampled_from(Kind),
    st.none() | st.just("aa"),
    st.booleans(),
    st.sampled_from([None, "n", "m"]),
    st.sampled_from([None, "bb", "cc"]),
    st.integers(-1, 9),
)


@pytest.mark.parametrize(
    ("proof", "level"),
    [
        (Proof(Kind.NONE, **ALL), 0),
        (Proof(Kind.DATASET_STATEMENT, **ALL), 1),
        (Proof(Kind.BATCH_ATTESTATION, **ALL), 2),
        (Proof(), 1),
        (Proof(document_sha256="aa"), 3),
        (Proof(document_sha256="aa", verified_signer=True), 3),
        (Proof(**ALL | {"verified_signer": False}), 3),
        (Proof(**ALL | {"notice_sha256": "cc"}), 3),
        (Proof(**ALL | {"notice_sha256": None}), 3),
        (Proof(**ALL | {"notice_id": "m"}), 3),
        (Proof(**ALL | {"document_sha256": None}), 1),
        (Proof(**ALL), 4),
        (Proof(**ALL, at_most=2), 2),
    ],
)
def test_the_level_follows_from_what_is_shown(proof: Proof, level: int) -> None:
    assert assurance(proof, NOTICES) == level


@given(PROOFS)
def test_a_notice_on_file_never_lowers_the_level(proof: Proof) -> None:
    assert 0 <= assurance(proof, {}) <= assurance(proof, NOTICES) <= 4
