"""What the record names and the catalogue does not know, and what the ledger does not know.

A catalogue can be made again, and may then know less than what people decided on and what went
out. Whoever audits it must be told: what is not in it was not judged. A ledger that was restored
from an older backup knows less than the files beside it: what people said since is lost with what
it does not know, and nothing may be cleared by it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.catalog import merkle
from curate.errors import MissingKeyError, VerificationError
from curate.media.refuse import Guard
from curate.model.plural import counted

if TYPE_CHECKING:
    from curate.verbs.context import Context

_UNKNOWN = """
SELECT DISTINCT n.media_id FROM named n
WHERE n.media_id IS NOT NULL AND n.media_id NOT IN (SELECT media_id FROM media)
"""


def gaps(context: Context) -> list[str]:
    """Return a sentence for each kind of thing that one of record and catalogue does not know.

    Files of releases that were erased are not counted: the catalogue must not know them.
    """
    found = [f"{lost}; {_OLDER}" for lost in unknown_to_ledger(context)]
    problems = [
        f"the record of what went out is incomplete: {problem}"
        for problem in context.record.problems()
    ]
    found += problems
    if not problems:
        try:
            found += _unknown(context, _released(context), "went out in releases")
        except MissingKeyError as error:
            found.append(
                "whether the catalogue knows all that went out cannot be told: "
                f"{error.where}: {error.problem}; {error.hint}"
            )
    decided = context.ledger.read("decisions").select(["media_id"])
    return found + _unknown(context, decided, "people decided on")


_OLDER = (
    "the ledger may be an older one than these files, or another workspace's: what people said "
    "since would be missing from it"
)


def unknown_to_ledger(context: Context) -> list[str]:
    """Return a sentence for each kind of file that comes with an entry the ledger does not have.

    Files get their names when the ledger has their entries, so that a process that is killed
    leaves none. The files of a workspace that another one was made from stay there.
    """
    record, root = context.record, context.workspace.root
    lists = [f"{record.folder.name}/{name}" for name in record.unknown_to_ledger()]
    names = {row["name"] for row in record.rows()}
    built = [
        f"releases/{folder.name}"
        for folder in sorted(context.workspace.releases.glob("[!.]*"))
        if (folder / "manifest.json").exists() and folder.name not in names
    ]
    # An erasure may take the request that a receipt of `safety` is of, and never the heads.
    requests = [row["request_id"] for row in context.ledger.read("requests").to_pylist()]
    receipts = [
        f"receipts/{place.name}"
        for place in sorted(root.glob("receipts/erasure-*.json"))
        if not any(place.name.startswith(f"erasure-{request}-") for request in requests)
    ]
    receipts += [
        f"safety/receipts/{place.name}"
        for place in sorted(root.glob("safety/receipts/*.json"))
        if not context.ledger.had(*_state_told(place))
    ]
    kinds = (
        (lists, "list of what a release holds", "lists of what releases hold"),
        (built, "release", "releases"),
        (receipts, "receipt", "receipts"),
    )
    return [
        f"the ledger does not know {len(found):,} {one if len(found) == 1 else many} that "
        f"{'is' if len(found) == 1 else 'are'} in this workspace, such as {found[0]}"
        for found, one, many in kinds
        if found
    ]


def demand_whole_ledger(context: Context) -> None:
    """Do nothing if the ledger knows all that lies beside it.

    Raises:
        VerificationError: It does not: an older one, or another workspace's, stands in its place.
    """
    lost = unknown_to_ledger(context)
    if lost:
        raise VerificationError(
            f"{lost[0]}; {_OLDER}",
            where=str(context.workspace.ledger),
            hint="restore the newest ledger.sqlite; if it is lost, say again what people said "
            "since, and move what the ledger does not know out of the workspace only then",
        )


def _state_told(place: Path) -> tuple[int, str]:
    """Return how many entries the ledger had, and their root, when a receipt was written.

    One that cannot be read tells of no state: the ledger need not know it.
    """
    try:
        told = json.loads(place.read_text(encoding="utf-8"))["ledger"]
        return int(told["size"]), str(told["root"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return 0, merkle.EMPTY_ROOT.hex()


def _released(context: Context) -> pa.Table:
    """Return the entries that went out, without those of files that were erased since."""
    items = context.record.items().select(["media_id", "sha256"])
    erased = set(Guard(context.ledger).erased_among(items["sha256"].unique().to_pylist()))
    if not erased:
        return items
    kept = [sha256 not in erased for sha256 in items["sha256"].to_pylist()]
    return items.filter(pa.array(kept))


def _unknown(context: Context, named: pa.Table, what: str) -> list[str]:
    connection = context.catalog.connect("media")
    connection.register("named", named)
    count = len(connection.execute(_UNKNOWN).fetchall())
    if not count:
        return []
    sentence = (
        f"the catalogue does not know {counted(count, 'entry')} that {what}; ingest and run again "
        "what it was made from, or look for them elsewhere: they were not judged"
    )
    return [sentence]
