"""How counts of people are kept from telling of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from curate.report.words import Cell

# Fewer people than this are not counted out: with other knowledge, a small count points at one.
SMALLEST = 5

# What a reason to leave an entry out is about when it tells nothing of the people shown.
_NOT_OF_PEOPLE = (
    *("MED", "LAB", "DUP", "SRC", "SIG", "SHC", "SPL"),
    *("same-content", "near-duplicate", "not-present", "not-judged", "in-no-split"),
)
# The one rule of its family that is about people.
_OF_PEOPLE = ("SPL002",)


def count_people(count: int) -> str:
    """Return a number of people, unless it is small.

    >>> count_people(1200), count_people(3), count_people(0)
    ('1,200 people', 'fewer than 5 people', 'no people')
    """
    if count == 0:
        return "no people"
    return f"fewer than {SMALLEST} people" if count < SMALLEST else f"{count:,} people"


def count_some(count: int, whole: int) -> str:
    """Return a number of people of a whole that is told too, unless it or the rest is small.

    >>> count_some(34, 34), count_some(33, 34), count_some(20, 34), count_some(2, 34)
    ('34 people', 'all but fewer than 5 people', '20 people', 'fewer than 5 people')
    """
    if count >= SMALLEST and 0 < whole - count < SMALLEST:
        return f"all but fewer than {SMALLEST} people"
    return count_people(count)


def of_people(code: str) -> bool:
    """Return whether a rule's findings tell of people, so that few of them are not counted out.

    >>> of_people("CON002"), of_people("MED001")
    (True, False)
    """
    return code in _OF_PEOPLE or not code.startswith(_NOT_OF_PEOPLE)


def few_of(code: str, count: int) -> Cell:
    """Return a count of a rule's entries or findings, unless it is small and tells of people.

    >>> few_of("CON002", 2), few_of("CON002", 30), few_of("MED001", 2)
    ('fewer than 5', 30, 2)
    """
    return _FEW if 0 < count < SMALLEST and of_people(code) else count


def few(count: int, one: str, many: str = "") -> str:
    """Return a count of what belongs to people, with its noun, unless it is small.

    >>> few(0, "request"), few(3, "request"), few(7, "request")
    ('no requests', 'fewer than 5 requests', '7 requests')
    """
    nouns = many or one + "s"
    if 0 < count < SMALLEST:
        return f"fewer than {SMALLEST} {nouns}"
    return f"{count:,} {nouns}" if count else f"no {nouns}"


def _always(_: str) -> bool:
    return True


def withheld(
    rows: Sequence[tuple[str, int]], sensitive: Callable[[str], bool] = _always
) -> tuple[tuple[Cell, Cell], ...]:
    """Return counts by group, with small ones of people withheld.

    The sum of the groups is taken to be known. A withheld count that could be worked out from it
    takes further ones with it, the smallest of the others first (complementary suppression, as in
    Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001).

    Args:
        rows: Groups and their counts; groups of nobody are left out.
        sensitive: Whether a group's count tells of people; other small counts may be told.

    >>> withheld([("a", 90), ("b", 7), ("c", 2)])
    (('a', 90), ('b', 'withheld'), ('c', 'fewer than 5'))
    >>> withheld([("a", 30), ("b", 2), ("c", 2)])
    (('a', 'all but fewer than 5'), ('b', 'fewer than 5'), ('c', 'fewer than 5'))
    """
    counts = [(name, n) for name, n in rows if n]
    small = {i for i, (name, n) in enumerate(counts) if n < SMALLEST and sensitive(name)}
    others = sorted((n, i) for i, (_, n) in enumerate(counts) if i not in small)
    if not small or sum(n for _, n in counts) < SMALLEST:
        return tuple((name, _FEW if i in small else n) for i, (name, n) in enumerate(counts))
    beside: set[int] = set()
    while others and not _kept(counts, small, beside):
        beside.add(others.pop(0)[1])
    if _kept(counts, small, beside) or len(counts) == 1:
        rest = sum(n for _, n in counts)
        word = dict.fromkeys(small, _FEW) | {
            i: _ALL_BUT_FEW if rest - counts[i][1] < SMALLEST else _WITHHELD for i in beside
        }
    else:
        # Nothing is left to hide them among: not even that they are small is told.
        word = dict.fromkeys(small | beside, _WITHHELD)
        if sum(n for _, n in counts) == len(counts):
            return ((f"{len(counts):,} groups, which are not told apart", len(counts)),)
    return tuple((name, word.get(i, n)) for i, (name, n) in enumerate(counts))


_FEW = f"fewer than {SMALLEST}"
_WITHHELD, _ALL_BUT_FEW = "withheld", f"all but fewer than {SMALLEST}"


def _kept(counts: Sequence[tuple[str, int]], small: set[int], beside: set[int]) -> bool:
    """Return whether no small count follows from the sum of what is withheld, nor is that one."""
    whole = sum(counts[i][1] for i in small | beside)
    if whole < SMALLEST:
        return False
    # Of others a reader may know that they are not small.
    lowest = len(small) - 1 + SMALLEST * len(beside)
    highest = (len(small) - 1) * (SMALLEST - 1)
    least = max(1, whole - highest) if not beside else 1
    return min(SMALLEST - 1, whole - lowest) > least


def withheld_each(rows: Sequence[tuple[str, int]], whole: int) -> tuple[tuple[Cell, Cell], ...]:
    """Return counts of people by groups that overlap, with small ones withheld.

    Args:
        rows: Groups and their counts; groups of nobody are left out.
        whole: How many people there are, in one group or more or in none.

    >>> withheld_each([("a", 34), ("b", 33), ("c", 20), ("d", 2)], 34)
    (('a', 34), ('b', 'all but fewer than 5'), ('c', 20), ('d', 'fewer than 5'))
    """
    return tuple(
        (name, n if (words := count_some(n, whole)) == f"{n:,} people"
         else words.removesuffix(" people"))
        for name, n in rows if n
    )  # fmt: skip


def beside_rest(groups: Sequence[tuple[str, int]], whole: int) -> set[int]:
    """Return which counts to withhold so that a small group that is not told stays hidden.

    Args:
        groups: The kind and the count of each group that is told; those of one kind do not overlap.
        whole: How many people there are.

    Returns:
        Indices into `groups`: of each kind that leaves a few people out, the smallest.

    >>> beside_rest([("gender", 31), ("age", 20), ("age", 12)], 34)
    {0, 2}
    """
    found = set()
    for kind in {kind for kind, _ in groups}:
        mine = [(n, i) for i, (name, n) in enumerate(groups) if name == kind]
        if 0 < whole - sum(n for n, _ in mine) < SMALLEST:
            found.add(min(mine)[1])
    return found


def withheld_reasons(left_out: Mapping[str, int]) -> tuple[tuple[Cell, Cell], ...]:
    """Return entries that a release leaves out by reason, in order of the reasons.

    Small counts of reasons that tell of people are withheld; of other reasons they may be stated.

    >>> withheld_reasons({"CON001": 2, "CON003": 30, "DUP002": 40, "MED001": 6})
    (('CON001', 'fewer than 5'), ('CON003', 30), ('DUP002', 40), ('MED001', 'withheld'))
    """
    return withheld(sorted(left_out.items()), of_people)
