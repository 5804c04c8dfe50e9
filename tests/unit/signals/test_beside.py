"""Refusals in files beside media: which file belongs to whom, and every form that it can have."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.signals.beside import list_beside, read_beside
from curate.signals.listing import sidecars_of
from tests.unit.signals.made import mining, packet, picture, signed
from tests.unit.signals.test_content import DMI

NO = "Please do not use for AI training"
XMP = packet(DMI)
STRICT = {"prohibited", "constrained", "unreadable"}


def told(folder: Path, *names: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is told of each entry by what lies beside it."""
    entries = [
        {"media_id": name, "root": str(folder), "locator": name, "sha256": "0" * 64,
         "extra": None, "mime": "image/jpeg"}
        for name in names
    ]  # fmt: skip
    tables = read_beside({"entries": pa.Table.from_pylist(entries)}, found=list_beside(entries))
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in tables["signals"].to_pylist():
        rows[row["about"]].append(row)
    return rows


def restricts(row: dict[str, Any]) -> bool:
    """Return whether a statement keeps an entry from being cleared."""
    return row["kind"] in ("unreadable", "terms") or row["ai_training"] in STRICT


def put(folder: Path, name: str, content: bytes | str) -> None:
    """Write a file."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content if isinstance(content, bytes) else content.encode())


def detached() -> tuple[bytes, bytes]:
    """Return a picture with a C2PA record that refuses, taken out of it, and the record."""
    whole = signed([mining("notAllowed")])
    at = whole.index(b"\xff\xeb")
    parts, end = [], at
    while whole[end : end + 2] == b"\xff\xeb":
        size = int.from_bytes(whole[end + 2 : end + 4], "big")
        piece = whole[end + 12 : end + 2 + size]
        parts.append(piece if not parts else piece[8:])
        end += 2 + size
    return whole[:at] + whole[end:], b"".join(parts)


@pytest.mark.parametrize(
    "name", ["a.xmp", "a.jpg.xmp", "a.XMP", "A.xmp", "a.JPG.Xmp", "a.xml", "a.jpg.txt"]
)
def test_sidecar_of_xmp_is_read_under_any_name(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a.jpg", picture())
    put(tmp_path, "b.jpg", picture())
    put(tmp_path, name, XMP)
    rows = told(tmp_path, "a.jpg", "b.jpg")
    assert any(row["ai_training"] == "prohibited" for row in rows["a.jpg"])
    assert rows["b.jpg"] == []


@pytest.mark.parametrize("name", ["a.c2pa", "a.jpg.c2pa", "a.C2PA", "A.jumbf"])
def test_detached_record_is_read(tmp_path: Path, name: str) -> None:
    plain, store = detached()
    put(tmp_path, "a.jpg", plain)
    put(tmp_path, name, store)
    rows = told(tmp_path, "a.jpg")["a.jpg"]
    assert {row["ai_training"] for row in rows} >= {"prohibited"}


@pytest.mark.parametrize("change", ["cut", "other", "empty"])
def test_detached_record_that_does_not_hold_is_told(tmp_path: Path, change: str) -> None:
    plain, store = detached()
    put(tmp_path, "a.jpg", picture(seed=9) if change == "other" else plain)
    put(tmp_path, "a.c2pa", {"cut": store[:900], "empty": b"", "other": store}[change])
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


HEADERS = {
    "text": "HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\n",
    "lines": "x-robots-tag: noai\nserver: x",
    "folded": "X-Robots-Tag: noindex,\r\n noai",
    "mapping": {"x-robots-tag": "noai"},
    "several values": {"X-Robots-Tag": ["noindex", "noai"]},
    "pairs": [["Server", "x"], ["X-Robots-Tag", "noai"]],
    "objects": [{"name": "x-robots-tag", "value": "noai"}],
    "objects with keys": [{"key": "X-Robots-Tag", "value": "NOAI"}],
    "flat": ["Server", "x", "X-Robots-Tag", "noai"],
    "lines in a list": ["Server: x", "X-Robots-Tag: noai"],
    "JSON in a text": '{"x-robots-tag": "noai"}',
    "Python in a text": "{'x-robots-tag': 'noai'}",
    "with underscores": {"HTTP_X_ROBOTS_TAG": "noai"},
    "camels": {"xRobotsTag": "noai"},
    "equals": "X-Robots-Tag=noai",
}


@pytest.mark.parametrize("form", HEADERS)
@pytest.mark.parametrize("key", ["headers", "Response-Headers", "http_header"])
def test_headers_are_read_in_every_form(tmp_path: Path, form: str, key: str) -> None:
    put(tmp_path, "a.json", json.dumps({"url": "https://x.org/a.jpg", key: HEADERS[form]}))
    assert {row["ai_training"] for row in told(tmp_path, "a.jpg")["a.jpg"]} == {"prohibited"}


@pytest.mark.parametrize(
    "content",
    [
        {"response": {"headers": {"tdm-reservation": 1}}},
        [{"headers": [["TDM-Reservation", "1"]]}],
        {"tdm_reservation": "1"},
        {"meta": {"X-Robots-Tag": "noimageai"}},
        {"headers": {"Content-Usage": "search=y, train-ai=n"}},
        {"headers": {"Content-Signal": "ai-train=no"}},
        {"headers": {"tdm-policy": "https://x.org/policy.json"}},
        {"headers": {"Link": '<https://x.org/terms>; type="application/rsl+xml"; rel="license"'}},
        {"headers": {"X-No-AI": "1"}},
        {"headers": {"x-robots-tag": {"deep": ["noai"]}}},
        {"headers": "something about X-Robots-Tag and noai"},
        {"headers": {"X-Robots-Tag": "newai-bot: noai"}},
        {"headers": {"X-Robots-Tag": "no-ai-training"}},
        {"exif": {"ImageDescription": NO}},
        {"XMP-plus:DataMining": "DMI-PROHIBITED-AIMLTRAINING"},
        {"license": "CC BY 4.0, but no AI training"},
        {"note": ["x", {"y": NO}]},
        {"license": {"name": "no derivative AI"}},
        {"allow_training": False},
        {"headers": {"X-Robots-Tag": "GPTBot: noindex"}},
        {"headers": {"X-AI-Policy": "deny"}},
        {"headers": "WC1Sb2JvdHMtVGFnOiBub2Fp"},
    ],
)
def test_whatever_a_document_says_of_use_is_heard(tmp_path: Path, content: Any) -> None:
    put(tmp_path, "a.json", json.dumps(content))
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def test_value_that_stands_twice_counts_twice(tmp_path: Path) -> None:
    put(tmp_path, "a.json", '{"tdm-reservation": "1", "tdm-reservation": "0"}')
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


@pytest.mark.parametrize(
    "content",
    [
        {"url": "https://x.org/a.jpg", "caption": "a woman", "width": 64, "headers": {
            "Content-Type": "image/jpeg", "Server": "nginx", "X-Robots-Tag": "noindex",
            "Permissions-Policy": "interest-cohort=()", "Content-Security-Policy": "default-src"}},
        {"license": "https://creativecommons.org/licenses/by/4.0/", "headers": []},
        {"DigitalSourceType": "digitalCapture", "headers": "HTTP/2 200\r\nLink: <a>; rel=next"},
    ],
)  # fmt: skip
def test_ordinary_document_is_neutral(tmp_path: Path, content: Any) -> None:
    put(tmp_path, "a.json", json.dumps(content))
    assert not any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


PAGES = {
    "robots": '<meta name="robots" content="noindex, noai, noimageai">',
    "odd order and case": "<META CONTENT='NOAI' NAME='Robots' />",
    "agent": '<meta name="GPTBot" content="noai">',
    "shut agent": '<meta name="ccbot" content="noindex">',
    "equivalent": '<meta http-equiv="X-Robots-Tag" content="noimageai">',
    "reserved": '<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="/p">',
    "usage": '<meta name="content-usage" content="train-ai=n">',
    "licence": '<link rel="license" href="https://x.org/terms" type="application/rsl+xml">',
    "anchor": '<a rel="license noopener" href="https://x.org/terms">terms</a>',
    "rsl": '<script type="application/rsl+xml"><rsl xmlns="https://rslstandard.org/rsl"><content '
    'url="/"><license><prohibits type="usage">train-ai</prohibits></license></content></rsl>'
    "</script>",
    "linked data": '<script type="application/ld+json">{"@type": "ImageObject", "usageInfo": '
    '"https://x.org/terms"}</script>',
    "words": "<body><p>These photos must <b>not</b> be used to train AI.</p></body>",
    "references": "<p>n&#111;t to be used by A&#73;</p>",
    "attribute": '<img src="a.jpg" data-no-ai>',
    "comment": "<!-- do not scrape for AI -->",
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ["a.html", "page.HTM", "index.xhtml"])
def test_pages_are_read(tmp_path: Path, page: str, name: str) -> None:
    put(tmp_path, name, f"<!doctype html><html><head>{PAGES[page]}</head></html>")
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def test_page_above_the_folder_of_its_pictures_is_read(tmp_path: Path) -> None:
    put(tmp_path, "page.html", f"<html>{PAGES['robots']}</html>")
    assert any(restricts(row) for row in told(tmp_path, "page_files/a.jpg")["page_files/a.jpg"])


def test_ordinary_page_is_neutral(tmp_path: Path) -> None:
    put(tmp_path, "page.html", '<html><head><meta name="robots" content="index, follow"><meta name='
        '"viewport" content="width=device-width"><title>Lake</title><style>p{}</style></head><body>'
        "<p>Two people at the lake.</p><script>var train = 1</script></body></html>")  # fmt: skip
    assert told(tmp_path, "a.jpg")["a.jpg"] == []


FOLDER_FILES = {
    "README": "These pictures must not be used to train AI.",
    "README.md": "# Faces\n\nFor viewing.\n\nNo facial recognition.\n",
    "LICENSE": "All rights reserved. Use for machine learning is not permitted.",
    "LICENCE.txt": "My own terms: you may look at these pictures, and nothing else is permitted.",
    "COPYING": "CC BY 4.0, but no AI training",
    "terms_of_use.txt": "Consent of the people shown is needed.",
    "DO_NOT_USE_FOR_AI.txt": "",
    "llms.txt": "# Site\n> Content is not licensed for training.",
    "llms-full.txt": "Usage: ask first",
    "trust.txt": "member=https://x.org\ndatatrainingallowed=no\n",
    "license.xml": '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><permits '
    'type="usage">search</permits></license></content></rsl>',
    ".well-known/rsl.xml": '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>'
    '<payment type="training"/></license></content></rsl>',
    "ai.txt": "User-Agent: *\nDisallow: /\n",
    ".well-known/tdmrep.json": '[{"location": "/*", "tdm-reservation": 1}]',
    "tdmrep.json": '[{"location": "/", "tdm-reservation": 2}]',
    "www.x.org_robots.txt": "User-agent: GPTBot\nDisallow: /\n",
    "ROBOTS.TXT": "User-agent: GPTBot\nDisallow: /\n",
    "withdrawn.txt": "p01 withdrew consent",
    "stray.xmp": XMP.decode(),
    "ai-policy.json": '{"allow_training": false}',
    "LICENSES/faces.txt": "No AI training.",
    "README.rst": "For non-commercial research purposes only.",
    "robots.html": "User-agent: GPTBot Disallow: /",
    "consent.pdf": "%PDF-1.4 x",
    "noai.txt": "",
    "LIESMICH.txt": "Die Bilder dürfen nicht zum Trainieren von KI verwendet werden.",
}


@pytest.mark.parametrize("name", FOLDER_FILES)
@pytest.mark.parametrize("entry", ["a.jpg", "train/real/a.jpg"])
def test_file_about_a_folder_is_heard_by_all_in_it(tmp_path: Path, name: str, entry: str) -> None:
    put(tmp_path, name, FOLDER_FILES[name])
    rows = told(tmp_path, entry)[entry]
    assert any(restricts(row) for row in rows)
    assert all(name in row["place"] for row in rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", "A dataset of faces, for training detectors of deepfakes.\n"),
        ("LICENSE", "https://creativecommons.org/licenses/by/4.0/"),
        ("metadata.csv", "path,consent\na.jpg,refused\n"),
        ("trust.txt", "datatrainingallowed=yes\n"),
        ("split.txt", "a.jpg\nb.jpg\n"),
        ("index.json", '[{"path": "a.jpg", "consent": "refused"}]'),
    ],
)
def test_file_about_a_folder_that_restricts_nothing_is_neutral(
    tmp_path: Path, name: str, content: str
) -> None:
    put(tmp_path, name, content)
    assert not any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def test_sidecar_belongs_to_the_file_of_its_name(tmp_path: Path) -> None:
    """Also where that is no entry; what belongs to nobody is said of the whole folder."""
    for name in ("a.jpg", "b.jpg"):
        put(tmp_path, name, picture())
    put(tmp_path, "b.xmp", XMP)
    put(tmp_path, "c.xmp", packet('dc:subject="lake"'))
    found = list_beside([{"root": str(tmp_path), "locator": "a.jpg"}])
    assert sidecars_of({"root": str(tmp_path), "locator": "a.jpg"}, found) == []
    assert found.loose == {(str(tmp_path), "."): ["c.xmp"]}
    assert told(tmp_path, "a.jpg")["a.jpg"] == []
    (tmp_path / "b.jpg").unlink()
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def test_files_beside_a_member_of_an_archive_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for name in ("one/a.jpg", "two/b.jpg"):
            packed.writestr(name, picture())
        packed.writestr("one/a.XMP", XMP)
        packed.writestr("two/README", FOLDER_FILES["README"])
    rows = told(tmp_path, "set.zip/one/a.jpg", "set.zip/two/b.jpg")
    assert all(any(restricts(row) for row in found) for found in rows.values())
    assert "README" not in str(rows["set.zip/one/a.jpg"])


def test_packed_and_shut_files_of_its_name_are_told(tmp_path: Path) -> None:
    for name, content in (
        ("a.txt.gz", gzip.compress(NO.encode())),
        ("a.zip", b"PK\x03\x04..."),
        ("xmp/a.xmp", XMP),
        ("a.svg", f"<svg><title>{NO}</title></svg>".encode()),
    ):
        put(tmp_path, name, content)
        assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"]), name
        (tmp_path / name).unlink()


def test_name_of_an_entry_or_its_folder_that_refuses_is_told(tmp_path: Path) -> None:
    for name in ("NO_AI/a.jpg", "a-do-not-train.jpg"):
        assert any(restricts(row) for row in told(tmp_path, name)[name])


def test_resource_fork_of_a_mac_is_read(tmp_path: Path) -> None:
    put(tmp_path, "._a.jpg", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X" + NO.encode() + bytes(40))
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def test_block_of_metadata_as_a_file_is_read(tmp_path: Path) -> None:
    from PIL import Image

    block, out = Image.Exif(), io.BytesIO()
    block[0x010E] = NO
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=block)
    for name, content in (
        ("a.thm", out.getvalue()),
        ("a.exif", block.tobytes()),
        ("a.iptc", b"\x1c\x02\x78\x00\x21" + NO.encode()),
        ("a.exv", b"\xff\x01Exiv2" + out.getvalue()[2:]),
    ):
        put(tmp_path, name, content)
        assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"]), name
        (tmp_path / name).unlink()


PACKED = {
    "one/a.XMP": XMP,
    "one/a.json": b'{"ai_training": false}',
    "robots.txt": b"User-agent: GPTBot\nDisallow: /\n",
    "LICENSE": b"Use for machine learning is not permitted.",
    "one/README.md": FOLDER_FILES["README"].encode(),
    "one/.well-known/tdmrep.json": b'[{"location": "/", "tdm-reservation": 1}]',
    "one/xmp/a.xmp": XMP,
}


def pack(path: Path, files: dict[str, bytes]) -> None:
    """Write a tar or a zip."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            tar.addfile(item, io.BytesIO(content))


