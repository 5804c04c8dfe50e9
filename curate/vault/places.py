"""Where a secret text lies: in a file for its owner alone, a variable, or the system's keyring.

A place is named as ``file:PATH``, ``env:NAME`` or ``keyring:NAME``. A variable is somebody else's
to set: it is read and never written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from curate.errors import ConfigError, DependencyError, InputError
from curate.files import write_whole

SERVICE = "curate"


def settings_folder() -> Path:
    """Return the folder of the user's settings for curate."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "curate"


def read_secret(source: str) -> str | None:
    """Return the text at a place, or None where nothing is.

    Raises:
        ConfigError: `source` is no place.
        InputError: Others may read the file, or it cannot be read.
        DependencyError: The package keyring is not installed.
    """
    kind, name = _split(source)
    if kind == "env":
        return os.environ.get(name) or None
    if kind == "keyring":
        return _keyring().get_password(SERVICE, name)
    path = Path(name).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise InputError("others may read this key", where=str(path), hint=f"chmod 600 {path}")
        return path.read_text("ascii", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None


def keep_secret(source: str, text: str) -> None:
    """Write a text to a place that holds none.

    Raises:
        ConfigError: `source` is no place, or one that is not written.
        InputError: Something is there already, or the file cannot be written.
        DependencyError: The package keyring is not installed.
    """
    kind, name = _split(source)
    if kind == "env":
        raise ConfigError("a variable is read and never written", where=source)
    if kind == "keyring":
        keyring = _keyring()
        if keyring.get_password(SERVICE, name) is not None:
            raise InputError("the keyring holds a key of that name already", where=name)
        keyring.set_password(SERVICE, name, text)
        return
    path = Path(name).expanduser()
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Under its name it is whole, and of two that are written at once the first stays.
        write_whole(waiting, text, private=True)
        try:
            path.hardlink_to(waiting)
        finally:
            waiting.unlink()
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _split(source: str) -> tuple[str, str]:
    kind, _, name = source.partition(":")
    if kind not in ("file", "env", "keyring") or not name:
        raise ConfigError(
            f"{source!r} is no place of a key",
            hint='use "file:PATH", "env:NAME" or "keyring:NAME"',
        )
    return kind, name


def _keyring() -> Any:
    try:
        import keyring
    except ImportError as error:
        raise DependencyError(
            "the package keyring is not installed", hint="pip install 'curate[keyring]'"
        ) from error
    return keyring
