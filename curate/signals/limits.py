"""Words that limit, and what they may limit, of texts and names that are about many files.

Stems, as in `curate.signals.phrases`.
"""

from __future__ import annotations

# What a text about a whole folder speaks of, and words that limit it: both, close together, make a
# text that somebody has to read. One that only describes a dataset has the first alone.
ABOUT = (
    *(
        "ai",
        "a.i.",
        "ia",
        "ki",
        "ии",
        "artificial intelligence",
        "machine learning",
        "genai",
        "llm",
    ),
    *("generative", "neural net", "data mining", "datamining"),
    *("text and data", "tdm", "scrap"),
    *("crawler", "train", "biometri"),
    *("face recognition", "facial recognition", "deepfake"),
    *("künstlich", "maschinelle", "trainier"),
    *("gesichtserkenn", "intelligence artificielle"),
    *(
        "apprentissage",
        "entrain",
        "reconnaissance faciale",
        "fouille de",
        "inteligencia artificial",
    ),
    *("entrena", "reconocimiento facial", "mineria de"),
    *("intelligenza artificiale", "addestra"),
    *("riconoscimento facciale", "inteligencia artificial"),
    *("trein", "reconhecimento facial"),
    *("mineracao", "kunstmatige intelligentie", "gezichtsherkenning"),
    *("sztuczn", "trenow"),
    *("rozpoznawani", "искусственн", "обуч", "нейросет"),
)
ABOUT_ANYWHERE = (
    *(
        "人工智能",
        "人工智慧",
        "训练",
        "訓練",
        "机器学习",
        "機器學習",
        "挖掘",
        "爬取",
        "抓取",
        "人脸识别",
    ),
    *(
        "学習",
        "人工知能",
        "トレーニング",
        "マイニング",
        "スクレイピング",
        "顔認識",
        "顔認証",
        "인공지능",
    ),
    *(
        "인공 지능",
        "학습",
        "훈련",
        "크롤링",
        "마이닝",
        "얼굴 인식",
        "얼굴인식",
        "الذكاء الاصطناعي",
        "تدريب",
    ),
)
LIMITS = (
    *("no", "not", "never", "without", "except"),
    *("unless", "only", "prohibit", "forbid", "refus"),
    *("restrict", "disallow", "reserv", "opt out"),
    *("optout", "opted out", "consent", "permission"),
    *("object", "must", "may not", "don't", "dont", "cannot", "exclu", "noai", "stop"),
    *("nicht", "kein", "verbot", "verbiet", "untersag"),
    *("vorbehalt", "widers", "nur", "ohne"),
    *("einwillig", "pas", "interdi", "refus", "sans"),
    *("oppos", "aucun", "no se", "prohib", "sin"),
    *("non", "vietat", "diviet", "senza", "nao"),
    *("proibi", "sem", "niet", "geen", "verboden"),
    *("zonder", "nie", "zakaz", "zabron", "bez", "не", "запре", "нельзя", "без"),
)
LIMITS_ANYWHERE = (
    *(
        "禁止",
        "不得",
        "不要",
        "请勿",
        "請勿",
        "拒绝",
        "拒絕",
        "不可",
        "しない",
        "しません",
        "拒否",
        "無断",
    ),
    *(
        "お断り",
        "금지",
        "거부",
        "불허",
        "말아",
        "마세요",
        "ممنوع",
        "محظور",
        "يمنع",
        "حظر",
        "رفض",
        "لا",
    ),
)
PLAIN_REFUSALS = (
    *("do not use", "don't use", "not to be used"),
    *("not be used", "must not be", "may not be used"),
    *("no use", "consent withdrawn", "withdrew"),
    *("withdrawn consent", "revoked", "consent refused"),
    *(
        "no consent",
        "noai",
        "noimageai",
        "no-ai",
        "noml",
        "opt-out",
        "opted out",
        "nicht verwenden",
    ),
    *("nicht nutzen", "ne pas utiliser", "no usar"),
    *("non usare", "nao usar", "niet gebruiken"),
    *("no ai", "do not train", "no train", "notrain", "donottrain", "non-commercial"),
    *("noncommercial", "research purposes only", "academic research only", "personal use only"),
    *("editorial use", "nie uzywac", "не использовать", "research only", "evaluation only"),
)
"""What refuses by itself, whatever it speaks of."""
NAMES_THAT_REFUSE = (
    *("optout", "opt out", "opted out", "withdrawn", "withdrew", "refused", "revoked", "excluded"),
    *("exclude", "donotuse", "do not", "dont use", "not for ai", "no consent", "unconsented"),
    *("removed at", "to delete", "to be deleted", "takedown", "taken down", "embargo", "retracted"),
    *("widerrufen", "widerspruch", "widersprochen", "abgelehnt", "gesperrt", "nicht verwenden"),
    *("refuse ia", "retire ia", "consentement retire", "interdit", "prohibido", "rechazad"),
    *("ritirat", "rifiutat", "vietato", "retirado", "recusad", "proibido", "ingetrokken"),
    *("geweigerd", "verboden", "wycofan", "odmow", "zakaz", "отозван", "отказ", "запре"),
    *("не для", "не использ", "kielletty", "forbjuden", "forbudt", "yasak", "tilos"),
)
"""Beginnings of words in names of files and folders that refuse by themselves."""
NAMES_THAT_REFUSE_ANYWHERE = (
    *("禁止", "拒绝", "拒絕", "撤回", "撤销", "不可", "不得", "请勿", "請勿", "拒否", "無断"),
    *("금지", "거부", "철회", "ممنوع", "محظور", "אסור"),
)
"""The same in languages that do not divide words."""
