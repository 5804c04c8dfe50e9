"""Readers of hash lists: each file people hand over becomes the rows of `curate.safety.entries`.

==================  ===========================================================================
form                what a line or record looks like
==================  ===========================================================================
``plain``           a hash; its kind told by its length, or by ``signal``
``threatexchange``  ``pdq 0f1e...``: the local file of ThreatExchange
``te``              ``simple.HASH_MD5.te``: CSV of an id, the hash, and labels
``table``           CSV or TSV with a heading, or JSON or NDJSON records, with named columns
``vpdq``            ``frame,quality,hash,seconds``: the frames of one video
==================  ===========================================================================

Records of StopNCII (``hashValue``, ``signalType``, ``hashStatus``) and of NCMEC
(``fingerprints``, ``deleted``) are tables whose columns are known.
"""

from __future__ import annotations

import base64
import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import InputError, InvalidFileError, PathNotFoundError, UnknownNameError
from curate.media.hash_kinds import LISTED_KINDS, OTHER_KINDS
from curate.safety.entries import BYTES, Collector, plain, read_value, signal_of

FORMS = ("auto", "plain", "threatexchange", "te", "table", "vpdq")

# Columns of a table, by what they hold, and the names under which they are looked for.
COLUMNS = {
    "hash": ("hash", "hashvalue", "value", "indicator", "digest"),
    "type": ("type", "signaltype", "hashtype", "kind", "indicatortype"),
    "status": ("status", "hashstatus", "state"),
    "case": ("case", "caseref", "casenumbers", "casenumber", "id"),
    "quality": ("quality",),
}
# Kinds that are known by their number of hexadecimal digits: of 64 there are several.
_LENGTHS = Counter(2 * kind.size for kind in LISTED_KINDS)
_BY_LENGTH = {2 * kind.size: kind.name for kind in LISTED_KINDS if _LENGTHS[2 * kind.size] == 1}
_OTHER_LENGTHS = {2 * kind.size: kind.name for kind in OTHER_KINDS if kind.size}
_IN_BASE64 = {
    len(base64.b64encode(bytes(kind.size))): kind.name
    for kind in LISTED_KINDS if _LENGTHS[2 * kind.size] == 1
}  # fmt: skip
# A line of md5sum and its like: the hash, and the name of the file.
_SUM = re.compile(r"\\?([0-9A-Fa-f]{32,128})[ \t]+[*]?\S.*")
_TE = re.compile(r"simple\.([^.]+)\.te", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-Fa-f]+")
_VPDQ = re.compile(r"\s*\d+\s*,\s*\d+\s*,\s*[0-9A-Fa-f]{64}\s*,\s*[\d.]+\s*")


@dataclass(frozen=True)
class Read:
    """What a file held.

    Attributes:
        entries: Rows as `curate.safety.entries` has them.
        skipped: Hashes of kinds that are not compared and that are not taken back, by kind.
    """

    entries: pa.Table
    skipped: dict[str, int]


def read_list(
    path: Path, *, form: str = "auto", signal: str = "", columns: Mapping[str, str] | None = None
) -> Read:
    """Read a hash list.

    Args:
        path: The file; or a folder of ``.te`` or vPDQ files, each vPDQ file a video.
        form: One of `FORMS`.
        signal: The kind of hash where the file does not say.
        columns: By a key of `COLUMNS`, what the file's column is called.

    Raises:
        PathNotFoundError: There is nothing at `path`.
        UnknownNameError: No form or signal has that name.
        ManyErrors: Rows are wrong.
        InvalidFileError: The file cannot be parsed.
        InputError: There are no hashes in it.
    """
    if form not in FORMS:
        raise UnknownNameError(f"no form of lists is called {form!r}",
                               hint=f"forms are: {', '.join(FORMS)}")  # fmt: skip
    if signal and signal not in BYTES:
        raise UnknownNameError(f"no kind of hash is called {signal!r}",
                               hint=f"kinds are: {', '.join(BYTES)}")  # fmt: skip
    if not path.exists():
        raise PathNotFoundError("no such file or folder", where=str(path))
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    taken = Collector(path.name)
    for video, file in enumerate(files):
        taken.name = file.name
        _read_file(file, taken, form, signal, columns or {}, video)
    entries = taken.table()
    if not entries.num_rows and not taken.skipped:
        raise InputError("there are no hashes here", where=str(path))
    return Read(entries, taken.skipped)


