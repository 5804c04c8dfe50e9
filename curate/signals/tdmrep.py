"""TDMRep's file on the origin server: ``/.well-known/tdmrep.json``.

An array of rules; the first whose location matches the path holds. Its values are read as those
of the header are: 1 reserves, 0 does not, and any other is a protocol error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from curate.signals.fields import Make, reservation
from curate.signals.found import Signal
from curate.signals.normal import UNREADABLE
from curate.signals.robots import glob_match


def read_for(path: str, raw: bytes, make: Make, place: str) -> Iterator[Signal]:
    """Yield what a tdmrep.json says of a path.

    Args:
        path: The path, from the site's root on.
        raw: The file.
        make: Makes the statements.
        place: What the file is called.
    """
    make = partial(make, reader="tdmrep")
    try:
        for number, rule in enumerate(json.loads(raw)):
            if glob_match(str(rule["location"]), path):
                yield reservation(make, f"{place}[{number}]", str(rule.get("tdm-reservation")))
                return
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield make("unreadable", place, f"{type(error).__name__}: {error}", uses=UNREADABLE)
