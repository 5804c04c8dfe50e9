"""Which form a file of statements has, told from its content: the way to the readers.

JSON-LD and Kantara receipts are JSON objects or arrays of them; notices are lists in TOML.
Everything else is rows, and is read by `curate.consent.read`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curate.consent import kantara, notices
from curate.consent.jsonld import file_bytes, listed, parse_json, read_nodes
from curate.consent.statements import Statements
from curate.consent.ts27560.record import read_records
from curate.errors import InvalidFileError, PathNotFoundError
from curate.rows import Row

MAX_BYTES = 256 << 20
_PEEK = 1 << 16
_RECORD_SIGNS = (b'"@', b'"dpv:', b"ConsentRecord", b"hasConsentStatus", b"w3id.org/dpv")
_RECEIPT_SIGNS = (b'"consentReceiptID"', b'"piiPrincipalId"', b'"KI-CR-')


def read_document(
    path: Path, *, purposes: Iterable[str], on_file: Mapping[str, str]
) -> Statements | None:
    """Return the statements in a file that is no list of rows; None when it is one.

    Args:
        path: The file.
        purposes: The purposes that are known.
        on_file: The digest of each notice on file, by its id.

    Raises:
        PathNotFoundError: There is no such file.
        InvalidFileError: The file cannot be read.
        ManyErrors: Places of it are wrong; nothing is returned.
    """
    suffix = path.suffix.lower()
    if suffix not in (".json", ".jsonld", ".toml"):
        return None
    if not path.exists():
        raise PathNotFoundError("no such file", where=str(path))
    if not path.is_file():
        raise InvalidFileError("a file was expected, and this is none", where=str(path))
    if suffix == ".toml":
        return _notices(path, purposes)
    if suffix == ".json" and not _is_document(path):
        return None
    document = parse_json(file_bytes(path, limit=MAX_BYTES), where=path.name)
    if kantara.is_receipt(document):
        return kantara.read_receipts(document, where=path.name, purposes=purposes)
    return read_records(
        read_nodes(document, where=path.name),
        where=str(path),
        purposes=purposes,
        notices=on_file,
    )


def is_table_of_notices(rows: Sequence[Row]) -> bool:
    """Tell whether the columns of a file's rows are those of notices."""
    return any(row.values.keys() & notices.TEXT_COLUMNS for row in rows) and not any(
        row.values.keys() & {"purposes", "subject", "subject_id"} for row in rows
    )


def _is_document(path: Path) -> bool:
    """Return whether the file's beginning has a sign of linked data or of a receipt."""
    try:
        with path.open("rb") as file:
            begins = file.read(_PEEK)
    except OSError:
        return False  # the reader of rows says what is wrong
    return any(sign in begins for sign in (*_RECORD_SIGNS, *_RECEIPT_SIGNS))


def _notices(path: Path, purposes: Iterable[str]) -> Statements | None:
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        return None  # the reader of rows says what is wrong
    if "notices" not in document:
        return None
    if len(document) > 1:
        raise InvalidFileError(
            "[[notices]] stand beside other tables",
            where=str(path),
            hint="keep notices in a file of their own",
        )
    rows = [
        Row(f"{path.name}: notices[{i}]", dict(item) if isinstance(item, dict) else {})
        for i, item in enumerate(listed(document["notices"]))
    ]
    return notices.read_notices(rows, folder=path.parent, purposes=purposes)
