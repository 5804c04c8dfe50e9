"""Files that state terms, by their names, and what they say: a licence as a whole, or a doubt.

Nobody here understands terms that somebody wrote. A file that is named like a licence is understood
where it is one in whole, by its name or its known text (`curate.signals.licences.whole_licence`);
whatever else it holds, were it nothing, is unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from curate.signals.fields import Make, statements
from curate.signals.found import Signal
from curate.signals.licences import whole_licence
from curate.signals.normal import UNREADABLE

# However the name goes on.
_TERMS = re.compile(
    r"(?:.*[._ -])?(?:(?:un)?licen[sc](?:e|ed|es|es|ing)|copying|copyright|terms|tos|eula|notice"
    r"|rights|legal|consent|policy|policies|agreement|conditions|usage|permissions?|withdraw\w*"
    r"|refus\w*|opt-?outs?|disclaimer|embargo|einwilligung\w*|widerruf\w*|lizenz\w*|agb"
    r"|nutzungs\w*|licencia|licenza|licentie|licença|licenca|licencja|лицензия|лицензии"
    r"|условия|授权|授權|许可|許可|ライセンス|利用規約)(?:[._ -].*)?"
)
_README = re.compile(
    r"(?:.*[._ -])?(?:readme|read_me|read-me|lisezmoi|liesmich|leeme|leggimi|leiame|llms?)"
    r"(?:[._ -].*)?"
)
_FOLDERS = frozenset(("licenses", "licences", "license", "licence", "legal", "terms"))
_MOST_SHOWN = 200


def is_terms(place: str) -> bool:
    """Return whether a file is named like one that states terms, or lies among such files.

    >>> is_terms("LICENSE-images"), is_terms("LICENSES/CC-BY-4.0.txt"), is_terms("notes.txt")
    (True, True, False)
    """
    path = PurePosixPath(place.casefold())
    return _TERMS.fullmatch(path.name) is not None or path.parent.name in _FOLDERS


def is_readme(place: str) -> bool:
    """Return whether a file is named like one that describes what lies beside it.

    >>> is_readme("README.ipynb"), is_readme("a.txt")
    (True, False)
    """
    return _README.fullmatch(PurePosixPath(place).name.casefold()) is not None


def read_terms(text: str, make: Make, place: str) -> Iterator[Signal]:
    """Yield what a file that states terms says.

    Args:
        text: The file.
        make: Makes the statements.
        place: Where it lies.
    """
    if whole_licence(text):
        yield from statements("license", place, [whole_licence(text) or ""], make)
        return
    words = " ".join(text.split())
    if len(words) > _MOST_SHOWN:
        words = words[:_MOST_SHOWN].rpartition(" ")[0] + " …"
    why = f"terms that are no licence known here, as a whole: “{words}”" if words else "it is empty"
    yield make("unreadable", place, why, uses=UNREADABLE)
