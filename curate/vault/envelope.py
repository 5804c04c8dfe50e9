"""Envelopes: AES-256-GCM under a key, keys derived from the workspace's, files written whole."""

from __future__ import annotations

import secrets
from pathlib import Path

from curate import files
from curate.errors import VerificationError

KEY_BYTES = 32
NONCE_BYTES = 12


def derived_key(key: bytes, salt: bytes, name: str) -> bytes:
    """Return the key, 32 bytes, for one purpose of a vault.

    Args:
        key: The workspace's key.
        salt: The vault's salt.
        name: The purpose.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, b"curate vault " + name.encode()).derive(key)


def encrypt(key: bytes, plain: bytes, told: bytes) -> bytes:
    """Return a fresh nonce and `plain` sealed under `key`, bound to `told`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, told)


def decrypt(key: bytes, sealed: bytes, told: bytes, *, where: Path, hint: str = "") -> bytes:
    """Return what `encrypt` sealed.

    Raises:
        VerificationError: It was changed, or the key or what was told is another.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], told)
    except (InvalidTag, ValueError) as error:
        raise VerificationError(
            "this does not open: it was changed, or the key is another",
            where=str(where),
            hint=hint,
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for its owner alone."""
    files.write_whole(path, content, private=True)


def vault_salt(folder: Path) -> bytes:
    """Return the random bytes that make a vault its own, made now if there are none."""
    place = folder / "salt"
    if not place.is_file():
        write_whole(place, secrets.token_bytes(32))
    return place.read_bytes()
