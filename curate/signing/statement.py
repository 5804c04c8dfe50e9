"""Statements: in-toto version 1, what is said of things that are named by digest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import rfc8785

from curate.errors import InvariantError, VerificationError
from curate.signing import dsse
from curate.signing.keys import PublicKey, SigningKey

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def statement(
    subjects: Iterable[tuple[str, str]], predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a statement.

    Args:
        subjects: Name and SHA-256 (hex) of each thing it is about.
        predicate_type: What is said, as a URI.
        predicate: What is said.
    """
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def sign(said: Mapping[str, Any], key: SigningKey) -> dsse.Envelope:
    """Return a statement in an envelope signed by `key`.

    The payload is canonical JSON (RFC 8785): with Ed25519 the same statement and key give the
    same bytes.

    Raises:
        InvariantError: `said` is no statement.
    """
    if problem := problem_of(said):
        raise InvariantError(f"this is no in-toto statement: {problem}")
    return dsse.close(rfc8785.dumps(dict(said)), PAYLOAD_TYPE, key)


def verify(
    envelope: Any,
    public_keys: Sequence[PublicKey],
    *,
    predicate_type: str | None = None,
    where: str = "",
) -> dict[str, Any]:
    """Return the statement in an envelope, if one of `public_keys` signed it.

    Args:
        envelope: The envelope, as parsed JSON.
        public_keys: Keys that are trusted.
        predicate_type: What the statement must say, when that matters.
        where: Where the envelope was found.

    Raises:
        VerificationError: No such key signed it, or it is another kind of statement.
    """
    opened = dsse.open_envelope(envelope, public_keys, where=where)
    hint = "name the file that was made for this"
    if opened.payload_type != PAYLOAD_TYPE:
        raise VerificationError(f"the payload is {opened.payload_type!r}, and {PAYLOAD_TYPE!r} was "
                                "expected", where=where, hint=hint)  # fmt: skip
    try:
        said = json.loads(opened.payload)
    except (ValueError, RecursionError):
        raise VerificationError("the payload is no JSON", where=where, hint=hint) from None
    if problem := problem_of(said):
        raise VerificationError(f"the payload is no in-toto statement: {problem}", where=where,
                                hint=hint)  # fmt: skip
    kind = said["predicateType"]
    if predicate_type not in (None, kind):
        raise VerificationError(f"this states {kind!r}, and {predicate_type!r} was expected",
                                where=where, hint=hint)  # fmt: skip
    return dict(said)


def problem_of(said: Any) -> str:
    """Return what keeps a value from being a statement; empty for a statement."""
    if not isinstance(said, Mapping) or said.get("_type") != STATEMENT:
        return f"its _type is not {STATEMENT}"
    subjects = said.get("subject")
    if not isinstance(subjects, list) or not subjects:
        return "it has no subject"
    for subject in subjects:
        digest = subject.get("digest") if isinstance(subject, Mapping) else None
        if not isinstance(digest, Mapping) or not digest:
            return "a subject has no digest"
    kind = said.get("predicateType")
    if not isinstance(kind, str) or not kind:
        return "it has no predicateType"
    return "" if isinstance(said.get("predicate", {}), Mapping) else "its predicate is no object"
