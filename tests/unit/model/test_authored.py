"""What authors say: read whole, and refused with place and hint where it is wrong."""

from __future__ import annotations

import pytest

from curate.model.authored import Authored, AuthoredError, parse_authored

TEXT = """
[about]
contact = "privacy@lab.example"
creators = ["Lab"]

[answers]
1 = " To train detectors. "
57 = ""

[numbers]
people = 102

[documents]
"consent form" = "form.pdf"
"""


def test_authors_are_read_whole() -> None:
    authored = parse_authored(TEXT, where="datasheet.toml")

    assert authored.text_of("contact") == "privacy@lab.example"
    assert authored.answers == {1: "To train detectors.", 57: ""}
    assert authored.numbers == {"people": 102}
    assert authored.documents == {"consent form": "form.pdf"}


def test_an_empty_file_says_nothing() -> None:
    assert parse_authored("", where="datasheet.toml") == Authored()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[answers]\n58 = 'x'", "'58' is no question; expected a number from 1 to 57"),
        ("[answers]\n01 = 'x'", "'01' is no question"),
        ("[answers]\nwhy = 'x'", "'why' is no question"),
        ("[answers]\n1 = 2", "answers.1: 2 is not of type 'string'"),
        ("[about]\ncolour = 'x'", "about: Additional properties are not allowed"),
        ("[about]\ndoi = 'x'", "about.doi: 'x' does not match"),
        ("[numbers]\npeople = -1", "numbers.people: -1 is less than the minimum of 0"),
        ("answers = 3", "answers: 3 is not of type 'object'"),
        ("[about", "this is not TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(AuthoredError) as caught:
        parse_authored(text, where="datasheet.toml")

    assert str(caught.value).startswith("E204 datasheet.toml")
    assert problem in str(caught.value)
    assert caught.value.hint
