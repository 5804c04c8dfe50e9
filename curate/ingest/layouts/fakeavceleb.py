"""FakeAVCeleb: clips of celebrities with altered faces, voices or both."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, describe
from curate.ingest.layouts.documents import head, read_lines
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import Rejected, kind_of, safe_locator
from curate.model.ids import media_id
from curate.rows import kept

_TABLE = "meta_data.csv"
_HEAD = re.compile(r"\ufeff?source,target1,target2,method,category,type,")
# The released table calls its ninth column path and its tenth nothing: both are read by place.
_COLUMNS = ("source", "target1", "target2", "method", "category", "type", "race", "gender",
            "filename", "folder")  # fmt: skip
_TYPES = {
    "A": "RealVideo-RealAudio",
    "B": "RealVideo-FakeAudio",
    "C": "FakeVideo-RealAudio",
    "D": "FakeVideo-FakeAudio",
}
_METHODS = {
    "real": "none",
    "faceswap": "face_swap",
    "fsgan": "face_swap",
    "faceswap-wav2lip": "face_swap",
    "fsgan-wav2lip": "face_swap",
    "wav2lip": "lip_sync",
    "rtvc": "other",
}
# Of a swap neither table nor paper tells for certain whose face was put in.
_ROLE_OF_SOURCE = {"none": "depicted", "lip_sync": "target", "other": "depicted"}
_PERSON = re.compile(r"id\d{5}")
_NOBODY = ("", "-")
_FROM = re.compile(r"(\d{5})_")


class FakeAVCelebLayout:
    """A folder with meta_data.csv, or the table itself."""

    name = "fakeavceleb"
    about = About(
        title="FakeAVCeleb",
        shape="`meta_data.csv` whose columns begin with source, target1, target2, method",
        reads=(
            (
                "each row: an entry; the folder in its last column, with or without the folder of "
                "the release that it begins with (`FakeAVCeleb/`, `FakeAVCeleb_v1.2/`), and the "
                "file name before it"
            ),
            "`type` and `category`: real only where picture and sound both are",
            (
                "`source` and `target1` as subjects `fakeavceleb:id00076`: depicted in real clips, "
                "target of a lip sync; of a swap the role of both is unknown"
            ),
            "the clip of the source from which a fake's name begins: `derived_from`",
        ),
        datasets=("fakeavceleb",),
        traps=(
            "the released header has nine names for ten columns: read by name, the folder is lost",
            (
                "`target1` may be `-`, a number or a file's name such as `fake.mp4`: who gave the "
                "face or the voice is unknown then, and the entry says so in `extra`"
            ),
            "RealVideo-FakeAudio is fake, though every picture in it is real",
            "`race` and `gender` are guesses about people, and are not kept",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is or holds the table."""
        table = path / _TABLE if path.is_dir() else path
        return table.name == _TABLE and _HEAD.match(head(table)) is not None

    def read(self, target: Target, into: Listing) -> None:
        """List the rows of the table; media that it does not name are rejected.

        Raises:
            InvalidFileError: The table is no text.
        """
        folder = target.path.is_dir()
        reading = _Reading(into)
        lines = read_lines(target.path / _TABLE if folder else target.path)
        next(lines, None)
        for place, line in lines:
            with into.attempt(place):
                reading.row(place, [cell.strip() for cell in next(csv.reader([line]))])
        for locator in walk_files(target.root, into) if folder else ():
            if not (into.lists(locator) or locator in reading.refused or locator == _TABLE):
                media = kind_of(locator) != "unknown"
                reason = "not-in-metadata" if media else "not-media"
                detail = "no row names this file" if media else "this is no picture or video"
                into.reject(locator, reason, detail, locator=locator)


