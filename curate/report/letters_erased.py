"""The letter that confirms an erasure: what is gone, what is left, and why.

It says what receipts of the erasure say, and nothing beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from curate.model.plural import counted, verb
from curate.report.letters import (
    COMPLAIN,
    Letter,
    Part,
    Record,
    asked,
    day_of,
    handed_out,
    joined,
    words,
)


def erased(request: Record, receipts: Sequence[Record], copies: Sequence[Record]) -> Letter:
    """Return the letter that confirms an erasure, with what is left and why.

    Args:
        request: The request that it answers.
        receipts: What the receipts of the erasure say, the first of them first.
        copies: Who received what showed the person, as `Copies.handed_out`.
    """
    last = receipts[-1]["not_destroyed"]
    left = files_left(last)
    days = [datetime.fromisoformat(one["erased_at"]) for one in receipts]
    # Who asks again is told of the erasure that came after.
    when = next((day for day in days if day >= request["received_at"]), days[-1])
    title = "We have erased what we held about you"
    if left:
        title = "We have erased our records about you, and some files are left"
    parts = [
        Part(paragraphs=(f"{asked(request)} We did so on {day_of(when)}.",)),
        Part("What is gone", (), tuple(_gone([one["destroyed"] for one in receipts]))),
        Part("What is left, and why", (), tuple(_left(last))),
        handed_out(copies),
        Part(paragraphs=(COMPLAIN,)),
    ]
    return Letter(title, tuple(parts))


def files_left(not_destroyed: Record) -> int:
    """Return how many files an erasure left, by what its receipt says was not destroyed."""
    return sum(len(not_destroyed.get(kind, ())) for kind in (*_FILES, "packed", "may_show"))


# Where files lie, as letters call it.
_FILES = {"files": "", "release_files": " in datasets that we keep",
          "documents": " among our reports", "exports": " among our working copies"}  # fmt: skip


def _gone(destroyed: Sequence[Record]) -> Iterable[str]:
    records = sum(one["ledger"]["entries"] for one in destroyed)
    if records:
        kinds = sorted({kind for one in destroyed for kind in one["ledger"].get("kinds", ())})
        which = joined(dict.fromkeys(words()["records"].get(kind, "other records")
                                     for kind in kinds))  # fmt: skip
        yield f"{counted(records, 'record')} about you" + (f": {which}." if which else ".")
    if sum(sum(one["rows"].values()) for one in destroyed):
        yield "What programs computed from media that show you, such as where faces are in them."
    if sum(one["vault_keys"] for one in destroyed):
        yield "The key to stored measurements of your face. Nobody can read these any more."
    for name, where in _FILES.items():
        # A file may be named by two receipts, and is one file.
        if count := len({path for one in destroyed for path in one.get(name, ())}):
            shown = "may show you" if name == "documents" else "show you"
            yield f"{counted(count, 'file')}{where} with pictures or videos that {shown}."
    if sum(one["backups"] for one in destroyed):
        yield "Older copies of our records that held any of this."


def _left(last: Record) -> Iterable[str]:
    for name, where in {**_FILES, "packed": " in archives"}.items():
        if count := len(last.get(name, ())):
            shown = "may show you" if name == "documents" else "show you"
            yield (f"{counted(count, 'file')}{where} with pictures or videos that {shown} "
                   f"{verb(count, 'has', 'have')} not been deleted yet. No new dataset of ours "
                   f"will hold {verb(count, 'it', 'them')}.")  # fmt: skip
    if count := len(last.get("may_show", ())):
        them = verb(count, "it", "them")
        yield (f"{counted(count, 'further file')} with pictures may show you. We have to look at "
               f"{them} before we delete {them}.")  # fmt: skip
    if last.get("manifests"):
        yield ("The reference above stands in the lists of files that we work from, until we have "
               "edited these.")  # fmt: skip
    if last["unknown"]:
        yield ("We could not look into everything that we have on record, so there may be media "
               "of you that we did not find.")  # fmt: skip
    yield ("Your request and the reference above stay on record, and so do the names of the files. "
           "Short codes are kept of each file, by which the same file and pictures that look like "
           "it are recognised. They hold no measurements of your face. They keep what showed you "
           "from being used again if it comes to us once more.")  # fmt: skip
    yield "Backups elsewhere, and copies that others made, are not reached by this."