def _read_file(
    path: Path, taken: Collector, form: str, signal: str, columns: Mapping[str, str], video: int
) -> None:
    try:
        text = path.read_text("utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidFileError("this is no text that can be read", where=str(path)) from error
    form = _form_of(path, text) if form == "auto" else form
    if form == "te":
        _te(path, text, taken, signal)
    elif form == "table":
        _table(path, text, taken, signal, columns)
    elif form == "vpdq":
        _vpdq(text, taken, video)
    else:
        _lines(text, taken, signal)


def _form_of(path: Path, text: str) -> str:
    if _TE.fullmatch(path.name):
        return "te"
    first = next((line for line in text.splitlines() if line.strip()), "")
    if _VPDQ.fullmatch(first):
        return "vpdq"
    if first.lstrip()[:1] in ("{", "[") or path.suffix.lower() in (".csv", ".tsv"):
        return "table"
    return "plain"


def _lines(text: str, taken: Collector, signal: str) -> None:
    """Read lines of a hash, or of a kind and a hash."""
    for line, told in _numbered(text):
        named = _SUM.fullmatch(told)
        said = named.group(1) if named else told
        word, colon, rest = said.partition(":")
        words = [word, rest] if colon and signal_of(word) else said.split()
        if len(words) == 1:
            kind = signal or kind_by_length(said)
            if kind is None and len(said) == 64 and _HEX.fullmatch(said):
                taken.refuse(line, "64 digits are a sha256 or a pdq: say which with --signal")
            elif kind is None and _HEX.fullmatch(said) and len(said) in _OTHER_LENGTHS:
                taken.add(line, None, said, kind=_OTHER_LENGTHS[len(said)])
            else:
                taken.add(line, kind or "md5", said)
        elif len(words) == 2:
            taken.add(line, signal_of(words[0]), words[1], kind=words[0])
        else:
            taken.refuse(line, f"found {len(words)} words, expected a hash, or a kind and a hash")


def kind_by_length(said: str) -> str | None:
    """Return the kind of hash that a text can only be, by its length; None for none or several."""
    if _HEX.fullmatch(said):
        return _BY_LENGTH.get(len(said))
    kind = _IN_BASE64.get(len(said))
    return kind if kind and len(read_value(said, BYTES[kind])) == BYTES[kind] else None


def _te(path: Path, text: str, taken: Collector, signal: str) -> None:
    """Read what the ThreatExchange client stores: an id may stand before the hash, or not."""
    named = _TE.fullmatch(path.name)
    kind = named.group(1) if named else signal
    found = signal_of(kind)
    for line, cells in enumerate(csv.reader(text.splitlines()), 1):
        if not cells:
            continue
        digits = 2 * BYTES[found] if found else 0
        value = next((c for c in cells[:2] if len(c.strip()) == digits), cells[0])
        labels = {plain(word) for word in cells[-1].split()}
        status = next((s for s in ("false_positive", "disputed") if plain(s) in labels), "")
        taken.add(line, found, value, kind=kind, status=status)


def _vpdq(text: str, taken: Collector, video: int) -> None:
    for line, said in _numbered(text):
        cells = said.split(",")
        if len(cells) != 4 or not cells[1].strip().isdigit():
            taken.refuse(line, "expected frame,quality,hash,seconds")
            continue
        taken.add(line, "vpdq", cells[2], quality=min(int(cells[1]), 100), video=video)


def _table(
    path: Path, text: str, taken: Collector, signal: str, columns: Mapping[str, str]
) -> None:
    for line, row in _rows(path, text):
        prints = row.get("fingerprints")
        if prints is not None:
            _fingerprints(line, row, prints, taken)
            continue
        known = {plain(name): value for name, value in row.items()}
        cells = {key: _cell(row, known, key, columns) for key in COLUMNS}
        text_of = str(cells["hash"] or "").strip()
        if not text_of:
            taken.refuse(line, "no hash in this row")
            continue
        kind = cells["type"]
        found = signal_of(kind) if kind else (signal or kind_by_length(text_of))
        if found is None and not kind and _HEX.fullmatch(text_of):
            kind = _OTHER_LENGTHS.get(len(text_of), "")
        if found is None and not kind:
            taken.refuse(line, "the row does not say which kind of hash this is: use --signal")
            continue
        case = cells["case"]
        taken.add(
            line,
            found,
            text_of,
            kind=kind,
            status=cells["status"],
            case_ref=" ".join(map(str, case)) if isinstance(case, list) else case,
        )


def _fingerprints(line: int, row: Mapping[str, Any], prints: Any, taken: Collector) -> None:
    """Read an entry as NCMEC's: several hashes of one file."""
    if isinstance(prints, Mapping):
        pairs = list(prints.items())
    elif isinstance(prints, list) and all(isinstance(p, Mapping) for p in prints):
        pairs = [(p.get("type"), p.get("value")) for p in prints]
    else:
        taken.refuse(line, "fingerprints are neither an object nor a list of objects")
        return
    status = "deleted" if row.get("deleted") in (True, "true", "True") else row.get("status", "")
    for kind, value in pairs:
        taken.add(line, signal_of(kind), value, kind=kind, status=status, case_ref=row.get("id"))


def _cell(
    row: Mapping[str, Any], known: Mapping[str, Any], key: str, columns: Mapping[str, str]
) -> Any:
    if key in columns:
        return row.get(columns[key])
    return next((known[name] for name in COLUMNS[key] if name in known), None)


def _rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    start = text.lstrip()[:1]
    if start == "[":
        for place, row in enumerate(_json(path, text, 1), 1):
            yield place, _record(path, row, place)
    elif start == "{":
        lines = list(_numbered(text))
        if len(lines) > 1 and _is_json(lines[0][1]):
            for line, said in lines:
                yield line, _record(path, _json(path, said, line), line)
            return
        whole = _record(path, _json(path, text, 1), 1)
        # One record, or an answer that holds a list of them.
        rows = next((v for v in whole.values() if isinstance(v, list)), None)
        if rows is None or "fingerprints" in whole or "hashValue" in whole:
            rows = [whole]
        for place, row in enumerate(rows, 1):
            yield place, _record(path, row, place)
    else:
        comma = "\t" if path.suffix.lower() == ".tsv" else ","
        for line, cells in enumerate(csv.DictReader(text.splitlines(), delimiter=comma), 2):
            yield line, {str(name): value for name, value in cells.items()}


def _json(path: Path, text: str, line: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidFileError("this is not JSON", where=f"{path.name}:{line}") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _record(path: Path, row: Any, line: int) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise InvalidFileError("this is no record", where=f"{path.name}:{line}")
    return row


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    for line, said in enumerate(text.splitlines(), 1):
        trimmed = said.strip()
        if trimmed and not trimmed.startswith("#"):
            yield line, trimmed
