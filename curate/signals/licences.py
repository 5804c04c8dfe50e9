"""Licences: texts and addresses to SPDX ids, and whether a text is a licence and nothing else.

What names no licence that is known here is None: someone has to read it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from curate.signals.words import quoted

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
    (re.compile(r"apache\.org/licenses/license-2"
                r"|\bapache[- ](?:license[, ]+)?(?:version )?2(?:\.0)?\b"),
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


# Addresses of licences, with nothing behind them but which form of the page is meant.
_WHOLE_ADDRESS = re.compile(
    r"https?://(?:www\.)?(?=(?:creativecommons|opendatacommons|opensource|apache)\.org/)"
    r"|(?<=creativecommons\.org/publicdomain/zero/1\.0)"
    r"/?(?:deed|legalcode)?(?:\.[a-z_-]{2,7})?(?=[\s)>\]]|$)"
    r"|(?<=\d\.\d)/(?:deed|legalcode)?(?:\.[a-z_-]{2,7})?(?:\.txt)?(?=[\s)>\].,]|$)"
)
# What stands around the name of a licence and restricts nothing.
_AROUND = re.compile(
    r"https?://(?:www\.)?(?:creativecommons|opendatacommons|spdx|opensource|apache)\.org\S*|"
    r"\d\.\d|\b(?:for the full text|for details|public licen[sc]e|spdx|identifier)\b"
    r"|\b(?:this|work|image|photo(?:graph)?|picture|file|media|is|are|licen[sc]ed?|"
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
    rest = _WHOLE_ADDRESS.sub(" ", text.lower())
    for pattern in (_ADDRESS, *(pattern for pattern, _ in _PLAIN), _SHORT, _WORDS, _AROUND):
        rest = pattern.sub(" ", rest)
    return rest


# SHA-256 of the words of texts that are a licence as a whole, as `_digest` takes them.
_TEXTS = {
    "95f35d79ea3bab75c250549d6a03cef242e0547d78c99e26fcede49936fb0184": "Apache-2.0",
    "f45538b138cf9aea39fa205de037a0bede8305e68281650e7ab809a8b3ebb2f0": "Apache-2.0",
    "96bdc7f63190fb4bd1ae584b890300ed7517d858b34c945642a3b9b2f1612a5f": "CC0-1.0",
    "0cf21bdfd1964a97a8615e128534845826afbc887edc95aa5c925cbf64386b5c": "MIT",
}
_MIT_HEAD = re.compile(
    r"\s*(?:(?:the )?mit licen[sc]e(?: \(mit\))?\s*\n\s*)?"
    r"(?:copyright (?:\(c\)|©)? ?\d{4}(?:[-, ]+\d{4})*,? ([^\n]{1,60})\n\s*)?"
    r"(?=permission is hereby granted)",
    re.IGNORECASE,
)
_HOLDER = re.compile(
    r"(?!.*\b(?:only|no|not|for|humans?|people|machines?|except|without|but)\b)"
    r"(?:[^\W\d_][\w.'-]*,?\s*){0,6}",
    re.IGNORECASE,
)


def whole_licence(text: str) -> str | None:
    """Return the SPDX id of the licence that a text is in whole: its name, or its known text.

    A text that says one word more than a licence does is not understood: the word may limit it.

    >>> whole_licence("CC BY 4.0"), whole_licence("CC BY 4.0 for humans")
    ('CC-BY-4.0', None)
    """
    head = _MIT_HEAD.match(text)
    holder = (head[1] if head else None) or ""
    # A line for a name may hold more than a name.
    if _HOLDER.fullmatch(holder) and not quoted(holder):
        text = text[head.end() :] if head else text
    if found := _TEXTS.get(_digest(text)):
        return found
    if len(text) > _MOST_NAME:
        return None
    spdx = to_spdx(text)
    return spdx if spdx and not re.search(r"[^\W_]", beside_name(text)) else None


_MOST_NAME = 1000


def _digest(text: str) -> str:
    """Return the SHA-256 of a text's words, whatever its spaces, marks and capitals are."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


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
