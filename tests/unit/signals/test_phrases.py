"""Phrases of refusal in many languages and codes, and sentences that refuse nothing."""

# ruff: noqa: E501, RUF001 - these are the letters of the languages that are read
from __future__ import annotations

import gzip
import zlib

import pytest

from curate.signals.codes import decoded
from curate.signals.words import Text, quoted, refusing, refusing_name, spoken

AI, MINING, FACES = "AI training", "mining and scraping", "biometric or face use"
REFUSED = {
    "en": ("No AI training, please.", "Scraping this picture is forbidden", "Not for face recognition"),
    "de": ("Keine Verwendung mit künstlicher Intelligenz", "Text- und Data-Mining vorbehalten",
           "keine Gesichtserkennung"),
    "fr": ("Défense d'entraîner une IA", "Fouille de textes et de données interdite",
           "pas de reconnaissance faciale"),
    "es": ("No entrenar inteligencia artificial", "Queda prohibida la minería de datos",
           "sin reconocimiento facial"),
    "it": ("Vietato addestrare l'intelligenza artificiale", "Estrazione di testo e dati: riservata",
           "niente riconoscimento facciale"),
    "nl": ("Niet om kunstmatige intelligentie te trainen", "geen datamining",
           "zonder gezichtsherkenning"),
    "pt": ("Não treinar inteligência artificial", "A mineração de dados fica excluída",
           "sem reconhecimento facial"),
    "pl": ("Zakaz trenowania sztucznej inteligencji", "Eksploracja danych zastrzeżona",
           "bez rozpoznawania twarzy"),
    "ja": ("AI学習禁止", "データマイニングはお断りします", "顔認識に使わないでください"),
    "zh": ("禁止用于人工智能", "不得进行数据挖掘", "请勿用于人脸识别"),
    "ko": ("인공지능 학습에 쓰지 마세요", "데이터 마이닝 금지", "얼굴 인식 불허"),
    "ru": ("Обучение нейросетей запрещено", "Запрет на сбор данных", "без распознавания лиц"),
    "sv": ("Får inte användas för artificiell intelligens", "förbjudet", "utan samtycke"),
    "tr": ("Yapay zekâ eğitimi için kullanılamaz", "izinsiz", "yasaktır"),
    "uk": ("Заборонено", "без згоди", "не для навчання"),
    "cs": ("Zákaz trénování umělé inteligence", "bez souhlasu", "nepoužívejte"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"), [(name, one) for name, said in REFUSED.items() for one in said]
)
def test_refusals_of_training_mining_and_face_use_are_noticed(language: str, words: str) -> None:
    assert quoted(words) is not None, language
    assert quoted(words.upper()) is not None, language
    assert quoted(f"Photo: Anna. {words}") is not None, language


@pytest.mark.parametrize(
    "words",
    [
        "No restrictions on use.",
        "No known copyright restrictions",
        "There are no restrictions on reuse of this image.",
        "Unrestricted use",
        "Keine bekannten Urheberrechtlichen Einschränkungen",
        "Sans restriction",
        "Sin restricciones.",
        "무제한 호숫가의 두 사람",
    ],
)
def test_sentence_that_refuses_nothing_is_neutral(words: str) -> None:
    assert quoted(words) is None
    assert quoted(f"Two people at the lake. {words}") is None


@pytest.mark.parametrize(
    "words",
    [
        "No restrictions on use, but no AI training",
        "No restrictions, except for training",
        "No restrictions on use. Do not scrape.",
        "Nobody said that there are no restrictions on use",
        "No known copyright restrictions; consent of the person withdrawn",
    ],
)
def test_freedom_with_an_exception_is_none(words: str) -> None:
    assert quoted(words) is not None


@pytest.mark.parametrize(
    "raw",
    [
        "Запрещено".encode("cp1251"),
        "использовать нельзя".encode("koi8-r"),
        "禁止用于人工智能训练".encode("gb18030"),
        "禁止使用".encode("big5"),
        "AI学習禁止".encode("shift_jis"),
        "学習に利用しない".encode("euc_jp"),
        "学習に利用しない".encode("iso2022_jp"),
        "학습 금지".encode("euc_kr"),
        "zakaz użycia".encode("cp1250"),
        "do not train".encode("utf-16-le"),
        "do not train".encode("utf-16-be"),
        "do not train".encode("utf-16"),
        "do not train".encode("utf-32"),
        "do not train".encode("utf-32-be"),
        b"\xef\xbb\xbfdo not train",
    ],
)
def test_text_in_any_code_is_read(raw: bytes) -> None:
    assert quoted(decoded(raw)) is not None


@pytest.mark.parametrize(
    "words",
    [
        "no&nbsp;A&#73; tr&#97;ining",
        "d&#111;&#32;n&#111;t use",
        "Do%20not%20use%20this",
        "tr\u200bain\u00adi\u200bng",
        "рrоhibitеd by the author",
        "for hands of ΑΙ",
        "please, no trai-\nning",
        "N O  A I   T R A I N I N G",
        "n.o.t.r.a.i.n.i.n.g consent",
        "ｎｏ　ＡＩ",
    ],
)
def test_disguised_words_are_read(words: str) -> None:
    """References, unseen signs, letters of other scripts, hyphens and spread letters."""
    assert quoted(words) is not None


@pytest.mark.parametrize(
    "words",
    [
        "These photos must not be used to train AI models.",
        "Users may not apply facial recognition to the images.",
        "All rights reserved. Text and data mining is expressly reserved.",
        "Consent withdrawn on 3 May.",
        "No AI.",
        "Bilder dürfen nicht zum Trainieren verwendet werden.",
        "Interdiction d'entraîner une IA avec ces images.",
        "禁止用于训练。",
        "学習には利用しないでください。",
        "학습 금지",
    ],
)
def test_text_about_a_folder_that_limits_is_noticed(words: str) -> None:
    assert refusing(words) is not None
    assert refusing("A set of pictures. " * 40 + words) is not None


@pytest.mark.parametrize(
    "words",
    [
        "A dataset of 1,000 faces for training detectors of deepfakes.",
        "train/ has 900 pictures and test/ has 100.",
        "No known copyright restrictions.",
        "The camera was a Canon; no flash was used.",
        "",
    ],
)
def test_text_about_a_folder_that_describes_is_neutral(words: str) -> None:
    assert refusing(words) is None


@pytest.mark.parametrize(
    "words",
    [
        "I opt my likeness out of everything",
        "Humans may view; machines mayn't",
        "DON\u00b4T USE",
        "donottrain",
        "CC BY-NC 4.0",
        "For display purposes only",
        "Ask before using",
        "Nur für die Presse",
        "n'est pas libre de droits",
        "\U0001f6ab\U0001f916",
        "UGxlYXNlIGRvIG5vdCB1c2UgZm9yIEFJ",
        b"Please do not use for AI".hex(),
        '"\\u7981\\u6b62"',
        "&amp;#110;&amp;#111; A&amp;#73; tr&amp;#97;ining",
    ],
)
def test_other_words_and_codes_are_read(words: str) -> None:
    """Found by trying what nobody had tried: in other words, and packed into letters."""
    assert quoted(words) is not None


def test_packed_text_is_read() -> None:
    assert quoted(decoded(gzip.compress(b"Please do not use for AI"))) is not None
    assert quoted(decoded(zlib.compress(b"Please do not use for AI"))) is not None


def test_sentence_that_is_divided_is_read() -> None:
    texts = [
        Text("file", "comment", words) for words in ("two peo", "ple: con", "sent withdr", "awn")
    ]
    assert len(list(spoken(texts, digest="", tool=""))) >= 1
    assert list(spoken(texts[:1], digest="", tool="")) == []


def test_names_of_files_refuse_by_themselves() -> None:
    assert refusing_name("faces/NO_AI/a.jpg") is not None
    assert refusing_name("a-do-not-train.jpg") is not None
    assert refusing_name("train/no_glasses/a.jpg") is None
