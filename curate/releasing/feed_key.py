"""The feed key of a workspace: what the salts of its tombstones are made with."""

from __future__ import annotations

import secrets
from pathlib import Path

from curate.vault.places import keep_secret, read_secret

NAME = "feed.key"


def feed_key(workspace: Path) -> bytes:
    """Return a workspace's feed key, which is made when it is first asked for.

    With another key what is called back next has another salt, and nothing is lost.

    Args:
        workspace: The folder of the workspace.
    """
    place = f"file:{workspace / NAME}"
    if (text := read_secret(place)) is None:
        text = secrets.token_hex(32)
        keep_secret(place, text)
    return bytes.fromhex(text)
