from hypothesis import given
from hypothesis import strategies as st

from curate.report.suppression import SMALLEST, count_people, withheld, withheld_each

COUNTS = st.lists(st.integers(0, 30), max_size=8).map(
    lambda numbers: [(f"group {i}", n) for i, n in enumerate(numbers)]
)


@given(COUNTS)
def test_no_small_count_is_told(rows) -> None:
    assert all(not isinstance(n, int) or n >= SMALLEST for _, n in withheld(rows))


@given(COUNTS)
def test_a_count_told_is_the_true_one(rows) -> None:
    truth = dict(rows)
    assert all(truth[name] == n for name, n in withheld(rows) if isinstance(n, int))


def possible(told, whole) -> list[set[int]]:
    """Return for each group which counts a reader who knows the sum must hold for possible."""
    ranges = [
        {n} if isinstance(n, int)
        else set(range(1, SMALLEST)) if n == "fewer than 5"
        else set(range(whole - SMALLEST + 1, whole)) if n == "all but fewer than 5"
        else set(range(1, whole + 1))
        for _, n in told
    ]  # fmt: skip
    sums = {(): 0}
    for choices in ranges:
        sums = {(*key, n): s + n for key, s in sums.items() for n in choices if s + n <= whole}
    fitting = [key for key, total in sums.items() if total == whole]
    return [{key[i] for key in fitting} for i in range(len(told))]


@given(st.lists(st.integers(0, 9), max_size=5).map(
    lambda numbers: [(f"group {i}", n) for i, n in enumerate(numbers)]
))  # fmt: skip
def test_no_small_count_can_be_had_from_the_total(rows) -> None:
    told, whole = withheld(rows), sum(n for _, n in rows)
    if whole < SMALLEST:
        return
    for (name, n), counts in zip(told, possible(told, whole), strict=True):
        if not isinstance(n, int):
            assert len(counts) > 1, (name, told)
    known = sum(n for _, n in told if isinstance(n, int))
    assert not 0 < whole - known < SMALLEST


def test_a_smallest_count_that_others_would_give_away_takes_more_with_it() -> None:
    """With one of 1 and one of 5 withheld, a reader who knows their sum of 6 has both."""
    assert withheld([("a", 90), ("b", 20), ("c", 5), ("d", 1)]) == (
        ("a", 90), ("b", "withheld"), ("c", "withheld"), ("d", "fewer than 5"),
    )  # fmt: skip


def test_counts_that_nothing_hides_are_not_called_small() -> None:
    assert withheld([("a", 4), ("b", 4)]) == (("a", "withheld"), ("b", "withheld"))
    assert withheld([(f"g{n}", 1) for n in range(6)]) == (
        ("6 groups, which are not told apart", 6),
    )


def test_small_counts_of_other_things_are_told_unless_they_hide_people() -> None:
    rows = [("CON001", 2), ("MED001", 1), ("DUP001", 9)]
    told = withheld(rows, lambda name: name.startswith("CON"))
    assert told == (("CON001", "fewer than 5"), ("MED001", "withheld"),
                    ("DUP001", "all but fewer than 5"))  # fmt: skip
    assert withheld(rows[1:], lambda name: name.startswith("CON")) == (
        ("MED001", 1), ("DUP001", 9),
    )  # fmt: skip


@given(COUNTS, st.integers(0, 40))
def test_neither_a_small_count_nor_a_small_rest_is_told(rows, more) -> None:
    whole = max((n for _, n in rows), default=0) + more
    for (_, told), n in zip(withheld_each(rows, whole), [n for _, n in rows if n], strict=True):
        if isinstance(told, int):
            assert told == n
            assert n >= SMALLEST
            assert not 0 < whole - n < SMALLEST


def test_groups_without_people_are_not_told_of() -> None:
    assert withheld([("a", 0)]) == ()


def test_few_people_are_not_counted_out() -> None:
    assert count_people(SMALLEST - 1) == "fewer than 5 people"
    assert count_people(SMALLEST) == "5 people"
