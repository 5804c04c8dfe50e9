"""Celeb-DF, versions 1 and 2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, Frames, describe, relate_parents
from curate.ingest.layouts.documents import head, read_lines
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import Rejected, kind_of, not_media, safe_locator

_LIST = "List_of_testing_videos.txt"
_FOLDERS = {"Celeb-real": "real", "YouTube-real": "real", "Celeb-synthesis": "fake"}
# The list of version 2 has as many rows; that of version 1 has fewer.
_ROWS_OF_V2 = 518

_VERSION = re.compile(r"(?:df|[^a-z])v([12])(?!\d)")
_LINE = re.compile(r"([01])\s+(\S.*)")
_REAL = re.compile(r"(id\d+)_(\d{4})")
_YOUTUBE = re.compile(r"\d{5}")
_FAKE = re.compile(r"(id\d+)_(id\d+)_(\d{4})")
_FILE = re.compile(
    r"(?P<above>(?:[^/]+/)*)(?P<folder>Celeb-real|YouTube-real|Celeb-synthesis)/"
    r"(?:(?P<what>videos|frames|faces|crops)/)?(?P<clip>[^/]+?)(?:/(?P<frame>[^/]+)|\.\w+)"
)


def celeb_clip(name: str, folder: str, space: str = "celeb-df") -> Clip:
    """Return what the name of a clip says in one of the three folders.

    Args:
        name: The name without ending.
        folder: ``Celeb-real``, ``YouTube-real`` or ``Celeb-synthesis``.
        space: What pseudonyms begin with: ids of two versions are not known to be one person's.

    Raises:
        Rejected: The name is not of the folder's form.

    >>> celeb_clip("id1_id0_0007", "Celeb-synthesis").people
    (('celeb-df:id1', 'target'), ('celeb-df:id0', 'donor'))
    """
    if folder == "YouTube-real" and _YOUTUBE.fullmatch(name):
        return Clip(name, "real")
    if folder == "Celeb-real" and (real := _REAL.fullmatch(name)):
        return Clip(name, "real", people=((f"{space}:{real[1]}", "depicted"),))
    if folder == "Celeb-synthesis" and (fake := _FAKE.fullmatch(name)):
        people = ((f"{space}:{fake[1]}", "target"), (f"{space}:{fake[2]}", "donor"))
        target = f"{fake[1]}_{fake[3]}"
        basis = "file name <original>_<swapped>_<n>"
        return Clip(name, "fake", "face_swap", "Celeb-synthesis", people, target, None, basis)
    raise Rejected("bad-name", f"{name!r} is no name of {folder}, such as {_EXAMPLES[folder]}")


_EXAMPLES = {
    "Celeb-real": "id0_0000",
    "YouTube-real": "00000",
    "Celeb-synthesis": "id0_id1_0000",
}


class CelebDFLayout:
    """The three folders, the list of testing videos, or the list alone."""

    name = "celebdf"
    about = About(
        title="Celeb-DF v1 and v2",
        shape="folders `Celeb-real` or `Celeb-synthesis`, or `List_of_testing_videos.txt`",
        reads=(
            (
                "`Celeb-real/<id>_<n>.mp4`, `YouTube-real/<n>.mp4`: real; "
                "`Celeb-synthesis/<idA>_<idB>_<n>.mp4`: fake; also below `videos`"
            ),
            (
                "of a fake, idA is the target and idB the donor, and `Celeb-real/<idA>_<n>` the "
                "footage (`swap_target`, `derived_from`); ids become subjects `celeb-df-v2:id0`"
            ),
            "`frames/<clip>/<n>.png` (`frame_of`), `faces` and `crops` (`crop_of`)",
            (
                "the list: its videos are the test split, and where it is there all others are "
                "train; a listed video without a file is a missing entry"
            ),
        ),
        datasets=("celeb-df", "celeb-df-v1", "celeb-df-v2"),
        traps=(
            (
                "the list says 1 for real and 0 for fake, against most datasets; a row whose "
                "number contradicts its folder is rejected"
            ),
            (
                "59 celebrities are swapped with one another: almost every random split has each "
                "of them on both sides, and the official list too"
            ),
            (
                "the version is taken from the dataset's name or from the length of the list; "
                "without either, people are `celeb-df:id0`, and tied to no version"
            ),
            "who the people of `YouTube-real` are is not told",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` has the folders, or has or is the list."""
        if path.is_dir():
            folders = ("Celeb-real", "Celeb-synthesis")
            return any((path / name).is_dir() for name in folders) or (path / _LIST).is_file()
        return path.name == _LIST and _LINE.match(head(path)) is not None

    def read(self, target: Target, into: Listing) -> None:
        """List what is on disk, and what the list names beyond it.

        Raises:
            InvalidFileError: The list is no text.
        """
        path = target.path if target.path.is_file() else target.path / _LIST
        listed = _read_list(path, into) if path.is_file() else {}
        reading = _Reading(into, f"celeb-df{_version(target, len(listed))}", listed)
        if target.path.is_dir():
            for locator in walk_files(target.root, into):
                if locator.rpartition("/")[2] != _LIST:
                    with into.attempt(locator, locator=locator):
                        reading.file(locator)
        reading.frames.complete()
        for locator, place in listed.items():
            if not into.lists(locator):
                with into.attempt(place, locator=locator):
                    reading.listed_clip(place, locator)


