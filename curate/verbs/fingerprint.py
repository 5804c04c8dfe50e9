"""`curate fingerprint`: keyed digests of a catalogue, to compare with another side's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import InputError
from curate.safety.fingerprint import Fingerprint, fingerprint, write_fingerprint
from curate.safety.folder import hash_catalogue
from curate.safety.gate import check_gate
from curate.vault import workspace_key

if TYPE_CHECKING:
    from curate.verbs.context import Context


def new_fingerprint_key(file: Path) -> None:
    """Make a key for two sides to share.

    Raises:
        InputError: The file is there already.
    """
    if file.exists():
        raise InputError("there is a file already", where=str(file), hint="name another")
    workspace_key(f"file:{file}", create=True)


def export_fingerprint(context: Context, out: Path, key: str, *, pdq: bool = False) -> Fingerprint:
    """Write the fingerprint of the catalogue: keyed digests, no media, no names.

    Args:
        context: The workspace.
        out: The file to write.
        key: ``file:PATH``, ``env:NAME`` or ``keyring:NAME``.
        pdq: Perceptual hashes too.

    Raises:
        InputError: Nothing that may be exported was probed, or hash lists were not asked.
        MissingKeyError: There is no such key.
    """
    secret = workspace_key(key)
    check_gate(context.workspace, context.catalog, context.clock())
    held = hash_catalogue(context.catalog, shareable=True)
    if not held.digests:
        raise InputError("there is nothing to export", hint="`curate run probe` reads the files")
    made = fingerprint(held.items, held.frames, secret, now=context.clock(), pdq=pdq)
    write_fingerprint(out, made, secret)
    return made
