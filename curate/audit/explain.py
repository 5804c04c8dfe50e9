"""Explaining: a rule in words, and the chain of evidence for one entry, as a person tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.answered import Answer
from curate.audit.rule import Rule
from curate.audit.rules import BY_CODE
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
    """What is known of one entry: facts, people, questions with their answers, and findings.

    Attributes:
        questions: The questions that it raises, each with what its answer rests on; none where
            the entry was judged by other settings than those of now.
        verdict: What the last audit of every rule said; empty where none ran.
    """

    entry: dict[str, Any]
    people: list[dict[str, Any]]
    faces: list[dict[str, Any]]
    labels: list[dict[str, Any]]
    signals: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    questions: list[Answer]
    verdict: str
    decided_by: str
    run_id: str

    def as_json(self) -> dict[str, Any]:
        """Return it all as plain values."""
        return {**self.__dict__, "questions": [asdict(answer) for answer in self.questions]}

    def lines(self) -> list[str]:
        """Return it as lines of text."""
        return [
            printable(
                f"{self.entry['locator']} in dataset {self.entry['dataset']}: "
                f"{_VERDICTS.get(self.verdict, self.verdict) or 'not judged yet'}"
            ),
            "",
            *self._what(),
            *self._who(),
            *self._signals(),
            *self._asked(),
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
            lines.append(f"  {row['subject_id']} as {row['role']} ({_named_by(row)})")
        if not self.people and self.entry.get("people") == "none":
            lines.append("  nobody: it is declared that nobody is shown")
        elif not self.people:
            lines.append("  nobody is declared, and it is not declared that nobody is shown")
        return lines + [f"  {line}" for line in explain_people(self.faces)]

    def _signals(self) -> list[str]:
        if not self.signals:
            return []
        return ["What is said of it, in the file or beside it:",
                *(f"  {_statement(row)}" for row in self.signals)]  # fmt: skip

    def _asked(self) -> list[str]:
        """Return each question that the entry raises, and what its answer rests on."""
        if not self.questions:
            return []
        open_ = [answer for answer in self.questions if answer.basis is None]
        closed = [answer for answer in self.questions if answer.basis is not None]
        lines = []
        if open_:
            lines.append("What is not answered, and keeps it from being cleared:")
            for answer in open_:
                lines.append(f"  {answer.name}: {answer.asks}")
                lines += [f"    {printable(sentence)}." for sentence in answer.rests_on]
                lines.append(f"    Who can answer it: {answer.who}.")
        if closed:
            lines.append("What is answered, and on what the answer rests:")
            for answer in closed:
                lines.append(f"  {answer.name} ({answer.basis}): {answer.asks}")
                lines += [f"    {printable(sentence)}." for sentence in answer.rests_on]
        return lines

    def _why(self) -> list[str]:
        if not self.run_id:
            return ["No audit has judged it yet: run `curate audit`."]
        if not self.findings:
            return ["Findings: none of the rules found anything."]
        lines = ["Findings:"]
        for row in self.findings:
            rule = BY_CODE[row["code"]]
            said = printable(rule.say(row["params"]))
            lines.append(f"  {rule.code} {rule.symbol} ({rule.effect}): {said}.")
            lines.append(f"    {rule.remedy}")
            if row["waiver"]:
                lines.append(f"    Waived by {printable(row['waiver'])}.")
        return lines


# How it is known that a person is in an entry, and how far that is believed.
_NAMED_BY = {
    "declared": "declared by the dataset",
    "filename_convention": "read from the file's name",
    "cluster": "found by the face model",
    "verified_document": "read from a document that was checked",
    "reviewer": "said by a reviewer",
}
_BELIEVED = {
    "proposed": ", confirmed by nobody",
    "disputed": ", and disputed",
    "rejected": ": they are not shown",
}


def _named_by(row: Mapping[str, Any]) -> str:
    method = _NAMED_BY.get(row["link_method"], row["link_method"])
    return f"{method}{_BELIEVED.get(row['link_status'], '')}"


# How far what entries declare bears the link out, by the schema's words. No person looked.
_LINKED = {
    "confirmed": "several entries agree",
    "proposed": "too few entries agree to say more",
    "disputed": "entries disagree",
}

_VERDICTS = {"cleared": "cleared", "needs_review": "needs review", "blocked": "blocked"}


# What a still picture is called among the parts of its file, as it is usually shown.
_WHOLE_PICTURE = "the picture"


def explain_people(faces: list[dict[str, Any]]) -> list[str]:
    """Return what is known of the people whose faces these are, a sentence each.

    Args:
        faces: Rows of the table ``faces``, each with its identity and whether that is supported,
            and the ``part`` of the file that it is in, where its frame is one by itself.
    """
    people: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in sorted(faces, key=lambda row: (row["frame"], row["ordinal"])):
        who = row["identity_id"] or row["track_id"] or row["face_id"]
        said = ("judgeable", "unlike_subject_id", "subject_id", "supported", "alike", "status")
        people.setdefault((who, *(row[name] for name in said)), []).append(row)
    return [_one_person(rows) for rows in people.values()]


def _one_person(rows: list[dict[str, Any]]) -> str:
    """Return faces of one person in words: how large, whose they are held to be, and why."""
    row = rows[0]
    high = _span([r["face_height_px"] for r in rows], 0)
    size = f"a face {high} pixels high"
    # Ways of showing a still picture are parts by name, and no frames.
    parts = list(dict.fromkeys(r["part"] for r in rows if r.get("part")))
    if parts and parts != [_WHOLE_PICTURE]:
        size = f"{size} (in {'; in '.join(parts)})"
    elif len(rows) > 1:
        size = f"a face in {len({r['frame'] for r in rows}):,} frames, {high} pixels high"
    if not row["judgeable"]:
        reasons = sorted({r["poor_reason"] or "no reason is recorded" for r in rows})
        return f"{size}, too poor to compare ({'; '.join(reasons)})"
    if row["unlike_subject_id"] is not None:
        size += f", unlike the other faces declared as {row['unlike_subject_id']}"
    if row["subject_id"] is None:
        return f"{size}, linked to nobody"
    subject = row["subject_id"]
    known = [r["similarity"] for r in rows if r["similarity"] is not None]
    if not row["supported"] or not known:
        return f"{size}, held to be {subject} by the declaration of this file alone"
    similarity = f"similarity {_span(known, 2)}"
    if not row["alike"]:
        return (
            f"{size}, held to be {subject} by declaration: it is not enough like the faces of "
            f"{subject} in other files for the model to tell ({similarity})"
        )
    return (
        f"{size}, which the model finds like the faces of {subject} in other files ({similarity}; "
        f"{_LINKED.get(row['status'], 'no entry says so')})"
    )


def _span(values: list[float], digits: int) -> str:
    """Return the least and the greatest of some numbers in words, one where they are the same."""
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


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


def explain_entry(
    entry: dict[str, Any],
    tables: Mapping[str, pa.Table],
    *,
    questions: list[Answer],
    findings: pa.Table,
    verdict: Mapping[str, Any],
) -> Explanation:
    """Return what is known of one entry and how an audit judged it.

    Args:
        entry: The entry's row of the view ``entries``.
        tables: Its neighbourhood, as `curate.catalog.neighbourhood` gives it.
        questions: The questions that it raises, answered or not.
        findings: Its findings in the last audit.
        verdict: Its row of ``verdicts`` in that audit; empty where none judged it.
    """
    media_id, sha256 = entry["media_id"], entry["sha256"]
    identities = {row["face_id"]: row for row in tables["identities"].to_pylist()}
    supported = _supported(tables)
    nobody = dict.fromkeys(
        ("subject_id", "identity_id", "similarity", "alike", "status", "unlike_subject_id")
    )
    part_of = {row["frame"]: row["part"] for row in _rows(tables["parts"], "sha256", sha256)
               if row["frame"] is not None}  # fmt: skip
    faces = [{**row, **nobody, **identities.get(row["face_id"], {}),
              "part": part_of.get(row["frame"])}
             for row in _rows(tables["faces"], "sha256", sha256)]  # fmt: skip
    return Explanation(
        entry=entry,
        people=_rows(tables["depictions"], "media_id", media_id),
        faces=[{**row, "supported": (row["identity_id"], row["subject_id"]) in supported}
               for row in faces],
        labels=_rows(tables["labels"], "media_id", media_id),
        signals=_signals(tables, entry),
        findings=[{**row, "params": json.loads(row["params"])} for row in findings.to_pylist()],
        questions=questions,
        verdict=verdict.get("verdict", ""),
        decided_by=verdict.get("decided_by", ""),
        run_id=verdict.get("run_id", ""),
    )  # fmt: skip


def _supported(tables: Mapping[str, pa.Table]) -> set[tuple[str, str]]:
    """Return the identities and subjects whose faces lie in several pictures, copies aside."""
    contents = {row["face_id"]: row["sha256"] for row in tables["faces"].to_pylist()}
    groups = {row["sha256"]: row["group_id"] for row in tables["groups"].to_pylist()}
    seen: dict[tuple[str, str], set[str]] = {}
    for row in tables["identities"].to_pylist():
        if row["face_id"] in contents and row["identity_id"] and row["subject_id"]:
            content = contents[row["face_id"]]
            key = row["identity_id"], row["subject_id"]
            seen.setdefault(key, set()).add(groups.get(content) or content)
    return {key for key, contents_ in seen.items() if len(contents_) > 1}


def _signals(tables: Mapping[str, pa.Table], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return statements in an entry's file, as the last search of it read them, and beside it.

    After its own come those of entries with the same bytes or pixels, each with where it stands.
    """
    contents = {row["sha256"]: row for row in tables["content"].to_pylist()}
    own = _own_signals(tables, entry)
    seen = {_said(row) for row in own}
    for other in tables["entries"].to_pylist():
        if other["media_id"] == entry["media_id"] or not _same_picture(entry, other, contents):
            continue
        for row in _own_signals(tables, other):
            if row["kind"] not in _OF_THE_FILE and _said(row) not in seen:
                seen.add(_said(row))
                own.append({**row, "place": f"{row['place']} of {other['locator']}, which is the "
                                            "same picture"})  # fmt: skip
    return own


# What is said of a file and not of what it shows.
_OF_THE_FILE = ("c2pa_state", "conflict", "rights")


def _said(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("kind", "place", "value", "digest"))


def _same_picture(
    one: dict[str, Any], other: dict[str, Any], contents: Mapping[str, dict[str, Any]]
) -> bool:
    if one["sha256"] is None or one["sha256"] == other["sha256"]:
        return one["sha256"] is not None
    pixels = [contents.get(entry["sha256"], {}) for entry in (one, other)]
    first, second = ((row.get("pixel_digest"), row.get("pixel_digest_basis")) for row in pixels)
    return first[0] is not None and first == second


def _own_signals(tables: Mapping[str, pa.Table], entry: dict[str, Any]) -> list[dict[str, Any]]:
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
