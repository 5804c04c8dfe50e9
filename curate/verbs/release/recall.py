"""`curate release recall`: the next release without what must go, and the feed that names it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from curate.catalog.record import Record
from curate.errors import InputError, VerificationError
from curate.media.refuse import Guard
from curate.model.ids import erasure_request_id
from curate.model.plural import counted, verb
from curate.model.pseudonyms import cleaned
from curate.release.build import Release
from curate.release.feed import FEED
from curate.release.select import Selection
from curate.release.version import FIRST, order_of
from curate.signing import SigningKey
from curate.verbs.consent import impact
from curate.verbs.gaps import unknown_items
from curate.verbs.release.build import prepare_issue, write_issue
from curate.verbs.release.due import announced_files, called_back_alone
from curate.verbs.release.issue import Issue
from curate.verbs.release.lineage import Earlier, latest, released_files
from curate.verbs.release.order import Order, check_without
from curate.verbs.release.recipients import Recipients
from curate.verbs.subjects import known_subject
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.verbs.context import Context


@dataclass(frozen=True)
class Recalled:
    """A recall.

    Attributes:
        folder: The release without what must go; None where nothing was left to release.
        items: How many items it has.
        version: Its version.
        feed: The file of the feed.
        gone: How many files of earlier releases must go, those of earlier recalls among them.
        fresh: How many of these no feed told before.
        behind: Recipients of earlier releases who have not the new one, with the release they have.
    """

    folder: Path | None
    items: int
    version: str
    feed: Path
    gone: int
    fresh: int
    behind: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, built: Release | None, issue: Issue, releases: Path) -> Recalled:
        """Return what became of a recall; where nothing was built, write its feed alone.

        Args:
            built: The release.
            issue: Its issue.
            releases: The workspace's folder of releases.
        """
        if built is None:
            feed = releases / f"{issue.name}.{FEED}"
            feed.write_bytes(issue.feed_alone())
            return cls(None, 0, issue.version, feed, len(issue.gone), len(issue.fresh))
        return cls(built.folder, built.items.num_rows, issue.version, built.folder / FEED,
                   len(issue.gone), len(issue.fresh))  # fmt: skip


def recall(
    context: Context,
    name: str | None = None,
    *,
    subject: str | None = None,
    use: str = DEFAULT_USE,
    keys: Sequence[SigningKey] = (),
    tsa: str | None = None,
) -> Recalled:
    """Make the next release of a use, without what must go, and the feed that names it.

    Args:
        context: The workspace.
        name: The new release's name; ``v`` and its version when None.
        subject: Whose withdrawal must have arrived in it; nobody's in particular when None.
        use: The use whose releases are called back.
        keys: What signs it and its feed.
        tsa: A time-stamp authority to ask; see `Order`.

    Raises:
        InputError: Nothing of the use went out, nothing of it must go, or what shows the
            subject may go out still.
    """
    last = last_of(context.record, use)
    theirs = set() if subject is None else _held_of(context, _whose(context, subject), use)
    order = replace(order_again(last, keys), tsa=tsa)
    issue, selection = prepare_issue(context, name or next_name(last), order)
    check_recall(issue, selection, theirs)
    releases = context.workspace.releases
    if selection.items.num_rows:
        built = write_issue(context, issue, selection)
        done = Recalled.of(built, issue, releases)
    else:
        # Nobody is left to release: the feed goes out alone.
        with context.workspace.writing():
            done = Recalled.of(None, issue, releases)
    behind = [
        (who, row["name"])
        for row in Recipients(context.ledger).overview(alone=called_back_alone(context))
        if row["use"] == use
        for who in row["behind"]
    ]
    return replace(done, behind=tuple(behind))


def _held_of(context: Context, subject: str, use: str) -> set[str]:
    """Return the entries of a person that releases of a use hold, by id.

    Those of somebody who was erased are known by the digests of the files that went out, whatever
    the catalogue knows.

    Raises:
        InputError: No release of the use holds any.
        VerificationError: It cannot be told: the catalogue does not know all that went out.
    """
    check_known(context, subject, use)
    items = context.record.items(r for r in context.record.releases() if r["use"] == use)
    theirs = impact(context, subject).ids
    found = set(items["media_id"].filter(pc.is_in(items["media_id"], theirs)).to_pylist())
    guard = Guard(context.ledger)
    erased = set(guard.erased_among(released_files(items), request_id=erasure_request_id(subject)))
    if not found and not erased:
        raise InputError(
            f"no release of {use} holds anything of {subject!r}",
            hint="`curate release list` shows what went out, and for which use",
        )
    return found


def _whose(context: Context, subject: str) -> str:
    """Return the pseudonym that is meant; one that nothing names is taken as it is given.

    Of somebody who was erased no more is left than what their files are refused by.

    Raises:
        UnknownNameError: One that differs only in how it is written is known.
    """
    return known_subject(context, subject) or cleaned(subject)


def check_known(context: Context, subject: str, use: str) -> None:
    """Refuse to tell which released files show a person while some are unknown.

    Files that a feed named already are called back, whomever they show.

    Raises:
        VerificationError: The catalogue does not know all that went out.
    """
    items = unknown_items(context, use)
    announced = announced_files(context.ledger, use)
    files = zip(items["sha256"].to_pylist(), items["media_id"].to_pylist(), strict=True)
    unknown = {media for sha256, media in files if not announced.names(sha256)}
    if unknown:
        count = len(unknown)
        raise VerificationError(
            f"{counted(count, 'released entry')} {verb(count, 'is', 'are')} unknown to the "
            f"catalogue: which of them hold {subject!r} cannot be told",
            where=use,
            hint="ingest and run what the catalogue was made from, then recall again; "
            "`curate release recall --all` calls back all that the catalogue does not know",
        )


def last_of(record: Record, use: str) -> Earlier:
    """Return the latest release of a use.

    Raises:
        InputError: Nothing of it went out.
    """
    last = latest(record, use)
    if last is None:
        raise InputError(
            f"no release of {use} went out, so there is nothing to recall",
            hint="`curate release list` tells what went out",
        )
    return last


def order_again(last: Earlier, keys: Sequence[SigningKey]) -> Order:
    """Return what the latest release was asked to be, for the next one."""
    use = last.row["use"]
    return Order.again(use, last.row["ordered"], keys) if last.row["ordered"] else Order(use)


def next_name(last: Earlier) -> str:
    """Return the name of a recall that nobody named, of its version: ``v2.0.0`` after 1.4.0."""
    major = (order_of(last.row["version"] or FIRST) or (1,))[0]
    return f"v{major + 1}.0.0"


def check_recall(issue: Issue, selection: Selection, theirs: Collection[str]) -> None:
    """Refuse a recall that would not do what it says.

    Args:
        issue: The recall.
        selection: What may go out in it.
        theirs: Ids of entries that must not be in it.

    Raises:
        InputError: They are, or no file must go that no feed told of.
    """
    check_without(selection, theirs)
    if not issue.due:
        raise InputError(
            "nothing went out that must go and no feed tells of", where=issue.order.use
        )
