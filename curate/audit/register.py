"""The register of reviewers: whose word counts towards a clearance.

Who is not on it may say what they like: it is kept, and what they block is blocked. A clearance
is that of people who are on the register, each of whom is one however their name is written
(`curate.model.people`), and where more than the office itself receives the media, of those whose
registered key signed it. Taking somebody off leaves what they decided before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from curate.errors import InputError, UnknownNameError
from curate.model.ids import stable_id
from curate.model.instants import print_instant
from curate.model.people import looks_of, person_of, skeleton
from curate.signing import PublicKey

Row = Mapping[str, Any]
# Where only the office itself receives the media a name is enough.
_BY_NAME = "internal"

# What each person says of the entries in `asked` (media_id, evidence), by `heard_of`'s columns.
# Their last word counts, and it counts for what they saw. A word that does not count towards a
# clearance takes one back, and never lifts what a word that counts has blocked.
HEARD = """
WITH ordered AS (
    SELECT media_id, person, counts, verdict, evidence,
           row_number() OVER (PARTITION BY media_id, person
                              ORDER BY decided_at DESC, decision_id DESC) AS back,
           row_number() OVER (PARTITION BY media_id, person, counts
                              ORDER BY decided_at DESC, decision_id DESC) AS back_alike
    FROM {decisions}
)
SELECT a.media_id, o.person,
       bool_and(said.verdict = 'cleared') AND bool_or(o.counts) AS clears,
       bool_or(said.verdict = 'blocked') AS blocks
