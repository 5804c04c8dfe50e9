"""Reading ahead: order, errors, bounds, and an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from curate.faces.ahead import read_ahead


def test_items_come_in_their_order() -> None:
    assert list(read_ahead(range(100), waiting=3)) == list(range(100))


def test_nothing_gives_nothing() -> None:
    assert list(read_ahead([])) == []


def test_an_error_is_raised_in_its_place() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the second is broken")

    items = read_ahead(broken())

    assert next(items) == 1
    with pytest.raises(ValueError, match="second is broken"):
        next(items)


def test_items_are_taken_in_another_thread() -> None:
    def where() -> Iterator[int]:
        yield threading.get_ident()

    assert list(read_ahead(where())) != [threading.get_ident()]


def test_no_more_than_the_bound_are_taken_before_they_are_asked_for() -> None:
    taken: list[int] = []
    third, release = threading.Event(), threading.Event()

    def counted() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            if number == 3:
                third.set()
            yield number

    items = read_ahead(counted(), waiting=2)
    next(items)
    # One handed out, two waiting, one in the thread's hand: the fifth is not begun.
    assert third.wait(5)
    release.wait(0.3)

    assert taken == [0, 1, 2, 3]
    items.close()  # type: ignore[attr-defined]


def test_an_iterator_that_is_closed_leaves_no_thread() -> None:
    def endless() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    items = read_ahead(endless())
    next(items)
    items.close()  # type: ignore[attr-defined]

    assert not [t for t in threading.enumerate() if t.name == "read-ahead"]
