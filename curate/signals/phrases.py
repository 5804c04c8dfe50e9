"""Words that people write of use, training, consent and refusal, by language.

Each is a stem, looked for at the beginning of a word; in languages that do not divide words, and in
those that put prefixes before a word, anywhere. Case, accents and width do not count. They decide
nothing: a text with one of them is read by somebody.
"""

# ruff: noqa: RUF001 - these are the letters of the languages that are read
from __future__ import annotations

from collections.abc import Mapping

STEMS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("ai", "a.i.", "noai", "no-ai"),
        *("noimageai", "noml", "artificial intelligence", "genai"),
        *("machine learning", "deep learning", "generative"),
        *("llm", "llms", "neural net"),
        *("foundation model", "dataset", "data set"),
        *("data mining", "datamining", "text mining"),
        *("text and data", "tdm", "scrap", "crawler"),
        *("web crawl", "data harvest", "train"),
        *("untrain", "consent", "permi", "refus", "revok"),
        *("revoc", "withdr", "opt out", "opt-out"),
        *("optout", "opted out", "opting out", "object to"),
        *("objection", "do not", "don't", "dont"),
        *("must not", "may not", "cannot", "can't"),
        *("not be used", "not to be", "no use"),
        *("not for", "not use", "never"),
        *("forbid", "prohibit", "restrict", "disallow"),
        *("allowed", "licen", "use of", "use only"),
        *("used only", "used for", "use for", "only for"),
        *("reuse", "usage", "non-commercial"),
        *("noncommercial", "commercial use", "research only"),
        *("personal use", "editorial"),
        *("eyes only", "confidential", "private"),
        *("redistribut", "terms of", "terms and cond"),
        *("reservation of", "rights reserved under", "gdpr", "privacy"),
        *("erase", "erasure", "deepfake"),
        *("face recognition", "facial recognition", "face match"),
        *("face search", "faceprint", "face analysis"),
        *("facial analysis", "biometric", "do-not-"),
        *("take down", "takedown", "cease", "unauthori"),
        *("authoris", "authoriz", "under age"),
        *("underage", "hands off", "keep out of", "keep off"),
        *("stay out", "leave out", "ki-training"),
    ),
    "en, in other words": (
        *("algorithm", "cleared for", "exclusively", "opt my", "opt me", "mayn't", "article 4"),
        *("art. 4", "notrain", "nottrain", "donot", "notfor", "notuse", "dontuse", "noscrap"),
        *("nomining", "by-nc", "by-nd", "cc-by-nc", "cc-by-nd", "evaluation only", "internal use"),
        *("display purpose", "display only", "view only", "viewing only", "purposes only"),
        *("gpt", "chatgpt", "midjourney", "stable diffusion", "diffusion model", "bipa"),
        *("no release", "right to", "anonymi", "minors", "ask first", "ask before", "ask me"),
        *("on request", "upon request", "by request", "embargo", "strictly", "likeness"),
        *("off limits", "off-limits", "ingest", "please remove", "remove this", "remove me"),
        *("delete me", "delete this", "changed my mind", "bots", "robots", "no machines"),
        *("humans only", "only humans", "people only", "only people", "no deriv", "derivativ"),
        *("rights managed", "not available", "copying", "do not copy", "no reproduction"),
        *("not model", "not released", "release pending", "release missing", "release: no"),
        *("recalled", "retract", "article 21", "art. 21", "art 21", "notallowed", "withheld"),
        *("under 18", "privat", "à titre privé"),
    ),
    "en, of people and their consent": (
        *("withdrew", "taken back", "person objects", "person shown objects", "she objects"),
        *("he objects", "who objects", "they object", "subject objects", "sitter objects"),
        *("model objects", "parent objects", "parents object", "family objects", "objected"),
        *("be removed", "been removed", "was removed", "were removed", "removed at", "removed on"),
        *("remove from", "remove a", "be deleted", "must delete", "delete a", "delete it"),
        *("delete the", "delete all", "please delete", "to delete", "deletion", "exclude"),
        *("excluded", "be forgotten", "forget me", "declin", "agreed to", "not agree", "disagree"),
        *("under-age", "minor at", "a minor", "is minor", "juvenile", "under 16", "under 14"),
        *("no model release", "model release: n", "model release no", "release form"),
        *("without release",),
        *("without model rel", "model release miss"),
        *("model release pend", "unreleased",
        "not asked", "but ask", "please ask", "without their"),
        *("without her", "without his", "without knowledge", "without asking", "does not want"),
        *("did not want", "doesn't want", "unwilling", "by downloading"),
        *("sign the", "agreement", "legal hold", "expired"),
        *("legal review", "under review", "not approved", "approval", "out of scope"),
        *("out-of-scope", "deprecat", "no longer", "third part", "contract applies", "terms apply"),
        *("t&c", "terms at", "for terms", "request access", "access by request", "contact us"),
        *("no other use", "nothing else", "only humans", "for human", "for people", "human view"),
        *("human observ", "custom licen", "not own", "removed at request", "respect the"),
        *("one-time use", "one time use", "first rights", "exclusive to", "rights only"),
        *("none granted", "not granted", "rights: none", "rm only", "internal only"),
    ),
    "en, of what machines do": (
        *("no machine", "machines may", "for machines", "to machines", "no ml", "no dl", "no cv"),
        *("not4ai", "no4ai", "finetun", "fine-tun", "fine tun", "embeddings", "feature extraction"),
        *("computer vision", "pattern recognition", "emotion recognition", "age estimation"),
        *("gait analy", "gait recog", "no gait", "face swap", "faceswap", "no swap", "morphing"),
        *("avatars", "digital twin", "digital double", "digital replica", "virtual clone"),
        *("voice clon", "voice model", "profiling", "no diffusion", "no gan", "deep net"),
        *("no iris", "lip sync", "lip-sync", "no animat", "animating my", "vision model"),
        *("no crawl", "no bots", "no robot", "no generat", "no synthe", "no scan", "no clon"),
        *("no comput", "no automat", "no model", "no learn", "no index", "no collect", "no store"),
        *("artifical intel", "artificial inteli", "artifical inteli", "machine lerning"),
        *("machine learing", "maschine learning", "maschinelles lernen", "trianing", "traning"),
        *("concent", "permision", "prohibt", "prohibitt", "restict", "comercial use"),
        *("surveillance", "identif", "no recogn"),
    ),
    "de": (
        *("minderjähr", "bitte entfern", "entfernt werden", "zu entfernen", "widersproch"),
        *("ohne einverst", "einverständ", "gelöscht", "unterlass", "freigabe"),
        *("gesperrt", "sperrvermerk", "nur für", "nur zu", "nur mit"),
        *("ki", "künstlich", "maschinelle", "nicht"),
        *("verbot", "verbiet", "untersag", "unzuläss"),
        *("einwillig", "zustimm", "genehmig", "gestatt"),
        *("erlaub", "widerruf", "widerspr"),
        *("abgelehnt", "ablehn", "verweiger", "training"),
        *("trainier", "nutzung", "nutzen"),
        *("verwend", "kein", "keine", "keinen"),
        *("keinerlei", "datenschutz", "vertraulich"),
        *("lizenz", "dsgvo", "löschen", "löschung"),
        *("vorbehalt", "gesichtserkenn", "biometri"),
    ),
    "fr": (
        *("mineur", "supprim", "effac", "sans accord", "refuse", "demandez", "usage réservé"),
        *("neurone", "libre de droit", "libres de droit", "uniquement", "sauf"),
        *("ia", "intelligence artificielle", "ne pas", "n'utilisez"),
        *("pas d'", "interdi", "défense"),
        *("autoris", "retir", "retrait", "entraîn"),
        *("entrain", "apprentissage", "utilis", "rgpd"),
        *("confidentiel", "opposition", "s'oppose"),
        *("m'oppose", "reconnaissance faciale"),
        *("biométri", "fouille de", "moissonn", "consentement"),
    ),
    "es": (
        *("menores", "menor de edad", "eliminar", "borrar", "se opone", "sin autoriz", "reservad"),
        *("oposición", "solo uso", "sólo uso"),
        *("solo para", "sólo para", "salvo"),
        *("inteligencia artificial", "prohib", "consentim", "permis"),
        *("autoriz", "rechaz", "retira"),
        *("revoca", "entrena", "no usar", "no se", "no utiliz", "uso", "rgpd"),
        *("reconocimiento facial", "biométri", "minería de", "aprendizaje", "raspado"),
    ),
    "it": (
        *("minorenn", "si oppone", "rimuover", "cancellar", "opposizione", "solo uso"),
        *("solo per", "esclusivamente"),
        *("intelligenza artificiale", "vietat", "diviet"),
        *("consenso", "permess", "autorizz"),
        *("rifiut", "ritir", "revoc", "addestra"),
        *("non us", "non utilizz", "non può", "utilizz"),
        *("riconoscimento facciale", "biometri"),
        *("apprendimento automatico", "estrazione di"),
    ),
    "pt": (
        *("menores", "menor de idade", "remover", "apagar", "opõe", "oposição", "eliminar"),
        *("apenas para", "somente"),
        *("inteligência artificial", "proibi", "proíb", "consentim"),
        *("permiss", "recus", "retir"),
        *("revog", "trein", "não us", "não utiliz"),
        *("não é", "lgpd", "reconhecimento facial"),
        *("mineração", "aprendizado", "aprendizagem de", "raspagem"),
    ),
    "nl": (
        *("minderjarig", "verwijder", "bezwaar", "wissen", "zonder toe"),
        *("alleen voor", "uitsluitend"),
        *("kunstmatige intelligentie", "niet", "verbod"),
        *("verboden", "toestemm", "instemm"),
        *("weiger", "geweiger", "ingetrokken", "intrekk"),
        *("trainen", "gebruik", "geen", "avg"),
        *("gezichtsherkenning", "machinaal leren", "voorbehoud"),
    ),
    "pl": (
        *("nieletni", "małoletni", "usunąć", "usuni", "sprzeciw", "cofn"),
        *("sztuczn", "nie wolno", "nie używ", "zabron"),
        *("zabrani", "zakaz", "zgod", "zgad"),
        *("odmow", "odmaw", "wycof", "trenow"),
        *("szkoleni", "wykorzyst", "rodo", "uczenie masz"),
        *("uczenia masz", "rozpoznawani", "biometry", "eksploracj", "zastrze"),
    ),
    "sv, da, nb": (
        *("artificiell intelligen", "kunstig intelligen", "förbjud"),
        *("förbud", "forbud", "forbudt"),
        *("tillåt", "tillatelse", "samtyck", "samtykke"),
        *("används", "brukes", "må ikke", "får inte"),
        *("opplæring av", "maskininlärning", "maskinlæring", "ansiktsigenkänning"),
    ),
    "cs, sk": (
        *("umělá inteligen", "umělé inteligen", "umelá inteligen"),
        *("umelej inteligen", "zakáz"),
        *("souhlas", "súhlas", "trénov", "nepoužív", "strojové"),
    ),
    "fi, hu, ro": (
        *("tekoäly", "kielletty", "suostumu"),
        *("kouluttami", "mesterséges intell", "tilos"),
        *("hozzájárul", "betanít", "inteligența artificială"),
        *("interzis", "consimț", "antrena"),
    ),
    "tr": ("yapay zek", "yasak", "izinsiz", "izni", "rızası", "eğitimi için", "kullanıl"),
    "ru": (
        *("несовершеннолет", "удалит", "удален", "возража", "против использ", "без ведома"),
        *("ии", "искусственн", "использ", "запрет"),
        *("запрещ", "соглас", "разреш", "отказ"),
        *("отозва", "отзыв", "обуч", "нельзя"),
        *("персональн", "нейросет", "биометр", "распознаван"),
    ),
    "uk": ("штучн", "заборон", "згод", "навчанн", "використ", "нейромереж"),
    "el": ("τεχνητή", "τεχνητής", "απαγορ", "επιτρέπ", "συγκατ", "συναίνεσ", "εκπαίδευσ", "χρήση"),
    "id, ms": ("kecerdasan buatan", "dilarang", "persetujuan", "melatih", "tanpa izin"),
    "vi": ("trí tuệ nhân tạo", "cấm sử dụng", "huấn luyện", "sử dụng"),
}  # fmt: skip
"""Stems of languages that divide words."""