@pytest.mark.parametrize("ending", ["zip", "tar"])
@pytest.mark.parametrize(
    ("name", "inner"),
    [(name, inner) for name in PACKED for inner in ("", "one") if name.startswith(inner)],
)
def test_archive_that_is_the_media_root_is_read_like_a_folder(
    tmp_path: Path, ending: str, name: str, inner: str
) -> None:
    archive = tmp_path / f"set.{ending}"
    pack(archive, {"one/a.jpg": picture(), name: PACKED[name]})
    locator = "a.jpg" if inner else "one/a.jpg"
    assert any(restricts(row) for row in told(archive / inner, locator)[locator])


@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_folders_of_another_archive_are_not_read(tmp_path: Path, ending: str) -> None:
    pack(tmp_path / f"a.{ending}", {"x/a.jpg": picture()})
    pack(tmp_path / f"b.{ending}", {"x/b.jpg": picture(), "x/xmp/a.xmp": XMP})
    entry = f"a.{ending}/x/a.jpg"
    assert not told(tmp_path, entry, f"b.{ending}/x/b.jpg")[entry]


def test_archive_that_breaks_off_holds_its_entries(tmp_path: Path) -> None:
    pack(tmp_path / "a.tar", {"a.jpg": picture(), "b.jpg": picture(), "LICENSE": b"No AI"})
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: whole.index(b"LICENSE")] + b"x" * 600)
    assert any(restricts(row) for row in told(tmp_path, "a.tar/a.jpg")["a.tar/a.jpg"])


