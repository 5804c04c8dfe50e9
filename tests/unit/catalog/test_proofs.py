"""Proofs of a ledger: they hold without it, outlive erasures, and travel as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from curate.catalog.ledger import Ledger
from curate.catalog.proofs import ConsistencyProof, InclusionProof
from curate.errors import UnknownNameError
from tests.factories import consent, day


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger of eleven consents."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    rows = [consent(f"c{n}", f"p{n}") for n in range(11)]
    ledger.record("consents", rows, recorded_at=day(1))
    return ledger


def test_each_entry_is_shown_to_be_in_the_ledger(ledger: Ledger) -> None:
    """Under the root that the checkpoint has."""
    root = ledger.checkpoint().root

    proofs = [ledger.prove_inclusion(n) for n in range(11)]

    assert all(proofs)
    assert {proof.root for proof in proofs} == {root}
    assert not replace(proofs[3], index=4)


@pytest.mark.parametrize("index", [-1, 11])
def test_no_proof_of_an_entry_that_is_not_there(ledger: Ledger, index: int) -> None:
    """The error says how many there are."""
    with pytest.raises(UnknownNameError, match="has 11 entries"):
        ledger.prove_inclusion(index)


def test_empty_ledger_proves_that_it_extends_an_empty_one(tmp_path: Path) -> None:
    """Nothing extends nothing."""
    empty = Ledger(tmp_path / "none.sqlite")

    assert empty.prove_consistency(empty.checkpoint())


def test_proofs_outlive_growth_and_erasure(ledger: Ledger) -> None:
    """What was proved before is proved by the same path after."""
    before, since = ledger.prove_inclusion(4), ledger.checkpoint()

    ledger.erase("p4", basis="GDPR Art. 17(1)(b)", recorded_at=day(2))

    assert before
    assert ledger.prove_inclusion(4)
    assert ledger.prove_inclusion(4).leaf == before.leaf
    assert ledger.prove_consistency(since)
    assert ledger.verify(since)


def test_proofs_travel_as_json(ledger: Ledger) -> None:
    """Whoever gets one needs neither the ledger nor curate's types."""
    since = ledger.checkpoint()
    ledger.record("consents", [consent("c99")], recorded_at=day(2))
    inclusion, consistency = ledger.prove_inclusion(5), ledger.prove_consistency(since)

    printed = json.dumps([inclusion.as_json(), consistency.as_json()])

    first, second = json.loads(printed)
    assert InclusionProof.from_json(first) == inclusion
    assert ConsistencyProof.from_json(second) == consistency
    assert not ConsistencyProof.from_json({**second, "old_size": 10})