ANYWHERE: Mapping[str, tuple[str, ...]] = {
    "zh": (
        *("未成年", "删除", "刪除", "反对", "反對", "未经", "未經", "收回"),
        *("不许", "谢绝", "勿用", "仅供", "转载", "侵权"),
        *("人工智能", "人工智慧", "训练", "訓練", "禁止", "不得", "不要", "请勿", "請勿", "同意"),
        *("许可", "許可", "授权", "授權", "拒绝", "拒絕", "撤回", "撤销", "撤銷", "使用", "用途"),
        *("隐私", "隱私", "数据集", "資料集", "机器学习", "機器學習", "挖掘", "爬取", "抓取"),
        *("人脸识别", "人臉辨識", "人臉識別", "生物识别", "生物辨識", "不准", "严禁", "嚴禁"),
    ),
    "ja": (
        *("未成年", "削除", "撤回", "同意", "反対", "禁じ", "禁止", "使わないで"),
        *("学習", "使わない", "用しない", "しないで", "しません", "拒否", "承諾", "不可", "利用"),
        *("データセット", "トレーニング", "人工知能", "顔認識", "顔認証", "生体", "無断", "転載"),
        *("スクレイピング", "マイニング", "お断り", "ご遠慮"),
    ),
    "ko": (
        *("미성년", "삭제", "반대"),
        *("인공지능", "인공 지능", "학습", "훈련", "금지", "동의", "허락", "허가", "거부", "철회"),
        *("사용", "이용", "얼굴 인식", "얼굴인식", "안면", "생체", "데이터셋", "크롤링", "마이닝"),
        *("무단", "불허"),
    ),
    "signs": ("\U0001f6ab", "\u26d4", "\U0001f916"),
    "ar": (
        *("الذكاء الاصطناعي", "ذكاء اصطناعي", "تدريب", "موافق"),
        *("إذن", "اذن", "رفض", "يرفض"),
        *("سحب", "انسحب", "ممنوع", "محظور", "يمنع"),
        *("حظر", "استخدام", "تستخدم", "لا تستعمل"),
        "استعمال",
    ),
    "fa, he, hi, th": (
        "أوافق",
        *("هوش مصنوعی", "ممنوع", "رضایت", "בינה מלאכותית"),
        *("אסור", "הסכמה", "אימון", "שימוש"),
        *("कृत्रिम", "निषिद्ध", "अनुमति", "सहमति"),
        *("प्रशिक्षण", "ปัญญาประดิษฐ์", "ห้าม", "ยินยอม"),
    ),
}  # fmt: skip
"""Stems that are looked for anywhere in a text."""

