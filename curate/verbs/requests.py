"""`curate requests`: takedowns, erasure and other requests, each with its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from curate.catalog.record import of_entries
from curate.safety.requests import Requests
from curate.safety.stage import open_lists, publish

if TYPE_CHECKING:
    from pathlib import Path

    from curate.signing import SigningKey
    from curate.verbs.context import Context


def waiting_requests(context: Context) -> list[dict[str, Any]]:
    """Return open requests, the most urgent first."""
    return _requests(context).waiting(context.clock())


def open_request(
    context: Context,
    kind: str,
    *,
    received_at: datetime | None = None,
    subject: str = "",
    locators: Sequence[str] = (),
    request_id: str = "",
    notice: Sequence[str],
    files: Sequence[Path] = (),
    hashes: Sequence[str] = (),
    urls: Sequence[str] = (),
) -> dict[str, Any]:
    """Record a request: it changes verdicts from now on. See `curate.safety.requests`.

    What a file, hash or address shows is looked for in the catalogue, and among what went out.

    Returns:
        The request, with ``found``: ids of entries that are the ``same``; locators of those that
        are ``near``; ``released``, names of releases with the paths of files that are the same, or
        that were made from the request's entries; ``recipients``, these releases and who has
        them; and ``sources``, by name, that were got from an address, and how many entries each
        has.

    Raises:
        InputError: It is about nobody and nothing, or a file or hash cannot be read.
        UnknownNameError: There is no such kind or entry, or nothing names the subject.
    """
    from curate.safety.sought import Sought, find, sought
    from curate.verbs.consent import whom_to_hear

    now = context.clock()
    subject = whom_to_hear(context, subject) if subject else ""
    wanted = sought(files, hashes, urls)
    found: dict[str, list[Any]] = {"same": [], "near": [], "released": []}
    names = {row["release_id"]: row["name"] for row in context.record.releases()}
    if wanted != Sought():
        items = context.record.items().select(["release_id", "path", "sha256"]).to_pylist()
        out = [(names[r["release_id"]], r["path"], r["sha256"]) for r in items]
        found = find(wanted, context.catalog, out)
        locators_of = dict(
            zip(*(context.catalog.read("media")[n].to_pylist() for n in ("media_id", "locator")),
                strict=True)
        )  # fmt: skip
        found["near"] = [locators_of[one] for one in found["near"]]
    with context.workspace.writing():
        made = _requests(context).open(
            kind, now=now, received_at=received_at or now, subject=subject, locators=locators,
            request_id=request_id, notice=notice, hashes=wanted.hashes,
            doubted=wanted.cut, media_ids=found["same"], identified_by=wanted.by,
        )  # fmt: skip
        publish(context.catalog, context.workspace)
    # What was released has other bytes than what was listed: it is known by its entry.
    mine = of_entries(context.record.items(), made["media_ids"] or ()).to_pylist()
    released = {*found["released"], *((names[r["release_id"]], r["path"]) for r in mine)}
    holding = {name for name, _ in released}
    found["released"] = sorted(released)
    found["recipients"] = sorted({
        (names[row["release_id"]], row["recipient"])
        for row in context.ledger.read("deliveries").to_pylist()
        if names.get(row["release_id"]) in holding
    })  # fmt: skip
    found["sources"] = _sources_at(context, urls)
    return {**made, "found": found}


def _sources_at(context: Context, urls: Sequence[str]) -> list[tuple[str, int]]:
    """Return sources that were got from an address, or from one above it, and their entries."""
    from curate.safety.sought import address

    asked = [address(url) for url in urls]
    counts: dict[str, int] = {}
    for row in context.catalog.read("media").select(["source_id"]).to_pylist() if asked else ():
        counts[row["source_id"]] = counts.get(row["source_id"], 0) + 1
    found = []
    for row in context.ledger.read("sources").to_pylist() if asked else ():
        origin = address(row["origin_url"] or "")
        if origin and any(one == origin or one.startswith(f"{origin}/") for one in asked):
            found.append((row["name"] or row["source_id"], counts.get(row["source_id"], 0)))
    return sorted(found)


def move_request(
    context: Context, request_id: str, state: str, *, outcome: str = "", reason: str = "",
    keys: Sequence[SigningKey] = (),
) -> Path | None:  # fmt: skip
    """Record how far a request is; return the receipt where that closes it.

    The first of `keys` signs the receipt.

    Raises:
        UnknownNameError: There is no such request or state.
        InputError: It is closed already, or what closing needs is missing.
    """
    with context.workspace.writing():
        receipt = _requests(context).move(
            request_id, state, now=context.clock(), outcome=outcome, reason=reason, keys=keys
        )
        publish(context.catalog, context.workspace)
    return receipt


def kind_of(context: Context, request_id: str) -> str:
    """Return what kind of request one is; empty where there is none of that id."""
    rows = context.ledger.read("requests").to_pylist()
    return next((row["kind"] for row in rows if row["request_id"] == request_id), "")


def lift_restriction(
    context: Context, request_id: str, *, by: str, reason: str, since: datetime | None = None
) -> dict[str, Any]:
    """Lift a restriction that was granted; return the request. See `curate.safety.requests`.

    Raises:
        UnknownNameError: There is no such request, or `by` is not on the register of reviewers.
        InputError: It is no restriction that was granted, or was lifted already.
    """
    with context.workspace.writing():
        return _requests(context).lift(
            request_id, now=context.clock(), by=by, reason=reason, since=since
        )


def _requests(context: Context) -> Requests:
    receipts = context.workspace.root / "safety" / "receipts"
    lists = open_lists(context.workspace, context.config, create=True)
    return Requests(context.ledger, context.catalog, lists, receipts)
