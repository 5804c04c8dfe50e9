"""DeepfakeBench's JSON: dataset, class, split, perhaps compression, video, and its frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from curate.errors import InvalidFileError
from curate.ingest.layout import About
from curate.ingest.layouts.celebdf import celeb_clip
from curate.ingest.layouts.clips import Clip, Variants, describe, put_in_splits, relate_parents
from curate.ingest.layouts.deeperforensics import recorded_clip, swapped_clip
from curate.ingest.layouts.documents import head, read_object
from curate.ingest.layouts.faceforensics import actor_clip, sequence_clip
from curate.ingest.listing import Listing, Target
from curate.ingest.locators import SPLITS, Rejected, authenticity, safe_locator
from curate.model.config import Config
from curate.model.ids import media_id

_HEAD = re.compile(r'\s*\{\s*"[^"]+"\s*:\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:train|val|test)"\s*:\s*\{')
_PLAIN = re.compile(r"[\w.-]+")

# What names mean in each class of the benchmark's own datasets, and where those come from.
_Parser = Callable[[str], Clip]
_FF = {"FF-DF": "Deepfakes", "FF-F2F": "Face2Face", "FF-FS": "FaceSwap", "FF-NT": "NeuralTextures",
       "FF-FH": "FaceShifter"}  # fmt: skip
_CLASSES: dict[str, tuple[str, _Parser]] = {
    "FF-real": ("faceforensics++", sequence_clip),
    **{n: ("faceforensics++", partial(sequence_clip, method=m)) for n, m in _FF.items()},
    "DFD_real": ("deepfakedetection", partial(actor_clip, fake=False)),
    "DFD_fake": ("deepfakedetection", partial(actor_clip, fake=True)),
    "DF_real": ("deeperforensics-1.0", recorded_clip),
    "DF_fake": ("deeperforensics-1.0", swapped_clip),
}
_CELEB = re.compile(r"CelebDF(v[12])_(real|fake)")
_SOURCES = {"DFDC": "dfdc", "DFDCP": "dfdc-preview", "UADFV": "uadfv"}


def _class(label: str) -> tuple[str, _Parser] | None:
    """Return where the clips of a known class come from, and what reads their names."""
    if celeb := _CELEB.fullmatch(label):
        source = f"celeb-df-{celeb[1]}"
        return source, partial(_celeb_clip, label=celeb[2], space=source)
    return _CLASSES.get(label)


def _celeb_clip(name: str, label: str, space: str) -> Clip:
    """Return what a name of Celeb-DF says: both folders of real clips make one class."""
    real = "YouTube-real" if name.isdigit() else "Celeb-real"
    return celeb_clip(name, real if label == "real" else "Celeb-synthesis", space)


class _Video(NamedTuple):
    """One video of the JSON: where it stands, and what is said there."""

    place: str
    label: str
    split: str
    compression: str | None
    name: str
    said: Any


class DeepfakeBenchLayout:
    """A JSON file of the benchmark, or a folder of them."""

    name = "deepfakebench"
    about = About(
        title="DeepfakeBench JSON",
        shape="a JSON file of dataset, class, split and video, or a folder with such files",
        reads=(
            (
                "every frame in `frames`: an entry, `frame_of` its clip; the clip is an entry "
                "without a file, at the folder of its frames"
            ),
            (
                "the class tells label, method and how names are read: those of FaceForensics++, "
                "DeepFakeDetection, Celeb-DF and DeeperForensics give people and, among the clips "
                "of the file, target and donor footage"
            ),
            "a class that is not known gives its label by its last word, such as `UADFV_Fake`",
            "a clip that stands in several splits is one entry, with `in_split` for the others",
            "one clip in several compressions: `same_clip`",
        ),
        datasets=("deepfakedetection", "uadfv"),
        traps=(
            (
                "the published rearrangement puts every clip of DeepFakeDetection, Celeb-DF and "
                "UADFV into train, and Celeb-DF's test list into val as well: train holds "
                "the test set"
            ),
            (
                "it begins a class anew for each folder, so that of Celeb-DF's two real folders "
                "the one that is read first vanishes"
            ),
            "splits by video share actors: in the DFD file all 28 are in train and in val",
            (
                "frames stand below a folder of another dataset's name in some files (the DFD file "
                "says `Celeb-DF-v2`): the class counts, and not the path"
            ),
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is such a file, or a folder with one."""
        return any(True for _ in _files(path))

    def read(self, target: Target, into: Listing) -> None:
        """List the videos and frames of every file.

        Raises:
            InvalidFileError: A file is no JSON, or of another form.
        """
        reading = _Reading(into, target)
        for file in _files(target.path):
            for video in _videos(file):
                with into.attempt(video.place):
                    reading.video(video)
        reading.complete()


def _files(path: Path) -> Iterator[Path]:
    places = [path] if path.is_file() else sorted(path.glob("*.json"))
    return (place for place in places if place.suffix == ".json" and _HEAD.match(head(place)))


