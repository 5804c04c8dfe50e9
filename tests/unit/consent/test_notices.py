"""Notices: the digest of what people were told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.read import read_statements
from curate.errors import CurateError
from curate.schema import conform, purpose_tree

PURPOSES = frozenset(purpose_tree())
TEXT = b"We record your face.\r\nYou may withdraw at any time.\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def notices(path: Path) -> list[dict[str, Any]]:
    return read_statements(path, purposes=PURPOSES).records["notices"]


def written(folder: Path, name: str, text: str) -> Path:
    (folder / "n.txt").write_bytes(TEXT)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def toml(folder: Path, lines: str) -> Path:
    return written(folder, "notices.toml", f'[[notices]]\nnotice = "n1"\n{lines}\n')


def problem(path: Path) -> str:
    with pytest.raises(CurateError) as caught:
        notices(path)
    return str(caught.value)


def test_the_digest_is_over_the_exact_bytes_of_the_file(tmp_path: Path) -> None:
    (found,) = notices(toml(tmp_path, 'text_file = "n.txt"'))
    assert found == {"notice_id": "n1", "text_sha256": digest(TEXT)}


@given(st.binary(max_size=50))
def test_any_bytes_have_their_own_digest(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("notice")
    path = toml(folder, 'text_file = "n.txt"')
    (folder / "n.txt").write_bytes(data)
    assert notices(path)[0]["text_sha256"] == digest(data)


def test_a_text_may_stand_in_the_row(tmp_path: Path) -> None:
    (found,) = notices(toml(tmp_path, 'text = "Gesicht\\n"'))
    assert found["text_sha256"] == digest(b"Gesicht\n")


def test_a_spreadsheet_lists_notices(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "notices.csv",
        "notice,version,language,text_file,url,covers_purposes,covers_operations\n"
        "n1,3,de,n.txt,https://example.org/n,train-detector;deepfake-detection,include\n",
    )
    assert notices(path) == [
        {
            "notice_id": "n1",
            "version": "3",
            "language": "de",
            "url": "https://example.org/n",
            "covers_purposes": ["train-detector", "deepfake-detection"],
            "covers_operations": ["include"],
            "text_sha256": digest(TEXT),
        }
    ]


def test_json_lists_notices(tmp_path: Path) -> None:
    rows = [{"notice": "n1", "text": "a"}, {"notice": "n2", "text_sha256": "a" * 64}]
    found = notices(written(tmp_path, "notices.json", json.dumps(rows)))
    assert conform(found, "notices").column("text_sha256").to_pylist() == [
        digest(b"a"),
        "a" * 64,
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "text_file, text or text_sha256 is needed"),
        ('text_file = "absent.txt"', "'absent.txt' is no file"),
        ('text_file = "."', "is no file"),
        ('text = "a"\ntext_file = "n.txt"', "both given"),
        ('text = "a"\ntext_sha256 = "' + "0" * 64 + '"', "the text's digest is"),
        ('text_sha256 = "abc"', "is no SHA-256"),
        ('text = "a"\nlanguage = "de_DE!"', "no BCP 47 tag"),
        ('text = "a"\ncovers_purposes = ["fun"]', "'fun' is not a known purpose"),
        ('text = "a"\ncovers_operations = ["fly"]', "'fly' is not one of"),
        ('text = "a"\nlanguage = 7', "language: 7 is not of type"),
        ('text = "a"\nwho = "x"', "columns are not known: who"),
    ],
)
def test_a_notice_that_is_wrong_is_refused(lines: str, told: str, tmp_path: Path) -> None:
    assert told in problem(toml(tmp_path, lines))


def test_a_notice_without_a_name_is_refused(tmp_path: Path) -> None:
    assert "notice_id" in problem(written(tmp_path, "n.toml", '[[notices]]\ntext = "a"\n'))


def test_two_notices_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = '[[notices]]\nnotice = "n1"\ntext = "a"\n' * 2
    assert "'n1' stands at" in problem(written(tmp_path, "n.toml", twice))


def test_notices_beside_sources_are_refused_rather_than_overlooked(tmp_path: Path) -> None:
    both = '[[notices]]\nnotice = "n1"\ntext = "a"\n[[sources]]\nsource_id = "s"\n'
    assert "beside other tables" in problem(written(tmp_path, "n.toml", both))
