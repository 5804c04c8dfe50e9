"""Pseudonyms that are nearly one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from curate.model.near import near_pairs
from curate.model.pseudonyms import folded


def _pairs(*names: str) -> list[tuple[str, str, str]]:
    return list(near_pairs(names).pairs)


def test_writing_is_told_by_its_kind() -> None:
    assert _pairs("p01", "P01") == [("P01", "p01", "capitals")]
    assert _pairs("zo\u00eb", "zoe\u0308") == [("zoe\u0308", "zo\u00eb", "Unicode form")]
    assert _pairs("p 01", "p01\u200b")[0][2] == "blanks, or characters that show nothing"
    assert _pairs("p01", "\uff5001")[0][2] == "width, or another form of characters"


def test_one_character_more_less_or_other_is_near() -> None:
    assert _pairs("anna", "anne", "ana") == [
        ("ana", "anna", "one character"), ("anna", "anne", "one character"),
    ]  # fmt: skip
    assert _pairs("p01", "p0l") == [("p01", "p0l", "one character")]


def test_ids_that_count_are_counted() -> None:
    """A zero before a number counts nobody; a place at which many ids differ is a counter."""
    assert near_pairs([f"p{n:02}" for n in range(10)]).pairs == ()
    assert near_pairs(["p1", "p2", "p12"]).numbered == 3
    assert _pairs("p02", "p002", "p03") == [("p002", "p02", "one character")]
    assert near_pairs([f"take-{letter}" for letter in "abcdefghijkl"]).numbered == 66


@given(st.lists(st.text("aAb1 -", min_size=1, max_size=4), max_size=8, unique=True))
def test_no_two_that_differ_only_in_writing_are_missed(names: list[str]) -> None:
    found = {(one, other) for one, other, _ in near_pairs(names).pairs}
    same = {(one, other) for one in names for other in names
            if one < other and folded(one) == folded(other)}  # fmt: skip

    assert same <= found
