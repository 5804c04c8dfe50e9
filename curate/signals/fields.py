"""What a metadata field says, wherever it stands: in XMP, or as JSON in a C2PA assertion."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Protocol

from curate.signals.found import Signal
from curate.signals.licences import beside_name, to_spdx
from curate.signals.normal import PLUS_DATA_MINING, TDM_RESERVATION, UNREADABLE, Uses
from curate.signals.words import quoted


class Make(Protocol):
    """Makes a statement of the block at hand."""

    def __call__(
        self,
        kind: str,
        place: str,
        value: str | None,
        *,
        uses: Uses | None = None,
        generative: bool | None = None,
        codes: tuple[str, ...] = (),
        strength: str = "claimed",
        reader: str = ...,
    ) -> Signal:
        """Return a statement with the block's digest and tool, and its reader by default."""
        ...


Values = list[str]
Handler = Callable[[Make, str, Values], Iterator[Signal]]

SOURCE_TYPES = frozenset(
    (
        *("digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print"),
        *("compositeCapture", "screenCapture", "humanEdits", "minorHumanEdits", "digitalCreation"),
        *("digitalArt", "softwareImage", "dataDrivenMedia", "algorithmicallyEnhanced"),
        *("algorithmicMedia", "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"),
        *("compositeSynthetic", "composite", "virtualRecording"),
    )
)
"""IPTC NewsCodes Digital Source Type, release 2024-10, with its retired codes."""
CAPTURES = frozenset(
    ("digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print")
)
"""Source types of a plain capture; any other contradicts that a picture is real."""
C2PA_SOURCE_TYPES = frozenset(("empty", "trainedAlgorithmicData"))
GENERATIVE = frozenset(
    (
        *("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"),
        *("compositeSynthetic", "trainedAlgorithmicData"),
    )
)
"""Source types that say that a generative model made the picture or a part of it."""

MODEL_RELEASES = frozenset(("MR-NON", "MR-NAP", "MR-UMR", "MR-LMR"))
MINOR_AGES = frozenset(
    ("AG-UNK", *(f"AG-A{age}" for age in range(15, 26)), "AG-U14"),
)
ALTERATIONS = frozenset(("AL-CRP", "AL-FLP", "AL-RET", "AL-CLR", "AL-DCL", "AL-MRG"))


SPEAKING = re.compile(
    r"data[_-]?mining|(?<![a-z])tdm|ai[_-]?train|train[_-]?ai|(?<![A-Za-z])no[_-]?(?:image[_-]?)?ai"
    r"(?![a-z])|opt[_-]?out|machine[_-]?learning|gen[_-]?ai(?![a-z])|consent|prohibit|(?<![a-z])rsl"
    r"|(?<![A-Za-z])robots(?![a-z])|do[_-]?not[_-]?|no[_-]?train"
    r"|(?:not|allow|permit|deny|forbid)[_-]?(?:for[_-]?)?(?:ai(?![a-z])|ml(?![a-z])|train|mining|scrap)"
    r"|(?:train(?:ing)?|mining|scraping)[_-]?(?:allowed|permitted|policy|rights|reserved|license)"
    r"|(?<![a-z])ai[_-]?(?:usage|policy|use(?!d)|rights|licen|preference)",
    re.IGNORECASE,
)
"""Names of fields and headers that speak of use, whoever made them up."""


@lru_cache(maxsize=4096)
def speaks(name: str) -> bool:
    """Return whether a name speaks of use; programs write the same ones into all files.

    >>> speaks("doNotTrain"), speaks("DateCreated")
    (True, False)
    """
    return SPEAKING.search(name) is not None


