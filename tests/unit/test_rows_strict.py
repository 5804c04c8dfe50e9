"""Nothing of a file is passed over: doubled keys, columns without a name, other encodings."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.errors import InvalidFileError
from curate.rows import Row, read_rows


def rows(folder: Path, name: str, text: str, encoding: str = "utf-8") -> list[Row]:
    """Return the rows of a file."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return list(read_rows(path))


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """The last would be kept, and the first might be the withdrawal."""
    doubled = '{"state": "withdrawn", "state": "given"}'

    with pytest.raises(InvalidFileError, match="the key 'state' stands twice"):
        rows(tmp_path, "a.json", f"[{doubled}]")
    (row,) = rows(tmp_path, "a.jsonl", doubled)
    assert "the key 'state' stands twice" in row.problem


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_is_no_pseudonym(tmp_path: Path, word: str) -> None:
    """NaN would be a person called nan."""
    (row,) = rows(tmp_path, "a.jsonl", f'{{"subject": {word}}}')

    assert f"{word} is no value of JSON" in row.problem


def test_a_cell_below_no_name_is_told(tmp_path: Path) -> None:
    """Only where something stands in it."""
    first, second = rows(tmp_path, "a.csv", "subject,,\np01,,\np02,withdrawn,\n")

    assert (first.unnamed, second.unnamed) == (0, 2)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_named(tmp_path: Path, encoding: str) -> None:
    """And not printed letter by letter."""
    with pytest.raises(InvalidFileError, match="UTF-16"):
        rows(tmp_path, "a.csv", "subject\np01\n", encoding)


@pytest.mark.parametrize("before", ["sep=;\n", "\n\n", " \n", "\ufeffsep=;\r\n"])
def test_what_spreadsheets_write_before_the_header_is_passed_over(
    tmp_path: Path, before: str
) -> None:
    """A line that names the separator, and blank lines; places count all lines."""
    (row,) = rows(tmp_path, "a.csv", f"{before}subject;state\np01;given\n")

    assert row.values == {"subject": "p01", "state": "given"}
    assert row.place == f"a.csv:{before.count(chr(10)) + 2}"