def _videos(file: Path) -> Iterator[_Video]:
    for dataset, classes in read_object(file).items():
        for label, splits in _object(classes, f"{file.name}: {dataset}").items():
            for split, found in _object(splits, f"{file.name}: {dataset}/{label}").items():
                place = f"{file.name}: {dataset}/{label}/{split}"
                for name, said in _object(found, place).items():
                    if isinstance(said, Mapping) and not {"label", "frames"} & set(said):
                        for clip, inner in said.items():
                            where = f"{place}/{name}/{clip}"
                            yield _Video(where, label, split, name, clip, inner)
                    else:
                        yield _Video(f"{place}/{name}", label, split, None, name, said)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidFileError("expected a JSON object", where=where)
    return value


@dataclass
class _Reading:
    """One pass over the files."""

    into: Listing
    target: Target
    splits: dict[str, list[str]] = field(default_factory=dict)
    """The splits of each entry."""
    labels: dict[str, str] = field(default_factory=dict)
    clips: dict[str, tuple[Clip, str | None]] = field(default_factory=dict)
    """The clip and compression of each clip's entry."""
    originals: dict[tuple[str, str | None], str] = field(default_factory=dict)
    """Locators of real clips by name and compression."""
    variants: Variants = field(default_factory=Variants)

    def video(self, video: _Video) -> None:
        """List a video and its frames."""
        source, clip = _read_name(video, self.target.config)
        said = video.said if isinstance(video.said, dict) else {}
        frames = said.get("frames")
        if not isinstance(frames, list) or not all(isinstance(f, str) for f in frames):
            raise Rejected("bad-row", "expected an object with a list of frames")
        paths = [self._locator(frame) for frame in frames]
        folders = {path.rpartition("/")[0] for path in paths} or {video.place.partition(": ")[2]}
        if len(folders) > 1:
            raise Rejected("bad-row", f"frames lie in {len(folders)} folders; expected one")
        folder = folders.pop()
        if not folder:
            raise Rejected("bad-row", "frames lie in no folder, and so belong to no clip")
        entry = self._list(video, folder, source, clip, on_disk=False, kind="video")
        if clip.label == "real":
            self.originals[clip.name, video.compression] = folder
        self.clips[entry] = clip, video.compression
        self.variants.add(f"{clip.label}/{clip.name}", entry)
        for number, path in enumerate(paths):
            with self.into.attempt(f"{video.place}[{number}]", locator=path):
                frame = self._list(video, path, source, clip)
                self.into.relate(frame, "frame_of", entry, basis="list of frames")

    def complete(self) -> None:
        """Relate what only the whole file can tell."""
        for entry, splits in self.splits.items():
            put_in_splits(entry, splits, self.into, basis="split of the file")
        for entry, (clip, compression) in self.clips.items():
            locate = partial(self._original, compression)
            relate_parents(entry, clip, self.into, locate=locate)
        self.variants.relate(self.into, basis="name of the clip")

    def _original(self, compression: str | None, name: str) -> str | None:
        return self.originals.get((name, compression))

    def _list(
        self, video: _Video, locator: str, source: str | None, clip: Clip, **values: Any
    ) -> str:
        """List an entry, or add a split to one that is listed; return its id."""
        split = SPLITS.get(video.split.casefold(), video.split)
        entry = media_id(self.into.dataset, locator)
        if entry in self.splits:
            if self.labels[entry] != video.label:
                raise Rejected("label-conflict", f"this is {self.labels[entry]} elsewhere")
            if split in self.splits[entry]:
                raise Rejected("duplicate-row", f"{locator!r} is listed in {split} already")
            self.splits[entry].append(split)
            return entry
        self.into.add(
            video.place,
            locator,
            split=split,
            compression=video.compression,
            source_id=source,
            **clip.values,
            **values,
        )
        self.splits[entry], self.labels[entry] = [split], video.label
        describe(entry, clip, self.into, raw=video.label)
        return entry

    def _locator(self, frame: str) -> str:
        """Return a frame's path below the root: the benchmark writes the paths of its machine."""
        path = frame.replace("\\", "/").removeprefix("./")
        root = f"{self.into.root}/"
        return safe_locator(path.removeprefix(root))


def _read_name(video: _Video, config: Config) -> tuple[str | None, Clip]:
    """Return where a video comes from, and what its name says.

    Raises:
        Rejected: The class or the name is not known.
    """
    if (known := _class(video.label)) is not None:
        source, parse = known
        try:
            return source, parse(video.name)
        except Rejected as rejected:
            frames = video.said.get("frames") if isinstance(video.said, dict) else None
            count = len(frames) if isinstance(frames, list) else 0
            detail = f"{rejected.detail}; its {count} frames are left out"
            raise Rejected(rejected.reason, detail) from None
    family, _, word = video.label.replace("-", "_").rpartition("_")
    label = authenticity(re.sub(r"(?<=[a-z])[A-Z]$", "", word), config)
    if label is None:
        raise Rejected("unknown-class", f"class {video.label!r} says neither real nor fake")
    if not _PLAIN.fullmatch(video.name):
        raise Rejected("bad-name", f"{video.name!r} is no name of a clip")
    method = video.label if label == "fake" else None
    kind = "none" if label == "real" else "unknown"
    return _SOURCES.get(family), Clip(video.name, label, kind, method)
