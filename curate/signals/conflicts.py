"""Statements of one file that contradict each other, each shown with both places.

Copyright and creator may stand in EXIF, IPTC-IIM and XMP at once. By the guidelines of the
Metadata Working Group (2.0, section 5) EXIF is read first, then XMP; IPTC-IIM comes before XMP
where the digest that was kept beside it tells that it was changed since. An IPTC block that its
digest knows to be unchanged is the same statement as the XMP, and no contradiction.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from curate.signals.found import Signal
from curate.signals.iptc import LIMITS, Rights
from curate.signals.normal import CATEGORIES, Use

_FIELDS = {"creator": LIMITS[2, 80], "copyright": LIMITS[2, 116]}
_PLACES = {
    ("exif", "creator"): "exif:Artist",
    ("exif", "copyright"): "exif:Copyright",
    ("iptc", "creator"): "iptc:By-line",
    ("iptc", "copyright"): "iptc:CopyrightNotice",
    ("xmp", "creator"): "dc:creator",
    ("xmp", "copyright"): "dc:rights",
}
_STRICT = (Use.PROHIBITED, Use.CONSTRAINED, Use.UNREADABLE)


def rights_conflicts(
    rights: Mapping[str, Rights], iptc: bytes | None, kept_digest: bytes | None, digest: str
) -> Iterator[Signal]:
    """Yield where EXIF, IPTC and XMP name different creators or copyrights.

    Args:
        rights: What each states, by ``exif``, ``iptc`` and ``xmp``.
        iptc: The IPTC block.
        kept_digest: The MD5 that was kept of it, where there is one.
        digest: The file's.
    """
    changed = unchanged = False
    if iptc is not None and kept_digest:
        same = hashlib.md5(iptc, usedforsecurity=False).digest() == kept_digest
        changed, unchanged = not same, same
    order = ("exif", "iptc", "xmp") if changed else ("exif", "xmp", "iptc")
    for name, limit in _FIELDS.items():
        said = [(reader, getattr(rights[reader], name)) for reader in order if reader in rights]
        said = [(reader, text) for reader, text in said if text]
        for (first, text), (other, against) in itertools.pairwise(said):
            if unchanged and "iptc" in {first, other} and {first, other} != {"exif", "iptc"}:
                continue
            if not _same(text, against, limit if "iptc" in {first, other} else None):
                yield Signal(
                    kind="conflict", reader="file", place=_PLACES[first, name], value=text,
                    against=against, against_place=_PLACES[other, name],
                    codes=(f"mwg-{name}",), digest=digest, tool="curate MWG 2.0",
                )  # fmt: skip


def _same(one: str, other: str, limit: int | None) -> bool:
    a, b = _plain(one), _plain(other)
    if limit is not None:
        short, long = sorted((a, b), key=len)
        if len(short.encode()) >= limit - 4 and long.startswith(short):
            return True
    # EXIF texts are ASCII: what is not was written as a question mark, or as it is.
    return a == b or _matches(a, b) or _matches(b, a)


def _plain(text: str) -> str:
    parts = [part.strip() for part in unicodedata.normalize("NFC", text).split(";")]
    return " ".join("; ".join(part for part in parts if part).split())


def _matches(pattern: str, text: str) -> bool:
    if "?" not in pattern and "\ufffd" not in pattern:
        return False
    wild = re.escape(pattern).replace(r"\?", ".{1,2}").replace("\ufffd", ".{1,2}")
    return re.fullmatch(wild, text) is not None


def use_conflicts(signals: Sequence[Signal], digest: str) -> Iterator[Signal]:
    """Yield where one statement allows what another refuses, or a licence grants it.

    Args:
        signals: All statements of a file.
        digest: The file's.
    """
    told = [one for one in signals if one.uses is not None]
    for category in CATEGORIES:
        strict = [one for one in told if getattr(one.uses, category) in _STRICT]
        mild = [one for one in told if getattr(one.uses, category) is Use.ALLOWED]
        for one in mild[:1]:
            for other in strict[:1]:
                yield _against(one, other, category, digest)
    refused = [one for one in told if any(getattr(one.uses, c) in _STRICT for c in CATEGORIES)]
    for licence in (one for one in signals if one.kind == "licence"):
        for other in refused[:1]:
            yield _against(licence, other, "licence", digest)


def _against(one: Signal, other: Signal, what: str, digest: str) -> Signal:
    return Signal(
        kind="conflict", reader="file", place=one.place, value=one.value, against=other.value,
        against_place=other.place, codes=(what,), digest=digest, tool="curate",
    )  # fmt: skip
