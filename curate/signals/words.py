"""Words that people write of use, training, consent and refusal, in free text.

No machine here understands such a sentence, so it decides nothing: a text that holds one of these
words is a statement that cannot be read, and somebody reads it. All other text is neutral.

A notice that all rights are reserved is no such text: it is read as a statement of rights. The
stems of `curate.signals.phrases` are looked for in the text as it is shown, whatever its code.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from curate.signals.flags import flag_of
from curate.signals.found import Signal, unreadable
from curate.signals.limits import (
    ABOUT,
    ABOUT_ANYWHERE,
    LIMITS,
    LIMITS_ANYWHERE,
    NAMES_THAT_REFUSE,
    NAMES_THAT_REFUSE_ANYWHERE,
    PLAIN_REFUSALS,
)
from curate.signals.phrases import ALONE, ANYWHERE, FREE, FREE_OF, HARMLESS, STEMS

TOOL = "curate reader of free text 2"


_APOSTROPHE = re.compile("[\u2018\u2019\u00b4\u02bc\u2032`]")


def _plain(text: str) -> str:
    """Return text without case, accents and the differences of width and spelling in Unicode."""
    spread = unicodedata.normalize("NFKD", _APOSTROPHE.sub("'", text.casefold()))
    if spread.isascii():
        return spread
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def _begins(stems: Iterable[str]) -> str:
    plain = sorted({_plain(stem) for stem in stems}, key=len, reverse=True)
    return "|".join(re.escape(stem).replace(r"\ ", r"[\s_-]+") for stem in plain)


def _pattern(stems: Iterable[str], anywhere: Iterable[str]) -> re.Pattern[str]:
    # Who may license a picture is said by fields of their own, and refuses nothing.
    begun = _begins(stems).replace("licen|", "licen(?!sor)|")
    inside = "|".join(sorted(re.escape(_plain(part)) for part in anywhere))
    # An underscore divides words: columns and keywords are named so.
    return re.compile(rf"(?<![^\W_])(?:{begun})|{inside}")


def _alone(stems: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, stems))})(?![^\W_])")


_SPEAKS = _pattern(
    (stem for stems in STEMS.values() for stem in stems if stem not in ALONE),
    (part for parts in ANYWHERE.values() for part in parts),
)
_SPEAKS_ALONE = _alone(ALONE)
# A sentence that ends so limits what stands before: "Print only."
_ONLY = re.compile(r"(?<![^\W_])only(?=\s*(?:[.;!)\]”\"'\n]|$))")
# A sentence that says of itself that nothing is restricted, from its beginning to its end.
_FREE = re.compile(rf"(?:(?<=[.;:!\n])|^)\s*(?:{'|'.join(FREE)}){FREE_OF}\s*(?=[.;!\n]|$)")
_HARMLESS = re.compile(rf"(?<![^\W_])(?:{'|'.join(HARMLESS)})(?![^\W_])")
_SHORT = {stem for stem in (*ABOUT, *LIMITS) if len(stem) < 4} | {*ALONE} & {*ABOUT}
_ABOUT = _pattern((stem for stem in ABOUT if stem not in _SHORT), ABOUT_ANYWHERE)
_ABOUT_ALONE = _alone(stem for stem in ABOUT if stem in _SHORT)
_LIMITS = _pattern((stem for stem in LIMITS if stem not in _SHORT), LIMITS_ANYWHERE)
_LIMITS_ALONE = _alone(stem for stem in LIMITS if stem in _SHORT)
_REFUSES = _pattern(PLAIN_REFUSALS, ("禁止使用",))
_NAMES_REFUSE = _pattern(NAMES_THAT_REFUSE, NAMES_THAT_REFUSE_ANYWHERE)
_SENTENCE = re.compile("(?<=[.!?\u3002\uff01\uff1f])\\s*|\\n\\s*\\n")
# What programs write by themselves, whatever the picture.
_PROGRAMS = re.compile(
    r"^(?:ascii|unicode|jis)?\s*(?:creator: gd-jpeg|lead technologies|file source: https?://\S+$|"
    r"optimized by|compressed by|created with (?:gimp|the gimp)$|lavc\d|intel\(r\) jpeg)"
)
# Letters of other scripts that look like Latin ones, and breaks within words.
_LOOK_ALIKE = str.maketrans("авеікмнорстухѕјԁԛԝһαβεικμνορτυχ", "abeikmhopctyxsjdqwhabeikuvoptux")
_LATIN, _HYPHEN = re.compile(r"[a-z]"), re.compile(r"(?<=\w)[-\u2010\u2011]\s*\n\s*(?=\w)")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_LETTERS64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_SPACED = re.compile(r"(?<![^\W_])(?:\w[ ._\u00b7-]){3,}\w(?![^\W_])")
_QUOTED = 60
_BREAK = re.compile(r"\s+")
# Names of splits, and the columns that hold them, are no words about training.
_SPLITS = ("train", "training", "val", "valid", "validation", "test", "testing", "dev")
_TRAIN = re.compile(r"train(?:ing)?(?![a-z])", re.IGNORECASE)
NAMES_OF_SPLITS = re.compile(
    r"(?<![a-z])(?:train|training|val|valid|validation|test|testing|dev|eval)(?![a-z])",
    re.IGNORECASE,
)
_MOST_LEAVES = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """A free text, and where it stands; it may be held whatever its words are."""

    reader: str
    place: str
    words: str
    held: bool = False


def quoted(text: str) -> str | None:
    """Return the first words of a text that speak of use, training or consent, or None.

    >>> quoted("Please do NOT use for A.I. training")
    'Please do NOT use for A.I. training'
    >>> quoted("Two people at the lake, 1998") is None
    True
    """
    # Cameras write the same texts into all that they take.
    return _short_quoted(text) if len(text) <= 4 * _QUOTED else _quoted(text)


@lru_cache(maxsize=4096)
def _short_quoted(text: str) -> str | None:
    return _quoted(text)


def _quoted(text: str) -> str | None:
    shown = _shown(text)
    plain, freed = _HARMLESS.subn(" ", _plain(shown))
    plain, sentences = _FREE.subn(" ", plain)
    freed += sentences
    found = _speaks(plain if freed else shown, plain)
    if found is None or _PROGRAMS.match(plain.strip("\x00 ")):
        return None
    if len(text) <= 3 * _QUOTED:
        return " ".join(text.replace("\x00", " ").split())
    return _part(plain, found - _QUOTED, found + 3 * _QUOTED)


def _part(text: str, begin: int, end: int) -> str:
    """Return the whole words of a text from about `begin` to about `end`."""
    begin = max(0, begin)
    if begin and (space := _BREAK.search(text, begin, begin + _QUOTED)):
        begin = space.end()
    part = text[begin:end]
    if end < len(text) and (spaces := list(_BREAK.finditer(part, len(part) - _QUOTED))):
        part = part[: spaces[-1].start()]
    shown = " ".join(part.split())
    return f"{'… ' if begin else ''}{shown}{' …' if end < len(text) else ''}"


def _speaks(shown: str, plain: str) -> int | None:
    """Return where a text speaks of use, in `plain`; None where it does not."""
    if found := _SPEAKS.search(plain) or _ONLY.search(plain):
        return found.start()
    # Two letters with accents are other letters.
    if alone := _SPEAKS_ALONE.search(unicodedata.normalize("NFKC", shown).casefold()):
        return min(alone.start(), len(plain))
    for other in _disguised(shown, plain):
        if _SPEAKS.search(other) or _SPEAKS_ALONE.search(other):
            return 0
    return None


def _disguised(shown: str, plain: str) -> Iterator[str]:
    """Yield a text without what parts its words or changes the look of its letters."""
    if not plain.isascii() and _LATIN.search(plain):
        yield plain.translate(_LOOK_ALIKE)
    if "-" in plain or "\u2010" in plain:
        yield _HYPHEN.sub("", plain)
    for run in _LETTERS64.findall(shown)[:_MOST_CODED]:
        yield from _uncoded(run)
    if _SPACED.search(plain):
        yield _SPACED.sub(lambda run: re.sub(r"[ ._\u00b7-]", "", run[0]), plain)


_MOST_CODED = 64


def _uncoded(run: str) -> Iterator[str]:
    """Yield the words that letters of Base64 or hexadecimal digits stand for, if they do."""
    for undo in (bytes.fromhex, _from_base64):
        try:
            raw = undo(run)
        except ValueError:
            continue
        if raw.isascii() and raw.decode().isprintable():
            yield _plain(raw.decode())


def _from_base64(run: str) -> bytes:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _shown(text: str) -> str:
    """Return a text as it is shown: references and percents resolved, unseen signs left out."""
    for _ in range(3 if "&" in text else 0):
        text = html.unescape(text)
    if _PERCENT.search(text):
        text = unquote(text, errors="replace")
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if text.isascii():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def refusing(text: str) -> str | None:
    """Return the words of a text that may limit the use of media, or None.

    It asks for more than `quoted` does, and is for texts about a whole folder, which speak of use
    without refusing it: a limit has to stand within two sentences of what it may be about.

    >>> refusing("All images. They must not be used to train AI.")
    'All images. They must not be used to train AI.'
    >>> refusing("A dataset for training detectors of deepfakes.") is None
    True
    """
    shown = _shown(text)
    plain = _FREE.sub(" ", _HARMLESS.sub(" ", _plain(shown)))
    sentences = [one for one in _SENTENCE.split(plain) if one.strip()]
    for first, second in zip(sentences, [*sentences[1:], ""], strict=False):
        both = f"{first} {second}"
        if _REFUSES.search(both) or (
            (_ABOUT.search(both) or _ABOUT_ALONE.search(both))
            and (_LIMITS.search(both) or _LIMITS_ALONE.search(both))
        ):
            if len(text) <= 3 * _QUOTED:
                return " ".join(text.split())
            at = _REFUSES.search(both) or _LIMITS.search(both) or _LIMITS_ALONE.search(both)
            begin = (at.start() if at else 0) - 2 * _QUOTED
            return _part(both, begin, max(0, begin) + 4 * _QUOTED)
    return None


def spoken(texts: Iterable[Text], *, digest: str, tool: str) -> Iterator[Signal]:
    """Yield those free texts that may be refusals, as statements that cannot be read.

    Args:
        texts: The texts of one file.
        digest: Of what they were read from.
        tool: What read them.
    """
    parts: dict[tuple[str, str], list[str]] = {}
    spoke = set()
    for text in texts:
        parts.setdefault((text.reader, text.place), []).append(text.words)
        if words := text.words if text.held else quoted(text.words):
            spoke.add((text.reader, text.place))
            why = f"free text: “{words}”"
            yield unreadable(text.reader, text.place, why, digest=digest, tool=tool)
    for (reader, place), several in parts.items():
        # One sentence may be divided among several texts of one place.
        if len(several) < 2 or (reader, place) in spoke:
            continue
        if words := quoted(" ".join(several)) or quoted("".join(several)):
            why = f"free text: “{words}”"
            yield unreadable(reader, place, why, digest=digest, tool=tool)


def refusing_name(name: str) -> str | None:
    """Return a name of a file or folder that refuses by itself, or None.

    Args:
        name: A path; each of its parts is a name, and names of splits say nothing.

    >>> refusing_name("faces/NO_AI/a.jpg"), refusing_name("train/no_glasses/a.jpg")
    ('faces/NO_AI/a.jpg', None)
    >>> refusing_name("withdrawn/a.jpg"), refusing_name("keine-ki.jpg")
    ('withdrawn/a.jpg', 'keine-ki.jpg')
    """
    return name if any(map(_part_refuses, name.split("/"))) else None


@lru_cache(maxsize=4096)
def _part_refuses(part: str) -> bool:
    # Capitals begin words: DoNotUse.
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part)
    whole = re.sub(r"[\W_]+", " ", apart)
    plain = _plain(NAMES_OF_SPLITS.sub(" ", whole))
    return bool(
        _REFUSES.search(_plain(whole)) or _REFUSES.search(plain) or _NAMES_REFUSE.search(plain) or (
            (_ABOUT.search(plain) or _ABOUT_ALONE.search(plain))
            and (_LIMITS.search(plain) or _LIMITS_ALONE.search(plain)))
    )  # fmt: skip


def leaves(value: Any, place: str, *, without: tuple[str, ...] = ()) -> Iterator[Text]:
    """Yield the names and values of a JSON document as texts.

    Args:
        value: The document.
        place: Where it stands.
        without: Names at its top that are read otherwise.
    """
    waiting = [("", value)]
    for _ in range(_MOST_LEAVES):
        if not waiting:
            return
        name, one = waiting.pop()
        if one in ([], {}) and flag_of(name, one) == "held":
            yield Text("file", f"{place}: {name}", f"{name}: nothing", held=True)
        elif isinstance(one, dict):
            waiting += [
                (f"{name}.{key}" if name else str(key), held)
                for key, held in one.items()
                if name or str(key).lower() not in without
            ]
        elif isinstance(one, list):
            waiting += [(name, held) for held in one]
        else:
            flag = flag_of(name, one)
            said = "" if one is None or str(one).strip().casefold() in _SPLITS else str(one)
            words = f"{_TRAIN.sub('', name)}: {said}"
            if flag == "held":
                yield Text("file", f"{place}: {name}", f"{name}: {one}", held=True)
            elif flag == "none":
                yield Text("file", f"{place}: {name}", words)
    yield Text("file", place, f"more than {_MOST_LEAVES} values, and not allowed to be unread")
