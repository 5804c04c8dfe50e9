"""The withdrawal feed: salted tombstones of released files that must go.

A tombstone is a salt and SHA-256 over the salt and the file's own SHA-256. Whoever holds the file
can tell that it is meant; whoever does not learns nothing, whatever ids and names they try. What
is called back at once shares a salt, so that a holder hashes each file once for each batch and
not once for each tombstone. Salts come from the workspace's feed key: a file has other tombstones
in every other workspace and use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import rfc8785

from curate.errors import VerificationError
from curate.release.manifest import printed
from curate.signing import PublicKey, SigningKey, sign, statement, verify

FEED = "withdrawals.json"
# What the salts of tombstones are made with, in the workspace. With another key what is called
# back next has another salt, and nothing is lost.
KEY = "feed.key"
PREDICATE = "curate:withdrawals/v1"
SALT_SIZE = 16
_HINT = "ask who made the release for the feed as it was"


@dataclass(frozen=True, order=True)
class Tombstone:
    """A released file that must go.

    Attributes:
        digest: SHA-256 over the salt and the file's SHA-256, hex.
        salt: 16 bytes, hex.
    """

    digest: str
    salt: str


@dataclass(frozen=True)
class Feed:
    """A withdrawal feed.

    Attributes:
        tombstones: What must go.
        said: What the feed says beside: use, version and instant.
        signed: Whether one of the given keys signed it.
    """

    tombstones: tuple[Tombstone, ...]
    said: dict[str, Any]
    signed: bool = False

    @cached_property
    def _batches(self) -> dict[bytes, set[bytes]]:
        """What must go by salt."""
        found: dict[bytes, set[bytes]] = {}
        for one in self.tombstones:
            found.setdefault(bytes.fromhex(one.salt), set()).add(bytes.fromhex(one.digest))
        return found

    def names(self, sha256: str) -> bool:
        """Return whether a file with that SHA-256 (hex) must go."""
        told = bytes.fromhex(sha256)
        return any(_salted(salt, told) in digests for salt, digests in self._batches.items())


def batch_salt(key: bytes, use: str, told: int) -> bytes:
    """Return the salt of what is called back at once.

    Args:
        key: The workspace's feed key.
        use: The use whose releases it went out in.
        told: How many tombstones feeds of that use hold already, which tells batches apart.
    """
    return hmac.digest(key, f"{use}\n{told}".encode(), "sha256")[:SALT_SIZE]


def tombstone(sha256: str, salt: bytes) -> Tombstone:
    """Return the tombstone of a file.

    Args:
        sha256: The released file's, hex.
        salt: That of its batch.
    """
    return Tombstone(_salted(salt, bytes.fromhex(sha256)).hex(), salt.hex())


def feed_bytes(
    tombstones: Iterable[Tombstone], said: dict[str, Any], key: SigningKey | None
) -> bytes:
    """Return a feed as it is written: an in-toto statement, in an envelope where a key signs it.

    Args:
        tombstones: What must go; told in the order of their digests, which says nothing.
        said: What is told beside.
        key: What signs it.
    """
    ordered = sorted(set(tombstones))
    listed = [{"salt": one.salt, "digest": one.digest} for one in ordered]
    subject = [("tombstones", hashlib.sha256(rfc8785.dumps(listed)).hexdigest())]
    told = statement(subject, PREDICATE, {**said, "tombstones": listed})
    return printed(told if key is None else sign(told, key))


def read_feed(path: Path, keys: Sequence[PublicKey] = ()) -> Feed:
    """Return the feed in a file.

    Args:
        path: The file.
        keys: Public keys, one of which must have signed it; not checked when there are none.

    Raises:
        VerificationError: It is no feed, or no given key signed it.
    """
    where = str(path)
    try:
        data = path.read_bytes()
        document = json.loads(data)
        said = verify(document, keys, predicate_type=PREDICATE, where=where) if keys else (
            _unchecked(document)
        )  # fmt: skip
        listed = said["predicate"]["tombstones"]
        digest = hashlib.sha256(rfc8785.dumps(listed)).hexdigest()
        if said["predicateType"] != PREDICATE or said["subject"][0]["digest"]["sha256"] != digest:
            raise VerificationError("the feed does not hold together", where=where, hint=_HINT)
        tombstones = tuple(Tombstone(one["digest"], one["salt"]) for one in listed)
        whole = all(len(bytes.fromhex(t.digest + t.salt)) == 32 + SALT_SIZE for t in tombstones)
    except OSError as error:
        raise VerificationError(
            f"cannot be read: {error.strerror}", where=where, hint=_HINT
        ) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise VerificationError("this is no withdrawal feed", where=where, hint=_HINT)
    told = {k: v for k, v in said["predicate"].items() if k != "tombstones"}
    return Feed(tombstones, told, signed=bool(keys))


def check_feed(
    path: Path, keys: Sequence[PublicKey], *, before: Path | None = None
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the feed of a release: the file, and how.

    Args:
        path: The feed.
        keys: Public keys, one of which must have signed it.
        before: The feed of the release before, all of which must be in this one.
    """
    try:
        feed = read_feed(path, keys)
        gone = set() if before is None else set(read_feed(before).tombstones) - set(feed.tombstones)
    except VerificationError as error:
        yield FEED, error.problem
        return
    if gone:
        yield FEED, f"{len(gone):,} tombstones of the release before are not in it"


def _salted(salt: bytes, sha256: bytes) -> bytes:
    return hashlib.sha256(salt + sha256).digest()


def _unchecked(document: dict[str, Any]) -> dict[str, Any]:
    """Return a statement, whoever signed it."""
    return dict(
        json.loads(base64.b64decode(document["payload"])) if "payload" in document else document
    )