def _version(target: Target, rows: int) -> str:
    said = _VERSION.search(f"{target.dataset}/{target.path.resolve().name}".casefold())
    if said:
        return f"-v{said[1]}"
    return "-v2" if rows == _ROWS_OF_V2 else ""


def _read_list(path: Path, into: Listing) -> dict[str, str]:
    """Return the locators of the test split with the place of each."""
    listed: dict[str, str] = {}
    for place, line in read_lines(path):
        row = _LINE.fullmatch(line)
        with into.attempt(place, locator=row[2] if row else None):
            if row is None:
                raise Rejected("bad-row", f"{line!r} is no '<0 or 1> <path>'")
            locator = safe_locator(row[2])
            folder = locator.partition("/")[0]
            said = "real" if row[1] == "1" else "fake"
            if folder in _FOLDERS and _FOLDERS[folder] != said:
                raise Rejected(
                    "label-conflict",
                    f"{row[1]} means {said} in this list, and {folder} holds {_FOLDERS[folder]}",
                )
            if locator in listed:
                raise Rejected("duplicate-row", f"{locator!r} is listed at {listed[locator]}")
            listed[locator] = place
    return listed


@dataclass
class _Reading:
    """One pass over a dataset."""

    into: Listing
    source: str
    listed: dict[str, str]

    def __post_init__(self) -> None:
        self.frames = Frames(self.into)

    def file(self, locator: str) -> None:
        """List a file."""
        if kind_of(locator) == "unknown":
            raise not_media(locator)
        found = _FILE.fullmatch(locator)
        if found is None or (found["frame"] is None) != (found["what"] in (None, "videos")):
            raise Rejected("bad-place", "this lies where the layout has no clips or frames")
        clip = celeb_clip(found["clip"], found["folder"], self.source)
        if found["frame"] is None:
            self._clip(locator, locator, found["folder"], clip)
            return
        base = f"{found['above']}{found['folder']}"
        whole = f"{base}/videos/{clip.name}.mp4"
        self.frames.add(
            self._add(locator, locator, found["folder"], clip),
            whole,
            lambda place, missing: self._clip(place, missing, found["folder"], clip),
            place=locator.rpartition("/")[0],
            crop=found["what"] != "frames",
        )

    def listed_clip(self, place: str, locator: str) -> None:
        """List a video that the list names and no file holds."""
        folder, _, name = locator.partition("/")
        if folder not in _FOLDERS:
            raise Rejected("bad-place", f"{folder!r} is none of {', '.join(_FOLDERS)}")
        clip = celeb_clip(name.removesuffix(".mp4"), folder, self.source)
        twin = f"{folder}/videos/{name}"
        if not self.into.lists(twin):
            self._clip(place, locator, folder, clip)

    def _clip(self, place: str, locator: str, folder: str, clip: Clip) -> None:
        entry = self._add(place, locator, folder, clip)
        above = locator.rpartition("/")[0]
        real = "Celeb-real".join(above.rsplit(folder, 1))
        relate_parents(entry, clip, self.into, locate=lambda name: f"{real}/{name}.mp4")

    def _add(self, place: str, locator: str, folder: str, clip: Clip) -> str:
        split = None
        if self.listed:
            split = "test" if f"{folder}/{clip.name}.mp4" in self.listed else "train"
        entry = self.into.add(place, locator, split=split, source_id=self.source, **clip.values)
        describe(entry, clip, self.into, raw=folder)
        return entry
