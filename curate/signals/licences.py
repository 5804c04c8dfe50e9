"""Licences: texts and addresses to SPDX ids.

What names no licence that is known here is None: someone has to read it.
"""

from __future__ import annotations

import re

# Jurisdictions of ported Creative Commons licences that SPDX has ids for.
_PORTED = {
    "CC-BY-2.5-AU", "CC-BY-3.0-AT", "CC-BY-3.0-AU", "CC-BY-3.0-DE", "CC-BY-3.0-IGO",
    "CC-BY-3.0-NL", "CC-BY-3.0-US", "CC-BY-NC-SA-2.0-DE", "CC-BY-NC-SA-2.0-FR",
    "CC-BY-NC-SA-2.0-UK", "CC-BY-NC-SA-3.0-DE", "CC-BY-NC-SA-3.0-IGO", "CC-BY-NC-ND-3.0-DE",
    "CC-BY-NC-ND-3.0-IGO", "CC-BY-ND-3.0-DE", "CC-BY-NC-3.0-DE", "CC-BY-SA-2.0-UK",
    "CC-BY-SA-2.1-JP", "CC-BY-SA-3.0-AT", "CC-BY-SA-3.0-DE", "CC-BY-SA-3.0-IGO",
}  # fmt: skip
_VERSIONS = ("1.0", "2.0", "2.1", "2.5", "3.0", "4.0")

_ADDRESS = re.compile(
    r"creativecommons\.org/licenses/(by(?:-nc)?(?:-nd|-sa)?)(?:/(\d\.\d))?(?:/([a-z]{2,3})\b)?"
)
_PLAIN = (
    (re.compile(r"creativecommons\.org/publicdomain/zero|\bcc[- ]?0\b|\bcc zero\b"),
     "CC0-1.0"),
    (re.compile(r"creativecommons\.org/publicdomain/mark|\bpublic domain mark\b"),
     "CC-PDM-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/odbl|\bodbl\b"), "ODbL-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/by|\bodc-by\b"), "ODC-By-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/pddl|\bpddl\b"), "PDDL-1.0"),
    (re.compile(r"open-government-licence/version/3|\bogl-uk-3\.0\b"), "OGL-UK-3.0"),
    (re.compile(r"apache\.org/licenses/license-2|\bapache[- ](?:license[, ]+)?(?:version )?2\b"),
     "Apache-2.0"),
    (re.compile(r"opensource\.org/licenses?/mit\b|\bmit licen[sc]e\b|^mit$"), "MIT"),
)  # fmt: skip
_SHORT = re.compile(r"\bcc[- ](by(?:[- ]nc)?(?:[- ](?:nd|sa))?)(?:[- ](\d\.\d))?(?![\w.])")
_WORDS = re.compile(
    r"\bcreative commons[, ]+attribution((?:[- ](?:non-?commercial|no-?deriv\w*|share-?alike))*)"
    r"(?:[- ](?:licen[sc]e ?)?(\d\.\d))?"
)


def to_spdx(text: str) -> str | None:
    """Return the SPDX id of the licence that `text`, a name or an address, names.

    A Creative Commons licence without a version, or of a jurisdiction that SPDX does not list,
    becomes a ``LicenseRef-``.

    Returns:
        The id, or None where it names none that is known here, or several.

    >>> to_spdx("https://creativecommons.org/licenses/by-nc-sa/4.0/deed.en")
    'CC-BY-NC-SA-4.0'
    >>> to_spdx("Creative Commons Attribution-NonCommercial 2.0")
    'CC-BY-NC-2.0'
    >>> to_spdx("all rights reserved") is None
    True
    """
    text = text.lower()
    found = {_commons(*match.groups()) for match in _ADDRESS.finditer(text)}
    found |= {spdx for pattern, spdx in _PLAIN if pattern.search(text)}
    found |= {_commons(kind, version, None) for kind, version in _SHORT.findall(text)}
    found |= {_commons(_initials(kind), version, None) for kind, version in _WORDS.findall(text)}
    # A text gives a name and a number, and the number only once.
    exact = {one for one in found if not one.startswith("LicenseRef-")}
    vague = {one.removeprefix("LicenseRef-") for one in found - exact}
    if len(exact) == 1 and all(_is_version_of(next(iter(exact)), one) for one in vague):
        return exact.pop()
    return found.pop() if len(found) == 1 else None


# What stands around the name of a licence and restricts nothing.
_AROUND = re.compile(
    r"https?://(?:www\.)?(?:creativecommons|opendatacommons|spdx|opensource|apache)\.org\S*|"
    r"\d\.\d|\b(?:this|work|image|photo(?:graph)?|picture|file|media|is|are|licen[sc]ed?|"
    r"under|an?|the|terms|of|international|unported|generic|available|released|made|and|by|see|"
    r"text|full|at|cc|creative commons)\b"
)


def beside_name(text: str) -> str:
    """Return what a text that names a licence says beside the name, in lower case.

    >>> beside_name("CC BY 4.0, but no AI training").strip(" ,")
    'but no ai training'
    >>> beside_name("Licensed under Creative Commons Attribution 4.0").strip()
    ''
    """
    rest = text.lower()
    for pattern in (_ADDRESS, *(pattern for pattern, _ in _PLAIN), _SHORT, _WORDS, _AROUND):
        rest = pattern.sub(" ", rest)
    return rest


def _is_version_of(exact: str, vague: str) -> bool:
    return re.fullmatch(re.escape(vague) + r"-\d\.\d(-\w+)?", exact) is not None


def _commons(kind: str, version: str | None, port: str | None) -> str:
    name = "CC-" + kind.upper().replace(" ", "-")
    if version not in _VERSIONS:
        return f"LicenseRef-{name}"
    whole = f"{name}-{version}"
    if port:
        ported = f"{whole}-{port.upper()}"
        return ported if ported in _PORTED else f"LicenseRef-{ported}"
    return whole


def _initials(words: str) -> str:
    text = words.lower().replace("-", "").replace(" ", "")
    parts = ["by"]
    for word, short in (("noncommercial", "nc"), ("noderiv", "nd"), ("sharealike", "sa")):
        if word in text:
            parts.append(short)
    return "-".join(parts)
