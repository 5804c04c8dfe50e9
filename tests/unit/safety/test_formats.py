"""Readers of hash lists: generated hashes in every form that providers hand over."""

from __future__ import annotations

import json
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.safety.formats import read_list

MD5 = md5(b"a").hexdigest()
SHA1 = sha1(b"a").hexdigest()
PDQ = sha256(b"a").hexdigest()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "options", "expected"),
    [
        ("a.txt", f"# ours\n{MD5}\n{SHA1.upper()}\n", {}, [("md5", "active"), ("sha1", "active")]),
        ("a.txt", PDQ, {"signal": "pdq"}, [("pdq", "active")]),
        ("te.txt", f"pdq {PDQ}\nvideo_md5 {MD5}\n", {}, [("pdq", "active"), ("md5", "active")]),
        ("simple.HASH_MD5.te", f"17,{MD5},18,2026,good false_positive\n", {},
         [("md5", "withdrawn")]),
        ("simple.HASH_PDQ.te", f"{PDQ},18,2026,bad\n", {}, [("pdq", "active")]),
        ("a.csv", f"digest,kind\n{PDQ},PDQ\n", {}, [("pdq", "active")]),
        ("a.tsv", f"h\tt\n{MD5}\tMD5\n", {"columns": {"hash": "h", "type": "t"}},
         [("md5", "active")]),
        ("v.txt", f"0,99,{PDQ},0.0\n1,20,{PDQ},0.5\n", {},
         [("vpdq", "active"), ("vpdq", "active")]),
    ],
)  # fmt: skip
def test_forms(tmp_path: Path, name, text, options, expected) -> None:
    read = read_list(written(tmp_path, name, text), **options)
    rows = read.entries.to_pylist()
    assert [(row["signal"], row["status"]) for row in rows] == expected


def stopncii(status: str) -> dict[str, object]:
    return {"lastModtimestamp": 1, "signalType": "ImagePDQ", "hashValue": PDQ,
            "hashStatus": status, "caseNumbers": ["7"], "CSPFeedbacks": []}  # fmt: skip


@pytest.mark.parametrize("shape", ["array", "lines", "answer"])
def test_stopncii_status_decides(tmp_path: Path, shape: str) -> None:
    said = ("Active", "Received", "Withdrawn", "Deleted", "Unknown", "new word")
    records = [stopncii(status) for status in said]
    text = {
        "array": json.dumps(records),
        "lines": "\n".join(json.dumps(one) for one in records),
        "answer": json.dumps({"hashRecords": records, "nextSet": "x"}),
    }[shape]
    rows = read_list(written(tmp_path, "s.json", text)).entries.to_pylist()
    expected = ["active", "active", "withdrawn", "withdrawn", "disputed", "disputed"]
    assert [row["status"] for row in rows] == expected
    assert {row["case_ref"] for row in rows} == {"7"}


def test_ncmec_entry_has_many_hashes_and_some_are_not_compared(tmp_path: Path) -> None:
    entries = [
        {"id": "e1", "type": "image", "fingerprints": {"md5": MD5, "pdna": "AAAA", "pdq": PDQ}},
        {"id": "e2", "deleted": True, "fingerprints": [{"type": "SHA1", "value": SHA1}]},
    ]
    read = read_list(written(tmp_path, "n.json", json.dumps(entries)))
    rows = [(r["signal"], r["status"], r["case_ref"]) for r in read.entries.to_pylist()]
    assert rows == [("md5", "active", "e1"), ("pdq", "active", "e1"), ("sha1", "withdrawn", "e2")]
    assert read.skipped == {"photodna": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", f"{MD5}\n{PDQ}\n"),
        ("a.txt", "deadbeef\n"),
        ("a.csv", f"name\n{MD5}\n"),
        ("a.json", "[1]"),
        ("a.json", "[{"),
        ("a.txt", "\n"),
        ("v.txt", f"0,99,{PDQ},0.0\nx\n"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_and_without_the_hash(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(CurateError) as caught:
        read_list(written(tmp_path, name, text))
    assert name in str(caught.value)
    assert MD5 not in str(caught.value)
    assert PDQ not in str(caught.value)


def test_a_folder_of_frames_is_a_video_each(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        written(tmp_path, name, f"0,99,{PDQ},0.0\n")
    rows = read_list(tmp_path).entries.to_pylist()
    assert [row["video"] for row in rows] == [0, 1]
