"""Locators: paths below a media root, in normal form, and what words and endings in them mean."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from curate.model.config import Config

# fmt: off
IMAGE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif",
    ".heic", ".heif", ".ppm", ".pgm", ".pbm",
})
VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".wmv", ".flv",
    ".gif",
})
# fmt: on
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
}


_WORDS = re.compile(r"[a-z]+")

# A locator that is in normal form already: no empty part, and none that begins with a dot.
_NORMAL = re.compile(r"[^/.\0][^/\0]*(?:/[^/.\0][^/\0]*)*")


class Rejected(Exception):
    """A row or file cannot become an entry.

    Args:
        reason: Why, as a code.
        detail: What was found and what was expected.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


# Pictures that nobody here decodes: of what they say of their use nothing is read either.
_NOT_READ = {
    "jxl": "JPEG XL", "jp2": "JPEG 2000", "j2k": "JPEG 2000", "psd": "Photoshop", "exr": "OpenEXR",
    **dict.fromkeys(("dng", "cr2", "cr3", "nef", "nrw", "arw", "sr2", "srf", "orf", "rw2", "raf",
                     "pef", "srw", "x3f", "3fr", "iiq", "raw", "rwl", "mrw", "erf", "kdc", "dcr"),
                    "the raw format of a camera"),
}  # fmt: skip


# What a file manager or an archiver leaves behind is nobody's media.
_LITTER = frozenset({".ds_store", ".localized", "thumbs.db", "desktop.ini", ".nomedia"})


def is_litter(locator: str) -> bool:
    """Return whether a file is what file managers and archivers leave behind, whatever its ending.

    >>> is_litter("a/.DS_Store"), is_litter("__MACOSX/a/._b.jpg"), is_litter("a/b.jpg")
    (True, True, False)
    """
    *folders, name = locator.split("/")
    return name.casefold() in _LITTER or name.startswith("._") or "__MACOSX" in folders


def litter() -> Rejected:
    """Return the rejection of such a file."""
    return Rejected("litter", "a file manager or an archiver left this behind; it is no media")


def not_media(locator: str) -> Rejected:
    """Return the rejection of a file whose ending names no picture or video that is read.

    >>> not_media("a/b.jxl").detail
    'a picture that is not read (JPEG XL): neither what it shows nor what it says of use is known'
    """
    if is_litter(locator):
        return litter()
    name = _NOT_READ.get(locator.rpartition(".")[2].lower())
    if name is None:
        return Rejected("not-media", "the ending names no picture or video format")
    return Rejected(
        "not-media",
        f"a picture that is not read ({name}): neither what it shows nor what it says of use is "
        "known",
    )


def safe_locator(text: str) -> str:
    """Return a locator in normal form.

    Raises:
        Rejected: It is empty, absolute, climbs out of the root or is no UTF-8 text.
    """
    if text.isascii() and _NORMAL.fullmatch(text):
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Rejected("name-not-utf8", "the name is no UTF-8 text; rename the file") from None
    if "\0" in text:
        raise Rejected("bad-name", "the path holds a NUL character")
    path = PurePosixPath(text)
    if path.is_absolute():
        raise Rejected("outside-root", f"{text!r} is absolute; expected a path below the root")
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                raise Rejected("outside-root", f"{text!r} leaves the media root")
            parts.pop()
        else:
            parts.append(part)
    if not parts:
        raise Rejected("no-path", "the path is empty")
    return "/".join(parts)


def split_of(locator: str) -> str | None:
    """Return the split that the name of a list or shard tells, None where it tells none.

    Its own name speaks first: one that begins with a split, or in which one split is named. Then
    the nearest folder that is called by a split, then one whose last word is. A word elsewhere in
    a folder's name is part of what the dataset is called.

    >>> split_of("test-bench/train-00000-of-00001.parquet"), split_of("test-bench/0000.parquet")
    ('train', None)
    >>> split_of("default/partial-train/0000.parquet"), split_of("validation/shard-7.tar")
    ('train', 'val')
    """
    *folders, name = locator.casefold().split("/")
    words = _WORDS.findall(name.partition(".")[0])
    if words and words[0] in SPLITS:
        return SPLITS[words[0]]
    found = {SPLITS[word] for word in words if word in SPLITS}
    if len(found) == 1:
        return found.pop()
    if found:
        return None
    folders.reverse()
    for folder in folders:
        if folder in SPLITS:
            return SPLITS[folder]
    for folder in folders:
        if (words := _WORDS.findall(folder)) and words[-1] in SPLITS:
            return SPLITS[words[-1]]
    return None


def kind_of(locator: str) -> str:
    """Return ``image``, ``video`` or ``unknown`` by the ending of a locator."""
    name = locator.rpartition("/")[2]
    dot = name.rfind(".")
    # A name that begins with its only dot has no ending.
    suffix = name[dot:].lower() if dot > 0 else ""
    if suffix in IMAGE_SUFFIXES:
        return "image"
    return "video" if suffix in VIDEO_SUFFIXES else "unknown"


def authenticity(word: str, config: Config) -> str | None:
    """Return ``real`` or ``fake`` for a word that the settings map, or None."""
    folded = word.strip().casefold()
    if folded in config.real_words:
        return "real"
    return "fake" if folded in config.fake_words else None
