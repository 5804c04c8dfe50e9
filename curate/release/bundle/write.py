"""Writing a bundle: its files, the list of them with their digests, a time stamp, a signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curate.files import new_folder, write_whole
from curate.release.attest import TOKEN
from curate.release.manifest import (
    NAME,
    Manifest,
    digest_file,
    printed,
    read_manifest,
    write_manifest,
)
from curate.release.timestamp import Ask, stamp
from curate.signing import SigningKey, sign, statement

KIND = "curate audit bundle"
SIGNATURE, PUBLIC_KEY = "signature.dsse.json", "signer.pub"
PREDICATE = "curate:audit-bundle/v1"

Pieces = str | bytes | Iterable[bytes]


def write_bundle(
    folder: Path,
    files: Mapping[str, Pieces],
    facts: Mapping[str, Any],
    *,
    key: SigningKey | None = None,
    ask: Ask | None = None,
    authority: str = "",
) -> Manifest:
    """Write a bundle; the same files, facts and key give the same bytes but for a time stamp's.

    Args:
        folder: Where; it must not be there, or be empty.
        files: What it holds, by path. They name files and people, and are for their owner alone.
        facts: What its list says beside the files.
        key: Signs it; nothing does when None.
        ask: Asks a time-stamp authority (see `curate.release.timestamp.authority`); nobody is
            asked when None.
        authority: What the authority is called in errors.

    Raises:
        InputError: The folder holds something, or cannot be written.
        DependencyError: The authority does not answer, or refuses.
    """
    beside = [*([TOKEN] if ask else ()), *([SIGNATURE] if key else ())]
    with new_folder(folder) as waiting:
        waiting.chmod(0o700)
        for path, pieces in files.items():
            write_whole(waiting / path, pieces, private=True)
        if key:
            write_whole(waiting / PUBLIC_KEY, key.public.pem(), private=True)
        listed = [*files, *([PUBLIC_KEY] if key else ())]
        digests = [digest_file(waiting / path, waiting) for path in listed]
        write_manifest(waiting, digests, {**facts, "kind": KIND, "beside": sorted(beside)})
        if ask:
            token = stamp((waiting / NAME).read_bytes(), ask, where=authority)
            write_whole(waiting / TOKEN, token, private=True)
        manifest = read_manifest(waiting)
        if key:
            envelope = sign(said_of(waiting, manifest), key)
            write_whole(waiting / SIGNATURE, printed(envelope), private=True)
    return manifest


def said_of(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Return what the signature of a bundle is over: its list, and its time stamp if there is one.

    Raises:
        OSError: The time stamp cannot be read.
    """
    said = manifest.said
    stamps = [digest_file(folder / TOKEN, folder)] if TOKEN in manifest.beside else []
    return statement(
        [(NAME, manifest.sha256), *((one.path, one.sha256) for one in stamps)],
        PREDICATE,
        {name: said.get(name) for name in ("project", "audit", "use", "as_of", "tool")},
    )
