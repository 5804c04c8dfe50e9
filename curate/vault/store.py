"""What is kept: sealed files under ``vault/``, one for each owner and model.

========================  ==================================================================
file                      holds
========================  ==================================================================
``salt``                  32 random bytes that make this vault another one than any else
``keys/TAG.key``          an owner's key, wrapped by the workspace's
``keys/TAG.shredded``     nothing: that owner's key was destroyed on request, and stays so
``sealed/TAG.MODEL.bin``  a line of JSON (model, when it ends), and embeddings sealed under it
========================  ==================================================================

An owner is a subject, or an identity or face that is linked to nobody. TAG is an HMAC of the
owner under a key derived from the workspace's key and the salt, so that neither names nor files
of two vaults can be matched, even under one workspace key. The line of JSON is associated data:
an embedding cannot be passed off as another model's, nor kept longer than was said. AES-256-GCM
throughout, with a fresh nonce each time.

Destroying an owner's key destroys what it sealed, wherever copies of the sealed files are. It
cannot reach copies of the key itself: keep ``vault/`` out of backups, or its backups as short as
the promise made to people.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import VerificationError
from curate.vault.envelope import decrypt, derived_key, encrypt, vault_salt, write_whole

FORMAT = 1
_HINT = "name the key it was sealed with in curate.toml under [vault], or shred it"


@dataclass(frozen=True)
class Kept:
    """One sealed file.

    Attributes:
        path: The file.
        tag: Whose it is.
        model_id: The model whose embeddings these are.
        expires_at: When it must be gone, in UTC.
    """

    path: Path
    tag: str
    model_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Vault:
    """The sealed embeddings of one workspace.

    Attributes:
        folder: Where they lie.
        key: The workspace's key, 32 bytes.
    """

    folder: Path
    key: bytes

    def seal(
        self, owner: str, model_id: str, embeddings: pa.Table, *, expires_at: datetime
    ) -> None:
        """Keep embeddings of one owner and model, in place of those kept before.

        What was shredded is not kept again: nothing is written then.

        Args:
            owner: Whose they are, such as ``subject:p01``.
            model_id: Their model.
            embeddings: ``face_id`` and ``vector``.
            expires_at: When they must be gone, in UTC.
        """
        tag = self.tag(owner)
        if self.is_shredded(owner):
            return
        told = {"expires_at": expires_at.isoformat(), "format": FORMAT, "model": model_id}
        head = json.dumps({**told, "tag": tag}, sort_keys=True).encode()
        name = hashlib.sha256(model_id.encode()).hexdigest()[:16]
        path = self._folder("sealed") / f"{tag}.{name}.bin"
        write_whole(path, self._closed(tag, head, embeddings))

    def open(self, kept: Kept) -> pa.Table:
        """Return ``face_id`` and ``vector`` of one sealed file.

        Raises:
            VerificationError: It was changed, is of another vault, or its key is gone.
        """
        head, _, sealed = kept.path.read_bytes().partition(b"\n")
        wrapped = self._key_file(kept.tag)
        if not wrapped.is_file():
            raise VerificationError("the key of what is sealed here is gone", where=str(kept.path))
        key = self._unwrap(wrapped, kept.tag)
        return pa.ipc.open_stream(
            decrypt(key, sealed, head, where=kept.path, hint=_HINT)
        ).read_all()

    def kept(self) -> list[Kept]:
        """Return what is kept, by the word of the files' first lines, which `open` holds to."""
        return [_described(path) for path in sorted((self.folder / "sealed").glob("*.bin"))]

    def forget(self, faces: Collection[str]) -> int:
        """Take embeddings of faces out of what is kept; return how many went.

        Raises:
            VerificationError: A sealed file was changed, or is of another vault.
        """
        gone = 0
        for one in self.kept() if faces else ():
            if not self._key_file(one.tag).is_file():
                continue
            held = self.open(one)
            rest = held.filter(pc.invert(pc.is_in(held["face_id"], value_set=pa.array(faces))))
            gone += held.num_rows - rest.num_rows
            if not rest.num_rows:
                one.path.unlink()
            elif rest.num_rows < held.num_rows:
                head = one.path.read_bytes().partition(b"\n")[0]
                write_whole(one.path, self._closed(one.tag, head, rest))
        return gone

    def shred(self, owners: Iterable[str]) -> int:
        """Destroy the keys of owners for good, then what they sealed; return how many had one."""
        tags = [self.tag(owner) for owner in owners]
        for tag in tags:
            write_whole(self._folder("keys") / f"{tag}.shredded", b"")
        return self._destroy(tags)

    def is_shredded(self, owner: str) -> bool:
        """Return whether an owner's key was destroyed on request."""
        return (self.folder / "keys" / f"{self.tag(owner)}.shredded").exists()

    def keep_only(self, owners: Iterable[str], model_id: str) -> None:
        """Destroy what is kept of a model for anyone but these owners."""
        wanted = {self.tag(owner) for owner in owners}
        stale = [k for k in self.kept() if k.model_id == model_id and k.tag not in wanted]
        for one in stale:
            one.path.unlink()
        held = {one.tag for one in self.kept()}
        self._destroy(one.tag for one in stale if one.tag not in held)

    def expire(self, now: datetime, must_end: Mapping[str, datetime]) -> int:
        """Destroy what has come to its date; return how many owners lost their key.

        Args:
            now: The present instant, in UTC.
            must_end: By owner, a date of their own by which theirs must be gone.
        """
        ended = {one.tag for one in self.kept() if one.expires_at <= now}
        ended |= {self.tag(owner) for owner, at in must_end.items() if at <= now}
        return self._destroy(ended)

    def tag(self, owner: str) -> str:
        """Return what an owner's files are called in this vault, 32 hexadecimal digits."""
        return hmac.new(self._derived["tag"], owner.encode(), hashlib.sha256).hexdigest()[:32]

    @cached_property
    def _derived(self) -> dict[str, bytes]:
        salt = vault_salt(self.folder)
        return {name: derived_key(self.key, salt, name) for name in ("tag", "wrap")}

    def _folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _closed(self, tag: str, head: bytes, embeddings: pa.Table) -> bytes:
        """Return a sealed file's bytes."""
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, embeddings.schema) as writer:
            writer.write_table(embeddings)
        return head + b"\n" + encrypt(self._owner_key(tag), sink.getvalue(), head)

    def _key_file(self, tag: str) -> Path:
        return self.folder / "keys" / f"{tag}.key"

    def _owner_key(self, tag: str) -> bytes:
        """Return an owner's key, made now if they have none."""
        place = self._key_file(tag)
        if place.is_file():
            return self._unwrap(place, tag)
        key = secrets.token_bytes(32)
        self._folder("keys")
        write_whole(place, encrypt(self._derived["wrap"], key, tag.encode()))
        return key

    def _unwrap(self, place: Path, tag: str) -> bytes:
        return decrypt(
            self._derived["wrap"], place.read_bytes(), tag.encode(), where=place, hint=_HINT
        )

    def _destroy(self, tags: Iterable[str]) -> int:
        """Destroy keys first: a kill between the two leaves what nobody can open."""
        gone = 0
        for tag in sorted(set(tags)):
            place = self._key_file(tag)
            if place.is_file():
                _overwrite(place)
                gone += 1
            for path in sorted((self.folder / "sealed").glob(f"{tag}.*.bin")):
                path.unlink()
        return gone


def _described(path: Path) -> Kept:
    head = path.read_bytes().partition(b"\n")[0]
    try:
        told: dict[str, Any] = json.loads(head)
        at = datetime.fromisoformat(told["expires_at"])
        return Kept(path, told["tag"], told["model"], at)
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError("this is no sealed file", where=str(path)) from error


def _overwrite(path: Path) -> None:
    """Overwrite a key before its file goes: what keeps old blocks is told in the module's words."""
    with path.open("r+b") as stream:
        stream.write(secrets.token_bytes(path.stat().st_size))
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()
