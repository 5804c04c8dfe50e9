"""Correcting: facts that reviewers decide, said into the ledger and followed by the catalogue."""

from curate.correcting.heed import contradictions, heed
from curate.correcting.say import Corrections

__all__ = ["Corrections", "contradictions", "heed"]
