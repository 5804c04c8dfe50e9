"""Rows: the same mapping from every form of file, each with the place where it stands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from curate.errors import InvalidFileError, PathNotFoundError
from curate.rows import Row, read_rows


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """Return a file with `content`."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(folder: Path, name: str, content: str | bytes) -> list[Row]:
    """Return the rows of a file with `content`."""
    return list(read_rows(write(folder, name, content)))


def test_csv_cells_become_values(tmp_path: Path) -> None:
    """Cells are trimmed, and empty ones named apart."""
    found = rows(tmp_path, "a.csv", "path , label\n x.jpg ,real\ny.jpg,\n")

    assert found == [
        Row("a.csv:2", {"path": "x.jpg", "label": "real"}),
        Row("a.csv:3", {"path": "y.jpg"}, blank=frozenset({"label"})),
    ]


def test_csv_with_byte_order_mark(tmp_path: Path) -> None:
    """What spreadsheets put first is no part of a column's name."""
    assert rows(tmp_path, "a.csv", b"\xef\xbb\xbfpath\nx.jpg\n")[0].values == {"path": "x.jpg"}


def test_csv_with_windows_line_ends(tmp_path: Path) -> None:
    """Carriage returns are no part of a value."""
    assert rows(tmp_path, "a.csv", b"path\r\nx.jpg\r\n") == [Row("a.csv:2", {"path": "x.jpg"})]


def test_quotes_and_line_breaks_within_cells(tmp_path: Path) -> None:
    """A cell may hold the delimiter, quotes and lines; a row stands where it begins."""
    found = rows(tmp_path, "a.csv", 'path,note\n"a,b.jpg","he said ""no""\nand left"\nc.jpg,\n')

    assert found == [
        Row("a.csv:2", {"path": "a,b.jpg", "note": 'he said "no"\nand left'}),
        Row("a.csv:4", {"path": "c.jpg"}, blank=frozenset({"note"})),
    ]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    """Empty rows at the end of a sheet are nobody's; line numbers stay those of the file."""
    found = rows(tmp_path, "a.csv", "path,label\n\n , \n,\nx.jpg,real\n,,\n")

    assert [(row.place, row.problem) for row in found] == [("a.csv:5", "")]


def test_row_with_too_many_cells_has_a_problem(tmp_path: Path) -> None:
    """A cell beyond the header may have slipped: the reader decides what becomes of the row."""
    (row,) = rows(tmp_path, "a.csv", "path,label\nx.jpg,real,fake\n")

    assert row.problem == "3 cells where the header names 2 columns"


def test_row_with_too_few_cells(tmp_path: Path) -> None:
    """What is not there is not stated."""
    assert rows(tmp_path, "a.csv", "path,label\nx.jpg\n")[0].values == {"path": "x.jpg"}


def test_tsv(tmp_path: Path) -> None:
    """Tabs divide cells, and commas do not."""
    assert rows(tmp_path, "a.TSV", "path\tnote\nx.jpg\ta,b\n")[0].values == {
        "path": "x.jpg",
        "note": "a,b",
    }


def test_json_array(tmp_path: Path) -> None:
    """Objects come out as they are; nulls and empty lists are named, others have a problem."""
    found = rows(tmp_path, "a.json", '[{"path": "x", "n": 0, "e": null, "l": []}, 7]')

    assert found == [
        Row(
            "a.json[0]",
            {"path": "x", "n": 0},
            empty=frozenset({"l"}),
            blank=frozenset({"e"}),
        ),
        Row("a.json[1]", problem="expected an object, found int"),
    ]


@pytest.mark.parametrize(
    "content",
    ["{}", "[{]", "", '"a"', "[" * 100_000, "[" + "9" * 5000 + "]"],
    ids=["object", "broken", "empty", "text", "deep", "long-number"],
)
def test_json_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    """A JSON file is an array of objects, whole."""
    with pytest.raises(InvalidFileError, match="JSON"):
        rows(tmp_path, "a.json", content)


