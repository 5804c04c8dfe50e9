"""Versions of releases: what changed since the one before says which part grows."""

from __future__ import annotations

from collections.abc import Mapping

FIRST = "1.0.0"


def order_of(version: str) -> tuple[int, ...]:
    """Return what versions are compared by; text that is no version comes before all.

    >>> order_of("1.10.0") > order_of("1.9.3") > order_of("none")
    True
    """
    parts = version.split(".")
    return tuple(map(int, parts)) if len(parts) == 3 and all(p.isdecimal() for p in parts) else ()


def next_version(before: str | None, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Return the version of a release after another.

    A record that is gone or changed is MAJOR, as a withdrawal is; one that is new is MINOR; the
    same records, written again or otherwise, are PATCH.

    Args:
        before: The version of the release before; None for the first.
        old: The digest of each of its records by entry.
        new: The same of the new release.

    >>> next_version("1.2.3", {"a": "x"}, {"a": "x", "b": "y"})
    '1.3.0'
    """
    if before is None:
        return FIRST
    major, minor, patch = order_of(before) or order_of(FIRST)
    if any(new.get(entry) != record for entry, record in old.items()):
        return f"{major + 1}.0.0"
    if len(new) > len(old):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
