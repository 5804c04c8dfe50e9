"""`curate review reviewers`: the register of the people whose word counts towards a clearance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.errors import VerificationError
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.signing import PublicKey
    from curate.verbs.context import Context

TABLE = "reviewers"


def register(context: Context) -> list[dict[str, Any]]:
    """Return the rows of the register as it is: who is on it, and who was."""
    rows: list[dict[str, Any]] = context.ledger.read(TABLE).to_pylist()
    return sorted(rows, key=lambda row: (row["reviewer_id"], row["registered_at"]))


def add_reviewer(
    context: Context, reviewer_id: str, *, name: str, key: PublicKey | None = None
) -> dict[str, Any]:
    """Put a person on the register, and return their row.

    Args:
        context: The workspace.
        reviewer_id: The name they decide under.
        name: The person's name.
        key: Their public key, needed where more than the office itself receives the media.

    Raises:
        InputError: They are on it already, or another person has the id, the name or the key.
    """
    from curate.audit.register import registration

    now = context.clock()
    with context.workspace.writing():
        row = registration(register(context), reviewer_id, name, key, now)
        context.ledger.record(TABLE, [row], recorded_at=now)
    return row


def remove_reviewer(context: Context, reviewer_id: str) -> dict[str, Any]:
    """Take a person off the register from now on; what they decided before remains.

    Raises:
        UnknownNameError: They are not on it.
    """
    from curate.audit.register import removal

    now = context.clock()
    with context.workspace.writing():
        row = removal(register(context), reviewer_id, now)
        context.ledger.record(TABLE, [row], recorded_at=now)
    return row


def remark_on(
    context: Context, reviewer: str, *, use: str = DEFAULT_USE, key_id: str | None = None
) -> str:
    """Return why what a reviewer clears for a use does not count; empty where it does.

    Args:
        context: The workspace.
        reviewer: Who, by the name they give.
        use: The use it is for.
        key_id: The key that signs it.
    """
    from curate.audit.register import remark

    return remark(
        register(context), reviewer, key_id=key_id, audience=context.use(use).audience,
        at=context.clock(),
    )  # fmt: skip


def check_signer(context: Context, reviewer: str, key_id: str | None, *, where: str = "") -> None:
    """Check that a signature is of the reviewer in whose name something is said.

    Raises:
        VerificationError: The register has another key of theirs, or the key is another person's.
    """
    from curate.audit.register import entry_of
    from curate.model.people import person_of

    if key_id is None:
        return
    rows, now = register(context), context.clock()
    person = person_of(reviewer)
    signers = {row["reviewer_id"] for row in rows if row["key_id"] == key_id}
    others = {one for one in signers if person_of(one) != person}
    if others:
        raise VerificationError(
            f"{min(others)!r} signed this, and it speaks for {reviewer!r}", where=where,
            hint="everybody decides under their own name and signs with their own key",
        )  # fmt: skip
    found = entry_of(rows, reviewer, now)
    if found is not None and found["key_id"] not in (None, key_id):
        raise VerificationError(
            f"the key {key_id[:16]} is not the one that {reviewer!r} is registered with",
            where=where,
            hint="sign with that key; for a new one, remove them from the register and add them "
            "again",
        )


def registered_keys(context: Context) -> list[PublicKey]:
    """Return the keys of the people who are on the register."""
    from curate.signing import PublicKey

    here = [row for row in register(context) if row["removed_at"] is None]
    pems = {row["reviewer_id"]: row["public_key"] for row in here if row["public_key"]}
    return [PublicKey.from_pem(pem, where=name) for name, pem in pems.items()]
