"""robots.txt, as RFC 9309 says and as people write it; and the other files of a site."""

# ruff: noqa: E501 - a case is a line
from __future__ import annotations

import pytest

from curate.signals import robots, tdmrep
from curate.signals.agents import OTHERS, TRAINING, may_gather
from curate.signals.rsl import read_rsl
from tests.unit.signals.test_web import make, training


def says(text: str, path: str = "/a.jpg", *, known: bool = True) -> str:
    """Return what a robots.txt says of training."""
    return training(list(robots.read_for(path, text.encode(), make, "robots.txt", known=known)))


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: GPTBot\nDisallow: /",
        "user-agent:gptbot\ndisallow:/",
        "User-Agent: GPTBot/1.0\nDisallow: /",
        "User-agent: GPTBot, CCBot\nDisallow: /",
        "User-agent: Googlebot GPTBot\nDisallow: /",
        "User-agent: Googlebot\nUser-agent: ClaudeBot\n\nDisallow: /",
        "User-agent: GPTBot\nSitemap: https://h.org/s.xml\nHost: h.org\nUser-agent: Foo\nDisallow: /",
        "User-agent: GPTBot\nCrawl-delay: 3\nFoo: bar\nDisallow: /",
        "User-agent: GPTBot # of OpenAI\nDisallow: / # all",
        "User-agent: Foo\nDisallow: /\nUser-agent: GPTBot\nDisallow:\nUser-agent: GPTBot\nDisallow: /",
        "Useragent: GPTBot\nDisallow: /",
        "User agent: GPTBot\nDissallow: /",
        "User-agent GPTBot\nDisallow /",
        "User-agent: GPTBot\rDisallow: /\r",
        "\ufeffUser-agent: GPTBot\r\nDisallow: *",
        "Disallow: /",
        "User-agent: *\nDisallow: /",
        "User-agent: *\nDisallow: *.jpg$",
        "User-agent: GPTBot\nDisallow: a.jpg",
        "User-agent: img2dataset\nDisallow: /%61.jpg",
        "User-agent: *\nContent-Usage: train-ai=n",
        "User-agent: Foo\nContent-Signal: search=yes, ai-train=no",
        "Content-Signal: ai-train=no;search=yes",
        "User-agent: *\nContent-Usage: /a train-ai=n, search=y",
    ],
)
def test_refusal_is_read_as_people_write_it(text: str) -> None:
    assert says(text) == "prohibited"


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: SomeAI-bot\nDisallow: /",
        "User-agent: new-llm-crawler\nDisallow: /",
        "User-agent: ChatGPT-User\nDisallow: /",
        "User-agent: GPTBot\nDisallow: /A.JPG",
        "# No AI training is permitted with the content of this site.\nUser-agent: *\nAllow: /",
        "# Content may not be used\n# for the training of AI.\n",
        "AI-training: disallowed",
        "User-agent: *\nContent-Usage: train-ai=maybe",
        "User-agent: *\nContent-Usage: ai-something=n",
        "<html><body>404</body></html>",
        "User-agent: GPTBot\nDisallow: /\x00",
    ],
)
def test_what_may_be_a_refusal_is_doubted(text: str) -> None:
    assert says(text) == "unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "User-agent: *\nDisallow:\nSitemap: https://h.org/s.xml",
        "User-agent: *\nDisallow: /admin/",
        "User-agent: bingbot\nDisallow: /",
        "User-agent: GPTBot\nAllow: /",
        "User-agent: *\nDisallow: /private\nUser-agent: GPTBot\nDisallow: /b",
        "# Robots of this site, made by the editor.\nUser-agent: *\nAllow: /",
        "User-agent: *\nContent-Usage: search=n",
    ],
)
def test_other_files_are_neutral(text: str) -> None:
    assert says(text) == "none"


def test_licence_of_rsl_is_told() -> None:
    found = list(robots.read_for("/a", b"License: https://h.org/l.xml", make, "robots.txt"))
    assert [(one.kind, one.value) for one in found] == [("terms", "License: https://h.org/l.xml")]


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("/fish?q=1", "/fish?q=12", True),
        ("/fish?q=1", "/fish", False),
        ("/*?", "/a.jpg?w=3", True),
        ("/ツ", "/%E3%83%84", True),
        ("/%E3%83%84", "/ツ", True),
        ("/%62%61%7a", "/baz", True),
        ("/foo%2Fbar", "/foo/bar", False),
        ("/a b", "/a%20b", True),
    ],
)
def test_paths_are_compared_in_one_spelling(pattern: str, path: str, *, matched: bool) -> None:
    assert robots.matches(pattern, path) is matched


def test_rule_for_another_path_is_doubted_where_the_path_is_not_known() -> None:
    text = "User-agent: GPTBot\nDisallow: /photos/"
    assert says(text, "/a.jpg") == "none"
    assert says(text, "/a.jpg", known=False) == "unreadable"
    assert says(text.replace("GPTBot", "*"), "/a.jpg", known=False) == "none"
    rules = b'[{"location": "/photos/*", "tdm-reservation": 1}]'
    told = [training(list(tdmrep.read_for("/a.jpg", rules, make, "t", known=k))) for k in (0, 1)]
    assert told == ["unreadable", "none"]


@pytest.mark.parametrize("agent", ["MyAI", "ai-crawler", "some-gpt", "LLMBot", "x_ml_bot", "genai"])
def test_names_that_speak_of_ai(agent: str) -> None:
    assert may_gather(agent.lower())


@pytest.mark.parametrize("agent", ["googlebot", "bingbot", "mumbai", "air", "mail.ru", "html-bot"])
def test_names_that_do_not(agent: str) -> None:
    assert not may_gather(agent)


def test_agents_are_listed_once() -> None:
    names = [name.lower() for name in (*TRAINING, *OTHERS)]
    assert len(names) == len(set(names))


def rsl(inner: str, url: str = "/") -> str:
    """Return what an RSL document says of training."""
    raw = (f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"><license>{inner}'
           "</license></content></rsl>").encode()  # fmt: skip
    return training(list(read_rsl("/a.jpg", raw, make, "rsl.xml", known=True)))


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ('<prohibits type="usage">train-ai</prohibits>', "prohibited"),
        ('<prohibits type="usage">all</prohibits>', "prohibited"),
        ('<prohibits type="usage">ai-train search</prohibits>', "prohibited"),
        ('<permits type="usage">search</permits>', "prohibited"),
        ('<permits type="usage">all</permits><payment type="free"/>', "none"),
        ('<permits type="usage">train-ai</permits><payment type="purchase"/>', "constrained"),
        ('<permits type="usage">all</permits><permits type="geo">EU</permits>', "constrained"),
        ('<prohibits type="usage">something-new</prohibits>', "unreadable"),
        ("", "constrained"),
    ],
)
def test_rsl(inner: str, said: str) -> None:
    assert rsl(inner) == said


def test_rsl_of_another_path_and_broken() -> None:
    assert rsl('<prohibits type="usage">all</prohibits>', url="/b/") == "none"
    assert training(list(read_rsl("/", b"<rsl>", make, "r", known=True))) == "unreadable"