@dataclass
class _Reading:
    """One pass over the table."""

    into: Listing
    refused: set[str] = field(default_factory=set)
    above: dict[str, bool] = field(default_factory=dict)
    """Whether a folder that paths begin with is below the root."""

    def row(self, place: str, cells: list[str]) -> None:
        """List what one row names."""
        while len(cells) > len(_COLUMNS) and not cells[-1]:
            cells.pop()
        if len(cells) != len(_COLUMNS):
            raise Rejected("bad-row", f"{len(cells)} columns; expected {len(_COLUMNS)}")
        said = dict(zip(_COLUMNS, cells, strict=True))
        locator = self._locator(said)
        self.refused.add(locator)
        clip = _clip(said)
        # Clips of two people go by one number: the clip is one person's.
        values = clip.values | {"group": f"{said['source']}/{clip.name}"}
        scraps = {k: v for k in ("target1", "target2") if (v := _scrap(said[k])) is not None}
        entry = self.into.add(place, locator, source_id="fakeavceleb", extra=kept(scraps), **values)
        describe(entry, clip, self.into, raw=said["type"])
        if clip.target is not None:
            # The original lies below the same folder of the release as the fake.
            above = locator.partition(f"{said['type']}/")[0]
            original = f"{above}{_TYPES['A']}/{said['race']}/{said['gender']}/{said['source']}"
            parent = media_id(self.into.dataset, f"{original}/{clip.target}.mp4")
            self.into.relate(entry, "derived_from", parent, basis=clip.basis)

    def _locator(self, said: dict[str, str]) -> str:
        folder = said["folder"].replace("\\", "/").strip("/")
        folder = folder.removesuffix(said["filename"]).rstrip("/")
        if kind_of(said["filename"]) != "video":
            raise Rejected("bad-name", f"{said['filename']!r} is no name of a video")
        parts = folder.split("/")
        # What stands before the type is the folder that a release was packed in.
        at = parts.index(said["type"]) if said["type"] in parts else 0
        if at and ".." not in parts and not self._is_here("/".join(parts[:at])):
            parts = parts[at:]
        return safe_locator("/".join([*parts, said["filename"]]))

    def _is_here(self, folder: str) -> bool:
        if folder not in self.above:
            self.above[folder] = (self.into.root / folder).is_dir()
        return self.above[folder]


def _scrap(cell: str) -> str | None:
    """Return what stands where a person's id should, None where it is an id or nobody's."""
    return None if cell in _NOBODY or _PERSON.fullmatch(cell) else cell


def _clip(said: dict[str, str]) -> Clip:
    """Return what a row says.

    Raises:
        Rejected: Its columns contradict one another, or hold what they should not.
    """
    if _TYPES.get(said["category"]) != said["type"]:
        raise Rejected("label-conflict", f"category {said['category']!r} is {said['type']!r}")
    manipulation = _METHODS.get(said["method"])
    if manipulation is None:
        raise Rejected("unknown-method", f"method {said['method']!r} is not known")
    label = "real" if said["category"] == "A" else "fake"
    if (label == "real") != (manipulation == "none"):
        raise Rejected("label-conflict", f"{said['type']} by method {said['method']}")
    people = []
    for column in ("source", "target1"):
        person = said[column]
        if column == "target1" and (person in _NOBODY or _scrap(person) is not None):
            continue
        if not _PERSON.fullmatch(person):
            raise Rejected("bad-person", f"{column} {person!r} is no id such as id00076")
        # Where somebody else took part of whom nothing is told, no role is certain either.
        told = column == "source" and _scrap(said["target1"]) is None
        role = _ROLE_OF_SOURCE.get(manipulation, "unknown") if told else "unknown"
        people.append((f"fakeavceleb:{person}", role))
    name = said["filename"].rpartition(".")[0]
    begins = _FROM.match(name) if label == "fake" else None
    method = None if label == "real" else said["method"]
    return Clip(
        name, label, manipulation, method, tuple(dict.fromkeys(people)),
        target=begins[1] if begins else None, basis="file name <video of source>_...",
    )  # fmt: skip
