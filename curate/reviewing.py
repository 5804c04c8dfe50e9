"""Reviews of a workspace: handing work out, and bringing decisions back."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.audits import Audited, latest_audit
from curate.catalog.views import unseen
from curate.errors import InputError
from curate.pipeline import Progress, recorded, silent
from curate.reading import Reading
from curate.review.page import Handout, write_handout
from curate.review.queues import QUEUES, Queue
from curate.review.returned import Checked, check_returned, read_returned
from curate.review.viewer import Loaded, load
from curate.review.work import Work, make_work

if TYPE_CHECKING:
    from curate.model.config import Config
    from curate.signing import PublicKey

# Since when each finding of an audit has been known: the first audit that made it.
_HISTORY = """
SELECT f.finding_id, min(r.started_at) AS since
FROM findings f JOIN runs r USING (run_id)
WHERE f.finding_id IN (SELECT finding_id FROM now) GROUP BY ALL
"""


@dataclass(frozen=True)
class Reviews:
    """What can be reviewed in a workspace.

    Attributes:
        reading: Its tables.
        config: Its settings.
        project: What it is called.
    """

    reading: Reading
    config: Config
    project: str

    def audited(self, use: str, run_id: str | None = None) -> Audited:
        """Return the last audit of a use, or one by its run.

        Raises:
            InputError: None has run yet.
            UnknownNameError: No audit has that run id.
        """
        return latest_audit(self.reading.catalog, self.config.uses, use=use, run_id=run_id)

    def work(self, use: str, queues: tuple[Queue, ...], *, limit: int) -> Work:
        """Return what waits for review by the last audit of a use.

        Raises:
            InputError: None has run yet.
        """
        audited = self.audited(use)
        return make_work(self.tables(audited), audited, queues, limit=limit)

    def tables(self, audited: Audited) -> dict[str, pa.Table]:
        """Return the tables that queues and their evidence are made from."""
        catalog = self.reading.catalog
        connection = catalog.connect("findings", "runs")
        connection.register("now", audited.findings.select(["finding_id"]))
        observed = self.reading.observations(assignment=audited.assignment)
        return {
            **{name: observed[name] for name in ("labels", "depictions", "faces")},
            "entries": unseen(observed["entries"], observed["hash_matches"]),
            "rejections": catalog.read("rejections"),
            "decisions": self.reading.ledger.read("decisions"),
            "findings": audited.findings,
            "verdicts": audited.verdicts,
            "history": connection.sql(_HISTORY).to_arrow_table(),
        }

    def hand_out(
        self,
        folder: Path,
        reviewer: str,
        work: Work,
        *,
        progress: Progress = silent,
    ) -> Handout:
        """Write work as a folder with one page that needs no server and no network.

        Args:
            folder: Where; it must not be there, or be empty.
            reviewer: Whose page it is.
            work: What to look at.
            progress: Told how many pictures are done.

        Raises:
            InputError: The name is empty, or the folder holds something or cannot be written.
        """
        if not reviewer.strip():
            raise InputError("a review needs its reviewer's name", where="--by")
        told = {"by": reviewer, "use": work.audited.use.name, "audit": work.audited.run_id}
        with recorded(self.reading.catalog, self.reading.clock, "review export", told) as record:
            made = write_handout(
                folder, work, project=self.project, reviewer=reviewer.strip(),
                made_at=self.reading.clock(),
                progress=lambda done, total: progress("pictures", done, total),
            )  # fmt: skip
            record["counts"] = {"entries": made.entries, "pictures": made.pictures}
        return made

    def bring_back(self, path: Path, key: PublicKey | None = None) -> Checked:
        """Record the decisions in a reviewer's file: those that hold, each with its evidence.

        Doing it again records nothing new. A look at a blurred picture is recorded as well.

        Args:
            path: The JSON or CSV that the page saved, or an envelope around it.
            key: Whose signature it must bear.

        Raises:
            InputError: The file cannot be read as one.
            VerificationError: It is signed and no key was given, or the key did not sign it.
        """
        said = read_returned(path, key)
        now = self.reading.clock()
        reviewed = self.audited(said.use, said.audit_run_id)
        checked = check_returned(
            said, reviewed, self.audited(said.use), self.reading.observations()["entries"],
            self.reading.ledger.read("decisions"),
            now=now, where=str(path),
        )  # fmt: skip
        told: dict[str, Any] = {"by": said.reviewer, "use": said.use, "audit": said.audit_run_id}
        told["key"] = None if key is None else key.keyid
        with recorded(self.reading.catalog, self.reading.clock, "review import", told) as record:
            entries = self.reading.ledger.record_all(
                {"decisions": checked.decisions, "accesses": checked.accesses}, recorded_at=now
            )
            record["counts"] = {**entries, "rejected": len(checked.rejected)}
        return checked.with_recorded(entries["decisions"])

    def load(self, folder: Path, use: str, *, progress: Progress = silent) -> Loaded:
        """Return what an audit judged as a dataset of FiftyOne, whose files are in `folder`.

        Raises:
            InputError: No audit has run yet.
            DependencyError: FiftyOne cannot be had.
        """
        audited = self.audited(use)
        tables = self.tables(audited)
        observed = self.reading.observations(assignment=audited.assignment)
        tables |= {name: observed[name] for name in ("content", "groups", "identities")}
        work = make_work(tables, audited, QUEUES, limit=sys.maxsize)
        return load(
            tables, work, folder / "blurred", name=f"review-{audited.use.name}",
            progress=lambda done, total: progress("entries", done, total),
        )  # fmt: skip
