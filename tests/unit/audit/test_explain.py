"""What is told of one entry, however little of it is known."""

from __future__ import annotations

import pytest

from curate.audit.explain import Explanation


@pytest.mark.parametrize("place", [None, "manifest.csv:3"])
def test_where_an_entry_was_declared_need_not_be_known(place: str | None) -> None:
    """The field is optional: an entry without it is explained all the same."""
    entry = {"locator": "a.jpg", "dataset": "d", "declared_in": place, "state": "unseen",
             "sha256": None, "split": None, "manipulation_type": "unknown"}  # fmt: skip
    told = Explanation(entry, [], [], [], [], [], [], "needs_review", "policy", "r")

    (line,) = (line for line in told.lines() if line.startswith("What it is"))

    assert (place or "a place that is not known") in line
