"""Saved web pages: what their head says of use to robots, and the words that they show.

Read are ``meta`` elements of robots and of named agents, of TDMRep and of AIPREF, also as
``http-equiv``; links with ``rel=license``; JSON-LD; RSL in a script; and attributes whose names
speak of use, such as ``data-noai``. Scripts and styles are no words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from curate.signals.agents import agents_of, is_known, may_gather
from curate.signals.fields import HANDLERS, SPEAKING, Make, statements
from curate.signals.found import Signal
from curate.signals.headers import NAMES, name_of, read_headers
from curate.signals.normal import UNREADABLE
from curate.signals.rsl import read_rsl
from curate.signals.words import decoded

ENDINGS = (".html", ".htm", ".xhtml", ".shtml", ".mht", ".mhtml", ".php", ".asp", ".aspx")
_UNSEEN = ("script", "style", "template", "svg")
_ROBOTS = ("robots", "googlebot", "googlebot-image", "bingbot", "bots")
_LICENCES = ("license", "usageInfo", "acquireLicensePage", "conditionsOfAccess")


_META_NAMES = ("name", "http-equiv", "property", "itemprop")


class _Page(HTMLParser):
    """What a page says."""

    def __init__(self, make: Make, place: str) -> None:
        super().__init__(convert_charrefs=True)
        self.make, self.place = make, place
        self.found: list[Signal] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self._script = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self._meta(named)
        elif "href" in named and "license" in (
            *named.get("rel", "").lower().split(),
            *named.get("itemprop", "").lower().split(),
        ):
            self.found += statements("license", f"{self.place}: {tag}", [named["href"]], self.make)
        elif {"tdm-policy", "tdmrep"} & set(named.get("rel", "").lower().split()):
            self.found.append(self.make("terms", f"{self.place}: {tag}", named.get("href", "")))
        for name, value in attrs:
            if SPEAKING.search(name):
                said = f'{name}="{value}"' if value else name
                self.found.append(
                    self.make("unreadable", f"{self.place}: {tag}", said, uses=UNREADABLE)
                )
            elif name in ("alt", "title", "aria-label") and value:
                self.words.append(value)
        if tag in _UNSEEN:
            self._inside.append(tag)
            self._script = named.get("type", "").lower()

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)
        elif "rsl" in self._script:
            self.found += read_rsl("/", data.encode(), self.make, self.place, known=False)
        elif "ld+json" in self._script:
            self._linked(data)

    def handle_comment(self, data: str) -> None:
        self.words.append(data)

    def _meta(self, named: dict[str, str]) -> None:
        name = next((named[key] for key in _META_NAMES if key in named), "")
        content, lower = named.get("content", ""), name.strip().lower()
        place = f"{self.place}: meta"
        agent = agents_of(lower)[0] if lower else ""
        if lower in _ROBOTS or lower.endswith(("robots", "bot")) or is_known(agent):
            told = content if lower in _ROBOTS else f"{agent}: {content}"
            said = [("x-robots-tag", part) for part in re.split(r"[,;]", told)]
            if is_known(agent) or may_gather(agent):
                said = [("x-robots-tag", f"{agent}: {part}") for part in re.split(r"[,;]", content)]
                self._shut(content, agent, place)
            self.found += read_headers(said, self.make, place)
        elif name_of(name) in NAMES or SPEAKING.search(lower):
            self.found += read_headers([(name, content)], self.make, place)
        elif re.search(r"rights|copyright|licen[sc]e|usage", lower):
            self.found += statements(
                "license" if "licen" in lower else "rights", place, [content], self.make
            )
            self.words.append(content)
        else:
            self.words.append(content)

    def _shut(self, content: str, agent: str, place: str) -> None:
        if re.search(r"no(?:index|ne|archive|image)", content.lower()):
            said = f"{agent}: {content}"
            self.found.append(self.make("unreadable", place, said, uses=UNREADABLE))

    def _linked(self, data: str) -> None:
        try:
            waiting = [json.loads(data)]
        except (ValueError, RecursionError):
            self.words.append(data)
            return
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting += one
            elif isinstance(one, dict):
                for key, value in one.items():
                    local = key.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
                    place = f"{self.place}: JSON-LD {local}"
                    if local in _LICENCES and isinstance(value, str):
                        self.found += statements("license", place, [value], self.make)
                    elif local in HANDLERS and isinstance(value, str):
                        self.found += statements(local, place, [value], self.make)
                        self.words.append(value)
                    elif isinstance(value, str):
                        self.words.append(value)
                    else:
                        waiting.append(value)


def read_page(raw: bytes, make: Make, place: str) -> tuple[list[Signal], list[str]]:
    """Return what a page says of use, and the words that it shows.

    Args:
        raw: The page.
        make: Makes the statements.
        place: What the file is called.
    """
    text = decoded(raw)
    if b"=3D" in raw or b"quoted-printable" in raw[:4096].lower():
        # Pages in one file are letters by their form, with signs in percents of their own.
        import quopri

        text = f"{text}\n{decoded(quopri.decodestring(raw))}"
    page = _Page(make, place)
    try:
        page.feed(text)
        page.close()
    except (AssertionError, ValueError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        page.found.append(make("unreadable", place, why, uses=UNREADABLE))
    return page.found, page.words


def words_of(page: list[str]) -> Iterator[str]:
    """Yield the words of a page in pieces in which they stood together."""
    whole = " ".join(" ".join(page).split())
    if whole:
        yield whole
