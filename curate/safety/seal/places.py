"""Where sealing has its things: sealed files, the journal beside them, and whose keys count."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from curate.errors import InputError
from curate.safety.seal.keys import SealingKey
from curate.safety.seal.plan import Journal
from curate.signing import PublicKey
from curate.vault import vault_salt
from curate.vault.envelope import derived_key
from curate.workspace import Workspace

_ENDING = ".sealed"


def sealed_folder(place: Workspace) -> Path:
    """Return where a workspace's sealed files lie."""
    return place.root / "sealed"


def journal_of(place: Workspace, key: bytes) -> Journal:
    """Return the plans of a workspace that are not done.

    Args:
        place: The workspace.
        key: Its key, 32 bytes.
    """
    return Journal(sealed_folder(place), derived_key(key, vault_salt(place.vault), "seals"))


def sealed_file(place: Workspace, seal_id: str) -> Path:
    """Return where a sealed file lies."""
    return sealed_folder(place) / f"{seal_id}{_ENDING}"


def officer_of(place: Workspace, named: str) -> SealingKey:
    """Return the safety officer's public key.

    Args:
        place: The workspace.
        named: Its PEM file, absolute or relative to the workspace.

    Raises:
        InputError: None is named, or the file holds none.
    """
    if not named:
        raise InputError("no safety officer's key is named, and nothing can be sealed",
                         where=str(place.config), hint='write [safety] officer = "officer.pub"; '
                         "`curate seal keys NAME` makes a pair")  # fmt: skip
    return SealingKey.read(place.root / named)


def openers_of(place: Workspace, named: Sequence[str]) -> list[PublicKey]:
    """Return the public keys of those who may open what is sealed.

    Args:
        place: The workspace.
        named: Their PEM files, absolute or relative to the workspace.

    Raises:
        InputError: Fewer than two are named, or a file holds no public key.
    """
    keys = []
    for name in named:
        path = place.root / name
        try:
            text = path.read_text("utf-8", "replace")
        except OSError as error:
            raise InputError(f"this opener's key cannot be read: {error.strerror}",
                             where=str(path)) from None  # fmt: skip
        keys.append(PublicKey.from_pem(text, where=str(path)))
    if len({key.keyid for key in keys}) < 2:
        raise InputError("it takes two people to open what is sealed, and fewer are named",
                         where=str(place.config), hint='write [safety] openers = ["a.pub", '
                         '"b.pub"]; `curate keys export NAME` gives public keys')  # fmt: skip
    return keys


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
