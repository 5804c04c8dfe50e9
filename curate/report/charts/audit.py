"""Which charts an audit page has: of verdicts, reasons, people, splits or sources, structure."""

from __future__ import annotations

from curate.model.verdict import Effect, Verdict
from curate.report.charts.draw import (
    BLUE,
    COLOUR_OF_EFFECT,
    COLOUR_OF_VERDICT,
    GREEN,
    GREY,
    ORANGE,
    WORD_OF_VERDICT,
    Bar,
    Chart,
    bars,
)
from curate.report.facts import Facts
from curate.report.overview import Found, People, Verdicts
from curate.report.structure import copies, identity_sizes
from curate.report.suppression import withheld
from curate.report.words import Cell, Listing, cell_text, share

_MAX_BARS = 8


def charts(
    facts: Facts,
    verdicts: Verdicts,
    found: list[Found],
    people: People,
    groupings: tuple[Listing, ...],
    *,
    exact: bool = True,
) -> list[Chart]:
    """Return the charts that these numbers call for.

    Args:
        facts: The tables.
        verdicts: Entries by verdict.
        found: What each rule found.
        people: How consents cover people.
        groupings: Verdicts by group, as `curate.report.overview.by_split` gives them; those
            with one group only are not drawn.
        exact: Whether to print small counts of what stands for people.
    """
    drawn = [_verdicts(verdicts)] if verdicts.total else []
    if found:
        drawn.append(_rules(found))
    if people.declared:
        drawn.append(_people(people))
    drawn += [_grouping(f"grouping-{i}", one) for i, one in enumerate(groupings)
              if len(one.rows) > 1]  # fmt: skip
    return [*drawn, *_structure(facts, exact=exact), *_signals(facts)]


def _verdicts(verdicts: Verdicts) -> Chart:
    rows = [
        Bar(WORD_OF_VERDICT[verdict].capitalize(), ((n, COLOUR_OF_VERDICT[verdict]),),
            f"{n:,} · {share(n / verdicts.total)}")
        for verdict, n in verdicts.by_verdict().items()
    ]  # fmt: skip
    return bars("verdicts", "Entries by verdict", rows, whole=verdicts.total)


def _rules(found: list[Found]) -> Chart:
    rows = [
        Bar(f"{one.rule.code} {one.rule.symbol}",
            ((0 if one.hidden else one.entries, COLOUR_OF_EFFECT[one.effect]),),
            cell_text(one.entries_shown))
        for one in found[:_MAX_BARS]
    ]  # fmt: skip
    words = {Effect.BLOCK: "blocks", Effect.REVIEW: "needs review", Effect.NONE: "informs"}
    key = [(words[e], COLOUR_OF_EFFECT[e]) for e in Effect if any(f.effect == e for f in found)]
    cut = len(found) > _MAX_BARS
    title = f"Entries by rule, the first {_MAX_BARS}" if cut else "Entries by rule"
    return bars("rules", title, rows, key=key)


def _people(people: People) -> Chart:
    covered, whole = people.covered_shown, people.declared_shown
    rows = [Bar("Every use of them is covered", ((_drawn(covered), GREEN),),
                f"{cell_text(covered)} of {cell_text(whole)}")]  # fmt: skip
    rows += [
        Bar(f"{rule.code} {rule.symbol}", ((_drawn(n), COLOUR_OF_EFFECT[rule.effect]),),
            cell_text(n))
        for rule, n in people.reasons_shown[: _MAX_BARS - 1]
    ]  # fmt: skip
    return bars("people", "People by what their consent covers", rows, whole=_drawn(whole))


def _drawn(n: Cell) -> int:
    """Return how long a bar is drawn: one whose number is withheld is not drawn."""
    return n if isinstance(n, int) else 0


def _grouping(name: str, table: Listing) -> Chart:
    """Return a chart of a table of verdicts: names, then entries, cleared, review, blocked."""
    first = table.head.index("Entries")
    key = [(WORD_OF_VERDICT[verdict], COLOUR_OF_VERDICT[verdict]) for verdict in Verdict]
    rows = [_stacked(row[:first], row[first:]) for row in table.rows[:_MAX_BARS]]
    cut = len(table.rows) > _MAX_BARS
    title = f"{table.caption}, the largest {_MAX_BARS}" if cut else table.caption
    return bars(name, title, rows, key=key)


def _stacked(names: tuple[Cell, ...], numbers: tuple[Cell, ...]) -> Bar:
    entries, *parts = (int(str(n)) for n in numbers[:4])
    colours = (COLOUR_OF_VERDICT[verdict] for verdict in Verdict)
    label = " · ".join(cell_text(name) for name in names)
    cleared = share(parts[0] / entries) if entries else ""
    return Bar(label, tuple(zip(parts, colours, strict=True)), f"{entries:,} · {cleared} cleared")


def _structure(facts: Facts, *, exact: bool) -> list[Chart]:
    drawn = []
    if known := copies(facts):
        rows = [
            Bar(words, ((n, colour),))
            for words, n, colour in (
                ("Like no other", known.alone, GREY),
                ("Same bytes as another", known.same_bytes, BLUE),
                ("Same pixels as another", known.same_pixels, BLUE),
                ("Looks like another", known.near, BLUE),
            )
        ]
        drawn.append(bars("copies", "Readable entries by copies", rows))
    if sizes := identity_sizes(facts):
        counts = sizes if exact else withheld(sizes)
        rows = [Bar(str(size), ((_drawn(n), BLUE),), cell_text(n)) for size, n in counts]
        drawn.append(bars("identities", "Identities by how many contents show them", rows))
    return drawn


_STATES = {
    "none": "No record of provenance",
    "trusted": "Holds, by a trusted signer",
    "valid": "Holds",
    "invalid": "Does not hold",
    "stripped": "Was taken out",
    "remote_unread": "Lies elsewhere, not read",
    "error": "Could not be read",
}
_OPT_OUTS = {
    "none": "Nothing said",
    "allowed": "Allowed",
    "constrained": "Allowed on conditions",
    "prohibited": "Refused",
    "unreadable": "Could not be read",
}


def _signals(facts: Facts) -> list[Chart]:
    """Return charts of what files say of their origin and of training, where that was read."""
    return [
        chart
        for name, title, column, words, good in (
            ("provenance", "Contents by record of provenance (C2PA)", "c2pa_state", _STATES,
             ("none", "trusted", "valid")),
            ("training", "Contents by what they say of training a detector",
             "optout_ai_training", _OPT_OUTS, ("none", "allowed")),
        )
        if (chart := _stated(facts, name, title, column, words, good))
    ]  # fmt: skip


def _stated(
    facts: Facts, name: str, title: str, column: str, words: dict[str, str], good: tuple[str, ...]
) -> Chart | None:
    found = dict(facts.rows(
        f"SELECT {column}, count(DISTINCT sha256) FROM signal_scans SEMI JOIN held USING (sha256) "
        f"WHERE {column} IS NOT NULL GROUP BY 1"
    ))  # fmt: skip
    rows = [
        Bar(word, ((found[state], BLUE if state in good else ORANGE),))
        for state, word in words.items()
        if state in found
    ]
    return bars(name, title, rows) if rows else None
