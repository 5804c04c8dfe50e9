"""Keys of a workspace: 32 bytes each, as 64 hexadecimal digits.

The one that wraps all else lies outside the workspace: `curate.vault.places` says where that may
be. A key is made where none is, but in a variable. Keys that only keep outsiders from guessing lie
inside.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from curate.errors import InputError, MissingKeyError
from curate.vault.envelope import KEY_BYTES, vault_salt
from curate.vault.places import keep_secret, read_secret, settings_folder
from curate.workspace import Workspace


def default_source(vault_id: str) -> str:
    """Return where a vault's key lies when nothing is named: among the user's settings."""
    return f"file:{settings_folder() / 'keys' / vault_id}.key"


def vault_key(place: Workspace, source: str | None, *, create: bool) -> tuple[bytes, bytes]:
    """Return the key of a workspace's vault and lists, and their salt.

    Args:
        place: The workspace.
        source: Where the key lies; among the user's settings when None.
        create: Make a key where there is none and nothing was sealed or encrypted with one yet.

    Raises:
        MissingKeyError: The key is not where it should be.
    """
    salt = vault_salt(place.vault)
    used = (place.vault / "keys").is_dir() or any(place.lists.glob("*.bin"))
    where = source or default_source(hashlib.sha256(salt).hexdigest()[:16])
    return workspace_key(where, create=create and not used), salt


def workspace_key(source: str, *, create: bool = False) -> bytes:
    """Return the key that `source` names, 32 bytes.

    Args:
        source: ``file:PATH``, ``env:NAME`` or ``keyring:NAME``.
        create: Make one where there is none.

    Raises:
        ConfigError: The source is none of these.
        MissingKeyError: There is no key, and none was to be made or can be.
        InputError: What is there is no key, or others may read the file.
        DependencyError: The package keyring is not installed.
    """
    text = read_secret(source)
    if text is None:
        if source.startswith("env:"):
            raise MissingKeyError(
                "the variable is not set", where=source,
                hint="set it to 64 hexadecimal digits, for example those of `openssl rand -hex 32`",
            )  # fmt: skip
        if not create:
            raise MissingKeyError("no key", where=source)
        text = secrets.token_hex(KEY_BYTES) + "\n"
        keep_secret(source, text)
    return _parsed(text, where=source)


def own_key(place: Path) -> bytes:
    """Return a key that lies in a file of the workspace, 32 bytes, made when first asked for.

    Raises:
        InputError: What is there is no key, or others may read the file.
    """
    return workspace_key(f"file:{place}", create=True)


def _parsed(text: str, *, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        # The text may be most of a key: it is not told.
        raise InputError(
            f"this is no key: found {len(text.strip())} characters, expected 64 hexadecimal digits",
            where=where,
        )
    return key
