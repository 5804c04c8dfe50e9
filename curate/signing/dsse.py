"""Envelopes: DSSE version 1 (github.com/secure-systems-lab/dsse), a payload with its signatures.

What is signed is the payload together with its type, so that bytes of one kind are never taken
for bytes of another. A signature's ``keyid`` is a hint and is not believed: keys are tried.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from curate.errors import PathNotFoundError, VerificationError
from curate.signing.keys import PublicKey, SigningKey

Envelope = dict[str, Any]
_BROKEN = "ask who signed it for the file as it was"


class Opened(NamedTuple):
    """What an envelope holds, once a signature holds.

    Attributes:
        payload: The bytes that were signed.
        payload_type: What they are.
        keyids: The given keys that signed them.
    """

    payload: bytes
    payload_type: str
    keyids: tuple[str, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding.

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def close(payload: bytes, payload_type: str, key: SigningKey) -> Envelope:
    """Return an envelope around `payload`, signed by `key`."""
    signature = key.sign(pae(payload_type, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": key.public.keyid, "sig": base64.b64encode(signature).decode()},
        ],
    }


def open_envelope(envelope: Any, keys: Iterable[PublicKey], *, where: str = "") -> Opened:
    """Return what an envelope holds, if one of `keys` signed it.

    Args:
        envelope: The envelope, as parsed JSON.
        keys: Public keys that are trusted.
        where: Where it was found.

    Raises:
        VerificationError: It is no envelope, is not signed, or none of the keys signed it.
    """
    try:
        kind, payload = envelope["payloadType"], _bytes(envelope["payload"])
        claimed = [(_text(s.get("keyid", "")), _bytes(s["sig"])) for s in envelope["signatures"]]
        message = pae(kind, payload)
    except (KeyError, TypeError, ValueError, AttributeError):
        told = "an unsigned statement" if _is_statement(envelope) else "no DSSE envelope"
        hint = "name a file that was signed, with `--key`"
        raise VerificationError(f"this is {told}", where=where, hint=hint) from None
    signed = [
        key.keyid
        for key in keys
        if any(key.accepts(signature, message) for _, signature in claimed)
    ]
    if not signed:
        said = ", ".join(sorted({name[:16] or "no name" for name, _ in claimed})) or "nobody"
        raise VerificationError(
            f"no given key signed this as it is; it names {said}",
            where=where,
            hint=f"it was changed, or signed by another key: {_BROKEN}, or their public key",
        )
    return Opened(payload, kind, tuple(dict.fromkeys(signed)))


def payload_of(envelope: Any, *, where: str = "") -> bytes:
    """Return the bytes that an envelope holds, whoever signed it: nothing is checked.

    Raises:
        VerificationError: It is no envelope.
    """
    try:
        return _bytes(envelope["payload"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise VerificationError("this is no DSSE envelope", where=where, hint=_BROKEN) from None


def read_envelope(path: Path) -> Any:
    """Return an envelope from a file, as parsed JSON; nothing of it is checked.

    Raises:
        PathNotFoundError: There is no such file.
        VerificationError: It is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise PathNotFoundError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise VerificationError("this is no JSON", where=str(path), hint=_BROKEN) from None


def _bytes(text: str) -> bytes:
    """Return bytes from either alphabet of base64, as the protocol asks; stray letters are none."""
    try:
        return base64.b64decode(text.translate(_STANDARD), validate=True)
    except binascii.Error:
        raise ValueError from None


_STANDARD = str.maketrans("-_", "+/")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _is_statement(value: Any) -> bool:
    return isinstance(value, dict) and "predicateType" in value
