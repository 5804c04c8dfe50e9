"""Reads a page as a browser would: its elements, texts and headings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Elements whose text does not run on from the one before.
_APART = {"caption", "dd", "div", "dt", "h1", "h2", "h3", "li", "p", "pre", "td", "th"}
_VOID = {"meta", "link", "img", "br", "hr", "input", "path"}


@dataclass
class Page(HTMLParser):
    """A page that was read.

    Attributes:
        elements: Each element's name and attributes, in order.
        texts: Text outside style, in order.
    """

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in _APART:
            self.texts.append(" ")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> is out of place"

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All text, runs of white space made one."""
        return " ".join("".join(self.texts).split())

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element with one of these names."""
        return [attributes for tag, attributes in self.elements if tag in tags]


def read(html: str) -> Page:
    """Return a page that was read to its end, with every element closed."""
    page = Page()
    page.feed(html)
    page.close()
    assert page._open == []
    return page


def assert_sound(html: str) -> None:
    """Assert what holds of every page: it runs nothing, loads nothing, and is in order."""
    page = read(html)
    assert not page.named("script", "iframe", "object", "embed", "link", "form", "base")
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href", "xlink:href", "srcset", "poster"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/jpeg")), tag
    assert "url(" not in html
    assert "@import" not in html
    levels = [int(tag[1]) for tag, _ in page.elements if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in page.named("a")}
    assert targets <= set(ids)
    assert all(image.get("alt") for image in page.named("img"))
