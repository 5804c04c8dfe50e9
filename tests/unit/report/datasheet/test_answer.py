from hypothesis import given
from hypothesis import strategies as st

from curate.report.datasheet.answer import SMALLEST, count_people, withheld

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


@given(COUNTS)
def test_no_single_count_can_be_had_from_the_total(rows) -> None:
    hidden = [n for _, n in withheld(rows) if not isinstance(n, int)]
    assert len(hidden) != 1 or len([n for _, n in rows if n]) == 1


def test_groups_without_people_are_not_told_of() -> None:
    assert withheld([("a", 0)]) == ()


def test_few_people_are_not_counted_out() -> None:
    assert count_people(SMALLEST - 1) == "fewer than 5 people"
    assert count_people(SMALLEST) == "5 people"
