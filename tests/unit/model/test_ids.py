"""Ids: functions of what they name."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from curate.model import ids
from curate.model.ids import media_id, stable_id

PARTS = st.lists(st.text(max_size=5), max_size=4)


@given(PARTS, PARTS)
def test_ids_are_equal_only_for_equal_parts(left: list[str], right: list[str]) -> None:
    """No two lists of parts share an id, however they are cut."""
    assert (stable_id(*left) == stable_id(*right)) == (left == right)


def test_ids_do_not_change_between_versions() -> None:
    """Catalogues hold these: a change would orphan every row."""
    assert media_id("studio-a", "train/real/p01_1.jpg") == "db4c35de-0193-5fcf-b76f-526481198e07"


def test_id_is_a_uuid() -> None:
    """In its plain form."""
    assert str(uuid.UUID(stable_id("a"))) == stable_id("a")


@given(PARTS)
def test_id_is_the_uuid5_of_its_parts(parts: list[str]) -> None:
    """As the standard library makes them."""
    name = "".join(f"{len(part)}:{part}" for part in parts)

    assert stable_id(*parts) == str(uuid.uuid5(ids._NAMESPACE, name))