ALONE = (
    *("ai", "a.i.", "ia", "ki", "ии", "avg"),
    *("uso", "kein", "geen", "rodo", "never", "nicht"),
    *(
        "niet",
        "dont",
        "noai",
        "private",
        "cease",
        "training",
        "llm",
        "llms",
        "tdm",
        "genai",
        "nutzen",
    ),
    *("keine", "keinen", "izni"),
)
"""Words as short as these are meant only where they stand alone."""

FREE = (
    *("no known copyright restrictions?", "no known restrictions?", "no restrictions?"),
    *("(?:there are |with )no restrictions?", "without (?:any )?restrictions?", "unrestricted use"),
    *("keine (?:bekannten )?(?:urheberrechtlichen )?(?:einschrankungen|beschrankungen)",),
    *("aucune restriction", "sans restrictions?"),
    *("sin restricciones", "senza restrizioni"),
    *("sem restricoes", "geen (?:bekende )?beperkingen", "bez ograniczen", "没有限制", "無限制"),
    "无限制",
)
"""Sentences that refuse nothing, as patterns without accents; after them a use may be named."""

FREE_OF = (
    r"(?: (?:on|of|to|for) (?:its |the |this |their )?"
    r"(?:use|usage|reuse|re-use|publication|reproduction)(?: (?:of )?(?:this |the )?(?:image|photo"
    r"|photograph|picture|work|file))?| exist| apply| are known)?"
)

