"""Releases of a small workspace, issued as the verbs do, from verdicts that a test sets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from curate.audit.rules import BY_CODE
from curate.catalog.audits import Audited
from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.model.config import UseProfile
from curate.model.verdict import Effect
from curate.release.build import Form, Release, Steps, build
from curate.schema import arrow_schema, conform
from curate.signing import SigningKey, new_key
from curate.verbs.release import Issue, Order
from curate.verbs.release.issue import said_until_now
from tests.factories import Row, day, entries, media, sighting, verdict, whole
from tests.unit.release.test_build import picture, selection

NAMES = tuple(f"{n}.png" for n in range(6))
USE = UseProfile("detector-training", "train-detector", ("include", "train_detector"))
SPLITS = {name: ("train", "test")[at % 2] for at, name in enumerate(NAMES)}
SECRET, MODEL_SECRET = new_key(), new_key("ecdsa-p256")


@dataclass
class Desk:
    """A workspace that releases go out from.

    Attributes:
        root: Its folder.
        keys: What signs releases.
        now: The instant, which each release moves on.
        tsa: The time-stamp authority that is asked.
    """

    root: Path
    keys: Sequence[SigningKey] = (SECRET, MODEL_SECRET)
    now: datetime = field(default_factory=lambda: day(5))
    tsa: str | None = None

    @property
    def catalog(self) -> Catalog:
        """Its tables."""
        return Catalog(self.root / "catalog")

    @property
    def record(self) -> Record:
        """What went out."""
        return Record(self.ledger)

    @property
    def ledger(self) -> Ledger:
        """Its ledger."""
        return Ledger(self.root / "ledger.sqlite")

    def release(
        self,
        name: str,
        names: Sequence[str] = NAMES,
        *,
        said: dict[str, str] | None = None,
        findings: Sequence[tuple[str, str]] = (),
        form: Form | None = None,
        steps: Steps | None = None,
    ) -> tuple[Release, Issue]:
        """Issue a release.

        Args:
            name: Its name.
            names: The pictures that are listed.
            said: Verdicts other than cleared, by picture.
            findings: Picture and code of what rules found.
            form: How it is written.
            steps: What a test adds to the build.
        """
        said, picked = said or {}, form or Form(("files", "webdataset", "huggingface"))
        (self.root / "releases").mkdir(parents=True, exist_ok=True)
        rows = {n: media(n, root=str(self.root), split=SPLITS.get(n, "train")) for n in names}
        out = [n for n in names if n not in said]
        selected = selection(self.root, *out, splits={n: SPLITS.get(n, "train") for n in out})
        order = Order(USE.name, form=picked, keys=self.keys, tsa=self.tsa)
        issue = Issue(
            name, order, self._audited(rows, said, findings),
            {"entries": entries(list(rows.values()), _seen(rows))},
            self.ledger, self.now, 30, said=said_until_now(self.ledger),
        )  # fmt: skip
        steps = steps or Steps()
        own = Steps(issue.describe, issue.documents, issue.seal, issue.announce, steps.report)
        facts = {"use": {"name": USE.name}, "tool": "curate test"}
        releases = self.root / "releases"
        made = build(name, selected, releases, facts=facts, form=picked, steps=own)
        self.now += timedelta(days=1)
        return made, issue

    def _audited(
        self, rows: dict[str, Row], said: dict[str, str], findings: Sequence[tuple[str, str]]
    ) -> Audited:
        codes: dict[str, list[str]] = {}
        for name, code in findings:
            if BY_CODE[code].effect is Effect.NONE:
                continue
            codes.setdefault(name, []).append(code)
        judged = [
            verdict(row, said.get(name, "cleared"), sorted(codes.get(name, ())))
            for name, row in rows.items()
        ]
        found = [
            whole("findings") | {"run_id": "r1", "finding_id": f"{at:032}", "code": code,
                                 "media_id": rows[name]["media_id"], "params": "{}"}
            for at, (name, code) in enumerate(findings)
        ]  # fmt: skip
        told = conform(found, "findings") if found else arrow_schema("findings").empty_table()
        return Audited("r1", USE, self.now, told, conform(judged, "verdicts"))


def _seen(rows: dict[str, Row]) -> list[Row]:
    return [
        sighting(row, sha256=hashlib.sha256(picture(name)).hexdigest())
        for name, row in rows.items()
    ]


__all__ = ["MODEL_SECRET", "NAMES", "SECRET", "USE", "Desk"]
