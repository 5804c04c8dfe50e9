"""The safety officer's key: an X25519 pair, whose public half seals and whose private half opens.

The private half belongs where the workspace is not: on another machine, or in a safe. Sealing
needs the public half alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import InputError, MissingKeyError, PathNotFoundError
from curate.signing.keys import ENCRYPTED, private_key
from curate.vault.envelope import decrypt, encrypt
from curate.vault.places import keep_secret, read_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

_HINT = "`curate seal keys NAME` makes a pair"


@dataclass(frozen=True)
class SealingKey:
    """The public half, which seals.

    Attributes:
        key: The key, of the package cryptography.
    """

    key: X25519PublicKey

    @staticmethod
    def read(path: Path) -> SealingKey:
        """Read a PEM file.

        Raises:
            PathNotFoundError: There is no such file.
            InputError: It holds no public X25519 key.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            text = path.read_bytes()
        except OSError as error:
            raise PathNotFoundError(f"the officer's public key cannot be read: {error.strerror}",
                                    where=str(path), hint=_HINT) from None  # fmt: skip
        if b"PRIVATE KEY" in text:
            raise InputError("this is the officer's private key, and the public half is wanted",
                             where=str(path), hint="keep it away from the workspace")  # fmt: skip
        try:
            key = load_pem_public_key(text)
        except (ValueError, UnsupportedAlgorithm):
            raise InputError("this is no public key in PEM form", where=str(path)) from None
        if not isinstance(key, X25519PublicKey):
            raise InputError("this key signs, and seals nothing", where=str(path), hint=_HINT)
        return SealingKey(key)

    @property
    def raw(self) -> bytes:
        """The key as 32 bytes."""
        return self.key.public_bytes_raw()

    @property
    def keyid(self) -> str:
        """Its id: SHA-256 over its 32 bytes, hex."""
        return hashlib.sha256(self.raw).hexdigest()

    def wrap(self, key: bytes, told: bytes) -> tuple[bytes, bytes]:
        """Return what only the officer can get `key` from: a key of the moment, and `key` wrapped.

        Args:
            key: What is wrapped.
            told: What it is bound to.
        """
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        moment = X25519PrivateKey.generate()
        mine = moment.public_key().public_bytes_raw()
        return mine, encrypt(_shared(moment.exchange(self.key), mine, self.raw), key, told)


@dataclass(frozen=True)
class OpeningKey:
    """The private half, which opens.

    Attributes:
        key: The key, of the package cryptography.
        where: Where it was found.
    """

    key: X25519PrivateKey
    where: str

    @staticmethod
    def read(source: str, ask: Callable[[], str | None]) -> OpeningKey:
        """Read a key.

        Args:
            source: The path of a PEM file; or ``file:``, ``env:`` or ``keyring:`` and a place.
            ask: Gives the passphrase, if one is needed.

        Raises:
            MissingKeyError: It is not there, or its passphrase is missing or another.
            InputError: It is no private X25519 key, or others may read the file.
        """
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        place = source if source.startswith(("file:", "env:", "keyring:")) else f"file:{source}"
        text = read_secret(place)
        if text is None:
            raise MissingKeyError("no key is here", where=place, hint=_HINT)
        passphrase = ask() if ENCRYPTED in text else None
        key = private_key(text, where=place, passphrase=passphrase)
        if not isinstance(key, X25519PrivateKey):
            raise InputError("this key signs, and opens nothing", where=place, hint=_HINT)
        return OpeningKey(key, place)

    @property
    def public(self) -> SealingKey:
        """The half that seals."""
        return SealingKey(self.key.public_key())

    def unwrap(self, moment: bytes, wrapped: bytes, told: bytes, *, where: Path) -> bytes:
        """Return the key that `SealingKey.wrap` wrapped.

        Raises:
            VerificationError: It was changed, or sealed for another officer.
        """
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        shared = self.key.exchange(X25519PublicKey.from_public_bytes(moment))
        mine = self.public.raw
        return decrypt(_shared(shared, moment, mine), wrapped, told, where=where,
                       hint="it needs the officer's key it was sealed for")  # fmt: skip


def make_pair(place: Path, passphrase: str | None) -> SealingKey:
    """Make a pair: ``NAME.pem`` for its owner alone, and ``NAME.pub`` beside it.

    Args:
        place: Where, without an ending.
        passphrase: What the private half is encrypted with; nothing when None.

    Raises:
        InputError: Something is there already, or it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = X25519PrivateKey.generate()
    how = form.BestAvailableEncryption(passphrase.encode()) if passphrase else form.NoEncryption()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, how).decode()
    public = place.with_name(f"{place.name}.pub")
    if public.exists():
        raise InputError("a key of that name is there already", where=str(public),
                         hint="keys are never replaced: choose another name")  # fmt: skip
    keep_secret(f"file:{place.with_name(f'{place.name}.pem')}", private)
    pem = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    public.write_bytes(pem)
    return SealingKey(key.public_key())


def _shared(secret: bytes, moment: bytes, officer: bytes) -> bytes:
    """Return the key that wraps: HKDF over the exchange, bound to both public halves."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, moment + officer, b"curate seal wrap").derive(secret)
