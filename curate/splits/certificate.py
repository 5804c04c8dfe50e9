"""The leak certificate: what a lint found and what it could not look at, as an in-toto statement.

It names entries by their ids and nobody by anything: what ties two entries is counted and not
told. The subjects are the splits themselves, each by a digest over the ids of its entries.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from curate.model.instants import print_instant
from curate.signing import statement
from curate.splits.kinds import BY_NAME
from curate.splits.lint import Lint

PREDICATE = "curate:split-leaks/v1"
DIGEST_OF = "SHA-256 over the ids of the split's entries, in order, a newline after each"

LEAKS, NONE_FOUND, IN_PART = "leaks", "no leak found", "no leak found, not all was checked"


def certificate(found: Lint, *, name: str, tool: str, created_at: datetime) -> dict[str, Any]:
    """Return the statement about a lint.

    Args:
        found: The lint.
        name: What the splits are of.
        tool: Name and version of what looked.
        created_at: When, in UTC.
    """
    digests = [(f"{name}/{split}", split_digest(found, split)) for split in found.placed.splits]
    said = {
        "tool": tool,
        "createdAt": print_instant(created_at),
        "digestOf": DIGEST_OF,
        "entries": found.ties.entries.num_rows,
        "inNoSplit": found.unplaced,
        "splits": found.sizes,
        "result": result(found),
        "relations": [_relation(found, kind) for kind in found.kinds],
        "classes": vars(found.classes),
        "peopleExpected": found.expected.as_json(),
    }
    return statement(digests, PREDICATE, said)


def result(found: Lint) -> str:
    """Return what a lint comes to: `LEAKS`, `NONE_FOUND` or `IN_PART`."""
    if found.leaks or any(row["equal"] for row in found.classes.inside):
        return LEAKS
    whole = all(checked(found, kind) == "checked" for kind in found.kinds)
    return NONE_FOUND if whole else IN_PART


def checked(found: Lint, kind: str) -> str:
    """Return how far a kind could be checked: ``checked``, ``in part`` or ``not checked``."""
    known = found.known(kind)
    if not known:
        return "not checked"
    return "checked" if known >= found.ties.entries.num_rows - found.unplaced else "in part"


def split_digest(found: Lint, split: str) -> str:
    """Return the digest that stands for a split."""
    place = found.placed.splits.index(split)
    items = np.sort(found.placed.item[found.placed.split == place])
    ids = found.ties.ids.take(pa.array(items)).to_pylist()
    return hashlib.sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()


def _relation(found: Lint, kind: str) -> dict[str, Any]:
    removal = found.removals.get(kind)
    told: dict[str, Any] = {
        "relation": kind,
        "title": BY_NAME[kind].title,
        "checked": checked(found, kind),
        "entriesKnown": found.known(kind),
        "entriesDangling": found.dangling(kind),
        "leaks": [
            {"left": leak.left, "right": leak.right, "groups": leak.groups,
             "leftEntries": leak.left_entries, "rightEntries": leak.right_entries,
             "examples": [[one, other] for _, one, other in leak.examples]}
            for leak in found.leaks if leak.kind == kind
        ],
    }  # fmt: skip
    if removal is not None:
        told["smallestRemoval"] = {
            "entries": len(removal.placements),
            "noFewerThan": removal.at_least,
            "exact": removal.exact,
        }
    return told
