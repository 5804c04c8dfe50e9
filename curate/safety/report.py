"""What a safety report is made from: counts, clocks and seals, as they are.

These figures are exact, and may point at single items: `curate.report.safety` says them as they
may be handed over.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.catalog.verification import Verification
from curate.catalog.views import create_entries
from curate.errors import InputError
from curate.safety.gate import check_gate
from curate.safety.lists import ListInfo, infos, lists_digest
from curate.safety.requests import CLOSED, OPEN
from curate.safety.seal.custody import Custody, Held
from curate.safety.seal.places import sealed_folder
from curate.safety.seal.plan import pending
from curate.vault.keys import own_key
from curate.workspace import Workspace

_ENTRIES = """
SELECT e.state, k.sha256 IS NOT NULL AS held, coalesce(k.checked, FALSE) AS checked, k.reason,
       count(*) AS entries
FROM entries e LEFT JOIN (SELECT * FROM hash_checks WHERE lists = ?) k USING (sha256)
GROUP BY ALL
"""
_KINDS = """
SELECT kind, count(*) FROM (
    SELECT unnest(k.asked) AS kind FROM entries e
    JOIN (SELECT * FROM hash_checks WHERE lists = ?) k USING (sha256)
    WHERE e.state NOT IN ('sealed', 'missing', 'unseen')
) GROUP BY kind
"""
_MATCHES = """
SELECT m.band, m.category, count(DISTINCT e.media_id) FROM entries e
JOIN hash_matches m USING (sha256) GROUP BY ALL
"""


@dataclass(frozen=True)
class Figures:
    """The figures of one workspace.

    Attributes:
        lists: The registered lists, by name.
        gone: How many lists were registered and have no file any more.
        entries: Entries: ``all``, ``held`` against the lists as they are, ``sealed``, ``unseen``,
            ``missing``, and ``unasked`` for those that were not held against them.
        unclear: Entries of which no hash says enough, by reason.
        kinds: By kind of hash that lists hold: how many hashes there are, and how many entries
            were asked by them.
        matches: Entries that match and are not sealed, by band and category.
        seals: Every seal.
        begun: Sealings that were begun and are not finished.
        open_requests: Open requests by kind.
        closed_requests: Closed requests by kind and state.
        late: Open requests whose time is over, and closed ones that were closed late.
        gate: Why no release may go out; empty when one may.
        log: The ledger, verified.
        now: The instant, in UTC.
    """

    lists: Sequence[ListInfo]
    gone: int
    entries: Mapping[str, int]
    unclear: Mapping[str, int]
    kinds: Mapping[str, tuple[int, int]]
    matches: Mapping[tuple[str, str], int]
    seals: Sequence[Held]
    begun: int
    open_requests: Mapping[str, int]
    closed_requests: Mapping[tuple[str, str], int]
    late: tuple[int, int]
    gate: str
    log: Verification
    now: datetime


def figures(place: Workspace, catalog: Catalog, ledger: Ledger, now: datetime) -> Figures:
    """Return the figures of a workspace.

    Args:
        place: The workspace.
        catalog: Its catalogue.
        ledger: Its ledger.
        now: The present instant, in UTC.
    """
    lists = infos(place.lists)
    told = set(catalog.read("hash_lists")["list_id"].to_pylist())
    requests = ledger.read("requests").to_pylist()
    connection = catalog.connect("media", "sightings", "hash_checks", "hash_matches")
    create_entries(connection)
    state = lists_digest(place.lists)
    rows = connection.execute(_ENTRIES, [state]).fetchall()
    asked: dict[str, int] = dict(connection.execute(_KINDS, [state]).fetchall())
    hashes = Counter[str]()
    for one in lists:
        hashes.update({} if one.negative else one.asked)
    entries, unclear = _entries(rows)
    return Figures(
        lists=lists,
        gone=len(told - {one.list_id for one in lists}),
        entries=entries,
        unclear=unclear,
        kinds={kind: (count, asked.get(kind, 0)) for kind, count in sorted(hashes.items())},
        matches={(band, category): n for band, category, n in
                 connection.execute(_MATCHES).fetchall()},
        seals=Custody(ledger).all(),
        begun=len(pending(sealed_folder(place))),
        open_requests=Counter(r["kind"] for r in requests if r["state"] in OPEN),
        closed_requests=Counter(
            (r["kind"], r["state"]) for r in requests if r["state"] in CLOSED
        ),
        late=_late(requests, now),
        gate=_gate(place, catalog, now),
        log=ledger.verify(),
        now=now,
    )  # fmt: skip


def keyed(place: Workspace, kind: str, name: str) -> str:
    """Return what something is called outside: an HMAC under a secret of the workspace.

    Args:
        place: The workspace, which holds the secret.
        kind: What it is, such as ``seal``: one name of two kinds is called two things.
        name: What it is called inside.
    """
    key = own_key(place.root / "safety" / "report.key")
    return f"{kind}-{hmac.digest(key, f'{kind}:{name}'.encode(), 'sha256').hex()[:16]}"


def _entries(rows: Sequence[tuple[Any, ...]]) -> tuple[dict[str, int], dict[str, int]]:
    counts: Counter[str] = Counter()
    unclear: Counter[str] = Counter()
    for state, held, checked, reason, number in rows:
        counts["all"] += number
        if state in ("sealed", "missing", "unseen"):
            counts[state] += number
        elif not held:
            counts["unasked"] += number
        else:
            counts["held"] += number
            if not checked:
                unclear[str(reason or "unknown")] += number
    return dict(counts), dict(unclear)


def _late(requests: Sequence[Mapping[str, Any]], now: datetime) -> tuple[int, int]:
    due = [row for row in requests if row["due_at"] is not None]
    waiting = sum(row["state"] in OPEN and row["due_at"] < now for row in due)
    closed = sum(row["closed_at"] is not None and row["closed_at"] > row["due_at"] for row in due)
    return waiting, closed


def _gate(place: Workspace, catalog: Catalog, now: datetime) -> str:
    try:
        check_gate(place, catalog, now)
    except InputError as error:
        return error.problem
    return ""
