"""What a document is made from: one audit and the tables it judged, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from curate.audit.facts import INPUTS
from curate.catalog.digest import tables_digest
from curate.model.authored import Authored
from curate.model.config import UseProfile
from curate.model.ids import stable_id
from curate.model.instants import print_instant

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

    @cached_property
    def audit(self) -> str:
        """What documents call the audit: an id of what it judged and found, and not its run.

        Runs are told apart by the clock, and the same document has the same bytes whenever it is
        made.
        """
        verdicts = self.tables["verdicts"]
        judged = tables_digest({"verdicts": verdicts.drop_columns(["run_id"])})
        return stable_id("audit", self.use.name, print_instant(self.as_of), judged)
