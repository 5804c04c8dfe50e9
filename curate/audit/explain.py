"""Explaining: a rule in words, and the chain of evidence for one entry, as a person tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.rule import Rule
from curate.audit.rules import BY_CODE
from curate.catalog.audits import Audited
from curate.errors import UnknownNameError, printable
from curate.model.verdict import Effect
from curate.signals.normal import CATEGORIES

_EFFECTS = {
    Effect.BLOCK: "blocks the entry",
    Effect.REVIEW: "sends the entry to review",
    Effect.NONE: "is told, and does not change the verdict",
}
_EFFECTS_ON_DOCUMENTS = {
    Effect.BLOCK: "fails `curate report lint`",
    Effect.REVIEW: "is told, and fails `curate report lint --fail-on warning`",
    Effect.NONE: "is told",
}


@dataclass(frozen=True)
class Explanation:
    """What is known of one entry: facts, people, findings and verdict."""

    entry: dict[str, Any]
    people: list[dict[str, Any]]
    faces: list[dict[str, Any]]
    labels: list[dict[str, Any]]
    signals: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    verdict: str
    run_id: str

    def as_json(self) -> dict[str, Any]:
        """Return it all as plain values."""
        return dict(self.__dict__)

    def lines(self) -> list[str]:
        """Return it as lines of text."""
        return [
            printable(
                f"{self.entry['locator']} in dataset {self.entry['dataset']}: {self.verdict}"
            ),
            "",
            *self._what(),
            *self._who(),
            *self._signals(),
            *self._why(),
        ]

    def _what(self) -> list[str]:
        entry = self.entry
        place = printable(entry["declared_in"] or "a place that is not known")
        lines = [f"What it is: listed in {place}; {entry['state']}."]
        if entry["sha256"]:
            lines.append(f"  Its content is SHA-256 {entry['sha256']}.")
        said = [f"{row['name']} {row['value']} ({row['origin']})" for row in self.labels]
        split = f"split {entry['split']}" if entry["split"] else "no split"
        lines.append(f"  Labels: {', '.join(said) or 'none'}; {split}; manipulation "
                     f"{entry['manipulation_type']}.")  # fmt: skip
        return lines

    def _who(self) -> list[str]:
        lines = ["Who is in it:"]
        for row in self.people:
            lines.append(f"  {row['subject_id']} as {row['role']} ({row['link_method']}, "
                         f"{row['link_status']})")  # fmt: skip
        if not self.people:
            lines.append("  nobody is declared")
        for row in self.faces:
            person = row["subject_id"] or "no known subject"
            like = f", similarity {row['similarity']:.2f}" if row["similarity"] is not None else ""
            lines.append(f"  a face {row['face_height_px']:.0f} px high, linked to {person}{like}")
        return lines

    def _signals(self) -> list[str]:
        if not self.signals:
            return []
        return ["What is said of it, in the file or beside it:",
                *(f"  {_statement(row)}" for row in self.signals)]  # fmt: skip

    def _why(self) -> list[str]:
        if not self.findings:
            return ["Why: no rule found anything; every person in it is covered for this use."]
        lines = ["Why:"]
        for row in self.findings:
            rule = BY_CODE[row["code"]]
            said = printable(rule.say(row["params"]))
            lines.append(f"  {rule.code} {rule.symbol} ({rule.effect}): {said}.")
            lines.append(f"    {rule.remedy}")
        return lines


def _statement(row: dict[str, Any]) -> str:
    """Return a statement: its kind, value, where it stands, and its normal form."""
    value = f" {row['value']}" if row["value"] else ""
    inside = f", inherited from {row['ingredient']}" if row["ingredient"] else ""
    against = f", against {row['against']} at {row['against_place']}" if row["against"] else ""
    codes = f" [{', '.join(row['codes'])}]" if row["codes"] else ""
    said = f"{row['kind']}{value}{against}{codes}, at {row['place']}{inside}"
    return printable(f"{said} ({row['strength'] or 'claimed'}){_normal_form(row)}")


def _normal_form(row: dict[str, Any]) -> str:
    uses = {name.replace("_", " "): row[name] for name in CATEGORIES if row[name]}
    if not uses:
        return ""
    if len(set(uses.values())) == 1:
        return f": every use {next(iter(uses.values()))}"
    return ": " + ", ".join(f"{name} {use}" for name, use in uses.items())


def explain_rule(rule: Rule) -> list[str]:
    """Return a rule as lines of text."""
    effects = _EFFECTS_ON_DOCUMENTS if rule.family == "DOC" else _EFFECTS
    return [
        f"{rule.code} {rule.symbol}",
        "",
        rule.title,
        "",
        rule.explanation,
        "",
        f"Effect: a finding {effects[rule.effect]}.",
        f"Basis: {rule.basis}.",
        f"Remedy: {rule.remedy}",
    ]


def explain_entry(what: str, tables: Mapping[str, pa.Table], judged: Audited) -> Explanation:
    """Return what is known of one entry and how an audit judged it.

    Args:
        what: The entry's locator or id.
        tables: The tables an audit reads.
        judged: The audit.

    Raises:
        UnknownNameError: No entry, or more than one, is called that.
    """
    entry = find_entry(what, tables["entries"])
    media_id, sha256 = entry["media_id"], entry["sha256"]
    identities = {row["face_id"]: row for row in tables["identities"].to_pylist()}
    faces = [
        {**row, "subject_id": None, "similarity": None, **identities.get(row["face_id"], {})}
        for row in _rows(tables["faces"], "sha256", sha256)
    ]
    findings = _rows(judged.findings, "media_id", media_id)
    verdicts = _rows(judged.verdicts, "media_id", media_id)
    return Explanation(
        entry=entry,
        people=_rows(tables["depictions"], "media_id", media_id),
        faces=faces,
        labels=_rows(tables["labels"], "media_id", media_id),
        signals=_signals(tables, entry),
        findings=[{**row, "params": json.loads(row["params"])} for row in findings],
        verdict=verdicts[0]["verdict"] if verdicts else "not judged yet",
        run_id=judged.run_id,
    )


def _signals(tables: Mapping[str, pa.Table], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return statements in an entry's file, as the last search of it read them, and beside it."""
    read = {row["stage"] for row in _rows(tables["signal_scans"], "sha256", entry["sha256"])}
    inside = _rows(tables["signals"], "about", entry["sha256"])
    beside = _rows(tables["signals"], "about", entry["media_id"])
    found = [row for row in inside if row["stage"] in read] + beside
    return sorted(found, key=lambda row: (row["kind"], row["key"]))


def find_entry(what: str, entries: pa.Table) -> dict[str, Any]:
    """Return the row of the one entry with a locator or id.

    Raises:
        UnknownNameError: No entry, or more than one, is called that.
    """
    found = _rows(entries, "locator", what) or _rows(entries, "media_id", what)
    if not found:
        raise UnknownNameError(
            f"{what!r} is neither a rule nor an entry",
            hint="name a rule such as CON003, or an entry by its path below the media root",
        )
    if len(found) > 1:
        ids = ", ".join(f"{row['media_id']} (dataset {row['dataset']})" for row in found[:5])
        raise UnknownNameError(
            f"{len(found)} entries are called {what!r}", hint=f"use an id: {ids}"
        )
    return found[0]


def _rows(table: pa.Table, column: str, value: str | None) -> list[dict[str, Any]]:
    if value is None:
        return []
    rows: list[dict[str, Any]] = table.filter(pc.equal(table[column], value)).to_pylist()
    return rows
