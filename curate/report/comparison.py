"""How faces were compared: for each model its threshold, and how often it errs on these data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.identity.curves import LEAST_PAIRS, LEAST_PEOPLE
from curate.report.charts.draw import Chart
from curate.report.charts.errors import error_chart
from curate.report.facts import Facts
from curate.report.words import Cell, Listing, number, parsed, rate

_FEW = "too few pairs to tell"
# Those of five people.
_SMALLEST_PAIRS = 10


@dataclass(frozen=True)
class Comparison:
    """How one model compared faces, when it last did.

    Attributes:
        name: Its name among the page's ids.
        model: The model.
        current: Whether it is the model that compared faces last.
        sentences: Its threshold and error rates, in words.
        by_group: The same by declared group; without rows where no group has enough people.
        measures: What the run's record says, for machines.
    """

    name: str
    model: str
    current: bool
    sentences: tuple[str, ...]
    by_group: Listing
    measures: Mapping[str, Any]

    @property
    def gap(self) -> str:
        """What is not known of its errors, in a sentence; empty when nothing is lacking."""
        words = {"fmr": "two people are taken for one", "fnmr": "one person is taken for two"}
        lacking = [words[kind] for kind in words if self.measures.get(kind) is None]
        often = f"How often {' and how often '.join(lacking)}" if lacking else ""
        return f"{often} is not known of these data." if often else ""

    @property
    def chart(self) -> Chart | None:
        """Both error curves; None where too little is known."""
        title = "Shares of pairs of faces that a threshold takes wrongly"
        curves = self.measures.get("curves") or {}
        return error_chart(self.name, title, curves, self.measures["threshold"])


def comparisons(facts: Facts) -> list[Comparison]:
    """Return how each model compared faces, that of the last run first."""
    rows = facts.rows("""
        SELECT parameters, counts FROM runs WHERE status = 'done' AND verb = 'run identity'
        ORDER BY started_at DESC, run_id DESC""")
    newest: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for given, counts in rows:
        asked = parsed(given)
        newest.setdefault(str(asked.get("model", "not known")), (asked, parsed(counts)))
    return [
        _comparison(place, model, asked, found)
        for place, (model, (asked, found)) in enumerate(newest.items())
        if "threshold" in found
    ]


def _comparison(
    place: int, model: str, asked: Mapping[str, Any], found: Mapping[str, Any]
) -> Comparison:
    return Comparison(
        f"errors-{place}",
        model,
        place == 0,
        tuple(_sentences(asked, found)),
        _by_group(found.get("by_group", [])),
        {"model": model, "false_match_rate": asked.get("false_match_rate")}
        | {name: found[name] for name in _MEASURES if name in found},
    )


_MEASURES = (
    "threshold", "basis", "pairs", "independent_pairs", "fmr", "fmr_interval", "mated_pairs",
    "mated_people", "fnmr", "fnmr_interval", "confidence", "curves", "by_group",
)  # fmt: skip


def _sentences(asked: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "Two faces are taken for one person where the cosine of their embeddings is at least "
        f"{found['threshold']:.4g}."
    )
    wanted = asked.get("false_match_rate")
    if found["basis"] == "dataset":
        most = f": of pairs of two people, at most {rate(wanted)} should reach it" if wanted else ""
        yield f"This threshold was measured on this dataset{most}."
    else:
        needed = f", and {math.ceil(3 / wanted):,} are needed" if wanted else ""
        yield (
            "This threshold is not this dataset's own, because there is too little evidence: there "
            f"{_pairs(found.get('independent_pairs', 0))}{needed}. "
            f"The model's own is used: {asked.get('default_basis', 'its default')}."
        )
    if "fnmr" not in found:
        yield "This run did not record how often faces are taken wrongly; the next one does."
        return
    yield _false_matches(found)
    yield _misses(found)
    if found["fmr"] is not None or found["fnmr"] is not None:
        yield (
            f"Ranges are {100 * found['confidence']:g} % confidence intervals (Clopper and "
            "Pearson). They count people and pairs of people rather than pictures, because "
            "pictures of one person are much like each other. Faces in entries that are labelled "
            "fake do not count."
        )


def _false_matches(found: Mapping[str, Any]) -> str:
    people = found["independent_pairs"]
    if found["fmr"] is None:
        return (
            "There is too little evidence to tell how often two people are taken for one: there "
            f"{_pairs(people)}, and {LEAST_PAIRS} are needed."
        )
    return (
        f"Of pairs of pictures of two people, {_with_range(found['fmr'], found['fmr_interval'])} "
        f"{_meet(found['fmr'], 'reach', 'one person')} This was counted on "
        f"{number(found['pairs'], 'pair')} of faces, of {people:,} independent pairs of people."
    )


def _misses(found: Mapping[str, Any]) -> str:
    people = found["mated_people"]
    if found["fnmr"] is None:
        return (
            "There is too little evidence to tell how often one person is taken for two: "
            f"fewer than {LEAST_PEOPLE} people are declared with two pictures whose faces can be "
            "compared."
        )
    return (
        f"Of pairs of pictures of one person, {_with_range(found['fnmr'], found['fnmr_interval'])} "
        f"{_meet(found['fnmr'], 'fall below', 'two people')} This was counted on "
        f"{number(found['mated_pairs'], 'pair')} of faces, of {people:,} people."
    )


def _meet(share: float, how: str, taken_for: str) -> str:
    """Return the rest of a sentence on a share of pairs and the threshold."""
    return f"{how} the threshold" + (f": these may be taken for {taken_for}." if share else ".")


def _pairs(count: int) -> str:
    """Return how many independent pairs there are; a small count would tell of a few people."""
    few = 0 < count < _SMALLEST_PAIRS
    found = f"fewer than {_SMALLEST_PAIRS}" if few else f"{count:,}" if count else "no"
    return f"are {found} independent pairs of people"


def _by_group(rates: Sequence[Mapping[str, Any]]) -> Listing:
    cells: list[tuple[Cell, ...]] = [
        (one["kind"], one["group"], one["people"], _cell(one, "fmr"), _cell(one, "fnmr"))
        for one in rates
    ]  # fmt: skip
    head = ("Group by", "Group, as declared", "People", "False matches (two people reach it)",
            "Misses (one person falls below)")  # fmt: skip
    return Listing("Errors in comparing faces, by declared group", head, tuple(cells))


def _cell(one: Mapping[str, Any], kind: str) -> str:
    known = one[kind] is not None
    return _with_range(one[kind], one[f"{kind}_interval"]) if known else _FEW


def _with_range(value: float, interval: Sequence[float]) -> str:
    """Return a rate with its interval."""
    return f"{rate(value)} ({rate(interval[0])} to {rate(interval[1])})"
