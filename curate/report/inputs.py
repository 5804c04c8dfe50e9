"""What a document is made from: one audit and the tables it judged, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from curate.audit.facts import INPUTS
from curate.model.authored import Authored
from curate.model.config import UseProfile

# The audit's own inputs, and what else documents speak of.
TABLES = (*INPUTS, "findings", "verdicts", "rejections", "runs", "label_noise")


@dataclass(frozen=True)
class ReportInputs:
    """One audit and the tables it judged.

    Attributes:
        project: The workspace's name.
        notice: A sentence that every page must show, or nothing.
        tool: Name and version of the tool.
        run_id: The audit's run.
        use: What it judged for.
        as_of: The instant it judged at, in UTC.
        tables: A table for each of `TABLES`; findings and verdicts are those of this audit.
        items: What a release holds (see `curate.release.select`); None outside a release.
        left_out: Entries a release leaves out, by reason.
        authored: What the authors say.
        release: What the release's manifest says beside the files (see `curate.report.written`);
            empty outside a release, and where it is not at hand.
        assignment: The splits it judged by, which `curate split` made; None for those declared.
    """

    project: str
    notice: str
    tool: str
    run_id: str
    use: UseProfile
    as_of: datetime
    tables: Mapping[str, pa.Table]
    items: pa.Table | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    authored: Authored = field(default_factory=Authored)
    release: Mapping[str, Any] = field(default_factory=dict)
    assignment: str | None = None
