"""What stands in a folder and speaks of all of it: snapshots of a site, licences, READMEs, pages.

The folder that holds a snapshot stands for the root of the site, unless the entry's own address is
known. A text of a folder counts where it may limit a use (`curate.signals.describing`): one that
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
from curate.signals.codes import decoded, readings
from curate.signals.describing import limiting
from curate.signals.fields import Make, statements
from curate.signals.found import Signal
from curate.signals.headers import pairs, read_headers
from curate.signals.listing import spelt
from curate.signals.normal import REFUSES_TRAINING, UNREADABLE, Use
from curate.signals.pages import ENDINGS, read_page, words_of
from curate.signals.rsl import is_rsl
from curate.signals.sidecar import MOST, is_words, make_of, read_loose, speaking
from curate.signals.terms import is_readme, is_terms, read_terms
from curate.signals.words import leaves, quoted, refusing, refusing_name

# Lists of many files are long; what is longer is told.
MOST_LOOSE = 32 << 20


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
        name, _, value = line.partition("#")[0].replace(":", "=", 1).partition("=")
        if name.strip().lower() == "datatrainingallowed" and value.strip().lower() != "yes":
            yield make("optout", f"{place}:{number}", line.strip(), uses=REFUSES_TRAINING,
                       strength="weak")  # fmt: skip


def read_folder_file(place: str, raw: bytes | None) -> list[Signal]:  # noqa: PLR0911 - a kind a line
    """Return what a file that belongs to no entry says of all in the folder that it lies in.

    Args:
        place: Where it lies.
        raw: The file; None where it cannot be opened.
    """
    make = make_of(raw or b"")
    name = spelt(PurePosixPath(place).name)
    signals: list[Signal] = []
    unread = partial(make, "unreadable", place, uses=UNREADABLE)
    if refusing(re.sub(r"[._-]+", " ", name)) or refusing_name(name):
        signals.append(unread(f"the name of a file: “{name}”"))
    if raw is None or len(raw) > MOST_LOOSE:
        return [*signals, unread("it cannot be opened or is too long")]
    if is_rsl(raw):
        # Its elements are read for each path; here are words that somebody put among them.
        words = refusing(decoded(raw))
        return [*signals, unread(f"free text: “{words}”")] if words else signals
    terms = is_terms(place)
    if name.endswith(ENDINGS):
        found, shown = read_page(raw, make, place)
        words = "\n".join(words_of(shown))
        told = list(read_terms(words, make, place)) if terms else _in_words(words, make, place)
        return signals + _restricting(found) + told
    if terms and is_words(raw):
        return signals + list(read_terms(decoded(raw).strip("\ufeff \n\x00"), make, place))
    if name.endswith(".json"):
        return signals + _in_json(raw, make, place, unread)
    if _has_reader(name):
        return signals + _doubted(read_loose(raw, make, place))
    if is_words(raw):
        return signals + _in_words(raw, make, place)
    if terms or is_readme(place):
        signals.append(unread("a file of a kind that is not read"))
    return signals


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


def _in_words(text: str | bytes, make: Make, place: str) -> list[Signal]:
    every = readings(text) if isinstance(text, bytes) else [text]
    found = [limiting(one) for one in every]
    words = next((words for words, _ in found if words), None)
    if words:
        return [make("unreadable", place, f"free text: “{words}”", uses=UNREADABLE)]
    named = dict.fromkeys(one for _, licences in found for one in licences)
    return [one for text in named for one in statements("license", place, [text], make)]


def _in_json(raw: bytes, make: Make, place: str, unread: Callable[[str], Signal]) -> list[Signal]:
    try:
        told = json.loads(raw)
    except RecursionError:
        return [unread("it is nested too deeply to be read")]
    except ValueError:
        return _in_words(raw, make, place)
    if isinstance(told, list):
        # A list of many things is an index: what it says of each is read with its entry.
        return []
    found = _doubted(read_headers(pairs(told), make, place))
    found += [unread(f"{name}: {value}") for name, value in speaking(told)]
    texts = list(leaves(told, place))
    found += [unread(f"free text: “{one.words}”") for one in texts if one.held]
    return found or _in_words("\n\n".join(one.words for one in texts), make, place)


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
