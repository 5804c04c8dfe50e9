"""What stands in a folder and speaks of all of it: snapshots of a site, licences, READMEs, pages.

The folder that holds a snapshot stands for the root of the site, unless the entry's own address is
known. A text of a folder counts where it limits a use (`curate.signals.words.refusing`): one that
describes a dataset speaks of use, too.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from curate.signals import robots, tdmrep
from curate.signals.fields import Make, statements
from curate.signals.found import Signal
from curate.signals.headers import pairs, read_headers
from curate.signals.licences import beside_name, to_spdx
from curate.signals.listing import spelt
from curate.signals.normal import REFUSES_TRAINING, UNREADABLE, Use
from curate.signals.pages import ENDINGS, read_page, words_of
from curate.signals.rsl import is_rsl, read_rsl
from curate.signals.sidecar import MOST, is_words, make_of, read_loose, speaking
from curate.signals.words import decoded, quoted, readings, refusing, refusing_name

# Names of files that state terms, however they go on.
_TERMS = re.compile(
    r"(?:.*[._ -])?(?:licen[sc]e|copying|copyright|terms|tos|eula|notice|rights|legal|consent"
    r"|policy|agreement|einwilligung|lizenz|nutzungsbedingungen|conditions|withdraw\w*|refus\w*)"
    r"(?:[._ -].*)?"
)
_MOST_SHOWN = 300


def read_snapshot(
    place: str, kind: str, raw: bytes | None, path: str, *, known: bool
) -> Iterator[Signal]:
    """Yield what a file that speaks of a whole site says of a path.

    Args:
        place: Where it lies.
        kind: What it is, as `curate.signals.listing` says.
        raw: The file; None where it cannot be opened.
        path: The path, from the site's root on.
        known: Whether the path is that of the site, and not only of the folder.
    """
    make = make_of(raw or b"")
    if raw is None or len(raw) > MOST:
        yield make("unreadable", place, "it cannot be opened or is too long", uses=UNREADABLE)
        return
    readers: dict[str, Callable[..., Iterator[Signal]]] = {
        "robots.txt": robots.read_for,
        "ai.txt": robots.ai_txt,
        "tdmrep.json": tdmrep.read_for,
    }
    if kind in readers:
        yield from readers[kind](path, raw, make, place, known=known)
    elif kind == "trust.txt":
        yield from _trust(raw, make, place)
    elif words := quoted(decoded(raw)):
        yield make("unreadable", place, f"free text: “{words}”", uses=UNREADABLE)


def _trust(raw: bytes, make: Make, place: str) -> Iterator[Signal]:
    """Yield what JournalList's trust.txt says: ``datatrainingallowed=no``."""
    for number, line in enumerate(decoded(raw).splitlines(), 1):
        name, _, value = line.partition("#")[0].partition("=")
        if name.strip().lower() == "datatrainingallowed" and value.strip().lower() != "yes":
            yield make("optout", f"{place}:{number}", line.strip(), uses=REFUSES_TRAINING,
                       strength="weak")  # fmt: skip


def read_folder_file(place: str, raw: bytes | None, path: str, *, known: bool) -> list[Signal]:
    """Return what a file that belongs to no entry says of the folder that it lies in.

    Args:
        place: Where it lies.
        raw: The file; None where it cannot be opened.
        path: The path of the entry that is asked about.
        known: Whether that is the path of the site.
    """
    make = make_of(raw or b"")
    name = spelt(PurePosixPath(place).name)
    signals: list[Signal] = []
    unread = partial(make, "unreadable", place, uses=UNREADABLE)
    if refusing(re.sub(r"[._-]+", " ", name)) or refusing_name(name):
        signals.append(unread(f"the name of a file: “{name}”"))
    is_terms = _TERMS.fullmatch(name) is not None
    if raw is None or len(raw) > MOST:
        if is_terms or name.startswith("readme"):
            signals.append(unread("it cannot be opened or is too long"))
        return signals
    if is_rsl(raw):
        signals += read_rsl(path, raw, make, place, known=known)
    if name.endswith(ENDINGS):
        found, shown = read_page(raw, make, place)
        words = "\n".join(words_of(shown))
        return signals + _restricting(found) + _in_words(words, unread, terms=is_terms)
    if name.endswith(".json"):
        return signals + _in_json(raw, make, place, unread)
    if not is_words(raw):
        return signals + (_doubted(read_loose(raw, make, place)) if _has_reader(name) else (
            [unread("a file of a kind that is not read")] if is_terms else []))  # fmt: skip
    if _has_reader(name):
        return signals + _doubted(read_loose(raw, make, place))
    if is_terms:
        signals += _licence(raw, make, place, unread)
    return signals + _in_words(raw, unread, terms=is_terms)


def _has_reader(name: str) -> bool:
    return name.endswith((".xmp", ".exv", ".thm", ".iptc", ".exif", ".c2pa"))


def _restricting(found: Iterator[Signal] | list[Signal]) -> list[Signal]:
    """Return those statements that limit a use: of which picture they speak is not known."""
    return [
        one
        for one in found
        if one.kind in ("terms", "licence")
        or (one.uses is not None and {*one.uses.as_row().values()} - {Use.NONE, Use.ALLOWED})
    ]


def _doubted(found: Iterator[Signal]) -> list[Signal]:
    """Return statements that limit the use of some picture, and nobody knows of which."""
    return [
        replace(
            one,
            kind="unreadable",
            value=f"{one.value}; of which picture it says so is not known",
            uses=UNREADABLE,
        )
        for one in _restricting(found)
    ]


def _in_words(text: str | bytes, unread: Callable[[str], Signal], *, terms: bool) -> list[Signal]:
    every = readings(text) if isinstance(text, bytes) else [text]
    text = every[0]
    words = next(filter(None, map(refusing, every)), None)
    if words is None and terms and to_spdx(text) is None:
        words = quoted(text)
    return [unread(f"free text: “{words[:_MOST_SHOWN]}”")] if words else []


def _licence(
    raw: bytes, make: Make, place: str, unread: Callable[[str], Signal]
) -> Iterator[Signal]:
    text = decoded(raw).strip()
    if to_spdx(text) and len(text) < 2000:
        yield from statements("license", place, [text], make)
    elif to_spdx(text) and refusing(beside_name(text)):
        yield unread("a licence with words beside it")


def _in_json(raw: bytes, make: Make, place: str, unread: Callable[[str], Signal]) -> list[Signal]:
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return _in_words(raw, unread, terms=False)
    if isinstance(told, list):
        # A list of many things is an index: what it says of each is read with its entry.
        return []
    found = _doubted(read_headers(pairs(told), make, place))
    found += [unread(f"{name}: {value}") for name, value in speaking(told)]
    return found or _in_words(json.dumps(told, ensure_ascii=False), unread, terms=False)


def paths_of(address: str) -> list[str]:
    """Return the paths that an address can mean, each with its query.

    >>> paths_of("https://x.org/q/../p//a.jpg?w=3")
    ['/q/../p//a.jpg?w=3', '/p/a.jpg?w=3']
    """
    if "://" not in address and not address.startswith("/"):
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return ["/"]
    query = f"?{parts.query}" if parts.query else ""
    path = parts.path or "/"
    plain = posixpath.normpath(path).replace("//", "/")
    plain += "/" if path.endswith("/") and plain != "/" else ""
    return list(dict.fromkeys((path + query, plain + query)))
