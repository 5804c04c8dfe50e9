"""Correcting: facts that reviewers decide, recorded in the ledger and applied to the catalogue."""

from curate.verbs.correct.apply import apply_corrections, contradictions
from curate.verbs.correct.record import Corrections

__all__ = ["Corrections", "apply_corrections", "contradictions"]
