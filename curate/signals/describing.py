"""Texts about a whole folder, such as a README: what of them only describes, and what may refuse.

The rule is that of texts in a file: a word of use holds it (`curate.signals.words.quoted`). A
README speaks of training and of AI because that is what its dataset is for, so a sentence is left
out which is made of nothing but the words of `DESCRIBING`. None of them limits, asks, denies, names
people or a price: with any other word in it, a sentence is one that somebody reads.
"""

from __future__ import annotations

import re
from functools import lru_cache

from curate.signals.licences import beside_name, to_spdx
from curate.signals.words import quoted, refusing

DESCRIBING = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "of",
        "for",
        "to",
        "in",
        "on",
        "at",
        "by",
        "from",
        "with",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "we",
        "our",
        "each",
        "every",
        "all",
        "both",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "hundred",
        "thousand",
        "million",
        "per",
        "total",
        "about",
        "which",
        "where",
        "dataset",
        "datasets",
        "data",
        "set",
        "sets",
        "collection",
        "corpus",
        "benchmark",
        "database",
        "image",
        "images",
        "picture",
        "pictures",
        "photo",
        "photos",
        "photograph",
        "photographs",
        "photography",
        "video",
        "videos",
        "frame",
        "frames",
        "clip",
        "clips",
        "file",
        "files",
        "folder",
        "folders",
        "sample",
        "samples",
        "label",
        "labels",
        "table",
        "tables",
        "real",
        "fake",
        "fakes",
        "genuine",
        "synthetic",
        "generated",
        "manipulated",
        "original",
        "originals",
        "face",
        "faces",
        "facial",
        "portrait",
        "portraits",
        "landscape",
        "landscapes",
        "scene",
        "scenes",
        "object",
        "objects",
        "background",
        "backgrounds",
        "deepfake",
        "deepfakes",
        "train",
        "training",
        "trained",
        "trains",
        "test",
        "tests",
        "testing",
        "tested",
        "val",
        "valid",
        "validation",
        "evaluation",
        "dev",
        "split",
        "splits",
        "subset",
        "subsets",
        "part",
        "parts",
        "half",
        "detector",
        "detectors",
        "detection",
        "detecting",
        "detect",
        "classifier",
        "classifiers",
        "classification",
        "model",
        "models",
        "network",
        "networks",
        "neural",
        "convolutional",
        "deep",
        "machine",
        "learning",
        "learned",
        "ai",
        "artificial",
        "intelligence",
        "algorithm",
        "algorithms",
        "generative",
        "generation",
        "generator",
        "generators",
        "gan",
        "gans",
        "diffusion",
        "llm",
        "llms",
        "recognition",
        "segmentation",
        "pipeline",
        "baseline",
        "baselines",
        "contains",
        "contain",
        "containing",
        "consists",
        "has",
        "have",
        "holds",
        "includes",
        "include",
        "including",
        "provides",
        "provided",
        "made",
        "created",
        "recorded",
        "taken",
        "captured",
        "rendered",
        "gathered",
        "shows",
        "show",
        "used",
        "size",
        "sizes",
        "resolution",
        "pixel",
        "pixels",
        "jpeg",
        "jpg",
        "png",
        "tiff",
        "webp",
        "mp4",
        "csv",
        "json",
        "zip",
        "width",
        "height",
        "high",
        "low",
        "quality",
        "different",
        "various",
        "several",
        "many",
        "new",
        "version",
        "large",
        "small",
        "open",
        "source",
    ]
)
"""Words of which a sentence may be made that describes a dataset."""

# A full stop within a number or a name ends nothing.
_SENTENCE = re.compile(
    "(?<=[.!?\u3002\uff01\uff1f])(?=\\s|$)|\\n\\s*\\n|\\n(?=\\s*(?:[-*#|>]|\\d+[.)]))"
)
_WORD = re.compile(r"[^\W\d_]+")
_SPLIT_FOLDER = re.compile(
    r"(?<![\w-])(?:train|training|test|val|valid|validation|dev)[/\\](?!\s)", re.IGNORECASE
)
_NAME = re.compile(r"(?<![\w/-])(?:train|test|val)(?:ing)?_(?:list|set|split|images?)?(?![a-z])")


def limiting(text: str) -> tuple[str | None, list[str]]:
    """Return the words of a text about a folder that may limit a use, and the licences it names.

    Args:
        text: The text.

    Returns:
        The words, or None; and sentences that name a licence and say nothing beside.

    >>> limiting("A dataset of faces, for training detectors of deepfakes.")
    (None, [])
    >>> limiting("Training on this data needs a contract.")[0]
    'Training on this data needs a contract.'
    """
    text = _NAME.sub(" ", _SPLIT_FOLDER.sub("", text))
    if (words := refusing(text)) is not None:
        return words, []
    if quoted(text) is None:
        return None, []
    left, licences = [], []
    for sentence in _SENTENCE.split(text):
        if not sentence.strip() or _describes(sentence):
            left.append("\n")
        elif _names_licence(sentence):
            licences.append(" ".join(sentence.split()))
            left.append("\n")
        else:
            left.append(sentence)
    return quoted("\n".join(left)), licences


@lru_cache(maxsize=1024)
def _describes(sentence: str) -> bool:
    return sentence.isascii() and all(
        word in DESCRIBING for word in _WORD.findall(sentence.lower())
    )


@lru_cache(maxsize=1024)
def _names_licence(sentence: str) -> bool:
    """Return whether a sentence names one licence, and says nothing that limits it."""
    if len(sentence) > 300 or to_spdx(sentence) is None:
        return False
    return all(word in DESCRIBING for word in _WORD.findall(beside_name(sentence)))
