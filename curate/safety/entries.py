"""Hashes of a list: one row each, in one shape whatever the file they came from.

===========  =====================================================================
column       holds
===========  =====================================================================
signal       ``md5``, ``sha1``, ``sha256``, ``pdq``, or ``vpdq`` for a frame of a video
value        the hash, as bytes
status       ``active``; ``withdrawn`` when its provider took it back; ``disputed``
case_ref     the provider's reference of the case, or null
quality      quality of a frame, 0 to 100; 100 where a list does not say
video        which video of the list a frame is of; -1 for what is no frame
===========  =====================================================================
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

import pyarrow as pa

from curate.errors import InvalidRowError, ManyErrors
from curate.media.hash_kinds import BYTE_KINDS, LISTED_KINDS, OTHER_KINDS

SCHEMA = pa.schema(
    [
        ("signal", pa.dictionary(pa.int8(), pa.string())),
        ("value", pa.binary()),
        ("status", pa.dictionary(pa.int8(), pa.string())),
        ("case_ref", pa.string()),
        ("quality", pa.int16()),
        ("video", pa.int32()),
    ]
)

BYTES = {kind.name: kind.size for kind in LISTED_KINDS}
EXACT = tuple(kind.name for kind in BYTE_KINDS)

# A frame of a video is listed only in files of their own form.
_SIGNALS = {
    spelled: kind.name
    for kind in LISTED_KINDS if kind.of != "frame"
    for spelled in (kind.name, *kind.spellings)
}  # fmt: skip
_OTHERS = {word: kind.name for kind in OTHER_KINDS for word in (kind.name, *kind.spellings)}
# A word that is no name of a kind, but perhaps the hash itself, which no list tells in clear.
_NO_NAME = re.compile(r"[0-9a-f]{8}|[0-9A-Fa-f]{16}|[^\W_]{20}|[^ -~]")
_STATUS = {
    "": "active",
    "active": "active",
    "received": "active",
    "withdrawn": "withdrawn",
    "deleted": "withdrawn",
    "falsepositive": "withdrawn",
    "disputed": "disputed",
    # A word that is not known says neither that a hash holds nor that it was taken back.
    "unknown": "disputed",
}


def plain(word: object) -> str:
    """Return a word in small letters and digits alone.

    >>> plain("HASH_MD5")
    'hashmd5'
    """
    return "".join(c for c in str(word or "").casefold() if c.isalnum())


def signal_of(word: object) -> str | None:
    """Return which kind of hash a list's word stands for; None for one that is not compared."""
    return _SIGNALS.get(plain(word))


def other_kind(word: object) -> str:
    """Return what a kind of hash is called that is not compared; ``unknown`` for no clear name.

    >>> other_kind("PhotoDNA"), other_kind("9e107d9d372bb6826bd81d3542a419d6")
    ('photodna', 'unknown')
    """
    told = str(word or "").strip()
    if (known := _OTHERS.get(plain(told))) is not None:
        return known
    return "unknown" if not told or len(told) > 40 or _NO_NAME.search(told) else told.casefold()


@dataclass
class Collector:
    """Takes rows as a reader finds them.

    Attributes:
        name: The file's name, for places of errors.
        skipped: Rows whose kind of hash is not compared here and that are not taken back, by kind.
    """

    name: str
    skipped: dict[str, int] = field(default_factory=dict)
    _columns: dict[str, list[object]] = field(
        default_factory=lambda: {name: [] for name in SCHEMA.names}
    )
    _errors: list[InvalidRowError] = field(default_factory=list)

    def add(
        self,
        line: int,
        signal: str | None,
        text: object,
        *,
        kind: object = "",
        status: object = "",
        case_ref: object = None,
        quality: int = 100,
        video: int = -1,
    ) -> None:
        """Take one hash.

        Args:
            line: The row's place in the file, from 1.
            signal: Its kind; None when it is not compared here.
            text: The hash in hexadecimal digits, or in base64.
            kind: What the file calls the kind.
            status: The list's word for where it stands.
            case_ref: The provider's reference.
            quality: Of a frame.
            video: Of which video it is a frame.
        """
        if signal is None:
            if _STATUS.get(plain(status)) != "withdrawn":
                name = other_kind(kind)
                self.skipped[name] = self.skipped.get(name, 0) + 1
            return
        value = read_value(text, BYTES[signal])
        # The text is not told: it is what the list keeps secret.
        if len(value) != BYTES[signal]:
            digits = 2 * BYTES[signal]
            self.refuse(line, f"this is no {signal} hash; expected {digits} hexadecimal digits")
            return
        row = (signal, value, _STATUS.get(plain(status), "disputed"),
               None if case_ref in (None, "") else str(case_ref), quality, video)  # fmt: skip
        for column, cell in zip(self._columns.values(), row, strict=True):
            column.append(cell)

    def refuse(self, line: int, problem: str) -> None:
        """Take that a row is wrong."""
        self._errors.append(InvalidRowError(
            problem, where=f"{self.name}:{line}",
            hint="correct the row, or name the columns with --column; docs/safety.md has the forms",
        ))  # fmt: skip

    def table(self) -> pa.Table:
        """Return the rows.

        Raises:
            ManyErrors: Rows were wrong.
        """
        if self._errors:
            raise ManyErrors(list(self._errors))
        return pa.table(self._columns, schema=SCHEMA)


def read_value(text: object, size: int) -> bytes:
    """Return a hash of `size` bytes that is written in hexadecimal digits or in base64.

    >>> read_value("0x00FF", 2) == read_value("AP8=", 2) == bytes([0, 255])
    True
    """
    told = str(text).strip()
    try:
        return bytes.fromhex(told.removeprefix("0x").removeprefix("0X"))
    except ValueError:
        pass
    try:
        value = base64.b64decode(told.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return value if len(value) == size else b""
