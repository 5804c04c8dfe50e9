"""Keys: private ones that sign and public ones that check, as PEM.

New keys are Ed25519. ECDSA on P-256 is there for tools that take no other, such as OpenSSF
model-signing. A key's id is the SHA-256 of its public half (SubjectPublicKeyInfo, DER), in hex.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curate.errors import InputError, MissingKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

ALGORITHMS = ("ed25519", "ecdsa-p256")
ENCRYPTED = "BEGIN ENCRYPTED PRIVATE KEY"


@dataclass(frozen=True)
class PublicKey:
    """A key that checks signatures.

    Attributes:
        key: The key, of the package cryptography.
    """

    key: Ed25519PublicKey | EllipticCurvePublicKey

    @staticmethod
    def from_pem(text: str, *, where: str) -> PublicKey:
        """Read a key.

        Args:
            text: A PEM block ``PUBLIC KEY``.
            where: Where it was found.

        Raises:
            InputError: The text is no public key of a kind that is used here.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        if "PRIVATE KEY" in text:
            raise InputError("this is a private key, and a public one was expected", where=where,
                             hint="`curate keys export NAME` gives the public half")  # fmt: skip
        try:
            key = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise InputError("this is no public key in PEM form", where=where) from None
        _algorithm(key, where)
        return PublicKey(key)  # type: ignore[arg-type]

    @property
    def algorithm(self) -> str:
        """Its kind, one of `ALGORITHMS`."""
        return _algorithm(self.key, "")

    @property
    def keyid(self) -> str:
        """Its id, 64 hexadecimal digits."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        der = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def pem(self) -> str:
        """Return the key as a PEM block."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Return whether `signature` was made over `message` by the private half."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, message)
            else:
                self.key.verify(signature, message, _ecdsa())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A key that signs.

    Attributes:
        key: The key, of the package cryptography.
    """

    key: Ed25519PrivateKey | EllipticCurvePrivateKey

    @staticmethod
    def from_pem(text: str, *, where: str, passphrase: str | None = None) -> SigningKey:
        """Read a key.

        Args:
            text: A PEM block ``PRIVATE KEY`` or ``ENCRYPTED PRIVATE KEY``.
            where: Where it was found.
            passphrase: What opens an encrypted one.

        Raises:
            MissingKeyError: The key is encrypted, and the passphrase is missing or another.
            InputError: The text is no private key of a kind that is used here.
        """
        key = private_key(text, where=where, passphrase=passphrase)
        _algorithm(key.public_key(), where)
        return SigningKey(key)

    @property
    def public(self) -> PublicKey:
        """The half that checks."""
        return PublicKey(self.key.public_key())

    def pem(self, passphrase: str | None = None) -> str:
        """Return the key as a PEM block (PKCS #8), encrypted where a passphrase is given."""
        from cryptography.hazmat.primitives import serialization as form

        how = form.BestAvailableEncryption(passphrase.encode()) if passphrase else (
            form.NoEncryption()
        )  # fmt: skip
        return self.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, how).decode()

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`: 64 bytes of Ed25519, or ECDSA's in DER."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(message)
        return self.key.sign(message, _ecdsa())


def private_key(text: str, *, where: str, passphrase: str | None = None) -> Any:
    """Return the private key of a PEM block, of whatever kind it is.

    Args:
        text: A PEM block ``PRIVATE KEY`` or ``ENCRYPTED PRIVATE KEY``.
        where: Where it was found.
        passphrase: What opens an encrypted one.

    Raises:
        MissingKeyError: The key is encrypted, and the passphrase is missing or another.
        InputError: The text is no private key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    sealed = ENCRYPTED in text
    if sealed and not passphrase:
        hint = "set CURATE_PASSPHRASE, or run where you can type it"
        raise MissingKeyError("the key needs its passphrase", where=where, hint=hint)
    try:
        secret = passphrase.encode() if sealed and passphrase else None
        return load_pem_private_key(text.encode(), secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the package says of the text may tell of the key: it is not passed on.
        if sealed:
            hint = "type it again, or restore the file"
            problem = "the passphrase does not open this key"
            raise MissingKeyError(problem, where=where, hint=hint) from None
        raise InputError("this is no private key in PEM form", where=where) from None


def new_key(algorithm: str = "ed25519") -> SigningKey:
    """Make a key.

    Raises:
        InputError: `algorithm` is none of `ALGORITHMS`.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if algorithm not in ALGORITHMS:
        raise InputError(f"{algorithm!r} is no kind of key", where="--algorithm",
                         hint=f"use one of {', '.join(ALGORITHMS)}")  # fmt: skip
    if algorithm == "ed25519":
        return SigningKey(ed25519.Ed25519PrivateKey.generate())
    return SigningKey(ec.generate_private_key(ec.SECP256R1()))


def _algorithm(key: Any, where: str) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        return ALGORITHMS[0]
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return ALGORITHMS[1]
    raise InputError("this key is neither Ed25519 nor ECDSA on P-256", where=where,
                     hint="`curate keys new NAME` makes one")  # fmt: skip


def _ecdsa() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    # By RFC 6979: the same key and message give the same signature, as Ed25519 does.
    return ECDSA(SHA256(), deterministic_signing=True)
