"""Words that people write of use, training, consent and refusal, in free text.

No machine here understands such a sentence, so it decides nothing: a text that holds one of these
words is a statement that cannot be read, and somebody reads it. All other text is neutral.

A notice that all rights are reserved is no such text: it is read as a statement of rights. The
stems are those of twelve languages; a stem is looked for at the beginning of a word, and in
languages that do not divide words anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from curate.signals.found import Signal, unreadable

TOOL = "curate reader of free text 1"

_STEMS = (
    # English
    "ai", "a.i.", "noai", "artificial intelligence", "machine learning", "deep learning", "dataset",
    "data set", "data mining", "text and data", "scrap", "train", "untrain", "consent", "permi",
    "refus", "revok", "revoc", "withdr", "opt out", "opt-out", "optout", "opted out", "object to",
    "objection", "do not", "don't", "dont", "must not", "may not", "not be used", "not to be",
    "no use",
    "not for", "never", "forbid", "prohibit", "restrict", "disallow", "allowed", "licen",
    "use of", "use only", "used only", "used for", "use for", "reuse", "usage",
    "non-commercial", "noncommercial", "commercial use", "research only", "personal use",
    "editorial use", "confidential", "private", "redistribut", "terms of", "gdpr", "privacy",
    "erase", "erasure", "deepfake", "face recognition", "facial recognition", "biometric",
    "do-not-", "take down", "takedown", "cease", "unauthori",
    "authoris", "authoriz", "under age", "underage",
    # German
    "ki", "künstliche intelligenz", "nicht", "verbot", "verbiet", "untersag", "einwillig",
    "zustimm", "genehmig", "erlaub", "erlaubn", "widerruf", "widerspr", "abgelehnt", "ablehn",
    "verweiger", "training", "trainier", "nutzung", "verwend", "kein", "datenschutz", "vertraulich",
    "lizenz", "dsgvo", "löschen", "löschung",
    # French
    "ia", "intelligence artificielle", "ne pas", "n'utilisez", "interdi", "consent", "autoris",
    "refus", "retir", "retrait", "entraîn", "entrain", "apprentissage", "utilis", "rgpd",
    "confidentiel", "opposition",
    # Spanish
    "inteligencia artificial", "prohib", "consentim", "permis", "autoriz", "rechaz", "retira",
    "revoca", "entrena", "no usar", "no utiliz", "uso", "rgpd",
    # Italian
    "intelligenza artificiale", "vietat", "diviet", "consenso", "permess", "autorizz", "rifiut",
    "ritir", "revoc", "addestra", "non us", "non utilizz", "non può", "utilizz",
    # Portuguese
    "inteligência artificial", "inteligencia artificial", "proibi", "consentim", "permiss",
    "recus", "retir", "revog", "trein", "não us", "não utiliz", "nao us", "lgpd",
    # Dutch
    "kunstmatige intelligentie", "niet", "verbod", "verboden", "toestemm", "instemm", "weiger",
    "geweiger", "ingetrokken", "intrekk", "trainen", "gebruik", "geen", "avg",
    # Polish
    "sztuczn", "nie wolno", "nie używ", "nie uzyw", "zabron", "zakaz", "zgod", "zgad", "odmow",
    "odmaw", "wycof", "trenow", "szkoleni", "wykorzyst", "rodo",
    # Russian
    "ии", "искусственн", "не использ", "использ", "запрет", "запрещ", "соглас", "разреш", "отказ",
    "отозва", "отзыв", "обуч", "нельзя", "персональн",
)  # fmt: skip
_ANYWHERE = (
    # Chinese, simplified and traditional
    "人工智能", "人工智慧", "训练", "訓練", "禁止", "不得", "不要", "请勿", "請勿", "同意", "许可",
    "許可", "授权", "授權", "拒绝", "拒絕", "撤回", "撤销", "撤銷", "使用", "用途",
    "隐私", "隱私", "数据集",
    # Japanese
    "学習", "機械学習", "使わない", "用しない", "しないで", "拒否", "撤回", "承諾", "不可", "利用",
    "データセット", "トレーニング",
    # Arabic
    "الذكاء الاصطناعي", "ذكاء اصطناعي", "تدريب", "موافق", "إذن", "اذن", "رفض", "يرفض", "سحب",
    "انسحب", "ممنوع", "محظور", "يمنع", "حظر", "استخدام", "تستخدم", "لا تستعمل", "استعمال",
)  # fmt: skip
# Words as short as these are meant only where they stand alone.
_ALONE = ("ai", "a.i.", "ia", "ki", "ии", "avg", "uso", "kein", "geen", "rodo", "never", "nicht",
          "niet", "dont", "noai", "private", "cease", "training")  # fmt: skip


def _plain(text: str) -> str:
    """Return text without case, accents and the differences of width and spelling in Unicode."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def _pattern() -> re.Pattern[str]:
    begins = sorted({_plain(stem) for stem in _STEMS if stem not in _ALONE}, key=len, reverse=True)
    begun = "|".join(re.escape(stem).replace(r"\ ", r"[\s_-]+") for stem in begins)
    # Who may license a picture is said by fields of their own, and refuses nothing.
    begun = begun.replace("licen|", "licen(?!sor)|")
    anywhere = "|".join(re.escape(_plain(part)) for part in _ANYWHERE)
    # An underscore divides words: columns and keywords are named so.
    return re.compile(rf"(?<![^\W_])(?:{begun})|{anywhere}")


