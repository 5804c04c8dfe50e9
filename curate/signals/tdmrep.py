"""TDMRep's file on the origin server: ``/.well-known/tdmrep.json``.

An array of rules; the first whose location matches the path holds. Its values are read as those
of the header are: 1 reserves, 0 does not, and any other is a protocol error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from curate.signals.fields import Make, reservation
from curate.signals.found import Signal
from curate.signals.normal import UNREADABLE
from curate.signals.robots import matches, path_in


def read_for(
    path: str, raw: bytes, make: Make, place: str, *, known: bool = True
) -> Iterator[Signal]:
    """Yield what a tdmrep.json says of a path.

    Args:
        path: The path, from the site's root on.
        raw: The file.
        make: Makes the statements.
        place: What the file is called.
        known: Whether the path is that of the site: where it is not, a reservation of any other is
            doubted.
    """
    make = partial(make, reader="tdmrep")
    doubted = False
    try:
        for number, rule in enumerate(json.loads(raw, object_pairs_hook=_once)):
            said = str(rule.get("tdm-reservation")).strip()
            at = f"{place}[{number}]"
            several = rule["location"]
            several = several if isinstance(several, list) else [several]
            location = " ".join(map(str, several))
            if any(matches(path_in(str(one)), path) for one in several):
                yield reservation(make, at, said)
                if rule.get("tdm-policy"):
                    yield make("terms", at, str(rule["tdm-policy"]))
                return
            if (
                said != "0"
                and not doubted
                and (not known or any(_is_near(path_in(str(one)), path) for one in several))
            ):
                doubted = True
                why = f"a reservation of {location}, and whether that is meant is not known"
                yield make("unreadable", at, why, uses=UNREADABLE)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield make("unreadable", place, f"{type(error).__name__}: {error}", uses=UNREADABLE)


def _is_near(location: str, path: str) -> bool:
    return matches(location, path, exactly=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; of a name that stands there twice nobody knows which one holds."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name that stands there twice")
    return made
