"""Snapshots of robots.txt and of Spawning's ai.txt: what crawlers for AI were told of a path.

A robots.txt is read as RFC 9309 says: the group of the most telling agent counts, the longest
path wins, and of equals the one that allows. Refusing a crawler that gathers for training is a
weak refusal of training. AIPREF's ``Content-Usage`` stands in the same groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from curate.signals.aiprefs import preferences
from curate.signals.fields import Make
from curate.signals.found import Signal
from curate.signals.normal import REFUSES_TRAINING, UNREADABLE

MOST_BYTES = 512 << 10
AI_AGENTS = (
    *("GPTBot", "CCBot", "Google-Extended", "anthropic-ai", "ClaudeBot", "Claude-Web"),
    *("Bytespider", "Applebot-Extended", "Meta-ExternalAgent", "FacebookBot", "Amazonbot"),
    *("cohere-ai", "Diffbot", "ImagesiftBot", "Omgili", "Omgilibot", "AI2Bot", "Timpibot"),
    *("PerplexityBot", "img2dataset"),
)
"""Agents that say that they gather for training."""


@dataclass
class Group:
    """What a group of agents is told: paths with whether they are allowed, and preferences."""

    paths: list[tuple[str, bool, int]] = field(default_factory=list)
    usage: list[tuple[str, str, int]] = field(default_factory=list)


def parse_robots(raw: bytes) -> dict[str, Group] | None:
    """Return the groups of a robots.txt or ai.txt by agent in lower case; None where it is none.

    Args:
        raw: The file.
    """
    text = raw.decode("utf-8", "replace").lstrip("\ufeff")
    if len(raw) > MOST_BYTES or "\x00" in text or text.lstrip().startswith("<"):
        return None
    groups: dict[str, Group] = {}
    agents: list[str] = ["*"]
    naming = False
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            agents = [*agents, value.lower()] if naming else [value.lower()]
            naming = True
            groups.setdefault(value.lower(), Group())
            continue
        # Lines of no group, such as Sitemap, stand anywhere and end none (RFC 9309, section 2.2.4).
        if name not in _OF_GROUPS:
            continue
        naming = False
        for agent in agents:
            _add_rule(groups.setdefault(agent, Group()), name, value, number)
    return groups


_OF_GROUPS = ("allow", "disallow", "content-usage", "content-signal")


def _add_rule(group: Group, name: str, value: str, number: int) -> None:
    if name in {"allow", "disallow"} and value:
        group.paths.append((value, name == "allow", number))
    elif name in {"content-usage", "content-signal"}:
        head, space, rest = value.partition(" ")
        pathed = space and head.startswith(("/", "*"))
        group.usage.append((head, rest, number) if pathed else ("/", value, number))


def read_for(path: str, raw: bytes, make: Make, place: str) -> Iterator[Signal]:
    """Yield what a robots.txt says of a path to crawlers that gather for training.

    Args:
        path: The path, from the site's root on.
        raw: The file.
        make: Makes the statements.
        place: What the file is called.
    """
    make = partial(make, reader="robots")
    groups = parse_robots(raw)
    if groups is None:
        yield make("unreadable", place, "this is no robots.txt", uses=UNREADABLE)
        return
    refused: dict[tuple[str, int], list[str]] = {}
    for agent in AI_AGENTS:
        rule = _rule(_group(groups, agent).paths, path)
        if rule is not None and not rule[1]:
            refused.setdefault((rule[0], rule[2]), []).append(agent)
    for (pattern, number), agents in refused.items():
        more = f" and {len(agents) - 3} more" if len(agents) > 3 else ""
        value = f"Disallow: {pattern} for {', '.join(agents[:3])}{more}"
        yield make("optout", f"{place}:{number}", value, uses=REFUSES_TRAINING, strength="weak")
    heard = {id(group): group for group in (_group(groups, agent) for agent in ("*", *AI_AGENTS))}
    for group in heard.values():
        usages = [usage for usage in group.usage if glob_match(usage[0], path)]
        longest = max((len(usage[0]) for usage in usages), default=0)
        for pattern, said, number in usages:
            if len(pattern) == longest:
                yield from preferences(make, f"{place}:{number}", said)


def ai_txt(path: str, raw: bytes, make: Make, place: str) -> Iterator[Signal]:
    """Yield what an ai.txt says of a path: whichever agent it names, it is about training."""
    make = partial(make, reader="ai_txt")
    groups = parse_robots(raw)
    if groups is None:
        yield make("unreadable", place, "this is no ai.txt", uses=UNREADABLE)
        return
    for agent, group in groups.items():
        rule = _rule(group.paths, path)
        if rule is not None and not rule[1]:
            value = f"Disallow: {rule[0]} for {agent}"
            yield make(
                "optout", f"{place}:{rule[2]}", value, uses=REFUSES_TRAINING, strength="weak"
            )


def _group(groups: dict[str, Group], agent: str) -> Group:
    return groups.get(agent.lower()) or groups.get("*") or Group()


def _rule(paths: Iterable[tuple[str, bool, int]], path: str) -> tuple[str, bool, int] | None:
    """Return the rule that holds for a path: the longest, and of equals the one that allows."""
    held = [rule for rule in paths if glob_match(rule[0], path)]
    return max(held, key=lambda rule: (len(rule[0]), rule[1]), default=None)


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
