"""`curate seal`: what hash lists name, sealed for a safety officer, and opened by two people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from curate.catalog.listings import listings_kept
from curate.engine.changed import sums_kept
from curate.safety.seal.custody import Custody, Held
from curate.safety.seal.open import Opening, still_listed
from curate.safety.seal.places import digest_of, openers_of, sealed_file
from curate.safety.seal.run import Sealed, sealer_of
from curate.safety.seal.runbook import runbook
from curate.safety.stage import open_lists

if TYPE_CHECKING:
    from curate.safety.seal.keys import OpeningKey
    from curate.signing import SigningKey
    from curate.verbs.context import Context

# Categories of lists of what people asked to have taken down or left out.
_ASKED = frozenset({"takedown", "optout", "withdrawn_subject"})


@dataclass(frozen=True)
class SealState:
    """What is known of one seal.

    Attributes:
        held: What is on record of it.
        listed: How many hashes of lists name it still.
        whole: Whether the sealed file is what was recorded.
    """

    held: Held
    listed: int
    whole: bool


def seal(context: Context, *, in_place: bool = False, officer_key: Path | None = None) -> Sealed:
    """Seal what matches, and finish what was begun.

    Args:
        context: The workspace.
        in_place: Copy and remove nothing: hide names and hashes alone.
        officer_key: The officer's public key; what `curate.toml` names when None.

    Raises:
        InputError: No officer's key is named in `curate.toml`.
    """
    config = context.config
    if officer_key is not None:
        config = replace(config, officer=str(officer_key.resolve()))
    with context.workspace.writing():
        sealer = sealer_of(context.workspace, config, context.clock())
        stays = config.seal if in_place else config.in_place
        with (
            sums_kept(context.catalog, context.clock, "seal"),
            listings_kept(context.catalog, context.ledger, context.clock),
        ):
            return sealer.run(categories=config.seal, in_place=stays)


def seals(context: Context) -> list[Held]:
    """Return what is on record of each seal."""
    return Custody(context.ledger).all()


def seal_state(context: Context, seal_id: str) -> SealState:
    """Return what is known of one seal.

    Raises:
        UnknownNameError: There is no such seal.
        MissingKeyError: The workspace's key is not where it should be.
    """
    held = Custody(context.ledger).find(seal_id)
    store = open_lists(context.workspace, context.config)
    path = sealed_file(context.workspace, seal_id)
    whole = path.is_file() and digest_of(path) == held.first["object_sha256"]
    return SealState(held, len(still_listed(held, store.all(), store)), whole)


def note_seal(
    context: Context,
    seal_id: str,
    *,
    report: str = "",
    preserve_until: datetime | None = None,
    destroy_order: str = "",
) -> None:
    """Record what was reported of a seal, until when it is kept, or an order to destroy it.

    Raises:
        UnknownNameError: There is no such seal.
    """
    custody = Custody(context.ledger)
    custody.find(seal_id)
    with context.workspace.writing():
        custody.add(seal_id, "noted", at=context.clock(), report_reference=report,
                    preserve_until=preserve_until, destroy_order=destroy_order)  # fmt: skip


def open_seal(context: Context, opening: Opening, folder: Path) -> None:
    """Open what is sealed into a new folder; it stays sealed here.

    Raises:
        InputError: The reason, a signer or the folder is not as it must be.
        VerificationError: The sealed file changed, or is for another officer.
    """
    with context.workspace.writing():
        opening.open(folder)


def restore_seal(context: Context, opening: Opening) -> int:
    """Put back what no list names any more; return how many files.

    Raises:
        InputError: A list names it still, or the reason or a signer is not as it must be.
        VerificationError: The sealed file changed, or is for another officer.
    """
    store = open_lists(context.workspace, context.config)
    with (
        context.workspace.writing(),
        listings_kept(context.catalog, context.ledger, context.clock),
    ):
        return opening.restore(store.all(), store)


def prepare_opening(
    context: Context,
    seal_id: str,
    *,
    reason: str,
    signers: Sequence[SigningKey],
    officer: Callable[[], OpeningKey],
) -> Opening:
    """Return what opens a seal for two people.

    Args:
        context: The workspace.
        seal_id: The seal.
        reason: Why.
        signers: The keys of two people who may open.
        officer: Gives the officer's private key, once the seal is known.

    Raises:
        UnknownNameError: There is no such seal.
    """
    custody = Custody(context.ledger)
    held = custody.find(seal_id)
    return Opening(
        place=context.workspace,
        custody=custody,
        held=held,
        officer=officer(),
        signers=list(signers),
        openers=openers_of(context.workspace, context.config.openers),
        reason=reason,
        now=context.clock(),
    )


def runbook_of_seals(context: Context, seal_ids: set[str]) -> list[str]:
    """Return what to do now about some seals, as lines."""
    held = [one for one in seals(context) if one.seal_id in seal_ids]
    return list(runbook(one.first["category"] for one in held))


def runbook_of_matches(context: Context) -> list[str]:
    """Return what to do now about what matches hash lists and is not sealed, as lines.

    None where all of it is what people asked to have taken down or left out, and nobody asked that
    of an intimate picture: that is answered, and no case for an officer.
    """
    intimate = any(
        row["kind"] == "takedown_ncii" and row["state"] not in ("refused", "expired")
        for row in context.ledger.read("requests").to_pylist()
    )
    grave = [
        row["category"] for row in context.catalog.read("hash_matches").to_pylist()
        if row["band"] == "match" and (intimate or row["category"] not in _ASKED)
    ]  # fmt: skip
    return list(runbook(grave)) if grave else []
