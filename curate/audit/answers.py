"""Answers: which questions each entry raises, and on what each answer rests, by number.

An entry has one letter for each question, in the order of `curate.audit.questions.QUESTIONS`. What
the catalogue alone decides is prepared once per version of it; consents and sources are asked for
each use and instant, and descent last, when what an entry was made from is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.audit.questions import (
    DESCENT,
    LETTERS,
    NAMES,
    NOT_RAISED,
    OF_CATALOGUE,
    OPEN,
    QUESTIONS,
    REVIEWED,
    Clearance,
)
from curate.audit.rules.sources import ADMITS

if TYPE_CHECKING:
    import duckdb

    from curate.audit.facts import Facts
    from curate.audit.gather import Findings

Letters = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]

_OPEN, _NOT_RAISED = ord(OPEN), ord(NOT_RAISED)
_DECLARED = ord(LETTERS["declared"])
_REVIEWED = ord(LETTERS[REVIEWED])
_PLACE = {name: place for place, name in enumerate(NAMES)}


@dataclass(frozen=True)
class Lines:
    """Lines of descent: each entry and what it was made from, however far.

    Attributes:
        child: Entries, shape (N,).
        parent: What each was made from; -1 where it is not listed.
    """

    child: Numbers
    parent: Numbers

    @classmethod
    def of(cls, ancestors: pa.Table) -> Lines:
        """Return the lines of the table ``ancestors``."""
        parents = ancestors["parent_id"].combine_chunks().fill_null(-1)
        child = ancestors["media_id"].combine_chunks()
        return cls(
            child.to_numpy(zero_copy_only=False).astype(np.int32),
            parents.to_numpy(zero_copy_only=False).astype(np.int32),
        )


def answers_of(
    prepared: Mapping[str, pa.Table], facts: Facts, *, source_required: bool, enough: Clearance
) -> Letters:
    """Return a letter for each entry and question, shape (E, Q), descent not asked yet.

    Args:
        prepared: The catalogue, as `curate.audit.prepare.prepare` gives it.
        facts: The statements, for the use.
        source_required: Whether an entry must name a source.
        enough: The bases that are enough, by question.
    """
    table = prepared["answered"]
    letters = np.full((table.num_rows, len(QUESTIONS)), _NOT_RAISED, np.uint8)
    for question in OF_CATALOGUE:
        letters[:, _PLACE[question.name]] = _column(table, question.name)
    letters[:, _PLACE["consent"]] = _consent(_column(table, "named").astype(bool), facts)
    letters[:, _PLACE["origin"]] = _origin(prepared, facts, source_required=source_required)
    hold_open(letters, enough)
    return letters


def hold_open(letters: Letters, enough: Clearance) -> None:
    """Open the answers whose basis is not enough, in place."""
    for question in QUESTIONS:
        accepted = [ord(LETTERS[basis]) for basis in enough.get(question.name, question.enough)]
        column = letters[:, _PLACE[question.name]]
        column[~np.isin(column, [*accepted, _NOT_RAISED])] = _OPEN


def ask_descent(
    letters: Letters, lines: Lines, cleared: npt.NDArray[np.bool_], enough: Clearance
) -> None:
    """Answer the question of descent, in place.

    Args:
        letters: The answers.
        lines: What entries were made from.
        cleared: Whether each entry is cleared, as it is handed down.
        enough: The bases that are enough, by question.
    """
    place = _PLACE[DESCENT.name]
    letters[:, place] = _NOT_RAISED
    accepted = "declared" in enough.get(DESCENT.name, DESCENT.enough)
    letters[lines.child, place] = _DECLARED if accepted else _OPEN
    listed = lines.parent >= 0
    doubted = ~listed
    doubted[listed] = ~cleared[lines.parent[listed]]
    # What is made from itself rests on nothing.
    doubted |= lines.parent == lines.child
    letters[lines.child[doubted], place] = _OPEN


def open_circles(letters: Letters, lines: Lines) -> None:
    """Open the question of descent of what is made from itself, in place."""
    letters[lines.child[lines.parent == lines.child], _PLACE[DESCENT.name]] = _OPEN


def is_open(letters: Letters) -> npt.NDArray[np.bool_]:
    """Return whether each entry has a question that is not answered, shape (E,)."""
    found: npt.NDArray[np.bool_] = (letters == _OPEN).any(axis=1)
    return found


def as_reviewed(letters: Letters, entry: int) -> None:
    """Answer what is open of an entry by its reviewers, in place."""
    row = letters[entry]
    row[row == _OPEN] = _REVIEWED


def answer_by_waiver(letters: Letters, findings: Findings, never: npt.NDArray[np.bool_]) -> None:
    """Answer the question of origin where all that was found of a source is waived, in place.

    No other question can be answered by a waiver: what nobody looked at, nobody waives.

    Args:
        letters: The answers.
        findings: What was found.
        never: Entries that have no source and need one, shape (E,): no waiver names it.
    """
    codes = np.array([rule.family == "SRC" for rule in findings.rules], bool)
    of_sources = codes[findings.rule] if len(codes) else np.zeros(len(findings.rule), bool)
    waived = findings.media[of_sources & findings.waived]
    standing = findings.media[of_sources & ~findings.waived]
    column = letters[:, _PLACE["origin"]]
    answered = np.setdiff1d(waived, standing)
    answered = answered[(column[answered] == _OPEN) & ~never[answered]]
    column[answered] = _REVIEWED


def digests_of(letters: Letters) -> npt.NDArray[np.uint8]:
    """Return the SHA-256 of each entry's answers, shape (E, 32): few are different."""
    if not len(letters):
        return np.zeros((0, 32), np.uint8)
    whole = np.ascontiguousarray(letters).view(f"V{letters.shape[1]}").ravel()
    distinct, which = np.unique(whole, return_inverse=True)
    digests = [hashlib.sha256(one.tobytes()).digest() for one in distinct]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)[which]


