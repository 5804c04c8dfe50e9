"""Sealed files: what was known of media, and the media, for the safety officer's eyes alone.

=========  ========================================================================
part       holds
=========  ========================================================================
head       a line of JSON: format, the seal's id, the officer's key id, whether the
           media are in it, and the file's key wrapped to the officer's
record     8 bytes of length, then a JSON object under the file's key: names, hashes
media      blocks of 1 MiB under the file's key, each with its number and whether it
           is the last; none where the file was left where it lies
=========  ========================================================================

Each file has a random key of its own (AES-256-GCM). The head is associated data of all the rest,
and a block's nonce is its number: blocks cannot be swapped, left out or cut off at the end.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from curate.errors import VerificationError
from curate.safety.seal.keys import OpeningKey, SealingKey
from curate.vault.envelope import KEY_BYTES, decrypt, derived_key, encrypt

FORMAT = 1
BLOCK = 1 << 20
_TAG = 16
_LENGTH = 8
_MOST_RECORD = 1 << 30


@dataclass(frozen=True)
class Box:
    """A sealed file's head and the key it is under.

    Attributes:
        head: The head's line, without its end.
        key: The file's key, 32 bytes.
    """

    head: bytes
    key: bytes

    @staticmethod
    def new(seal_id: str, officer: SealingKey, *, media: bool) -> Box:
        """Return a box with a fresh key, which is kept nowhere but in its head, wrapped.

        Args:
            seal_id: The seal's id.
            officer: Whose key opens it.
            media: Whether the media go into it.
        """
        key = secrets.token_bytes(KEY_BYTES)
        moment, wrapped = officer.wrap(key, _bound(seal_id, officer.keyid))
        told = {
            "format": FORMAT, "seal": seal_id, "officer": officer.keyid, "media": media,
            "moment": _text(moment), "wrapped": _text(wrapped),
        }  # fmt: skip
        return Box(json.dumps(told, sort_keys=True).encode(), key)

    @staticmethod
    def opened(stream: IO[bytes], officer: OpeningKey, *, where: Path) -> Box:
        """Return the box of a sealed file, read up to the end of its head.

        Raises:
            VerificationError: It is no sealed file, was changed, or is for another officer.
        """
        head = stream.readline().rstrip(b"\n")
        told = read_head(head, where)
        key = officer.unwrap(_bytes(told["moment"]), _bytes(told["wrapped"]),
                             _bound(told["seal"], told["officer"]), where=where)  # fmt: skip
        return Box(head, key)

    def write(self, sink: IO[bytes], record: dict[str, Any], media: IO[bytes] | None) -> str:
        """Write a sealed file; return the SHA-256 of the media that went in, hex."""
        plain = json.dumps(record, sort_keys=True).encode()
        sealed = encrypt(self._derived("record"), plain, self.head)
        sink.write(self.head + b"\n" + len(sealed).to_bytes(_LENGTH, "big") + sealed)
        digest = hashlib.sha256()
        for number, (block, last) in enumerate(_blocks(media) if media else ()):
            digest.update(block)
            sink.write(self._cipher().encrypt(_nonce(number, last=last), block, self.head))
        return digest.hexdigest()

    def record(self, stream: IO[bytes], *, where: Path) -> dict[str, Any]:
        """Return what was known, from a stream that stands at the end of the head.

        Raises:
            VerificationError: It was changed or cut off.
        """
        length = int.from_bytes(stream.read(_LENGTH), "big")
        sealed = stream.read(min(length, _MOST_RECORD))
        plain = decrypt(self._derived("record"), sealed, self.head, where=where)
        told: dict[str, Any] = json.loads(plain)
        return told

    def media(self, stream: IO[bytes], take: Callable[[bytes], object], *, where: Path) -> str:
        """Give the media, block by block, to `take`; return their SHA-256, hex.

        Args:
            stream: Stands at the end of the record.
            take: Gets each block once its tag holds.
            where: The sealed file.

        Raises:
            VerificationError: They were changed or cut off.
        """
        from cryptography.exceptions import InvalidTag

        digest = hashlib.sha256()
        for number, (block, last) in enumerate(_blocks(stream, BLOCK + _TAG)):
            try:
                plain = self._cipher().decrypt(_nonce(number, last=last), block, self.head)
            except InvalidTag as error:
                raise VerificationError("what is sealed here was changed or cut off",
                                        where=str(where)) from error  # fmt: skip
            digest.update(plain)
            take(plain)
        return digest.hexdigest()

    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derived("media"))

    def _derived(self, name: str) -> bytes:
        return derived_key(self.key, b"", f"seal {name}")


def read_head(head: bytes, where: Path) -> dict[str, Any]:
    """Return what a sealed file says of itself, which nothing but opening it can confirm.

    Raises:
        VerificationError: It is no sealed file.
    """
    try:
        told: dict[str, Any] = json.loads(head)
        if told["format"] == FORMAT and isinstance(told["media"], bool):
            [str(told[name]) for name in ("seal", "officer", "moment", "wrapped")]
            return told
    except (ValueError, KeyError, TypeError):
        pass
    raise VerificationError("this is no sealed file of curate", where=str(where))


def _blocks(stream: IO[bytes], size: int = BLOCK) -> Iterator[tuple[bytes, bool]]:
    """Yield blocks, and whether each is the last; media of no bytes are one empty block."""
    block = stream.read(size)
    while True:
        following = stream.read(size) if len(block) == size else b""
        yield block, not following
        if not following:
            return
        block = following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _bound(seal_id: str, officer: str) -> bytes:
    return f"curate seal {seal_id} {officer}".encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
