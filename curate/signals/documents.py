"""JSON documents in whatever shape: the members of their objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def _always(_: str) -> bool:
    return True


def members(told: Any, enter: Callable[[str], bool] = _always) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each member of every object in a document, at any depth.

    Args:
        told: The document. It is walked without recursion, however deep it is.
        enter: Whether what stands under a name is walked, too.

    >>> list(members({"a": [{"b": 1}], "c": {"d": 2}}, lambda name: name != "c"))
    [('a', [{'b': 1}]), ('c', {'d': 2}), ('b', 1)]
    """
    waiting = [told]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            for name, value in one.items():
                yield name, value
                if enter(name):
                    waiting.append(value)
