"""Notices: what people were told, by the digest of its text.

A notice is a row with its text in a file beside it (``text_file``), in the row itself
(``text``), or kept elsewhere and known by its digest (``text_sha256``). The digest is SHA-256
over the exact bytes of the file, or over the text in UTF-8.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from curate.consent.jsonld import raise_all
from curate.consent.statements import Statements
from curate.errors import CurateError, InvalidRowError, ManyErrors
from curate.rows import Row, cells
from curate.schema import problems

# A row with one of these columns is a notice.
TEXT_COLUMNS = frozenset({"text", "text_file", "text_sha256"})
COLUMNS = TEXT_COLUMNS | {
    "notice",
    "version",
    "language",
    "url",
    "covers_purposes",
    "covers_operations",
}
# BCP 47 in the shape people write it: language, script, region, variants.
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

Record = dict[str, Any]


def read_notices(rows: Iterable[Row], *, folder: Path, purposes: Iterable[str]) -> Statements:
    """Return the notices in `rows`.

    Args:
        rows: Rows with the columns of docs/consent-formats.md.
        folder: Where the paths in ``text_file`` start.
        purposes: The purposes that are known.

    Raises:
        InvalidRowError: One row is wrong.
        ManyErrors: Several rows are wrong; nothing is returned.
    """
    statements, errors = Statements(), list[CurateError]()
    known, seen = frozenset(purposes), dict[str, str]()
    for row in rows:
        try:
            record = _notice(row, folder, known)
        except ManyErrors as many:
            errors += many.errors
            continue
        first = seen.setdefault(record["notice_id"], row.place)
        if first != row.place:
            errors.append(_wrong(row, f"notice: {record['notice_id']!r} stands at {first} already"))
        statements.add("notices", record)
    raise_all(errors)
    return statements


def _notice(row: Row, folder: Path, purposes: frozenset[str]) -> Record:
    values, wrong = row.values, [row.problem] if row.problem else []
    unknown = sorted(values.keys() - COLUMNS)
    if unknown:
        wrong.append(f"columns are not known: {', '.join(unknown)}")
    record: Record = {
        "notice_id": values.get("notice"),
        "version": _text(values.get("version")),
        "language": values.get("language"),
        "url": values.get("url"),
        "covers_purposes": _list(values.get("covers_purposes")),
        "covers_operations": _list(values.get("covers_operations")),
    }
    try:
        record["text_sha256"] = _digest(values, folder)
    except ValueError as error:
        wrong.append(str(error))
        record["text_sha256"] = ""
    wrong += _problems(record, purposes)
    if wrong:
        raise ManyErrors([_wrong(row, text) for text in wrong])
    return {key: value for key, value in record.items() if value is not None}


def _problems(record: Record, purposes: frozenset[str]) -> Iterable[str]:
    plain = {key: value for key, value in record.items() if value is not None}
    yield from problems(plain, "notices")
    language = record["language"]
    if isinstance(language, str) and not _LANGUAGE.fullmatch(language):
        yield f"language: {language!r} is no BCP 47 tag"
    covered = record["covers_purposes"]
    for purpose in covered if isinstance(covered, list) else ():
        if purpose not in purposes:
            yield (
                f"covers_purposes: {purpose!r} is not a known purpose; use one of: "
                + ", ".join(sorted(purposes))
            )


def _digest(values: Record, folder: Path) -> str:
    """Return the SHA-256 of a notice's text; what the row states must agree with it."""
    if {"text", "text_file"} <= values.keys():
        raise ValueError("text and text_file are both given; one is the text")
    stated, found = values.get("text_sha256"), None
    if stated is not None and not re.fullmatch(r"[0-9a-f]{64}", str(stated)):
        raise ValueError(f"text_sha256: {stated!r} is no SHA-256 in lowercase hex")
    if "text_file" in values:
        found = _file_digest(folder / str(values["text_file"]))
    elif "text" in values:
        found = hashlib.sha256(str(values["text"]).encode()).hexdigest()
    if found is None and stated is None:
        raise ValueError("text_file, text or text_sha256 is needed")
    if found and stated and found != stated:
        raise ValueError(f"text_sha256: the text's digest is {found}, not {stated}")
    return str(found or stated)


def _file_digest(path: Path) -> str:
    if not path.is_file():
        raise ValueError(f"text_file: {path.name!r} is no file beside the notices")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ValueError(f"text_file: {path.name!r} cannot be read: {error.strerror}") from None


def _list(value: Any) -> Any:
    return cells(value) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    """Return a version as text: TOML has numbers and dates where people mean words."""
    plain = isinstance(value, int | float | date) and not isinstance(value, bool)
    return str(value) if plain else value


def _wrong(row: Row, problem: str) -> InvalidRowError:
    return InvalidRowError(
        problem, where=row.place, hint="docs/consent-formats.md lists the columns of notices"
    )
