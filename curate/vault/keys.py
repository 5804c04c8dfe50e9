"""The workspace's key: 32 bytes that lie outside the workspace.

Where it lies is named as ``file:PATH``, ``env:NAME`` or ``keyring:NAME``. In a file, a variable
or a keyring it is 64 hexadecimal digits. A key is made where none is, in a file or a keyring; a
variable is somebody else's to set.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from curate.errors import ConfigError, DependencyError, InputError, MissingKeyError

KEY_BYTES = 32
SERVICE = "curate"


def default_source(vault_id: str) -> str:
    """Return where a vault's key lies when nothing is named: among the user's settings."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    return f"file:{home / 'curate' / 'keys' / vault_id}.key"


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
    kind, _, name = source.partition(":")
    if kind not in _READERS or not name:
        raise ConfigError(
            f"vault: {source!r} is no place of a key", hint='use "file:PATH", "env:NAME" or '
            '"keyring:NAME"',
        )  # fmt: skip
    return _READERS[kind](name, create=create)


def _from_file(name: str, *, create: bool) -> bytes:
    path = Path(name).expanduser()
    if not path.exists():
        if not create:
            raise MissingKeyError("no key", where=str(path))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(KEY_BYTES) + "\n")
    if path.stat().st_mode & 0o077:
        raise InputError("others may read this key", where=str(path), hint=f"chmod 600 {path}")
    return _parsed(path.read_text("ascii", errors="replace"), where=str(path))


def _from_environment(name: str, *, create: bool) -> bytes:
    # A variable is set by whoever starts the command, so none is made.
    del create
    text = os.environ.get(name, "")
    if not text:
        raise MissingKeyError(
            "the variable is not set", where=name,
            hint="set it to 64 hexadecimal digits, for example those of `openssl rand -hex 32`",
        )  # fmt: skip
    return _parsed(text, where=name)


def _from_keyring(name: str, *, create: bool) -> bytes:
    keyring = _keyring()
    text = keyring.get_password(SERVICE, name)
    if text is None:
        if not create:
            raise MissingKeyError("no key in the keyring", where=name)
        text = secrets.token_hex(KEY_BYTES)
        keyring.set_password(SERVICE, name, text)
    return _parsed(text, where=f"keyring {name}")


def _keyring() -> Any:
    try:
        import keyring
    except ImportError as error:
        raise DependencyError(
            "the package keyring is not installed", hint="pip install 'curate[keyring]'"
        ) from error
    return keyring


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


_READERS = {"file": _from_file, "env": _from_environment, "keyring": _from_keyring}
