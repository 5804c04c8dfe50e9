"""Where sealing has its things: sealed files, the journal beside them, and whose keys count."""

from __future__ import annotations

from pathlib import Path

from curate.errors import InputError
from curate.safety.seal_keys import SealingKey
from curate.safety.seal_plan import Journal
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
