"""What stands beside media: headers, robots.txt, ai.txt, TDMRep and WARC."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.signals import robots, tdmrep, warc
from curate.signals.fields import statements
from curate.signals.found import Signal
from curate.signals.headers import pairs, read_headers
from curate.signals.normal import Use, Uses, together


def make(kind: str, place: str, value: str | None, **rest: object) -> Signal:
    """Return a statement."""
    return Signal(**{"reader": "file", **rest}, kind=kind, place=place, value=value,
                  digest="0" * 64, tool="test")  # type: ignore[arg-type] # fmt: skip


def training(signals: list[Signal]) -> str:
    """Return what statements say of training a detector."""
    return str(together([x.uses for x in signals if x.uses]).ai_training)


def headers(*pairs: tuple[str, str]) -> list[Signal]:
    """Return what headers say."""
    return list(read_headers(pairs, make, "a.json"))


def test_header_cases_of_the_shared_data(shared_data: Path) -> None:
    folder = shared_data / "provenance" / "generated" / "web"
    expected = {
        "tdm_reserved": "prohibited",
        # The protocol takes it for no reservation; nobody clears a file on that.
        "tdm_bad_value": "unreadable",
        "tdm_open": "allowed",
        "xrobots_noai": "prohibited",
        "xrobots_ua_scoped": "none",
        "aipref_no": "prohibited",
        "aipref_search_only": "none",
        "none": "none",
    }
    for case in json.loads((folder / "http_headers.json").read_text()):
        found = headers(*case["headers"].items())
        assert training(found) == expected[case["name"]], case["name"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("NoAI", "prohibited"),
        ("noindex, NOIMAGEAI", "prohibited"),
        ("gptbot: noai", "prohibited"),
        ("otherbot: noindex, noai", "none"),
        ("unavailable_after: 25 Jun 2026 15:00:00 PST, noai", "prohibited"),
        ("max-snippet: 5", "none"),
    ],
)
def test_robots_tag_knows_agents_and_no_case(value: str, says: str) -> None:
    assert training(headers(("x-rObots-tag", value))) == says


def test_several_headers_are_all_read() -> None:
    link = '<https://creativecommons.org/licenses/by-nc/4.0/>; rel="license"'
    found = headers(("Content-Usage", "search=y"), ("content-usage", "train-ai=n"), ("Link", link))
    assert training(found) == "prohibited"
    assert [x.value for x in found if x.kind == "licence"] == ["CC-BY-NC-4.0"]


def test_robots_of_the_shared_data(shared_data: Path) -> None:
    raw = (shared_data / "provenance" / "generated" / "web" / "robots.txt").read_bytes()
    found = list(robots.read_for("/ai-ok/a.jpg", raw, make, "robots.txt"))
    # The preference for the path allows, and crawlers for training are refused all the same.
    assert [x.uses and str(x.uses.ai_training) for x in found] == ["prohibited", "allowed"]
    assert [x.strength for x in found] == ["weak", "claimed"]
    assert training(list(robots.read_for("/b.jpg", raw, make, "robots.txt"))) == "prohibited"


def test_longest_path_wins_and_allows_of_equals() -> None:
    raw = b"User-agent: GPTBot\nDisallow: /a/\nAllow: /a/b/\nDisallow: /c\nAllow: /c\n"
    for path, says in (("/a/x", "prohibited"), ("/a/b/x", "none"), ("/c", "none")):
        assert training(list(robots.read_for(path, raw, make, "robots.txt"))) == says


def test_content_signals_are_read() -> None:
    raw = b"User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n"
    assert training(list(robots.read_for("/a.jpg", raw, make, "robots.txt"))) == "prohibited"


def test_lines_of_no_group_end_none() -> None:
    """A sitemap between the agents of a group parts it in two for nobody (RFC 9309)."""
    raw = b"User-agent: GPTBot\nSitemap: https://h.org/s.xml\nUser-agent: Foo\nDisallow: /\n"
    assert training(list(robots.read_for("/a.jpg", raw, make, "robots.txt"))) == "prohibited"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("CC BY 4.0, but no AI training", "unreadable"),
        ("CC0 1.0 (not for machine learning)", "unreadable"),
        ("This work is licensed under a Creative Commons Attribution 4.0 International License.",
         "none"),
        ("https://creativecommons.org/licenses/by/4.0/", "none"),
    ],
)  # fmt: skip
def test_a_reservation_beside_the_name_of_a_licence_is_read(words: str, says: str) -> None:
    """A licence with a reservation is none that a machine can read, and so is review."""
    found = list(statements("UsageTerms", "xmpRights:UsageTerms", [words], make))
    assert found[0].kind == "licence"
    assert training(found) == says


def test_headers_as_they_were_sent_are_read() -> None:
    """A sidecar may hold them as one text, with the line of the status first."""
    sent = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nX-Robots-Tag: noai\r\n"
    found = list(pairs({"headers": sent}))
    assert found == [("Content-Type", "image/jpeg"), ("X-Robots-Tag", "noai")]
    assert training(headers(*found)) == "prohibited"


def test_page_in_the_place_of_robots_is_unreadable() -> None:
    raw = b"<!doctype html><title>404</title>"
    assert training(list(robots.read_for("/a.jpg", raw, make, "robots.txt"))) == "unreadable"


def test_ai_txt_and_tdmrep_of_the_shared_data(shared_data: Path) -> None:
    folder = shared_data / "provenance" / "generated" / "web"
    text = (folder / "ai.txt").read_bytes()
    said = {p: training(list(robots.ai_txt(p, text, make, "ai.txt"))) for p in ("/a.jpg", "/a.txt")}
    assert said == {"/a.jpg": "prohibited", "/a.txt": "none"}
    rules = (folder / "tdmrep.json").read_bytes()
    for path, says in (
        ("/directory-a/x.jpg", "prohibited"),
        ("/directory-b/html/x", "prohibited"),
        ("/directory-b/images/x.jpg", "allowed"),
        ("/else/x.jpg", "none"),
    ):
        assert training(list(tdmrep.read_for(path, rules, make, "tdmrep.json"))) == says


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": 1}', b"[1]", b"[{}]", b"[" * 100_000])
def test_tdmrep_that_is_none_is_unreadable(raw: bytes) -> None:
    assert training(list(tdmrep.read_for("/a", raw, make, "tdmrep.json"))) == "unreadable"


@given(st.binary(), st.text())
def test_nothing_in_a_snapshot_raises(raw: bytes, path: str) -> None:
    list(robots.read_for(f"/{path}", b"User-agent: *\nDisallow: " + raw, make, "robots.txt"))
    list(robots.ai_txt(f"/{path}", raw, make, "ai.txt"))
    list(tdmrep.read_for(f"/{path}", raw, make, "tdmrep.json"))


def test_patterns_take_linear_time_and_match_ends() -> None:
    assert not robots.glob_match("/" + "*a" * 5_000 + "$", "/" + "a" * 4_000 + "b")
    assert robots.glob_match("*.jpg", "/x/y.jpg")
    assert not robots.glob_match("/ab*b$", "/ab")


def record(body: bytes, headers: bytes, kind: bytes = b"response") -> bytes:
    """Return a record of a WARC file."""
    sent = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body
    return (b"WARC/1.1\r\nWARC-Type: " + kind + b"\r\nWARC-Target-URI: https://x.org/a.jpg\r\n"
            + f"Content-Length: {len(sent)}\r\n\r\n".encode() + sent + b"\r\n\r\n")  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_responses_of_a_warc(packed: bool) -> None:  # noqa: FBT001
    from hashlib import sha256

    raw = record(b"x", b"", b"request") + record(b"picture", b"X-Robots-Tag: noai")
    file = io.BytesIO(gzip.compress(raw) if packed else raw)
    (one,) = warc.responses(file, packed=packed)
    assert (one.url, one.sha256) == ("https://x.org/a.jpg", sha256(b"picture").hexdigest())
    assert training(headers(*one.headers)) == "prohibited"


def test_warc_that_breaks_off_is_told() -> None:
    raw = record(b"picture", b"")
    found = warc.responses(io.BytesIO(raw + raw[:-30]), packed=False)
    assert next(found).url == "https://x.org/a.jpg"
    with pytest.raises(warc.BrokenError):
        next(found)


def test_uses_of_nothing_are_none() -> None:
    assert together([]) == Uses()
    assert Uses().ai_training is Use.NONE
