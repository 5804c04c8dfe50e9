"""The demo's story: build, ingest, import, run, audit, report, release, and compare."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from curate.api import Project
from curate.audit.rules import BY_CODE
from curate.catalog.audits import Audited
from curate.demo.dataset import CONFIG, DATASET, NOTICE, planted, write_dataset
from curate.errors import InputError
from curate.model.verdict import Effect
from curate.release.build import Release
from curate.verbs.context import Context
from curate.verbs.init import init

# What the demo itself makes in its folder, and may therefore remove.
_OWN = (
    ".lock",
    "catalog",
    "consents.csv",
    "curate.toml",
    "format.json",
    "ledger.sqlite",
    "ledger.sqlite-shm",
    "ledger.sqlite-wal",
    "media",
    "planted.json",
    "record",
    "releases",
    "reports",
    "sources.toml",
    "subjects.csv",
)

Say = Callable[[str], None]
Found = set[tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """A line of the table: what was planted of a rule, and what became of it."""

    rule: str
    what: str
    planted: int
    found: int
    missed: int
    extra: int


@dataclass(frozen=True)
class Outcome:
    """What the demo shows: the table, and whether everything planted and nothing else was found."""

    folder: Path
    rows: list[Row]
    audited: Audited
    released: Release

    @property
    def good(self) -> bool:
        """Whether nothing planted was missed and nothing else lowered a verdict."""
        return not any(row.missed or row.extra for row in self.rows)

    def summary(self) -> list[str]:
        """Return the closing lines."""
        counts = self.audited.counts()
        return [
            (
                f"{counts['cleared']} entries cleared, {counts['needs_review']} need review, "
                f"{counts['blocked']} blocked; {self.released.items.num_rows} released"
            ),
            f"audit page  {self.folder / 'reports' / 'audit.html'}",
            f"datasheet   {self.folder / 'reports' / 'datasheet.html'}",
            f"release     {self.folder / 'releases' / self.released.folder.name / 'manifest.json'}",
            f"planted     {self.folder / 'planted.json'}",
            "everything planted was found, and nothing else"
            if self.good
            else "the audit did not find exactly what was planted",
        ]


def tell_story(
    folder: Path,
    *,
    showing: Callable[[Context], AbstractContextManager[None]],
    say: Say,
    jobs: int = 0,
) -> Outcome:
    """Build the demo in `folder`, run every stage with the real code, and compare.

    Args:
        folder: A new folder, or one that holds an earlier demo, which is replaced.
        showing: Shows the project's progress while it works.
        say: Tells what is being done.
        jobs: Worker processes; 0 for one per processor.

    Raises:
        InputError: The folder holds something else.
        DependencyError: The face packages are not installed.
    """
    _clear(folder)
    project = Project(init(folder, config=CONFIG).workspace)
    say(NOTICE)
    made = write_dataset(project.workspace.root)
    say(f"\nbuilt {len(made)} entries with {len(planted(made))} planted problems in {folder}")
    project.ingest(project.workspace.root / "media", dataset=DATASET)
    for name in ("sources.toml", "subjects.csv", "consents.csv"):
        project.import_statements(project.workspace.root / name)
    with showing(project.context):
        project.run(jobs=jobs)
    released = project.release("v1")
    audited = project.latest_audit()
    project.report("audit")
    project.report("datasheet")
    wanted = {(item["id"], item["rule"]) for item in planted(made)}
    return Outcome(folder, compare(wanted, _found(audited)), audited, released)


def compare(wanted: Found, found: Found) -> list[Row]:
    """Return a row for each rule that was planted or found.

    >>> compare({("m1", "CON001")}, {("m1", "CON001"), ("m2", "CON001")})[0].extra
    1
    """
    counts = {
        "planted": Counter(rule for _, rule in wanted),
        "found": Counter(rule for _, rule in wanted & found),
        "missed": Counter(rule for _, rule in wanted - found),
        "extra": Counter(rule for _, rule in found - wanted),
    }
    rules = sorted({rule for _, rule in wanted | found})
    return [
        Row(rule, BY_CODE[rule].title, **{name: count[rule] for name, count in counts.items()})
        for rule in rules
    ]


def _found(audited: Audited) -> Found:
    """Return entries and rules that lowered a verdict."""
    rows = audited.findings.select(["media_id", "code", "effect"]).to_pylist()
    return {(row["media_id"], row["code"]) for row in rows if row["effect"] != Effect.NONE}


def _clear(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / "planted.json").is_file()):
        raise InputError(
            "this holds something that is no demo, and would be overwritten",
            where=str(folder),
            hint="name a new folder: curate demo DIR",
        )
    for name in _OWN:
        place = folder / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
