"""Signing: statements that can be checked by anybody who holds a public key.

A statement (in-toto, version 1) says something of things named by digest. `sign` puts it into an
envelope (DSSE, version 1) with a signature; `verify` gives it back only if one of the given keys
signed these very bytes. Nothing in an envelope is read before its signature holds.
"""

from curate.signing.dsse import read_envelope
from curate.signing.home import KeyHome, Named
from curate.signing.keys import PublicKey, SigningKey, new_key
from curate.signing.statement import STATEMENT, sign, statement, verify

__all__ = [
    "STATEMENT",
    "KeyHome",
    "Named",
    "PublicKey",
    "SigningKey",
    "new_key",
    "read_envelope",
    "sign",
    "statement",
    "verify",
]