_SPEAKS = _pattern()
_SPEAKS_ALONE = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, _ALONE))})(?![^\W_])")
# What programs write by themselves, whatever the picture.
_PROGRAMS = re.compile(
    r"^(?:ascii|unicode|jis)?\s*(?:creator: gd-jpeg|lead technologies|file source: https?://\S+$|"
    r"optimized by|compressed by|created with (?:gimp|the gimp)$|lavc\d|intel\(r\) jpeg)"
)
_QUOTED = 60
# Names of splits, and the columns that hold them, are no words about training.
_SPLITS = ("train", "training", "val", "valid", "validation", "test", "testing", "dev")
_TRAIN = re.compile(r"train(?:ing)?(?![a-z])", re.IGNORECASE)
_MOST_LEAVES = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """A free text, and where it stands."""

    reader: str
    place: str
    words: str


def quoted(text: str) -> str | None:
    """Return the first words of a text that speak of use, training or consent, or None.

    >>> quoted("Please do NOT use for A.I. training")
    'Please do NOT use for A.I. training'
    >>> quoted("Two people at the lake, 1998") is None
    True
    """
    plain = _plain(text)
    # Two letters with accents are other letters.
    alone = _SPEAKS_ALONE.search(unicodedata.normalize("NFKC", text).casefold())
    found = _SPEAKS.search(plain) or alone
    if found is None or _PROGRAMS.match(plain.strip("\x00 ")):
        return None
    if len(text) <= 3 * _QUOTED:
        return " ".join(text.replace("\x00", " ").split())
    begin = max(0, found.start() - _QUOTED)
    return " ".join(plain[begin : found.end() + 2 * _QUOTED].split())


def spoken(texts: Iterable[Text], *, digest: str, tool: str) -> Iterator[Signal]:
    """Yield those free texts that may be refusals, as statements that cannot be read.

    Args:
        texts: The texts of one file.
        digest: Of what they were read from.
        tool: What read them.
    """
    for text in texts:
        if words := quoted(text.words):
            why = f"free text: “{words}”"
            yield unreadable(text.reader, text.place, why, digest=digest, tool=tool)


def leaves(value: Any, place: str, *, without: tuple[str, ...] = ()) -> Iterator[Text]:
    """Yield the names and values of a JSON document as texts.

    Args:
        value: The document.
        place: Where it stands.
        without: Names at its top that are read otherwise.
    """
    waiting = [("", value)]
    for _ in range(_MOST_LEAVES):
        if not waiting:
            return
        name, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [
                (f"{name}.{key}" if name else str(key), held)
                for key, held in one.items()
                if name or str(key).lower() not in without
            ]
        elif isinstance(one, list):
            waiting += [(name, held) for held in one]
        elif one is not None and one != "":
            said = "" if str(one).strip().casefold() in _SPLITS else str(one)
            yield Text("file", f"{place}: {name}", f"{_TRAIN.sub('', name)}: {said}")
    yield Text("file", place, f"more than {_MOST_LEAVES} values, and not allowed to be unread")
