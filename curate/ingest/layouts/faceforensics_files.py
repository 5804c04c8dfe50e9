"""The official files of FaceForensics++: three splits, and the YouTube video of each sequence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.errors import InvalidFileError
from curate.ingest.layouts.clips import Clip
from curate.ingest.layouts.documents import head, read_json, read_object
from curate.ingest.listing import Listing

_SPLITS = ("train", "val", "test")
_PAIRS = re.compile(r'\s*\[\s*\[\s*"\d{3}"')
_DICTIONARY = "conversion_dict.json"
_SEQUENCE = re.compile(r"\d{3}")
# The id of a video, and which of its passages it is.
_PASSAGE = re.compile(r"([\w-]{11}) \d+")


@dataclass
class Official:
    """What the official files say.

    Attributes:
        splits: The splits of each sequence.
        pairs: The splits of each fake.
        places: Where each sequence and fake is declared.
        youtube: The YouTube id of each sequence.
        read_from: Locators of these files, where they lie below the media root.
    """

    splits: dict[str, list[str]] = field(default_factory=dict)
    pairs: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    youtube: dict[str, str] = field(default_factory=dict)
    read_from: set[str] = field(default_factory=set)

    @staticmethod
    def files(folder: Path) -> dict[str, Path]:
        """Return the official files in a folder, or in its ``splits``, by what they hold."""
        found = {}
        for place in (folder / "splits", folder):
            for split in _SPLITS:
                if _PAIRS.match(head(place / f"{split}.json")):
                    found[split] = place / f"{split}.json"
        if (folder / _DICTIONARY).is_file():
            found["youtube"] = folder / _DICTIONARY
        return found

    def splits_of(self, clip: Clip) -> list[str]:
        """Return the splits that list a sequence, or a fake by its pair."""
        return (self.splits if clip.label == "real" else self.pairs).get(clip.name, [])

    def clips(self, *, fake: bool) -> Iterator[tuple[str, str]]:
        """Yield the sequences or the fakes that the splits name, each with its place."""
        for name in self.pairs if fake else self.splits:
            yield name, self.places[name]


def read_official(folder: Path, root: Path, into: Listing) -> Official:
    """Return what the official files in `folder` say; rows that say nothing are rejected.

    Raises:
        InvalidFileError: A file is no JSON, or holds something else.
    """
    official = Official()
    for name, path in Official.files(folder).items():
        real = path.resolve()
        if real.is_relative_to(root):
            official.read_from.add(real.relative_to(root).as_posix())
        if name == "youtube":
            _read_dictionary(path, official, into)
        else:
            _read_split(path, name, official, into)
    return official


def _read_split(path: Path, split: str, official: Official, into: Listing) -> None:
    rows = read_json(path)
    if not isinstance(rows, list):
        raise InvalidFileError("expected a JSON list of pairs", where=str(path))
    for number, row in enumerate(rows):
        place = f"{path.name}[{number}]"
        if not _is_pair(row):
            into.reject(place, "bad-row", f"{row!r} is no pair of sequences, each of three digits")
            continue
        for name in row:
            _keep(official.splits, name, split)
            official.places.setdefault(name, place)
        for name in (f"{row[0]}_{row[1]}", f"{row[1]}_{row[0]}"):
            _keep(official.pairs, name, split)
            official.places.setdefault(name, place)


def _is_pair(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 2
        and all(isinstance(name, str) and _SEQUENCE.fullmatch(name) for name in row)
    )


def _keep(splits: dict[str, list[str]], name: str, split: str) -> None:
    found = splits.setdefault(name, [])
    if split not in found:
        found.append(split)


def _read_dictionary(path: Path, official: Official, into: Listing) -> None:
    for name, value in read_object(path).items():
        passage = _PASSAGE.fullmatch(value) if isinstance(value, str) else None
        if passage is None or not _SEQUENCE.fullmatch(name):
            into.reject(
                f"{path.name}: {name}",
                "bad-row",
                f"{value!r} is no YouTube id with the number of a passage",
            )
        else:
            official.youtube[name] = passage[1]
