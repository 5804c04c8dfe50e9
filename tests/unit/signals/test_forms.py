"""The same refusal in the forms that people and programs give it, in files and beside them."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest
from PIL import Image

from curate.signals.words import quoted, refusing_name
from tests.unit.signals.made import signed
from tests.unit.signals.test_beside import put, restricts, told
from tests.unit.signals.test_everywhere import is_heard

NAMES = (
    *("optout-a.jpg", "withdrawn.jpg", "refused_a.jpg", "DoNotUse.jpg", "keine-ki.jpg"),
    *("AI学習禁止.jpg", "禁止AI训练.jpg", "не для ИИ.jpg", "einwilligung_widerrufen.jpg"),
    *("refused/a.jpg", "opt-out/a.jpg", "excluded/a.jpg", "keine_KI/x/a.jpg", "AI禁止/a.jpg"),
    *("pas-d-ia-interdit.jpg", "no_train/a.jpg", "ritirato/a.jpg", "Отозвано/a.jpg"),
)
PLAIN_NAMES = (
    *("train/a.jpg", "training/no_glasses/a.jpg", "FaceSwap/c23/a.mp4", "deepfakes/id0_id1.png"),
    *("test/real/a.jpg", "ai_faces/a.jpg", "validation/a (1).jpg", "donor/a.jpg", "a_not_b.jpg"),
)
FORMS = {
    "train": {"train": False},
    "robots": {"robots": "User-agent: GPTBot\nDisallow: /"},
    "nothing allowed": {"allowed_uses": []},
    "headers in Base64": {"headers": "eC1yb2JvdHMtdGFnOiBub2Fp"},
    "headers in longer Base64": {"headers": "SFRUUC8xLjEgMjAwIE9LDQpYLVJvYm90cy1UYWc6IG5vYWkNCg=="},
    "withheld by law": {"status": 451},
    "header of somebody's own": {"headers": {"X-AI": "0"}},
    "headers in no form": {"response_headers": "x"},
    "agent that is not listed": {"headers": {"X-Robots-Tag": "googlebot: noai"}},
    "every use": {"headers": {"Content-Usage": "*=n"}},
    "rights managed": {"rights": "RM"},
}
PAGES = {
    "inline": "<p>No <b>A</b>I train<wbr>ing</p>",
    "spans": "<p><span>No A</span><span>I</span></p>",
    "JSON": '<script type="application/json">{"noai": true}</script>',
    "JSON, deeply": '<script type="application/json">{"a": [{"allow_training": false}]}</script>',
    "meta ai": '<meta name="ai" content="no">',
    "meta of an agent": '<meta name="CCBot" content="nofollow">',
    "link ai-policy": '<link rel="ai-policy" href="/ai.txt">',
    "link tdmrep": '<link rel="alternate" type="application/tdmrep+json" href="t.json">',
    "attribute": '<body data-ai="no">',
    "label": '<video><track kind="captions" label="No AI training"></video>',
}
SITES = {
    "ai.txt": "User-Agent: *\nDisallow: images\n",
    "trust.txt": "datatrainingallowed: false\n",
    "tdmrep.json": '[{"location": "https://h.example/", "tdm-reservation": 1}]',
    ".well-known/tdmrep.json": '[{"location": ["/x/", "/p/*"], "tdm-reservation": 1}]',
    "robots.txt": "User-agent: GPTBot\nDisallow: https://h.example/p/\n",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_that_refuses_is_told(name: str) -> None:
    assert refusing_name(name) == name


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_name_that_describes_is_neutral(name: str) -> None:
    assert refusing_name(name) is None


@pytest.mark.parametrize("form", FORMS)
def test_fields_beside_are_heard(tmp_path: Path, form: str) -> None:
    put(tmp_path, "a.json", json.dumps(FORMS[form]))
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


@pytest.mark.parametrize("form", PAGES)
@pytest.mark.parametrize("name", ["a.html", "index.html"])
def test_pages_are_heard(tmp_path: Path, form: str, name: str) -> None:
    put(tmp_path, name, f"<!doctype html><html>{PAGES[form]}</html>")
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


@pytest.mark.parametrize("name", SITES)
def test_snapshots_are_heard_where_the_address_is_known(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, SITES[name])
    put(tmp_path, "a.json", '{"url": "https://h.example/p/a.jpg"}')
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def profile(text: str) -> bytes:
    """Return a profile of colours whose copyright is a text in UTF-16."""
    said = text.encode("utf-16-be")
    tag = b"mluc\0\0\0\0" + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(said), 28)
    tag += said
    head = struct.pack(">I", 128 + 16 + len(tag)) + bytes(32) + b"acsp" + bytes(88)
    return head + struct.pack(">I4sII", 1, b"cprt", 144, len(tag)) + tag


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("text", ["No AI training", "Запрещено для ИИ", "AI学習禁止"])
def test_profile_of_colours_is_heard(kind: str, text: str) -> None:
    out = io.BytesIO()
    Image.effect_noise((24, 24), 40).convert("RGB").save(out, kind, icc_profile=profile(text))
    assert is_heard(out.getvalue())


@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be", "ascii"])
@pytest.mark.parametrize("head", [b"", b"Foo\0\0\0", b"Foo\0\0\0\0"])
def test_maker_note_is_heard(code: str, head: bytes) -> None:
    block, out = Image.Exif(), io.BytesIO()
    block.get_ifd(0x8769)[0x927C] = head + "No AI training".encode(code) + bytes(9)
    Image.effect_noise((24, 24), 40).convert("RGB").save(out, "JPEG", exif=block)
    assert is_heard(out.getvalue())


@pytest.mark.parametrize("data", [{"noai": True}, {"train": False}, {"use": {"training": "no"}}])
def test_assertion_of_somebodys_own_is_heard(data: dict[str, object]) -> None:
    assert is_heard(signed([{"label": "org.example.rules", "data": data}]))
    assert not is_heard(signed([{"label": "org.example.rules", "data": {"lens": True}}]))


WORDS = (
    *("No machine may learn from this", "no finetuning", "No embeddings", "No computer vision"),
    *("no feature extraction", "No pattern recognition", "No emotion recognition"),
    *("No age estimation", "No gait analysis", "No face swap", "No morphing", "No avatars"),
    *("No digital twin", "No voice cloning", "No profiling", "NO ML", "not4ai", "Forget me"),
    *("he declined", "artifical inteligence", "machine lerning", "Print only", "No GANs", "no DL"),
)


@pytest.mark.parametrize("text", WORDS)
def test_words_of_refusal_are_heard(text: str) -> None:
    assert quoted(text) is not None
    assert quoted(f"Anna at the lake. {text}.") is not None


HARMLESS = (
    *("Train station at night", "Military training exercise in Salisbury", "A training shoe"),
    *("Use of flash: off", "Forbidden City, Beijing", "License plate blurred", "Restricted view"),
    *("Noise reduction: AI Denoise", "https://creativecommons.org/licenses/by/4.0/"),
    *("Police training ground", "Driving licence office", "Refuse collection truck"),
)


@pytest.mark.parametrize("text", HARMLESS)
def test_name_of_a_thing_is_no_refusal_and_hides_none(text: str) -> None:
    assert quoted(text) is None
    for refusal in ("no AI", "Not for training", "humans only", "consent withdrawn"):
        assert quoted(f"{text}, {refusal}") is not None
        assert quoted(f"{refusal}. {text}") is not None
    assert quoted(text.replace(" ", " no AI ", 1) if " " in text else f"{text}?noai") is not None
