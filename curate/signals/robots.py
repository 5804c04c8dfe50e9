"""Snapshots of robots.txt and of Spawning's ai.txt: what crawlers for AI were told of a path.

A robots.txt is read as RFC 9309 says: the group of the most telling agent counts, the longest
path wins, and of equals the one that allows. Beyond it, what files say out of habit is read: agents
with versions, several on a line, names of lines that are spelt wrongly (as Google's parser takes
them), and lines without a colon. Refusing a crawler that gathers for training is a weak refusal of
training. AIPREF's ``Content-Usage`` stands in the same groups, and RSL's ``License`` in none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, unquote_to_bytes

from curate.signals.agents import OTHERS, TRAINING, agents_of, gathers, may_gather
from curate.signals.aiprefs import preferences
from curate.signals.codes import decoded
from curate.signals.fields import Make
from curate.signals.found import Signal
from curate.signals.normal import REFUSES_TRAINING, UNREADABLE
from curate.signals.words import quoted, refusing

MOST_BYTES = 512 << 10
_NAMES = (
    ("user-agent", re.compile(r"user[-_ ]?agents?", re.IGNORECASE)),
    ("disallow", re.compile(r"d[ia]s{1,2}al{1,2}[ao]w|no-?allow|deny|noindex", re.IGNORECASE)),
    ("allow", re.compile(r"allow", re.IGNORECASE)),
    ("content-usage", re.compile(r"content[-_ ]?usage", re.IGNORECASE)),
    ("content-signal", re.compile(r"content[-_ ]?signals?", re.IGNORECASE)),
    ("license", re.compile(r"licen[sc]e", re.IGNORECASE)),
)
_LINE = re.compile(r"\s*([A-Za-z][A-Za-z_ -]*?)\s*(?::|\s(?=[/*]))\s*(.*)")
_OTHERS = ("sitemap", "crawl-delay", "host", "clean-param", "request-rate", "visit-time")


@dataclass
class Group:
    """What a group of agents is told: paths with whether they are allowed, and preferences."""

    paths: list[tuple[str, bool, int]] = field(default_factory=list)
    usage: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass
class Robots:
    """A robots.txt.

    Attributes:
        groups: By agent in lower case.
        licences: Addresses of licences, with their lines.
        others: Other lines and comments that limit a use in words, with their lines.
    """

    groups: dict[str, Group] = field(default_factory=dict)
    licences: list[tuple[str, int]] = field(default_factory=list)
    others: list[tuple[str, int]] = field(default_factory=list)


def parse_robots(raw: bytes) -> Robots | None:
    """Return what stands in a robots.txt or ai.txt; None where it is none.

    Args:
        raw: The file.
    """
    text = decoded(raw).lstrip("\ufeff")
    if len(raw) > MOST_BYTES or "\x00" in text or text.lstrip().startswith("<"):
        return None
    found = Robots()
    agents: list[str] = ["*"]
    naming = False
    comments: list[tuple[str, int]] = []
    text = re.sub(r"(?i)(?<=\S)[ \t]+(?=(?:dis)?allow[ \t]*:)", "\n", text)
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        content, _, comment = line.partition("#")
        comments.append((comment, number))
        name, value = _line(content)
        if name == "user-agent":
            named = agents_of(value)
            agents = [*agents, *named] if naming else named
            naming = True
            for agent in agents:
                found.groups.setdefault(agent, Group())
        elif name in _OF_GROUPS:
            naming = False
            for agent in agents:
                _add_rule(found.groups.setdefault(agent, Group()), name, value, number)
        elif name == "license":
            found.licences.append((value, number))
        # Lines of no group, such as Sitemap, stand anywhere and end none (RFC 9309, 2.2.4).
        elif content.strip() and name not in _OTHERS and quoted(content):
            found.others.append((content.strip(), number))
    # A comment may go on over several lines.
    if said := refusing("\n".join(comment for comment, _ in comments)):
        found.others.append((said, next(n for comment, n in comments if comment.strip())))
    return found


def _line(content: str) -> tuple[str, str]:
    """Return the name of a line as RFC 9309 spells it, and its value; empty where it has none."""
    match = _LINE.fullmatch(content.strip())
    if match is None:
        head, _, rest = content.strip().partition(" ")
        match_name = next((n for n, known in _NAMES if known.fullmatch(head)), "")
        return match_name, rest.strip()
    name = match[1].strip()
    known = next((n for n, pattern in _NAMES if pattern.fullmatch(name)), None)
    return known or name.lower(), match[2].strip()


_OF_GROUPS = ("allow", "disallow", "content-usage", "content-signal")


def _add_rule(group: Group, name: str, value: str, number: int) -> None:
    if name in {"allow", "disallow"} and value:
        value = path_in(value)
        group.paths.append((value, name == "allow", number))
    elif name in {"content-usage", "content-signal"}:
        head, space, rest = value.partition(" ")
        pathed = space and head.startswith(("/", "*"))
        group.usage.append((head, rest.strip(), number) if pathed else ("/", value, number))


def path_in(pattern: str) -> str:
    """Return the path of a pattern that is written as a whole address.

    >>> path_in("https://x.org/img/*"), path_in("/img/")
    ('/img/*', '/img/')
    """
    return re.sub(r"^(?:https?:)?//[^/\s]+/?", "/", pattern)


def read_for(
    path: str, raw: bytes, make: Make, place: str, *, known: bool = True
) -> Iterator[Signal]:
    """Yield what a robots.txt says of a path to crawlers that gather for training.

    Args:
        path: The path, from the site's root on, with its query.
        raw: The file.
        make: Makes the statements.
        place: What the file is called.
        known: Whether the path is that of the site, and not only of the folder.
    """
    make = partial(make, reader="robots")
    found = parse_robots(raw)
    if found is None:
        yield make("unreadable", place, "this is no robots.txt", uses=UNREADABLE)
        return
    yield from _refusals(found, path, make, place, known=known)
    for group in found.groups.values():
        usages = [usage for usage in group.usage if matches(usage[0], path)]
        longest = max((len(usage[0]) for usage in usages), default=0)
        for pattern, said, number in usages:
            if len(pattern) == longest:
                yield from preferences(make, f"{place}:{number}", said)
    yield from _rest(found, make, place)


def _rest(found: Robots, make: Make, place: str) -> Iterator[Signal]:
    for address, number in found.licences:
        # RSL: the terms lie at an address, and nothing is fetched.
        yield make("terms", f"{place}:{number}", f"License: {address}")
    for words, number in found.others:
        yield make("unreadable", f"{place}:{number}", f"free text: “{words}”", uses=UNREADABLE)


def _refusals(found: Robots, path: str, make: Make, place: str, *, known: bool) -> Iterator[Signal]:
    refused: dict[tuple[str, int], list[str]] = {}
    doubted: dict[tuple[str, int], list[str]] = {}
    others = {agent.lower() for agent in OTHERS}
    doubtful = [agent for agent in found.groups if agent in others or may_gather(agent)]
    for agent in (*TRAINING, *doubtful):
        group = _group(found.groups, agent)
        rule = _rule(group.paths, path)
        told = refused if gathers(agent.lower()) else doubted
        if rule is None and agent.lower() in found.groups:
            # Sites tell capitals apart and disks do not, and of a saved file only its folder is
            # known: a rule for such an agent may have meant this path.
            rule = _rule(group.paths, path, exactly=False) or (
                None if known else _first_refusal(group)
            )
            told = doubted
        if rule is not None and not rule[1]:
            told.setdefault((rule[0], rule[2]), []).append(agent)
    for (pattern, number), agents in refused.items():
        value = _named(pattern, agents)
        yield make("optout", f"{place}:{number}", value, uses=REFUSES_TRAINING, strength="weak")
    for (pattern, number), agents in doubted.items():
        value = f"{_named(pattern, agents)}, and whether that is meant is not known"
        yield make("unreadable", f"{place}:{number}", value, uses=UNREADABLE, strength="weak")


def _first_refusal(group: Group) -> tuple[str, bool, int] | None:
    return next((rule for rule in group.paths if not rule[1]), None)


def _named(pattern: str, agents: list[str]) -> str:
    more = f" and {len(agents) - 3} more" if len(agents) > 3 else ""
    return f"Disallow: {pattern} for {', '.join(agents[:3])}{more}"


def ai_txt(
    path: str, raw: bytes, make: Make, place: str, *, known: bool = True
) -> Iterator[Signal]:
    """Yield what an ai.txt says of a path: whichever agent it names, it is about training."""
    make = partial(make, reader="ai_txt")
    found = parse_robots(raw)
    if found is None:
        yield make("unreadable", place, "this is no ai.txt", uses=UNREADABLE)
        return
    for agent, group in found.groups.items():
        rule = _rule(group.paths, path) or next(
            (one for one in group.paths if not one[1] and _KINDS.fullmatch(one[0])), None
        )
        if rule is not None and not rule[1]:
            value = f"Disallow: {rule[0]} for {agent}"
            yield make(
                "optout", f"{place}:{rule[2]}", value, uses=REFUSES_TRAINING, strength="weak"
            )
        elif rule is None and (
            rule := _rule(group.paths, path, exactly=False) or (
                None if known else _first_refusal(group))
        ) and not rule[1] and not _of_kind(rule[0]):  # fmt: skip
            value = f"Disallow: {rule[0]} for {agent}, and whether that is meant is not known"
            yield make("unreadable", f"{place}:{rule[2]}", value, uses=UNREADABLE)
        for _, said, number in group.usage:
            yield from preferences(make, f"{place}:{number}", said)
    yield from _rest(found, make, place)


# Kinds of media that some name instead of paths.
_KINDS = re.compile(
    r"(?:all|any|images?|pictures?|photos?|media|videos?|art|content|training|ai)[./*]*",
    re.IGNORECASE,
)


def _of_kind(pattern: str) -> bool:
    """Return whether a rule is about files of one ending, wherever they lie."""
    return re.fullmatch(r"/?\*?\.\w+\$?", pattern) is not None


def _group(groups: dict[str, Group], agent: str) -> Group:
    return groups.get(agent.lower()) or groups.get("*") or Group()


def _rule(
    paths: Iterable[tuple[str, bool, int]], path: str, *, exactly: bool = True
) -> tuple[str, bool, int] | None:
    """Return the rule that holds for a path: the longest, and of equals the one that allows."""
    held = [rule for rule in paths if matches(rule[0], path, exactly=exactly)]
    return max(held, key=lambda rule: (len(rule[0]), rule[1]), default=None)


def matches(pattern: str, path: str, *, exactly: bool = True) -> bool:
    """Tell whether a path begins as `pattern` says, whichever of their signs are in percents.

    Args:
        pattern: A pattern of RFC 9309; one without a slash at its beginning is taken as one with.
        path: The path.
        exactly: Whether capitals are told apart.
    """
    pattern, path = _encoded(pattern), _encoded(path)
    if not pattern.startswith(("/", "*", "$")):
        pattern = f"/{pattern}"
    if not exactly:
        pattern, path = pattern.casefold(), path.casefold()
    return glob_match(pattern, path)


# What RFC 9309 leaves as it is: signs with a meaning in paths and in patterns.
_KEPT = "/*$?&=:@!~'()+,;-._#[]"


def _encoded(text: str) -> str:
    """Return a path in one spelling: what need not be in percents is not, and all else is."""
    parts = re.split(r"(%2[fF])", text)
    return "".join(
        "%2F" if part.upper() == "%2F" else quote(unquote_to_bytes(part), safe=_KEPT)
        for part in parts
    )


def glob_match(pattern: str, path: str) -> bool:
    """Tell whether a path begins as `pattern` says; ``*`` is any run, a last ``$`` the end.

    It takes time linear in both, whatever a hostile pattern repeats.

    >>> glob_match("/images/*.jpg$", "/images/a/b.jpg"), glob_match("/a$", "/ab")
    (True, False)
    """
    ends = pattern.endswith("$")
    first, *parts = (pattern[:-1] if ends else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not parts:
        return not ends or at == len(path)
    for part in parts[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if ends:
        return path.endswith(parts[-1]) and len(path) - len(parts[-1]) >= at
    return path.find(parts[-1], at) >= 0
