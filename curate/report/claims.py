"""Recognising claims and totals in what authors write, by the patterns of ``reports/claims.json``.

Conservatively: a claim that is missed costs a reader's trust in one sentence, and one that is
made up costs trust in the lint. A sentence that hedges is no claim.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from curate.schema import resource_folder

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_NUMBER = r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+|\d+"
_WORD = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Claim:
    """A sentence that says that something is never so.

    Attributes:
        fact: The fact that counts the exceptions.
        says: What it says, in our words.
        quote: The words that say so.
    """

    fact: str
    says: str
    quote: str


@dataclass(frozen=True)
class Total:
    """A total that a sentence states.

    Attributes:
        fact: What is counted.
        stated: The number.
        quote: The words that state it.
    """

    fact: str
    stated: int
    quote: str


def claims(text: str) -> Iterator[Claim]:
    """Yield the claims in a text, in order of sentences.

    >>> [one.fact for one in claims("All subjects consented. No minors are shown.")]
    ['people-without-consent', 'people-maybe-minor']
    >>> list(claims("Almost all subjects consented, except three."))
    []
    """
    patterns = _patterns()
    for sentence in _sentences(text):
        for fact, says, unless, ways in patterns.claims:
            found = next((m for way in ways if (m := way.search(sentence))), None)
            if found is None or (unless and unless.search(sentence)):
                continue
            rest = f"{sentence[: found.start()]} {sentence[found.end() :]}"
            if not patterns.hedge.search(rest):
                yield Claim(fact, says, found[0])


def totals(text: str) -> Iterator[Total]:
    """Yield the totals that a text states.

    >>> [(one.fact, one.stated) for one in totals("It contains 1,204 photos of 102 people.")]
    [('pictures', 1204), ('people', 102)]
    >>> list(totals("Each video has 3 people."))
    []
    """
    patterns = _patterns()
    for sentence in _sentences(text):
        if patterns.partial.search(sentence):
            continue
        for whole in (*patterns.before.finditer(sentence), *patterns.after.finditer(sentence)):
            for found in patterns.counted.finditer(whole[0]):
                fact = next(name for name in patterns.nouns if found[_group(name)])
                yield Total(fact, int(re.sub(r"\D", "", found["n"])), found[0].strip())


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text.replace("\u2019", "'")):
        if plain := " ".join(sentence.split()):
            yield plain


def _group(noun: str) -> str:
    return f"noun_{noun}"


@dataclass(frozen=True)
class _Patterns:
    """The patterns, compiled."""

    claims: tuple[tuple[str, str, re.Pattern[str] | None, tuple[re.Pattern[str], ...]], ...]
    hedge: re.Pattern[str]
    nouns: tuple[str, ...]
    counted: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    partial: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    path = resource_folder("reports") / "claims.json"
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    words, numbers = said["words"], said["numbers"]
    nouns: dict[str, str] = numbers["nouns"]
    any_noun = "|".join(f"(?P<{_group(name)}>{noun})" for name, noun in nouns.items())
    plain_noun = "|".join(nouns.values())
    kind = r"(?:different |distinct |unique )?"
    one = rf"(?:{_NUMBER}) {kind}(?:{plain_noun})\b"
    chain = rf"{one}(?:{numbers['linked']} {one})*"
    return _Patterns(
        claims=tuple(
            (
                claim["fact"],
                claim["says"],
                _compiled(claim["unless"]) if "unless" in claim else None,
                tuple(_compiled(_filled(way, words)) for way in claim["patterns"]),
            )
            for claim in said["claims"]
        ),
        hedge=_compiled(said["hedge"]),
        nouns=tuple(nouns),
        counted=_compiled(rf"\b(?P<n>{_NUMBER}) {kind}(?:{any_noun})\b"),
        before=_compiled(rf"\b{numbers['before']} {chain}"),
        after=_compiled(rf"\b{chain} {numbers['after']}\b"),
        partial=_compiled(numbers["unless"]),
    )


def _filled(pattern: str, words: dict[str, str]) -> str:
    """Return a pattern with the words that names in braces stand for; {3} is left alone."""
    return _WORD.sub(lambda m: words.get(m[1], m[0]), pattern)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
