"""Hiding names in texts: all of them, whatever is in a name, and nothing that looks like one."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from curate.safety.seal.hide import Telling
from curate.safety.seal.plan import Plan


def _plan(number: int, locator: str) -> Plan:
    return Plan(
        seal_id=f"s-{number}",
        sha256=f"{number:064x}",
        category="ncii",
        lists=("l",),
        refs=("r",),
        media_ids=(f"m{number}",),
        files=(("/data/set", locator),),
        in_place=False,
        left=(),
        record={"content": [{"md5": f"{number:032x}"}], "sightings": [], "media": []},
    )


def _hidden(texts: list[str | None], *locators: str) -> list[str | None]:
    plans = [_plan(number, locator) for number, locator in enumerate(locators, 1)]
    told: list[str | None] = (
        Telling(plans).hides(pa.chunked_array([texts], pa.string())).to_pylist()
    )
    return told


@pytest.mark.parametrize(
    "locator",
    [
        "real/a.jpg",
        "a b (1)[2]{3}+$^|\\.jpg",
        "straße/é.jpg",
        "two\nlines.jpg",
        "t\tab.jpg",
        "日本.png",
    ],
)
def test_a_name_is_hidden_as_it_stands_and_in_json(locator: str) -> None:
    texts = [f"copy of {locator}", json.dumps({"kept": locator}), f"/data/set/{locator}", None]

    told = _hidden(texts, locator)

    assert told == ["copy of s-1", '{"kept": "s-1"}', "s-1", None]


def test_what_only_looks_like_a_name_stays() -> None:
    texts = ["real/aa.jpg", "other/real/a.jpg", "real/a.jpg2", "real/axjpg", "real/a.jpg/more"]

    assert _hidden(texts, "real/a.jpg") == texts


def test_hashes_are_hidden_and_each_goes_by_its_own_seal() -> None:
    texts = [f"medoid {1:064x}", f"{2:032x}", "b.jpg and a.jpg"]

    assert _hidden(texts, "a.jpg", "b.jpg") == ["medoid s-1", "s-2", "s-2 and s-1"]


def test_many_seals_are_hidden_at_once() -> None:
    """Too many for one pattern: a list may name thousands."""
    names = [f"folder {number}/a long name of a picture {number}.jpg" for number in range(15_000)]

    told = _hidden([names[0], names[-1], "folder x"], *names)

    assert told == ["s-1", "s-15000", "folder x"]
