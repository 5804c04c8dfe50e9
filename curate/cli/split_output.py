"""What `curate split` prints: the matrix of a lint, and the splits that were made."""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.cli.output import say, table
from curate.errors import printable
from curate.model.plural import counted, verb
from curate.splits.assign import Assignment
from curate.splits.certificate import checked, result
from curate.splits.components import sizes_of
from curate.splits.expected import CONFIDENCE, LEAST_PEOPLE, Expected
from curate.splits.kinds import BY_NAME
from curate.splits.lint import Lint
from curate.splits.maker import Made

_WHY = {
    "held-out": "held out, and tied to what is not in the last split",
    "cut": "cut, so that the shares can be met",
    "between-splits": "tied to entries that already are in two splits",
}


def print_lint(found: Lint) -> None:
    """Print the matrix of relations and pairs of splits, then examples."""
    pairs = [(found.placed.splits[a], found.placed.splits[b]) for a, b in found.placed.pairs()]
    cells = {(leak.kind, leak.left, leak.right): leak for leak in found.leaks}
    rows = []
    for kind in found.kinds:
        row: dict[str, object] = {"relation": kind}
        for left, right in pairs:
            leak = cells.get((kind, left, right))
            said = f"{leak.left_entries:,} : {leak.right_entries:,}" if leak else "-"
            seen = leak or (found.known(kind) and not found.dangling(kind))
            row[f"{left} : {right}"] = said if seen else "?"
        removal = found.removals.get(kind)
        row["remove"] = "" if removal is None else (
            f"{len(removal.placements):,}" if removal.exact
            else f"{len(removal.placements):,} (at least {removal.at_least:,})"
        )  # fmt: skip
        row["checked"] = f"{found.known(kind):,} of {found.ties.entries.num_rows:,}"
        rows.append(row)
    say(", ".join(f"{name} {size:,}" for name, size in found.sizes.items())
        + f"; {found.unplaced:,} in no split")  # fmt: skip
    say()
    table(rows, list(rows[0]))
    say()
    say("entries of the left split tied to the right one, and of the right to the left")
    _print_examples(found)
    _print_classes(found)
    not_checked = [kind for kind in found.kinds if checked(found, kind) == "not checked"]
    if not_checked:
        say()
        say("not checked, because no entry says or shows what it takes:")
        for kind in not_checked:
            say(f"  {kind}: {BY_NAME[kind].needs}")
    for kind in found.kinds:
        if count := found.dangling(kind):
            say()
            say(f"{kind}: {counted(count, 'entry')} {verb(count, 'names', 'name')} something that "
                f"{verb(count, 'it was', 'they were')} made from and that is not in the catalogue. "
                "Whether that is in another split is not known; it may be listed under another "
                "name.")  # fmt: skip
    _print_expected(found.expected)
    say()
    say(result(found))


def _print_expected(found: Expected) -> None:
    """Print how many people may be in two splits though nothing ties them."""
    say()
    for sentence in expected_sentences(found):
        say(sentence)
    for _, locator in found.examples:
        say(f"  {printable(locator)}")


def expected_sentences(found: Expected) -> list[str]:
    """Return how many people may be in two splits though nothing ties them, in sentences."""
    sentences = []
    if found.interval is None:
        sentences.append(
            f"How many undeclared people are in two splits cannot be estimated: only "
            f"{counted(found.declared, 'declared person', 'declared people')} could be compared "
            f"with clusters of faces, and at least {LEAST_PEOPLE} are needed."
        )
    elif not found.undeclared:
        sentences.append(
            "Each file of these splits in which a face could be compared declares somebody. People "
            "who are in it beside them are not estimated."
        )
    else:
        low, high = found.interval
        sentences.append(
            f"About {counted(round(found.people or 0), 'undeclared person', 'undeclared people')} "
            f"of about {found.undeclared:,} may be in two splits without a sign of it "
            f"({low:,} to {high:,} at {CONFIDENCE:.0%} confidence)."
        )
        known = counted(found.declared, "declared person", "declared people")
        sentences.append(
            f"This is estimated from {known}, of whom faces alone would have missed "
            f"{found.missed:,}."
        )
    if found.without:
        has = verb(found.without, "has", "have")
        sentences.append(
            f"{counted(found.without, 'entry', 'entries')} {has} neither a declared person nor a "
            "face that could be compared, and may show anybody:"
        )
    return sentences


