"""A directory's signature in the form of OpenSSF model-signing 1.x, which its own tool verifies.

The statement lists every file with its digest; its subject is the SHA-256 over these digests one
after another. It lies in a Sigstore bundle without a log entry, as the tool's key mode has it,
and takes ECDSA keys alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curate.errors import VerificationError
from curate.model.files import FileDigest
from curate.release.manifest import printed
from curate.signing import PublicKey, SigningKey, sign, statement, verify

NAME = "model.sig"
ALGORITHM = "ecdsa-p256"
PREDICATE = "https://model_signing/signature/v1.0"
_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def directory_statement(
    name: str, files: Iterable[FileDigest], ignored: Iterable[str]
) -> dict[str, Any]:
    """Return what is signed: every file of a directory but those that are ignored."""
    ordered = sorted(files, key=lambda file: file.path)
    whole = hashlib.sha256(b"".join(bytes.fromhex(file.sha256) for file in ordered))
    return statement(
        [(name, whole.hexdigest())],
        PREDICATE,
        {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": sorted(ignored),
            },
            "resources": [
                {"name": file.path, "algorithm": "sha256", "digest": file.sha256}
                for file in ordered
            ],
        },
    )


def write_model_signature(
    folder: Path,
    name: str,
    files: Iterable[FileDigest],
    ignored: Iterable[str],
    key: SigningKey,
) -> None:
    """Sign a directory.

    Args:
        folder: The directory.
        name: What it is called.
        files: Its files.
        ignored: Paths that come later: signatures.
        key: An ECDSA key.
    """
    envelope = sign(directory_statement(name, files, ignored), key)
    (folder / NAME).write_bytes(printed(_bundle(envelope, key.public)))


def check_model_signature(
    folder: Path,
    name: str,
    files: Iterable[FileDigest],
    ignored: Iterable[str],
    key: PublicKey,
) -> str:
    """Return what is wrong with a directory's signature, or nothing.

    Args:
        folder: The directory.
        name: What it is called.
        files: Its files, as they are.
        ignored: Paths that were signed later.
        key: The key that must have signed.
    """
    data = (folder / NAME).read_bytes()
    try:
        envelope = json.loads(data)["dsseEnvelope"]
        said = verify(envelope, [key], predicate_type=PREDICATE, where=NAME)
        if printed(_bundle(envelope, key)) != data:
            return "it is not as it was written"
    except VerificationError as error:
        return error.problem
    except (ValueError, KeyError, TypeError):
        return "this is no bundle"
    same = said == directory_statement(name, files, ignored)
    return "" if same else "it was made over other files"


def _bundle(envelope: dict[str, Any], key: PublicKey) -> dict[str, Any]:
    return {
        "mediaType": _MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": hashlib.sha256(key.pem().encode()).hexdigest()},
            "tlogEntries": [],
        },
        "dsseEnvelope": envelope,
    }
