"""The safety report: what was held against hash lists, what was found, and what was done.

It may be handed over: it counts, and names nothing. Small counts are withheld, and what is named
is named by a keyed digest that means nothing elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import MAXYEAR
from typing import Any

from curate.model.instants import print_instant
from curate.report.limits import sentences
from curate.report.pages import as_json, render_html
from curate.report.suppression import SMALLEST, withheld
from curate.report.words import Cell, Listing
from curate.safety.report import Figures

_BEGUN = "a sealing was begun and is not finished"
FORMAT = "curate:safety-report/v1"

# By the words of the stage hashlists and of the rules: what a reader must not take for clean.
_NOT_CHECKED = (
    (
        "unclear",
        "entries were not asked by every hash: one was never computed, or says too little",
    ),
    ("unasked", "entries were not held against the lists as they are"),
    ("unseen", "entries were not opened yet"),
    ("missing", "entries have no file"),
)


def safety_report(
    found: Figures, *, project: str, tool: str, name: Callable[[str, str], str]
) -> dict[str, str]:
    """Return the report as documents: a page for people, JSON for machines.

    Args:
        found: The figures.
        project: The project's name.
        tool: What made it.
        name: Gives what a thing of a kind is called outside.
    """
    told, limits = _figures(found, name), sentences("safety")
    page = render_html("safety.html.j2", project=project, tool=tool, as_of=found.now, figures=told,
                       tables=_tables(told), limits=limits, smallest=SMALLEST)  # fmt: skip
    document = {"format": FORMAT, "project": project, "tool": tool,
                "as_of": print_instant(found.now), "withheld_below": SMALLEST, **told,
                "limits": limits}  # fmt: skip
    return {"safety.html": page, "safety.json": as_json(document)}


def _figures(found: Figures, name: Callable[[str, str], str]) -> dict[str, Any]:
    seals = found.seals
    stale = sum(one.is_stale(found.now) for one in found.lists)
    states = Counter(one.state for one in seals)
    matches = Counter[str]()
    near = Counter[str]()
    for (band, category), count in found.matches.items():
        (matches if band == "match" else near)[category] += count
    unclear = sum(found.unclear.values())
    held = found.entries.get("held", 0)
    return {
        "gate": {"open": not found.gate, "why": _BEGUN if found.begun else found.gate},
        "lists": [
            {"list": name("list", one.list_id), "category": one.category,
             "known_good": one.negative, "fetched_at": print_instant(one.fetched_at),
             "stale_after": None if one.stale_after.year == MAXYEAR
             else print_instant(one.stale_after),
             "stale": one.is_stale(found.now), "kinds": sorted(one.asked),
             "not_asked": sorted(one.skipped), "left_out": sorted(one.left_out)}
            for one in found.lists
        ],
        "kinds": [
            {"kind": kind, "hashes": hashes, "asked_of": _few(asked), "entries": held}
            for kind, (hashes, asked) in found.kinds.items()
        ],
        "lists_stale": stale,
        "lists_gone": found.gone,
        # A total would tell, less what is counted below, how few are sealed.
        "entries_not_sealed": found.entries.get("all", 0) - found.entries.get("sealed", 0),
        "held_against_lists": held,
        "not_checked": {
            **{what: _few(found.entries.get(what, 0)) for what, _ in _NOT_CHECKED[1:]},
            "unclear": _few(unclear),
        },
        "not_checkable_by_reason": _by(found.unclear),
        "matching_and_not_sealed": _by(matches),
        "near": _by(near),
        "seals_by_category": _by(Counter(str(one.first["category"]) for one in seals)),
        "seals_by_state": _by({state.replace("_", " "): n for state, n in states.items()}),
        "sealings_begun": _few(found.begun),
        "seals": _named(found, name),
        "reported": _few(sum(one.noted("report_reference") is not None for one in seals)),
        "openings": _few(sum(one.opened for one in seals)),
        "requests_open": _by(found.open_requests),
        "requests_closed": _by({f"{k}, {s}": n for (k, s), n in found.closed_requests.items()}),
        "requests_late": {"open": _few(found.late[0]), "closed": _few(found.late[1])},
        "custody": {
            "log_size": found.log.size,
            "log_root": found.log.root.hex(),
            "verified": bool(found.log),
        },
    }  # fmt: skip


def _named(found: Figures, name: Callable[[str, str], str]) -> list[dict[str, Any]]:
    """Return the seals by keyed ids; none while so few rows would themselves be a small count.

    What became of each is not told here: by that, few could be told from the rest.
    """
    if len(found.seals) < SMALLEST:
        return []
    return [{"seal": name("seal", one.seal_id), "since": f"{one.first['happened_at']:%Y-%m-%d}"}
            for one in found.seals]  # fmt: skip


def _few(count: int) -> int | str:
    return f"fewer than {SMALLEST}" if 0 < count < SMALLEST else count


def _by(counts: Any) -> dict[str, Cell]:
    return {str(name): cell for name, cell in withheld(sorted(counts.items()))}


def _tables(told: dict[str, Any]) -> dict[str, Listing]:
    """Return what the page shows as tables, by name."""
    lists = [(one["list"], one["category"], "known good" if one["known_good"] else "matches",
              one["fetched_at"][:10], (one["stale_after"] or "never")[:10], one["stale"],
              _kinds_of(one))
             for one in told["lists"]]  # fmt: skip
    seals = [(one["seal"], one["since"]) for one in told["seals"]]
    kinds = [(one["kind"], one["hashes"], one["asked_of"], one["entries"])
             for one in told["kinds"]]  # fmt: skip
    checked = [(words, told["not_checked"][what]) for what, words in _NOT_CHECKED]
    return {
        "lists": Listing("Lists and how old they are", ("list", "category", "kind", "fetched",
                         "stale after", "stale", "kinds of hash"), tuple(lists)),
        "kinds": Listing("Kinds of hash, and of how many entries each was asked",
                         ("kind", "hashes", "asked of entries", "of"), tuple(kinds)),
        "not_checked": Listing("What was not checked", ("what", "entries"), tuple(checked)),
        "reasons": _counts("Why hashes say too little", "reason", "entries",
                           told["not_checkable_by_reason"]),
        "matching": _counts("Matching, and not sealed", "category", "entries",
                            told["matching_and_not_sealed"]),
        "near": _counts("Near, to be decided without viewing", "category", "entries",
                        told["near"]),
        "states": _counts("Seals by state", "state", "seals", told["seals_by_state"]),
        "categories": _counts("Seals by category", "category", "seals",
                              told["seals_by_category"]),
        "seals": Listing("Seals", ("seal", "since"), tuple(seals)),
        "open": _counts("Open requests", "kind", "requests", told["requests_open"]),
        "closed": _counts("Closed requests", "kind and outcome", "requests",
                          told["requests_closed"]),
    }  # fmt: skip


def _kinds_of(one: dict[str, Any]) -> str:
    """Return which kinds of hash a list holds, and which of them nobody asked here."""
    told = [*(kind for kind in one["kinds"] if kind not in one["not_asked"]),
            *(f"{kind} (not asked)" for kind in one["not_asked"]),
            *(f"{kind} (left out, to be asked elsewhere)" for kind in one["left_out"])]  # fmt: skip
    return ", ".join(told) or "none"


def _counts(caption: str, what: str, number: str, rows: dict[str, Cell]) -> Listing:
    return Listing(caption, (what, number), _rows(rows))


def _rows(rows: dict[str, Cell]) -> tuple[tuple[Cell, ...], ...]:
    pairs: Sequence[tuple[Cell, ...]] = list(rows.items())
    return tuple(pairs)
