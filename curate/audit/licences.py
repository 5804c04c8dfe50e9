"""What licences allow, as far as they are known here: a licence that is not is nobody's permission.

A licence is understood where it is written as an SPDX id or as the address of its text, and its
terms stand in the table below. Free text is not: whoever reads it records the terms as flags of the
source, and names the licence by a ``LicenseRef-`` of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from curate.signals.licences import to_spdx


@dataclass(frozen=True)
class Terms:
    """What a licence says.

    Attributes:
        understood: Whether its terms are known here.
        commercial: Whether it allows commercial use.
        derivatives: Whether it allows works that are made from the work to be given out.
        own: Whether it is named as a text of its own, which only its source's record can speak of.
    """

    understood: bool
    commercial: bool = False
    derivatives: bool = False
    own: bool = False


# Each of these allows copying, changing and giving out, for every purpose.
_FREE = frozenset(
    one.upper()
    for one in (
        *("CC0-1.0", "CC-PDM-1.0", "PDDL-1.0", "ODC-By-1.0", "ODbL-1.0", "OGL-UK-3.0"),
        *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "Unlicense"),
    )
)
# Creative Commons licences allow all but what their name excludes, in every version and port.
_COMMONS = re.compile(r"(?:LICENSEREF-)?CC-BY(-NC)?(?:(-ND)|-SA)?(?:-\d\.\d(?:-[A-Z]{2,3})?)?")
_ADDRESS = re.compile(r"https?://[^\s]+", re.ASCII)


def terms_of(licence: str) -> Terms:
    """Return what a licence says, by the way it is written.

    >>> terms_of("CC BY-NC 4.0")
    Terms(understood=True, commercial=False, derivatives=True, own=False)
    >>> terms_of("https://creativecommons.org/licenses/by-nd/4.0/").derivatives
    False
    >>> terms_of("All rights reserved, but for those of CC BY 4.0").understood
    False
    """
    text = licence.strip()
    if _ADDRESS.fullmatch(text):
        text = to_spdx(text) or text
    spdx = re.sub(r"[\s_-]+", "-", text).upper()
    if spdx in _FREE:
        return Terms(understood=True, commercial=True, derivatives=True)
    if commons := _COMMONS.fullmatch(spdx):
        without_commerce, without_derivatives = commons.groups()
        return Terms(
            understood=True,
            commercial=without_commerce is None,
            derivatives=without_derivatives is None,
        )
    return Terms(understood=False, own=re.fullmatch(r"LICENSEREF-[A-Z0-9.-]+", spdx) is not None)


def licence_table(licences: Iterable[str | None]) -> pa.Table:
    """Return the table ``licences``: what each says, by the way it is written."""
    rows = [
        {"licence": one, **terms_of(one).__dict__} for one in sorted({x for x in licences if x})
    ]
    return pa.Table.from_pylist(rows, schema=_TABLE)


_TABLE = pa.schema(
    [
        ("licence", pa.string()),
        *((name, pa.bool_()) for name in ("understood", "commercial", "derivatives", "own")),
    ]
)
