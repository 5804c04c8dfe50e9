"""Errors: told apart, whole across processes, and harmless to print."""

from __future__ import annotations

import inspect
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import errors
from curate.errors import CurateError, ExitStatus, InputError, ManyErrors, printable

KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CurateError)
]


def test_codes_are_unique() -> None:
    """A code names one class."""
    codes = [kind.code for kind in KINDS]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", KINDS)
def test_class_says_what_to_do(kind: type[CurateError]) -> None:
    """Every class has a code, a hint and a status that is no success."""
    assert kind.code[0] == "E"
    assert kind.code[1:].isdigit()
    assert kind.default_hint
    assert kind.exit_status not in (ExitStatus.GOOD, ExitStatus.FINDINGS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not ManyErrors])
def test_error_crosses_a_process_boundary_whole(kind: type[CurateError]) -> None:
    """Problem, place and hint survive pickling."""
    error = kind("it broke", where="a.csv:3", hint="mend it")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert (again.problem, again.where, again.hint) == ("it broke", "a.csv:3", "mend it")
    assert str(again) == f"{kind.code} a.csv:3: it broke"


def test_many_errors_cross_a_process_boundary_whole() -> None:
    """Each of many errors keeps its place."""
    many = ManyErrors([InputError("one", where="a:1"), InputError("two", where="a:2")])

    assert str(pickle.loads(pickle.dumps(many))) == str(many) == "E100 a:1: one\nE100 a:2: two"


def test_many_errors_show_some_and_count_the_rest() -> None:
    """A file with thousands of wrong rows does not flood the screen."""
    many = ManyErrors([InputError(str(n)) for n in range(ManyErrors.SHOWN + 5)])

    assert len(many.errors) == ManyErrors.SHOWN + 5
    assert str(many).splitlines()[-1] == "... and 5 more"


def test_error_without_a_place() -> None:
    """No place, no colon; the class's own hint stands in."""
    error = InputError("it broke")

    assert str(error) == "E100 it broke"
    assert error.hint == InputError.default_hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", r"a\nb"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u2066b", r"a\u2066b"),
        ("a\u2028b", r"a\u2028b"),
        ("a\udc80b", r"a\udc80b"),
        ("día 😀 ж", "día 😀 ж"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    """Control and bidirectional characters are escaped, letters of any script are not."""
    assert printable(text) == expected


@given(st.text(st.characters(codec=None)))
def test_printed_error_is_one_inert_line(text: str) -> None:
    """Whatever a file is called, its error is one line that moves no cursor."""
    said = str(InputError(text, where=text))

    assert len(said.splitlines()) == 1
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in said)
