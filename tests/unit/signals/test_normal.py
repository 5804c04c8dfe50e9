"""The normal form: the strictest wins, in any order and however often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.signals.normal import (
    CATEGORIES,
    PLUS_DATA_MINING,
    Use,
    Uses,
    cawg,
    preference,
    strictest,
    together,
)

uses = st.builds(Uses, *(st.sampled_from(Use) for _ in CATEGORIES))
STRICT = [Use.CONSTRAINED, Use.UNREADABLE, Use.PROHIBITED]


@given(uses, uses, uses)
def test_taking_together_knows_no_order(a: Uses, b: Uses, c: Uses) -> None:
    assert a | b == b | a
    assert (a | b) | c == a | (b | c)
    assert a | a == a
    assert a | Uses() == a


@given(st.lists(uses), uses)
def test_another_statement_never_makes_it_milder(said: list[Uses], more: Uses) -> None:
    before, after = together(said), together([*said, more])
    for name in CATEGORIES:
        use = getattr(after, name)
        assert strictest(use, getattr(before, name)) is use
        assert getattr(before, name) not in STRICT or use in STRICT


@given(st.text(), st.text().filter(lambda use: use.strip().lower() != "allowed"))
def test_entry_that_does_not_allow_is_never_without_effect(name: str, use: str) -> None:
    assert set(STRICT) & {getattr(cawg(name, use), category) for category in CATEGORIES}


@pytest.mark.parametrize("name", ["cawg.ai_training", "c2pa.ai_training", "ai_training"])
def test_prefixes_of_entries_are_one(name: str) -> None:
    assert cawg(name, "notAllowed") == Uses(ai_training=Use.PROHIBITED)


def test_plus_says_of_detectors_what_the_table_says() -> None:
    said = {code: str(uses.ai_training) for code, uses in PLUS_DATA_MINING.items()}
    assert said == {
        "DMI-UNSPECIFIED": "none",
        "DMI-ALLOWED": "allowed",
        "DMI-PROHIBITED-AIMLTRAINING": "prohibited",
        "DMI-PROHIBITED-GENAIMLTRAINING": "none",
        "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": "prohibited",
        "DMI-PROHIBITED": "prohibited",
        "DMI-PROHIBITED-SEECONSTRAINT": "constrained",
        "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": "constrained",
        "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": "constrained",
    }


def test_label_that_is_not_known_is_ignored_and_value_is_not() -> None:
    assert preference("search", "n") is None
    assert preference("Train-AI", "N") == Uses(
        ai_training=Use.PROHIBITED, ai_generative_training=Use.PROHIBITED
    )
    assert preference("train-ai", "perhaps") == Uses(
        ai_training=Use.UNREADABLE, ai_generative_training=Use.UNREADABLE
    )