def deep(levels: int) -> dict[str, str]:
    """Return files that are nested so deeply, in each form that nests."""
    return {
        "a.json": "[" * levels + "]" * levels,
        "a.jpg.json": '{"note":' * levels + "1" + "}" * levels,
        "a.html": "<html>" + "<b>" * levels + '<script type="application/ld+json">'
        + "[" * levels + "]" * levels + "</script>",
        "a.xmp": XMP.decode().replace("</rdf:RDF>", "<x:a>" * levels + "</x:a>" * levels
                                      + "</rdf:RDF>"),
        "notes.json": '{"a":' * levels + "1" + "}" * levels,
        "tdmrep.json": "[" * levels + "]" * levels,
    }  # fmt: skip


@pytest.mark.parametrize("levels", [900, 5000])
@pytest.mark.parametrize("name", deep(1))
def test_file_that_breaks_its_reader_is_told_and_ends_nothing(
    tmp_path: Path, name: str, levels: int
) -> None:
    put(tmp_path, name, deep(levels)[name])
    put(tmp_path, "b.txt", NO)
    rows = told(tmp_path, "a.jpg", "b.jpg")
    assert any(restricts(row) for row in rows["b.jpg"])
    if levels == 5000 and name not in ("a.html", "a.xmp"):
        assert any(restricts(row) for row in rows["a.jpg"])


def test_reader_that_fails_leaves_a_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails: here a reader that has a fault of its own."""
    put(tmp_path, "a.txt", "lake")
    put(tmp_path, "notes.txt", "lake")
    for name in ("read_sidecar", "read_folder_file"):
        with monkeypatch.context() as fault:
            fault.setattr(f"curate.signals.beside.{name}", lambda *_, **__: {}["x"])
            assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])
