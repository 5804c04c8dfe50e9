"""Rules MED: the file is there and can be read."""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

UNREADABLE = Rule(
    code="MED001",
    symbol="unreadable",
    title="The file cannot be read as media.",
    effect=Effect.REVIEW,
    basis="STANDARDS REV_UNDECODABLE",
    message="{reason}: {detail}",
    explanation=(
        "What cannot be opened cannot be judged: nobody knows who is in it. Files are opened "
        "in worker processes with limits, and one that breaks its worker is recorded here."
    ),
    remedy="Replace the file with a good copy, or take it out of the dataset.",
    query="SELECT media_id, reason, detail FROM entries WHERE state = 'unreadable'",
)

MISSING = Rule(
    code="MED002",
    symbol="missing-file",
    title="The file is listed and is not there.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="{locator} is listed in {declared_in} and was not found",
    explanation="Metadata can be audited without media, and cannot clear what nobody has seen.",
    remedy="Restore the file, or take its row out of the manifest.",
    query="SELECT media_id, locator, declared_in FROM entries WHERE state = 'missing'",
)

NOT_PROBED = Rule(
    code="MED003",
    symbol="not-probed",
    title="The file has not been opened yet.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="{locator} has not been opened since it was listed",
    explanation="A file that was never opened, or that changed since, is not known.",
    remedy="Run `curate run`.",
    query="SELECT media_id, locator FROM entries WHERE state = 'unseen'",
)

RULES = (UNREADABLE, MISSING, NOT_PROBED)
