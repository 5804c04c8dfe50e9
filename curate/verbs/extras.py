"""Extras: which packages each asks for, and which of them are installed."""

from __future__ import annotations

import re
import sys
from importlib import metadata

EXTRAS = ("faces", "video", "signals", "labels", "review", "keyring", "remote", "s3")
_REQUIRED = re.compile(r"^([A-Za-z0-9_.-]+).*extra == ['\"]([\w-]+)['\"]")


def required(extra: str) -> list[str]:
    """Return the names of the packages that an extra asks for on this system."""
    found = []
    for line in metadata.requires("curate") or ():
        match = _REQUIRED.match(line)
        elsewhere = "sys_platform" in line and f"'{sys.platform}'" not in line.replace('"', "'")
        if match and match[2] == extra and match[1] != "curate" and not elsewhere:
            found.append(match[1])
    return found


def installed(name: str) -> bool:
    """Return whether a package is installed."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def lacking(extra: str, *, only: frozenset[str] | None = None) -> list[str]:
    """Return the packages of an extra that are not installed.

    Args:
        extra: Its name.
        only: Those that are asked about; all of the extra's when None.
    """
    asked = [name for name in required(extra) if only is None or name in only]
    return [name for name in asked if not installed(name)]


def remedy_of(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"uv pip install 'curate[{extra}]'"