def code_of(value: str) -> str:
    """Return a code without the address of its vocabulary.

    >>> code_of("http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED")
    'DMI-PROHIBITED'
    """
    return value.strip().rstrip("/").replace("#", "/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def statements(local: str, place: str, values: Values, make: Make) -> Iterator[Signal]:
    """Yield what a field says.

    Args:
        local: The field's name without its prefix.
        place: Where it stands.
        values: Its texts, in order; a field without any is there and says nothing readable.
        make: Makes the statements.
    """
    handler = HANDLERS.get(local)
    if handler is not None:
        yield from handler(make, place, values or [""])


def _data_mining(make: Make, place: str, values: Values) -> Iterator[Signal]:
    for value in values:
        code = code_of(value).upper()
        uses = PLUS_DATA_MINING.get(code)
        yield make("optout", place, code if uses else value, uses=uses or UNREADABLE)


def _tdm(make: Make, place: str, values: Values) -> Iterator[Signal]:
    for value in values:
        yield reservation(make, place, value)


def reservation(make: Make, place: str, value: str) -> Signal:
    """Return what a TDM reservation says. A wrong value reserves nothing, and nobody trusts it."""
    uses = TDM_RESERVATION.get(value.strip())
    if uses is None:
        return make("unreadable", place, value, uses=UNREADABLE, codes=("protocol-error",))
    return make("optout", place, value.strip(), uses=uses)


def _source_type(make: Make, place: str, values: Values) -> Iterator[Signal]:
    for value in values:
        code = code_of(value)
        if code in SOURCE_TYPES | C2PA_SOURCE_TYPES:
            yield make("digital_source_type", place, code, generative=code in GENERATIVE)
        else:
            yield make("unreadable", place, value, codes=("unknown-code",))


def _codes(kind: str, known: frozenset[str]) -> Handler:
    def handle(make: Make, place: str, values: Values) -> Iterator[Signal]:
        for value in values:
            code = code_of(value).upper()
            if code in known:
                yield make(kind, place, code)
            else:
                yield make("unreadable", place, value, codes=("unknown-code",))

    return handle


def _terms(make: Make, place: str, values: Values) -> Iterator[Signal]:
    # Each language says it once more, and may say something else.
    for text in dict.fromkeys(value.strip() for value in values if value.strip()):
        if spdx := to_spdx(text):
            yield make("licence", place, spdx)
            # A licence with a reservation beside it is no licence that anybody here can read.
            if quoted(beside_name(text)):
                yield make("unreadable", place, text, uses=UNREADABLE)
        else:
            yield make("terms", place, text)


def _rights(make: Make, place: str, values: Values) -> Iterator[Signal]:
    text = "; ".join(dict.fromkeys(value.strip() for value in values if value.strip()))
    if text:
        yield make("rights", place, text)


def _ai_system(make: Make, place: str, values: Values) -> Iterator[Signal]:
    # A prompt may name people: that there is one is told, and not what it says.
    value = values[0] if place.endswith(("AISystemUsed", "AISystemVersionUsed")) else None
    yield make("ai_system", place, value, generative=True)


HANDLERS: dict[str, Handler] = {
    "DataMining": _data_mining,
    "reservation": _tdm,
    "tdm-reservation": _tdm,
    "DigitalSourceType": _source_type,
    "digitalSourceType": _source_type,
    "DigitalSourcefileType": _source_type,
    "ModelReleaseStatus": _codes("model_release", MODEL_RELEASES),
    "MinorModelAgeDisclosure": _codes("minor_age", MINOR_AGES),
    "ImageAlterationConstraints": _codes("alteration_constraint", ALTERATIONS),
    **dict.fromkeys(
        (
            *("OtherConstraints", "RegionConstraints", "ProductConstraints", "MediaConstraints"),
            *("TermsAndConditionsText", "TermsAndConditionsURL", "OtherLicenseConditions"),
            *("UsageTerms", "WebStatement", "license", "prohibits", "useGuidelines"),
            *("EmbdEncRightsExpr", "LinkedEncRightsExpr", "Reuse", "OtherLicenseRequirements"),
            *("OtherLicenseInfo", "LicenseStartDate", "LicenseEndDate", "MediaSummaryCode"),
        ),
        _terms,
    ),
    **dict.fromkeys(("rights", "creator", "Marked", "copyrightNotice"), _rights),
    **dict.fromkeys(
        ("AISystemUsed", "AISystemVersionUsed", "AIPromptInformation"), _ai_system
    ),
}  # fmt: skip
