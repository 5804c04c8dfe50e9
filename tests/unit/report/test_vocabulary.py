"""Every value of an enumeration that documents print has words of its own."""

from __future__ import annotations

from typing import Any

import pytest

from curate.report.vocabulary import ASSURANCE, PURPOSES, WORDS, purpose_words, word
from curate.schema import json_schema, purpose_tree


def values_of(vocabulary: str) -> set[str]:
    schema, column = vocabulary.split(".")
    declared: dict[str, Any] = json_schema(schema)["properties"][column]
    return set(declared.get("enum") or declared["items"]["enum"])


@pytest.mark.parametrize("vocabulary", WORDS)
def test_every_value_of_the_schema_has_words(vocabulary) -> None:
    assert set(WORDS[vocabulary]) == values_of(vocabulary)


@pytest.mark.parametrize("vocabulary", WORDS)
def test_no_code_is_left_in_the_words(vocabulary) -> None:
    assert not any("_" in words for words in WORDS[vocabulary].values())


def test_every_purpose_has_words() -> None:
    assert set(PURPOSES) == set(purpose_tree())


def test_every_level_of_assurance_has_words() -> None:
    assert set(ASSURANCE) == set("01234")


def test_what_a_project_named_itself_is_not_made_up() -> None:
    assert word("sources.kind", "something else") == "something else"
    assert purpose_words("own-idea") == "the purpose “own-idea”"
