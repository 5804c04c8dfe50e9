"""The head of a ledger at an instant: the same whenever it is made, and proved by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from curate.catalog.heads import Head, head_at
from curate.catalog.ledger import Ledger
from tests.factories import day


def _told(ledger: Ledger, name: str, at: datetime) -> None:
    ledger.record("subjects", [{"subject_id": name, "subject_kind": "adult", "status": "active",
                                "is_minor_at_capture": "no"}], recorded_at=at)  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_a_head_is_of_what_was_recorded_until_then(tmp_path: Path, count: int) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for n in range(count):
        _told(ledger, f"p{n}", day(5, n + 1))
    before = head_at(ledger, day(5, 20))
    assert before
    assert (before.checkpoint.size, before.checkpoint.root.hex()) == ledger.root()

    _told(ledger, "later", day(5, 25))
    assert head_at(ledger, day(5, 20)) == before
    assert head_at(ledger, day(5, 26)).checkpoint.size == count + 1


def test_it_is_read_again_as_it_was_told(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for n in range(5):
        _told(ledger, f"p{n}", day(5, n + 1))
    head = head_at(ledger, day(5, 20))

    assert Head.from_json(str(head.checkpoint), head.proof_json()) == head


def test_another_root_size_entry_or_origin_is_not_proved(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for n in range(6):
        _told(ledger, f"p{n}", day(5, n + 1))
    head = head_at(ledger, day(5, 20))
    at = head.checkpoint

    for other in (
        replace(head, checkpoint=replace(at, root=bytes(32))),
        replace(head, checkpoint=replace(at, size=0)),
        replace(head, checkpoint=replace(at, size=60)),
        replace(head, checkpoint=replace(at, origin="curate-ledger/0000000000000000")),
        replace(head, first=bytes(32)),
        replace(head, path=()),
        replace(head, path=head.path[:-1]),
    ):
        assert not other


def test_where_no_ledger_is_the_head_is_empty(tmp_path: Path) -> None:
    head = head_at(Ledger(tmp_path / "none.sqlite"), day(5, 1))
    assert head
    assert head.checkpoint.size == 0