FROM {asked} a JOIN ordered o ON o.media_id = a.media_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN o.evidence = a.evidence THEN coalesce(o.verdict, '') ELSE '' END AS verdict
) said
WHERE o.back = 1 OR (o.counts AND o.back_alike = 1)
GROUP BY a.media_id, o.person
"""


def heard_of(
    decisions: pa.Table, reviewers: pa.Table, *, audience: str, as_of: datetime
) -> pa.Table:
    """Return decisions with the ``person`` who made each, and whether it ``counts``.

    Args:
        decisions: Rows of the table ``decisions``.
        reviewers: The register.
        audience: Who receives the media: for more than ``internal`` a key must have signed.
        as_of: The instant to judge at.
    """
    known = turns(reviewers.to_pylist(), as_of)
    columns = (decisions[name].to_pylist() for name in ("reviewer", "decided_at", "key_id"))
    said = list(zip(*columns, strict=True))
    counts = [counts_for(known, *one, audience=audience) for one in said]
    people = [person_of(name) for name, _, _ in said]
    return decisions.append_column("person", pa.array(people, pa.string())).append_column(
        "counts", pa.array(counts, pa.bool_())
    )


def turns(reviewers: Iterable[Row], as_of: datetime) -> dict[str, list[Row]]:
    """Return the rows of the register that are known at an instant, by person, in order."""
    known: dict[str, list[Row]] = {}
    for row in sorted(reviewers, key=lambda row: row["registered_at"]):
        if row["registered_at"] <= as_of:
            known.setdefault(person_of(row["reviewer_id"]), []).append(row)
    return known


def counts_for(
    known: Mapping[str, list[Row]],
    reviewer: str,
    decided_at: datetime,
    key_id: str | None,
    *,
    audience: str,
) -> bool:
    """Tell whether what somebody decided at an instant counts towards a clearance.

    Args:
        known: As `turns` gives it.
        reviewer: Who, by the name they gave.
        decided_at: When.
        key_id: The key that signed it.
        audience: Who receives the media.
    """
    own = known.get(person_of(reviewer), [])
    for place, row in enumerate(own):
        # Being put on the register says who a name was all along; coming back does not.
        since = place == 0 or row["registered_at"] <= decided_at
        until = row["removed_at"] is None or decided_at < row["removed_at"]
        signed = audience == _BY_NAME or (key_id is not None and key_id == row["key_id"])
        if since and until and signed:
            return True
    return False


def entry_of(reviewers: Iterable[Row], reviewer: str, at: datetime) -> Row | None:
    """Return the row of the register under which somebody decides at an instant."""
    own = turns(reviewers, at).get(person_of(reviewer), [])
    here = [row for row in own if row["removed_at"] is None or at < row["removed_at"]]
    return here[-1] if here else None


def removed_at(reviewers: Iterable[Row], reviewer: str, at: datetime) -> datetime | None:
    """Return since when somebody is off the register; None where they are on it, or never were."""
    own = turns(reviewers, at).get(person_of(reviewer), [])
    gone = own[-1]["removed_at"] if own else None
    return gone if gone is not None and gone <= at else None


def registration(
    reviewers: Iterable[Row], reviewer_id: str, name: str, key: PublicKey | None, now: datetime
) -> dict[str, Any]:
    """Return the row that puts a person on the register.

    Args:
        reviewers: The register as it is.
        reviewer_id: The name they decide under.
        name: The person's name.
        key: What their decisions are signed by.
        now: The instant.

    Raises:
        InputError: The id or name has no letter or digit, they are on the register already, or
            another person has the id, the name or the key.
    """
    forms = {skeleton(reviewer_id), skeleton(name)}
    looks = looks_of(reviewer_id) | looks_of(name)
    if "" in forms:
        raise InputError("a reviewer needs an id and a name, with letters or digits")
    known = list(reviewers)
    if entry_of(known, reviewer_id, now) is not None:
        raise InputError(
            "they are on the register already", where=reviewer_id.strip(),
            hint="for another name or key, remove them first: what they decided remains",
        )  # fmt: skip
    key_id = None if key is None else key.keyid
    for row in known:
        if person_of(row["reviewer_id"]) == person_of(reviewer_id):
            continue
        shared = (
            "this name" if forms & {skeleton(row["reviewer_id"]), skeleton(row["name"])}
            or looks & (looks_of(row["reviewer_id"]) | looks_of(row["name"])) else
            "this key" if key_id is not None and key_id == row["key_id"] else ""
        )  # fmt: skip
        if shared:
            raise InputError(
                f"{shared} is that of {row['name']}, who is registered as {row['reviewer_id']!r}",
                where=reviewer_id.strip(),
                hint="two reviewers are two people: names that differ in case, blanks, "
                "punctuation, accents, the order of words or letters that look alike are one, and "
                "each person "
                "has a key of their own; a second person of one name is registered with another "
                "part of it, such as a middle name",
            )  # fmt: skip
    row = {
        "registration_id": stable_id("registration", person_of(reviewer_id), print_instant(now)),
        "reviewer_id": reviewer_id.strip(),
        "name": name.strip(),
        "registered_at": now,
    }
    return row if key is None else row | {"public_key": key.pem(), "key_id": key.keyid}


def removal(reviewers: Iterable[Row], reviewer_id: str, now: datetime) -> dict[str, Any]:
    """Return the row that takes a person off the register from an instant on.

    Raises:
        UnknownNameError: They are not on it.
    """
    rows = list(reviewers)
    found = entry_of(rows, reviewer_id, now)
    if found is None:
        names = ", ".join(row["reviewer_id"] for row in rows if row["removed_at"] is None)
        raise UnknownNameError(f"no reviewer is called {reviewer_id!r}",
                               hint=f"on the register are: {names or 'none'}")  # fmt: skip
    return {**found, "removed_at": now}


def remark(
    reviewers: Iterable[Row], reviewer: str, *, key_id: str | None, audience: str, at: datetime
) -> str:
    """Return why what somebody clears does not count, with what to do; empty where it counts."""
    rows = list(reviewers)
    if counts_for(turns(rows, at), reviewer, at, key_id, audience=audience):
        return ""
    found = entry_of(rows, reviewer, at)
    if found is None:
        return (
            f"{reviewer} is not on the register of reviewers, so what they clear does not count; "
            f"add them with `curate review reviewers add {reviewer!r} --name NAME`"
        )
    if found["key_id"] is None:
        return (
            f"for {audience} use only signed decisions clear, and the register has no key of "
            f"{reviewer}; remove them, and add them again with --key"
        )
    return (
        f"for {audience} use only decisions signed by {reviewer}'s key {found['key_id'][:16]} "
        "clear; sign with --key, or `curate review sign`"
    )