@pytest.mark.parametrize("bad", ['{"path":', "[" * 100_000, '{"n": ' + "9" * 5000 + "}"])
def test_bad_line_of_json_lines_is_that_row_alone(tmp_path: Path, bad: str) -> None:
    """Lines are read apart: one that is no JSON does not hide the others."""
    found = rows(tmp_path, "a.jsonl", f'{{"path": "x"}}\n{bad}\n\n{{"path": "y"}}\n')

    assert [(r.place, bool(r.problem)) for r in found] == [
        ("a.jsonl:1", False),
        ("a.jsonl:2", True),
        ("a.jsonl:4", False),
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_half_a_surrogate_pair_is_no_text(tmp_path: Path, name: str) -> None:
    """JSON can escape what UTF-8 cannot hold; such a row could not be kept."""
    bad, good = r'{"path": "x", "subject": ["\uD800"]}', r'{"path": "y", "note": "\uD83D\uDE00"}'
    content = f"[{bad},{good}]" if name == "a.json" else f"{bad}\n{good}\n"

    found = rows(tmp_path, name, content)

    assert [row.problem for row in found] == ["text that is no Unicode: half a surrogate pair", ""]


def test_parquet(tmp_path: Path) -> None:
    """Rows are numbered from one."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"path": ["x", "y"], "n": [None, 2]}), path)

    assert list(read_rows(path)) == [
        Row("a.parquet:1", {"path": "x"}, blank=frozenset({"n"})),
        Row("a.parquet:2", {"path": "y", "n": 2}),
    ]


def test_damaged_parquet(tmp_path: Path) -> None:
    """Truncated, garbled or something else: a clear error."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"path": [str(n) for n in range(5000)]}), path)
    whole = path.read_bytes()
    garbled = whole[:4] + bytes(255 - b for b in whole[4:400]) + whole[400:]

    for content in (whole[:-20], garbled, b"", b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(InvalidFileError, match="not Parquet"):
            list(read_rows(path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "names no columns"),
        ("\n", "names no columns"),
        (",,\nx\n", "names no columns"),
        ("path,label,path\nx,y,z\n", "columns stand twice: path"),
        ('path\n"x', "line 2"),
        ('path\n"x"y\n', "line 2"),
    ],
)
def test_csv_that_is_wrong_as_a_whole(tmp_path: Path, content: str, problem: str) -> None:
    """Headers that are missing or doubled and quotes that do not close say so."""
    with pytest.raises(InvalidFileError, match=problem):
        rows(tmp_path, "a.csv", content)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_file_that_is_not_utf8_names_the_line(tmp_path: Path, name: str) -> None:
    """The place is that of the whole file, however far in it is."""
    content = b"path\n" + b"x.jpg\n" * 40_000 + "Zoë.jpg\n".encode("latin-1")

    path = write(tmp_path, name, content)

    with pytest.raises(InvalidFileError, match="line 40002 is not UTF-8"):
        list(read_rows(path))


@pytest.mark.parametrize("name", ["a.xlsx", "a", ".csv"])
def test_unknown_suffix(tmp_path: Path, name: str) -> None:
    """What is read is said."""
    with pytest.raises(InvalidFileError, match=r"expected \.csv"):
        read_rows(write(tmp_path, name, "path\n"))


def test_folder_is_no_file(tmp_path: Path) -> None:
    """Nor is a folder that is called like one."""
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(InvalidFileError, match="folder"):
        read_rows(tmp_path / "a.csv")


def test_missing_file(tmp_path: Path) -> None:
    """A name that is not there."""
    with pytest.raises(PathNotFoundError, match="no such file"):
        read_rows(tmp_path / "a.csv")


def test_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    """A pipe without a writer would be waited for without end."""
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(InvalidFileError, match="regular file"):
        read_rows(tmp_path / "a.csv")


def test_file_that_the_system_does_not_read(tmp_path: Path) -> None:
    """The operating system's refusal is told, with the place."""
    (tmp_path / "a.csv").symlink_to("/proc/self/mem")
    with pytest.raises(InvalidFileError, match="cannot be read"):
        list(read_rows(tmp_path / "a.csv"))


def test_cell_of_a_megabyte(tmp_path: Path) -> None:
    """Long cells are read; Python's own limit is 128 KiB."""
    note = "x" * (1 << 20)
    assert rows(tmp_path, "a.csv", f"path,note\na,{note}\n")[0].values["note"] == note


def test_forms_agree(tmp_path: Path) -> None:
    """One table in four forms reads as the same values."""
    table = [{"path": "a.jpg", "note": "ü;'"}, {"path": "b.jpg", "note": "<b>"}]
    lines = "\n".join(json.dumps(row) for row in table)
    parquet.write_table(pa.Table.from_pylist(table), tmp_path / "t.parquet")
    forms = [
        rows(tmp_path, "t.csv", "path,note\na.jpg,ü;'\nb.jpg,<b>\n"),
        rows(tmp_path, "t.json", json.dumps(table)),
        rows(tmp_path, "t.ndjson", lines),
        list(read_rows(tmp_path / "t.parquet")),
    ]

    assert all([row.values for row in form] == table for form in forms)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolons.csv", b"path;note\nx.jpg;a, b\n"),
        ("tabs.csv", b"path\tnote\nx.jpg\ta, b\n"),
        ("utf-16.csv", 'path,note\nx.jpg,"a, b"\n'.encode("utf-16")),
    ],
)
def test_sheets_as_programs_write_them(tmp_path: Path, name: str, content: bytes) -> None:
    """What stands between columns is read from the header, and the encoding from its mark."""
    assert rows(tmp_path, name, content) == [Row(f"{name}:2", {"path": "x.jpg", "note": "a, b"})]
