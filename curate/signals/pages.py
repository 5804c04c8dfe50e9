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
from curate.signals.codes import decoded
from curate.signals.documents import members
from curate.signals.fields import HANDLERS, SPEAKING, Make, statements
from curate.signals.flags import flag_of
from curate.signals.found import Signal
from curate.signals.headers import NAMES, name_of, read_headers
from curate.signals.normal import UNREADABLE
from curate.signals.rsl import read_rsl
from curate.signals.words import Text, leaves, refusing

ENDINGS = (".html", ".htm", ".xhtml", ".shtml", ".mht", ".mhtml", ".php", ".asp", ".aspx")
_UNSEEN = ("script", "style", "template", "svg")
_ROBOTS = ("robots", "googlebot", "googlebot-image", "bingbot", "bots")
_LICENCES = ("license", "usageInfo", "acquireLicensePage", "conditionsOfAccess")


# Elements within a line: a word goes on behind them.
_INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub"),
        *("sup", "tt", "u", "var", "wbr", "nobr", "ruby", "rt"),
    )
)
_POLICIES = frozenset(("tdm-policy", "tdmrep", "ai-policy", "ai", "noai", "content-policy", "rsl"))
_OF_AI = frozenset(
    ("ai", "ai-training", "genai", "llm", "ml", "training", "train", "mining", "tdm")
)
# What allows a robot what it does anyhow.
_OPEN = frozenset(("", "index", "follow", "all", "yes", "allow", "allowed", "true", "1", "archive"))
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
        elif _POLICIES & {*named.get("rel", "").lower().split()} or (
            tag == "link" and "tdmrep" in named.get("type", "").lower()
        ):
            self.found.append(self.make("terms", f"{self.place}: {tag}", named.get("href", "")))
        if tag not in _INLINE:
            self.words.append("\n")
        for name, value in attrs:
            if SPEAKING.search(name) or _refuses(name, value or ""):
                said = f'{name}="{value}"' if value else name
                self.found.append(
                    self.make("unreadable", f"{self.place}: {tag}", said, uses=UNREADABLE)
                )
            elif name in ("alt", "title", "aria-label", "label", "summary") and value:
                self.words.append(value)
        if tag in _UNSEEN:
            self._inside.append(tag)
            self._script = named.get("type", "").lower()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.words.append("\n")
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)
        elif "rsl" in self._script:
            self.found += read_rsl("/", data.encode(), self.make, self.place, known=False)
        elif "ld+json" in self._script:
            self._linked(data)
        elif "json" in self._script:
            self._data(data)

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
        elif lower in _OF_AI and content.strip().lower() not in _OPEN:
            shown = f"{name}: {content}"
            self.found.append(self.make("unreadable", place, shown, uses=UNREADABLE))
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
        if any(part.strip().lower() not in _OPEN for part in re.split(r"[,;]", content)):
            said = f"{agent}: {content}"
            self.found.append(self.make("unreadable", place, said, uses=UNREADABLE))

    def _data(self, data: str) -> None:
        """Take what a page keeps for its scripts: where it limits a use, and no more."""
        try:
            texts = list(leaves(json.loads(data), f"{self.place}: script"))
        except (ValueError, RecursionError):
            texts = [Text("file", f"{self.place}: script", data)]
        self.found += [
            self.make("unreadable", text.place, f"free text: “{text.words}”", uses=UNREADABLE)
            for text in texts
            if text.held or refusing(text.words) or SPEAKING.search(text.words.partition(":")[0])
        ]

    def _linked(self, data: str) -> None:
        try:
            told = json.loads(data)
        except (ValueError, RecursionError):
            self.words.append(data)
            return
        for key, value in members(told):
            if not isinstance(value, str):
                continue
            local = key.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
            place = f"{self.place}: JSON-LD {local}"
            if local in _LICENCES:
                self.found += statements("license", place, [value], self.make)
                continue
            if local in HANDLERS:
                self.found += statements(local, place, [value], self.make)
            self.words.append(value)


def _refuses(name: str, value: str) -> bool:
    """Return whether an attribute of somebody's own says no to a use."""
    if not name.startswith("data-"):
        return False
    local = name.removeprefix("data-")
    return flag_of(local, value) == "held" or (
        local in _OF_AI and value.strip().lower() in ("no", "0", "false", "none", "deny", "off")
    )


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
    # A word may be divided by what only changes its look, and two may touch without a blank.
    shown = ("".join(page), " ".join(page))
    parted = (re.sub(r"[^\S\n]*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", one)) for one in shown)
    yield from dict.fromkeys(one.strip() for one in parted if one.strip())