HARMLESS = (
    *("train stations?", "railway training", "military training(?: exercises?)?"),
    *("police training(?: grounds?)?", "training grounds?", "training shoes?", "training pants"),
    *("fitness training", "strength training", "football training", "rugby training"),
    *("use of flash(?:: (?:on|off|yes|no))?", "flash use(?:d)?: (?:on|off|yes|no)"),
    *("forbidden city", "forbidden fruit", "licen[sc]e plates?", "number plates?"),
    *("driving licen[sc]es?", "driver'?s licen[sc]es?", "ai denoise", "ai-denoise", "ai weiwei"),
    *("ai-petri", "private beach", "restricted area(?: sign)?", "restricted view(?: seat)?"),
    *("refuse collection", "refuse bins?", "refuse trucks?", "do not disturb", "scraped paint"),
    *("prohibition era", "prohibition-era", "trains? crossing", "steam trains?", "freight trains?"),
    (
        r"https?://(?:www\.)?creativecommons\.org/(?:licenses/by(?:-sa)?/\d\.\d|publicdomain/"
        r"(?:zero|mark)/1\.0)/?(?:(?:deed|legalcode)(?:\.[a-z_-]{2,7})?)?(?=[\s.,;)]|$)"
    ),
)
"""Names of things in which a word of use stands, as patterns: what stands around them counts."""
