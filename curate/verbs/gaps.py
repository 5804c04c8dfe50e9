"""What the record names and the catalogue does not know, and what the ledger does not know.

A catalogue can be made again, and may then know less than what people decided on and what went
out. Whoever audits it must be told: what is not in it was not judged. A ledger that was restored
from an older backup knows less than the files beside it: what people said since is lost with what
it does not know, and nothing may be cleared by it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog import merkle
from curate.catalog.listings import Listing
from curate.errors import MissingKeyError, VerificationError
from curate.media.refuse import Guard
from curate.model.ids import erasure_request_id
from curate.model.instants import print_instant
from curate.model.plural import counted, verb
from curate.model.pseudonyms import folded
from curate.verbs.names import merged_people
from curate.verbs.subjects import known_subjects

if TYPE_CHECKING:
    from curate.catalog.ledger import Ledger
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
    problems = _incomplete(context)
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
    found += _unknown(context, decided, "people decided on")
    found += [unfinished_erasure(row) for row in unfinished_erasures(context.ledger)]
    return found + _spellings(context)


def blind_spots(context: Context) -> list[str]:
    """Return a sentence for each reason why nobody can tell from the catalogue where a person is.

    The ledger and the record know more than it does: it was removed, or made again in part.
    """
    ledger = context.ledger
    found = _incomplete(context)
    if not found:
        found += _strangers(len(_not_known(context, _released(context))), "released entry")
    decided = _not_known(context, ledger.read("decisions").select(["media_id"]))
    found += _strangers(len(decided), "decided entry")
    rows = context.catalog.connect("media").execute("SELECT DISTINCT dataset FROM media")
    here = {dataset for (dataset,) in rows.fetchall()}
    found += [
        f"the catalogue has no entry of the dataset {dataset}, which was ingested"
        for dataset in sorted(Listing.of(ledger).sums.keys() - here)
    ]
    if not found and not here and ledger.read("releases").num_rows:
        found.append("the catalogue is empty, and releases went out")
    return found


def _spellings(context: Context) -> list[str]:
    """Return a sentence for each pseudonym that is written in several ways, as in manifests."""
    forms: dict[str, list[str]] = {}
    people = merged_people(context)
    for subject in sorted(known_subjects(context)):
        forms.setdefault(folded(subject), []).append(subject)
    return [
        f"{' and '.join(map(repr, names))} differ only in capitals, blanks or characters that show "
        "nothing: where they are one person, correct the manifest and ingest again, or say so with "
        "`curate subjects merge`; until then a withdrawal or an erasure of one does not reach the "
        "other"
        for names in forms.values()
        if len({people.get(name, name) for name in names}) > 1
    ]


def _incomplete(context: Context) -> list[str]:
    return [
        f"the record of what went out is incomplete: {problem}"
        for problem in context.record.problems()
    ]


def _strangers(count: int, what: str) -> list[str]:
    are = verb(count, "is", "are")
    return [f"{counted(count, what)} {are} unknown to the catalogue"] if count else []


def unknown_items(context: Context, use: str) -> pa.Table:
    """Return the items of a use's releases that the catalogue does not know.

    Files that were erased are not among them: the catalogue must not know them.
    """
    items = _without_erased(
        context, context.record.items(r for r in context.record.releases() if r["use"] == use)
    )
    unknown = pa.array(_not_known(context, items), pa.string())
    return items.filter(pc.is_in(items["media_id"], value_set=unknown))


def unfinished_erasures(ledger: Ledger) -> list[dict[str, Any]]:
    """Return the requests of erasures that were begun and not finished."""
    return [row for row in begun_erasures(ledger).values() if row["state"] != "fulfilled"]


def begun_erasures(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Return the requests of erasures that were begun or done, by subject.

    `curate consent erase` records its own request, of an id of its own, before anything else. A
    request of another id that was fulfilled by hand counts as an erasure, too.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in ledger.read("requests").to_pylist():
        if row["kind"] != "erasure" or not row["subject_id"]:
            continue
        own = row["request_id"] == erasure_request_id(row["subject_id"])
        if own or (row["state"] == "fulfilled" and row["subject_id"] not in found):
            found[row["subject_id"]] = row
    return found


def unfinished_erasure(row: dict[str, Any]) -> str:
    """Return the sentence that an erasure was begun and not finished."""
    return (
        f"the erasure of {row['subject_id']} that was received at "
        f"{print_instant(row['received_at'])} is not finished: run "
        f"`curate consent erase {row['subject_id']}`, which goes on from where it stopped"
    )


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
    built = [f"releases/{name}" for name, of in _strange_releases(context).items() if of is None]
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


def copied_releases(context: Context) -> dict[str, str]:
    """Return the release that each further copy in the folder of releases is of, by folder name.

    A copy has the manifest of a release that the ledger knows, to the byte.
    """
    return {name: of for name, of in _strange_releases(context).items() if of is not None}


def _strange_releases(context: Context) -> dict[str, str | None]:
    """Return folders with a manifest that bear no release's name, and of which each is a copy."""
    rows = context.record.rows()
    names = {row["name"] for row in rows}
    known = {row["manifest_sha256"]: row["name"] for row in rows if row["manifest_sha256"]}
    found: dict[str, str | None] = {}
    for folder in sorted(context.workspace.releases.glob("[!.]*")):
        manifest = folder / "manifest.json"
        if folder.name not in names and manifest.is_file():
            found[folder.name] = known.get(hashlib.sha256(manifest.read_bytes()).hexdigest())
    return found


def demand_whole_ledger(context: Context) -> None:
    """Do nothing if the ledger knows all that lies beside it.

    Raises:
        VerificationError: It does not: an older one, or another workspace's, stands in its place.
    """
    demand_none_unknown(context, unknown_to_ledger(context))


def demand_none_unknown(context: Context, unknown: list[str]) -> None:
    """Do nothing if `unknown_to_ledger` found nothing.

    Raises:
        VerificationError: It did: an older ledger, or another workspace's, stands in its place.
    """
    if unknown:
        raise VerificationError(
            f"{unknown[0]}; {_OLDER}",
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
    return _without_erased(context, context.record.items()).select(["media_id"])


def _without_erased(context: Context, items: pa.Table) -> pa.Table:
    erased = set(Guard(context.ledger).erased_among(items["sha256"].unique().to_pylist()))
    if not erased:
        return items
    kept = [sha256 not in erased for sha256 in items["sha256"].to_pylist()]
    return items.filter(pa.array(kept))


def _not_known(context: Context, named: pa.Table) -> list[str]:
    """Return the ids of entries that are named and that the catalogue does not have."""
    connection = context.catalog.connect("media")
    connection.register("named", named)
    return [media for (media,) in connection.execute(_UNKNOWN).fetchall()]


def _unknown(context: Context, named: pa.Table, what: str) -> list[str]:
    count = len(_not_known(context, named))
    if not count:
        return []
    sentence = (
        f"the catalogue does not know {counted(count, 'entry')} that {what}; ingest and run again "
        "what it was made from, or look for them elsewhere: they were not judged"
    )
    return [sentence]
