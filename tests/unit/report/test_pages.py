import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from curate.report.pages import is_quantity, render_html
from curate.report.words import Share


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render_html("audit.html.j2")


@pytest.mark.parametrize(("value", "answer"), [(1, True), (Share(0.5), True), (True, False),
                                               ("1", False), (None, False)])  # fmt: skip
def test_numbers_are_told_from_words(value, answer) -> None:
    assert is_quantity(value) is answer


@given(st.text())
def test_no_text_leaves_its_element(text) -> None:
    from curate.report.pages import _html

    rendered = _html().from_string('<p title="{{ text }}">{{ text }}</p>').render(text=text)
    inner = rendered.removeprefix('<p title="').removesuffix("</p>")
    assert inner.count("<") == 0
    assert inner.count('"') == 1
    assert "\n" not in rendered
