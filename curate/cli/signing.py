"""Keys that options name: private ones to sign with, public ones to trust."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from curate.cli.keys import passphrase_of

if TYPE_CHECKING:
    from curate.signing import PublicKey, SigningKey


def signing_keys(named: list[str] | None) -> list[SigningKey]:
    """Return the private keys that options name.

    Raises:
        MissingKeyError: One is not there, or its passphrase is missing or another.
    """
    from curate.signing import KeyHome

    return [KeyHome().signing_key(one, partial(passphrase_of, one)) for one in named or ()]


def public_keys(named: list[str] | None) -> list[PublicKey]:
    """Return the public keys that options name.

    Raises:
        UnknownNameError: One is neither a name nor a file.
        InputError: A file holds no public key.
    """
    from curate.signing import KeyHome

    return [KeyHome().public_key(one) for one in named or ()]
