"""Entries: one canonical text for a record, whatever encoder made it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from curate.catalog import merkle
from curate.catalog.entries import canonical_texts, commit, leaf, new_entry, sortable
from curate.errors import InvariantError
from tests.factories import consent, day

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, st.lists(TEXTS), st.integers(0, 4))
def test_text_is_canonical_json(text: str, places: list[str], level: int) -> None:
    """The fast encoder prints what RFC 8785 says, escapes and all."""
    row = consent(extra=text, territories=places, assurance_level=level, valid_from=day(1))

    (printed,) = canonical_texts("consents", [row]).values()

    assert printed == rfc8785.dumps(json.loads(printed)).decode()
    assert json.loads(printed)["extra"] == text


def test_numbers_are_kept_exactly_or_not_at_all() -> None:
    """JSON of RFC 8785 has no integers beyond 2^53."""
    rows = {"erasure_id": "e", "erased_at": day(1), "basis": "x", "kinds": [], "entries": []}

    assert canonical_texts("erasures", [{**rows, "entry_count": 2**53 - 1}])
    with pytest.raises(InvariantError, match="cannot be kept exactly"):
        canonical_texts("erasures", [{**rows, "entry_count": 2**53}])


@given(st.binary(min_size=32, max_size=32), st.integers(0, 10**12))
def test_leaf_is_the_hash_of_canonical_json(commitment: bytes, index: int) -> None:
    """As STANDARDS says it: over type, place, instant and commitment."""
    at = sortable(datetime(2026, 5, 1, tzinfo=UTC))
    public = {"c": commitment.hex(), "i": index, "kind": "consents", "t": at}

    expected = merkle.leaf_hash(rfc8785.dumps(public))

    assert leaf("consents", index, at, commitment) == expected


def test_entry_commits_to_its_text() -> None:
    """Under a salt of 32 bytes that is drawn anew."""
    one, two = (new_entry(0, "consents", "c1", "{}", "t") for _ in range(2))

    assert one.commitment == commit(one.salt, b"{}")
    assert len(one.salt) == 32
    assert one.salt != two.salt
    assert one.leaf != two.leaf
