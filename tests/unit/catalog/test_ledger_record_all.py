"""Statements of several kinds: recorded together, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.catalog.ledger import Ledger
from curate.errors import InvariantError
from tests.factories import consent, day, event, subject


def test_kinds_are_recorded_together(tmp_path: Path) -> None:
    """Each is counted, and what the ledger knew is left out."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("subjects", [subject("p01")], recorded_at=day(1))
    said = {
        "subjects": [subject("p01"), subject("p02")],
        "consents": [consent("c1"), consent("c2")],
        "consent_events": [],
    }

    assert ledger.record_all(said, recorded_at=day(2)) == {
        "subjects": 1,
        "consents": 2,
        "consent_events": 0,
    }
    assert ledger.root()[0] == 4
    assert ledger.verify(ledger.checkpoint())


@pytest.mark.parametrize("wrong", [{"consent_id": None}, {"no_such_column": 1}])
def test_one_wrong_record_keeps_every_kind_out(tmp_path: Path, wrong: dict[str, object]) -> None:
    """An import is whole, or it did not happen."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    said = {"subjects": [subject()], "consent_events": [event(day(1)) | wrong]}

    with pytest.raises(InvariantError):
        ledger.record_all(said, recorded_at=day(2))

    assert ledger.root()[0] == 0
