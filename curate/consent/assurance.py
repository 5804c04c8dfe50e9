"""Assurance: how well it is proven that a person agreed, from 0 to 4.

STANDARDS section 8: 0 none, 1 a sentence about a whole dataset, 2 a signed attestation for a
batch, 3 an individual record with the digest of its document, 4 such a record whose signer was
verified and whose notice is the one on file. Every reader of consents asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a claim of consent consists of."""

    NONE = "none"
    DATASET_STATEMENT = "dataset_statement"
    BATCH_ATTESTATION = "batch_attestation"
    INDIVIDUAL_RECORD = "individual_record"


@dataclass(frozen=True)
class Proof:
    """What a record shows for a consent.

    Attributes:
        kind: What the claim consists of.
        document_sha256: Digest of the signed document, lowercase hex.
        verified_signer: Whether it was checked that the signer is the subject.
        notice_id: The notice that was shown.
        notice_sha256: Digest of the text that was shown, as the record states it.
        at_most: A level that the record itself states; it can lower the level, never raise it.
    """

    kind: Kind = Kind.INDIVIDUAL_RECORD
    document_sha256: str | None = None
    verified_signer: bool = False
    notice_id: str | None = None
    notice_sha256: str | None = None
    at_most: int = 4


def assurance(proof: Proof, notices: Mapping[str, str]) -> int:
    """Return the level of `proof`.

    An individual record without its document's digest proves no more than a sentence does.

    Args:
        proof: What the record shows.
        notices: The digest of each notice on file, by the notice's id.

    >>> assurance(Proof(document_sha256="aa"), {})
    3
    >>> shown = {"notice_id": "n", "notice_sha256": "bb"}
    >>> assurance(Proof(document_sha256="aa", verified_signer=True, **shown), {"n": "bb"})
    4
    """
    return max(0, min(_level(proof, notices), proof.at_most))


def _level(proof: Proof, notices: Mapping[str, str]) -> int:
    if proof.kind is Kind.NONE:
        return 0
    if proof.kind is Kind.BATCH_ATTESTATION:
        return 2
    if proof.kind is Kind.DATASET_STATEMENT or not proof.document_sha256:
        return 1
    return 4 if proof.verified_signer and _same_notice(proof, notices) else 3


def _same_notice(proof: Proof, notices: Mapping[str, str]) -> bool:
    on_file = notices.get(proof.notice_id or "")
    return bool(on_file) and on_file == proof.notice_sha256