def _print_examples(found: Lint) -> None:
    locators = found.ties.entries["locator"]
    place = {one: i for i, one in enumerate(found.ties.ids.to_pylist())} if found.leaks else {}
    for leak in found.leaks:
        say()
        say(f"{leak.kind}, {leak.left} and {leak.right}: {counted(leak.groups, 'group')}")
        for name, one, other in leak.examples:
            left, right = (printable(locators[place[i]].as_py()) for i in (one, other))
            shown = "" if name == one or " and " in name else f"  ({printable(name)})"
            say(f"  {left}  |  {right}{shown}")


def _print_classes(found: Lint) -> None:
    told = []
    for row in found.classes.inside:
        how = "is equal to" if row["equal"] else "lies inside"
        told.append(f"{row['inner_split']} {how} {row['outer_split']}: {row['entries']:,} entries")
    for row in found.classes.vanished:
        told.append(f"{row['dataset']}: the folder {printable(row['folder'])} is in no split: "
                    f"{row['entries']:,} entries")  # fmt: skip
    for row in found.classes.partial:
        where = ", ".join(row["present"]) or "no split"
        told.append(f"{row['dataset']}: {row['sort']} {printable(row['class'])} is in {where} "
                    f"alone: {row['entries']:,} entries")  # fmt: skip
    for row in found.classes.inverted:
        most = 2 * row["contradicted"] > row["labelled"]
        told.append(f"{row['dataset']}: {row['contradicted']:,} of {row['labelled']:,} labels "
                    "contradict what was done to the media"
                    + ("; real and fake are swapped" if most else ""))  # fmt: skip
    if told:
        say()
    for line in told:
        say(line)


def print_made(made: Made, *, cut: bool, tolerance: float) -> None:
    """Print splits, who may be in two of them, and what stands in the way of their shares."""
    chosen = made.chosen(cut=cut)
    _print_sizes(chosen)
    say()
    parts = sizes_of(chosen.component)
    say(f"{len(parts):,} components, the largest of {chosen.largest:,} entries")
    if chosen.exact:
        say("no other assignment comes nearer to the shares")
    for why, count in chosen.left_out.items():
        say(f"left out: {count:,} {_WHY[why]}")
    if made.unknown:
        say(f"nothing is known of, so nothing was kept apart by: {', '.join(made.unknown)}")
    if chosen.missed > tolerance:
        say()
        say(f"the shares cannot be met within {tolerance:.0%}, and nothing was kept: the largest "
            f"component holds {chosen.largest:,} of {len(chosen.component):,} entries")  # fmt: skip
        _print_ways_out(made, tolerance)
    if made.expected is not None:
        _print_expected(made.expected)


def _print_ways_out(made: Made, tolerance: float) -> None:
    after = made.after_cut
    if after is not None:
        share = made.price / len(after.split)
        met = "meets the shares" if after.missed <= tolerance else "still misses the shares"
        say(f"the smallest cut found leaves out {made.price:,} entries ({share:.1%}) and {met}:")
        _print_sizes(after)
        say("  `--cut` takes it; a smaller one may exist")
    else:
        say("no cut was found: one group holds it together")
    for topic, share in sorted(made.without.items(), key=lambda one: one[1]):
        say(f"  without {topic} in --by the largest component holds {share:.1%}")


def _print_sizes(chosen: Assignment) -> None:
    rows = [
        {"split": name, "entries": size, "share": f"{share:.2%}", "asked": f"{asked:.2%}"}
        for (name, size), share, asked in zip(
            chosen.sizes.items(), chosen.shares, chosen.plan.ratios, strict=True
        )
    ]
    table(rows, ["split", "entries", "share", "asked"])


def document(made: Made, *, cut: bool, kept: str | None) -> dict[str, Any]:
    """Return splits that were made, for machines."""
    chosen = made.chosen(cut=cut)
    return {
        "kept_as": kept,
        "splits": chosen.sizes,
        "shares": dict(zip(chosen.plan.splits, np.round(chosen.shares, 6).tolist(), strict=True)),
        "asked": dict(zip(chosen.plan.splits, chosen.plan.ratios, strict=True)),
        "missed": round(chosen.missed, 6),
        "exact": chosen.exact,
        "components": len(sizes_of(chosen.component)),
        "largest_component": chosen.largest,
        "left_out": chosen.left_out,
        "unknown": list(made.unknown),
        "people_expected": None if made.expected is None else made.expected.as_json(),
        "cut": None
        if made.after_cut is None
        else {
            "entries": made.price,
            "splits": made.after_cut.sizes,
            "missed": round(made.after_cut.missed, 6),
        },
        "largest_component_without": dict(made.without),
    }