def texts_of(letters: Letters) -> pa.Array:
    """Return the letters of each entry as text."""
    count, width = letters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(letters).tobytes()
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))


def _consent(named: npt.NDArray[np.bool_], facts: Facts) -> Letters:
    column = np.where(named, _DECLARED, _NOT_RAISED).astype(np.uint8)
    for view, key in (("unmet", "duty"), ("standings", "standing")):
        keys = _numbers(facts.connection, f"SELECT DISTINCT {key} FROM {view}")
        column[facts.stands_for[key].expand(keys)[1]] = _OPEN
    return column


def _origin(prepared: Mapping[str, pa.Table], facts: Facts, *, source_required: bool) -> Letters:
    column = np.full(
        prepared["entries"].num_rows, _OPEN if source_required else _NOT_RAISED, np.uint8
    )
    every = np.arange(prepared["origins"].num_rows, dtype=np.int32)
    column[facts.stands_for["origin"].expand(every)[1]] = _OPEN
    admitted = _numbers(facts.connection, ADMITS)
    column[facts.stands_for["origin"].expand(admitted)[1]] = _DECLARED
    if source_required:
        column[unnamed(prepared)] = _OPEN
    return column


def unnamed(prepared: Mapping[str, pa.Table]) -> npt.NDArray[np.bool_]:
    """Return which entries name no source, shape (E,)."""
    named = prepared["entries"]["source_id"].combine_chunks().is_null()
    mask: npt.NDArray[np.bool_] = named.to_numpy(zero_copy_only=False)
    return mask


def _numbers(connection: duckdb.DuckDBPyConnection, sql: str) -> Numbers:
    return connection.sql(sql).to_arrow_table().column(0).to_numpy().astype(np.int32)


def _column(table: pa.Table, name: str) -> Letters:
    column = table[name].combine_chunks()
    values: Letters = column.to_numpy(zero_copy_only=False).astype(np.uint8)
    return values
