"""Refusals of every place, as a user meets them: of pictures of one who agreed, one is cleared."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

import curate as library
from curate.demo import pictures
from tests.acceptance.conftest import run
from tests.acceptance.story import NOTICED, write_csv, write_records

pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")

NO = "Please do not use for AI training"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    'syntax-ns#"><rdf:Description rdf:about="" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" '
    'xmlns:r="http://ns.adobe.com/xap/1.0/rights/" {}/></rdf:RDF></x:xmpmeta>'
)
MINED = XMP.format('plus:DataMining="DMI-PROHIBITED-AIMLTRAINING"')
TERMS = XMP.format('r:UsageTerms="CC BY 4.0, but no AI training"')
# What stands beside each picture, in a folder of its own.
BESIDE: Mapping[str, Mapping[str, str]] = {
    "free": {
        "README": "Portraits for training detectors.",
        "robots.txt": "User-agent: *\nAllow: /",
    },
    "sidecar": {"a.jpg.XMP": MINED},
    "headers": {"a.json": json.dumps({"headers": "HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\n"})},
    "robots": {"robots.txt": "User-agent: GPTBot/1.0\nSitemap: x\nUser-agent: Foo\nDisallow: /"},
    "page": {"index.html": '<meta name="robots" content="noai">'},
    "licence": {"LICENSE": "My own terms: no machine learning."},
    "nobody": {"other.xmp": MINED},
}


def _inside(first: Image.Image) -> dict[str, bytes]:
    """Return pictures with a refusal in them."""
    exif, out = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\x00" + "AI学習禁止".encode("utf-16-le")
    first.save(out, "JPEG", quality=95, exif=exif)
    plain = pictures.jpeg(first)
    head = b"http://ns.adobe.com/xap/1.0/\x00" + TERMS.encode()
    segment = b"\xff\xe1" + (len(head) + 2).to_bytes(2, "big") + head
    return {
        "words": out.getvalue(),
        "terms": plain[:2] + segment + plain[2:],
        "behind": plain + NO.encode(),
    }


def test_one_picture_is_cleared_and_no_refusal_is(tmp_path: Path) -> None:
    """What is refused in it, beside it or above it is blocked or waits for review."""
    first = next(iter(pictures.subjects().values()))
    files = {f"{name}/a.jpg": pictures.jpeg(first) for name in BESIDE}
    files |= {f"{name}/a.jpg": data for name, data in _inside(first).items()}
    # What is refused of a picture is refused of its copies: this one is coded anew.
    out = io.BytesIO()
    first.save(out, "JPEG", quality=94)
    files["free/a.jpg"] = out.getvalue()
    for name, data in files.items():
        place = tmp_path / "media" / name
        place.parent.mkdir(parents=True)
        place.write_bytes(data)
    for folder, beside in BESIDE.items():
        for name, text in beside.items():
            (tmp_path / "media" / folder / name).write_text(text, encoding="utf-8")
    write_csv(tmp_path / "media" / "manifest.csv", [
        {"path": name, "label": "real", "source": "london", "subject": "p01", "role": "bystander"}
        for name in files
    ])  # fmt: skip
    write_csv(tmp_path / "consents.csv", [
        {"subject": "p01", "subject_kind": "adult", "minor_at_capture": "no",
         "purposes": "train-detector", "roles": "depicted;bystander",
         "operations": "include;train_detector", "valid_from": "2020-01-01",
         "valid_until": "2100-01-01", "state": "given", "state_at": "2026-01-05", **NOTICED}
    ])  # fmt: skip
    write_records(tmp_path)
    run(tmp_path, "init", "ws")
    run(tmp_path, "ingest", "media", "-w", "ws")
    run(tmp_path, "consent", "import", "sources.toml", "notices.toml", "consents.csv", "-w", "ws")

    ran = run(tmp_path, "run", "probe", "signals", "faces", "identity", "-w", "ws")

    assert "belong to no entry" in ran.out
    assert "nobody/other.xmp" in ran.out
    project = library.open(tmp_path / "ws")
    names = {row["media_id"]: row["locator"] for row in project.catalog.read("media").to_pylist()}
    found = {names[row["media_id"]]: row["verdict"] for row in project.audit().verdicts.to_pylist()}
    assert {name for name, verdict in found.items() if verdict == "cleared"} == {"free/a.jpg"}
    assert found.keys() == files.keys()
