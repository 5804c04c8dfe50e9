"""FaceForensics++ and the DeepFakeDetection videos that it hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from curate.ingest.layout import About
from curate.ingest.layouts.clips import (
    Clip,
    Frames,
    Variants,
    describe,
    put_in_splits,
    relate_parents,
)
from curate.ingest.layouts.faceforensics_files import Official, read_official
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import Rejected, kind_of, not_media

# The methods of the paper: what each does, and the role of whoever the second name stands for.
METHODS = {
    "Deepfakes": "face_swap",
    "Face2Face": "reenactment",
    "FaceSwap": "face_swap",
    "NeuralTextures": "reenactment",
}
# Added later, over the same pairs.
_LATER = {"FaceShifter": "face_swap"}
_DFD = "DeepFakeDetection"
_ACTORS = "original_sequences/actors"
_YOUTUBE = "original_sequences/youtube"

_FILE = re.compile(
    r"(?P<series>original_sequences/(?:youtube|actors)|manipulated_sequences/(?P<method>[^/]+))"
    r"/(?P<compression>raw|c0|c23|c40)"
    r"/(?P<what>videos|images|frames|faces|crops)/(?P<clip>[^/]+?)(?:/(?P<frame>[^/]+)|\.\w+)"
)
_ASIDE = {"masks": "mask", "models": "model", "landmarks": "landmarks"}
_DOWNLOAD = re.compile(r"downloaded_videos/(?:[^/]+/)*(?P<id>[\w-]{11})\.\w+")
_CROPS = ("faces", "crops")

_SEQUENCE = re.compile(r"\d{3}")
_PAIR = re.compile(r"(\d{3})_(\d{3})")
_ACTOR = re.compile(r"(\d{2})__([a-z]+(?:_[a-z]+)*)")
_ACTOR_PAIR = re.compile(r"(\d{2})_(\d{2})__([a-z]+(?:_[a-z]+)*)__([A-Z0-9]{8})")


def sequence_clip(name: str, method: str | None = None) -> Clip:
    """Return what the name of a YouTube sequence or of a fake made from two of them says.

    Raises:
        Rejected: The name is no ``<sequence>`` or ``<target>_<source>``.

    >>> sequence_clip("953_974", "Deepfakes").target
    '953'
    """
    if method is None:
        if not _SEQUENCE.fullmatch(name):
            raise Rejected("bad-name", f"{name!r} is no sequence; expected three digits")
        return Clip(name, "real")
    pair = _PAIR.fullmatch(name)
    if pair is None:
        raise Rejected(
            "bad-name", f"{name!r} is no <target>_<source>; expected 000_003 or the like"
        )
    manipulation = (METHODS | _LATER).get(method, "unknown")
    basis = "file name <target>_<source>"
    return Clip(name, "fake", manipulation, method, (), pair[1], pair[2], basis)


def actor_clip(name: str, *, fake: bool) -> Clip:
    """Return what the name of a DeepFakeDetection clip says.

    Raises:
        Rejected: It is no ``<actor>__<scene>`` or ``<target>_<source>__<scene>__<id>``.

    >>> actor_clip("12_13__podium_speech_happy__WCPCP2TD", fake=True).people
    (('dfd:actor-12', 'target'), ('dfd:actor-13', 'donor'))
    """
    if not fake:
        real = _ACTOR.fullmatch(name)
        if real is None:
            raise Rejected("bad-name", f"{name!r} is no <actor>__<scene>")
        return Clip(name, "real", people=((f"dfd:actor-{real[1]}", "depicted"),))
    made = _ACTOR_PAIR.fullmatch(name)
    if made is None:
        raise Rejected("bad-name", f"{name!r} is no <target>_<source>__<scene>__<8 characters>")
    people = ((f"dfd:actor-{made[1]}", "target"), (f"dfd:actor-{made[2]}", "donor"))
    # The footage is the target actor's in that scene; which footage of the donor the model was
    # trained on is not told.
    basis = "file name <target>_<source>__<scene>"
    return Clip(name, "fake", "face_swap", _DFD, people, f"{made[1]}__{made[3]}", None, basis)


class Series(NamedTuple):
    """Clips of one kind in one compression: a folder above ``videos``.

    Attributes:
        folder: Such as ``manipulated_sequences/Deepfakes``.
        compression: The folder's name, such as ``c23``.
    """

    folder: str
    compression: str

    @property
    def method(self) -> str | None:
        """The manipulation method, or None for originals."""
        section, _, name = self.folder.partition("/")
        return name if section == "manipulated_sequences" else None

    @property
    def of_actors(self) -> bool:
        """Whether the clips show the actors of DeepFakeDetection."""
        return self.folder == _ACTORS or self.method == _DFD

    def clip(self, name: str) -> Clip:
        """Return what a clip's name says in this series."""
        if self.of_actors:
            return actor_clip(name, fake=self.method is not None)
        return sequence_clip(name, self.method)

    def locator(self, name: str) -> str:
        """Return where the clip's video lies."""
        return f"{self.folder}/{self.compression}/videos/{name}.mp4"

    def original(self, name: str) -> str:
        """Return where an original lies in the same compression."""
        return Series(_ACTORS if self.of_actors else _YOUTUBE, self.compression).locator(name)


class FaceForensicsLayout:
    """The folders of the download script, its official splits, or these alone."""

    name = "faceforensics"
    about = About(
        title="FaceForensics++ and DeepFakeDetection",
        shape="folders `original_sequences` or `manipulated_sequences`, or the official "
        "`train.json`, `val.json`, `test.json` (also below `splits`), or `conversion_dict.json`",
        reads=(
            (
                "`<section>/<method>/<raw|c0|c23|c40>/videos/<name>.mp4`: a clip; its method and "
                "compression are the folders'; `c0` reads as `raw`"
            ),
            (
                "`.../images|frames/<name>/<n>.png`: a frame (`frame_of` the clip); "
                "`.../faces|crops/...`: a crop (`crop_of`)"
            ),
            (
                "`<target>_<source>`: `swap_target` and `swap_donor`, and `derived_from` both; "
                "of a reenactment the second gave the motion"
            ),
            (
                "`<target>_<source>__<scene>__<id>` and `<actor>__<scene>` of DeepFakeDetection: "
                "donor and target as subjects `dfd:actor-NN`, and the target's footage"
            ),
            (
                "the official splits: `media.split`; every clip they name is an entry, and missing "
                "where its file is not there, in each method and compression that is on disk; "
                "where none is, as the 1,000 originals and four methods in `raw`"
            ),
            "`conversion_dict.json`: `from_source` to `youtube:<id>`, for a fake to both videos",
            "one clip in several compressions, one pair by several methods: `same_clip`",
        ),
        datasets=("faceforensics++", "deepfakedetection"),
        traps=(
            (
                "977 YouTube videos make the 1,000 sequences: seven of them have clips in two "
                "official splits (605/606, 639/640, 755/756, 837/838, 875/876, 954/955, 982/983)"
            ),
            "`<source>` is the donor here: the person whose face is put in, not the footage",
            "masks and models are no media, and are rejected as such",
            "DeepFakeDetection has no official split, and its 28 actors are in every random one",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` has the folders or the official files."""
        if not path.is_dir():
            return False
        folders = ("original_sequences", "manipulated_sequences")
        return any((path / name).is_dir() for name in folders) or bool(Official.files(path))

    def read(self, target: Target, into: Listing) -> None:
        """List what is on disk, and what the official splits name beyond it.

        Raises:
            InvalidFileError: An official file is not what it should be.
        """
        official = read_official(target.path, target.root, into)
        reading = _Reading(into, official)
        for locator in walk_files(target.root, into):
            if locator not in official.read_from:
                with into.attempt(locator, locator=locator):
                    reading.file(locator)
        reading.complete()
        reading.variants.relate(into, basis="file names")


@dataclass
class _Reading:
    """One pass over a dataset."""

    into: Listing
    official: Official
    series: set[Series] = field(default_factory=set)
    variants: Variants = field(default_factory=Variants)

    def __post_init__(self) -> None:
        self.frames = Frames(self.into)

    def file(self, locator: str) -> None:
        """List a file."""
        aside = next((word for part in locator.split("/") if (word := _ASIDE.get(part))), None)
        if aside:
            raise Rejected(aside, f"this is a {aside}, and shows nobody")
        if kind_of(locator) == "unknown":
            raise not_media(locator)
        if download := _DOWNLOAD.fullmatch(locator):
            self._download(locator, download["id"])
            return
        found = _FILE.fullmatch(locator)
        if found is None or (found["what"] == "videos") != (found["frame"] is None):
            raise Rejected("bad-place", "this lies where the layout has no clips or frames")
        series = Series(found["series"], found["compression"])
        clip = series.clip(found["clip"])
        if found["frame"] is None:
            self._clip(locator, locator, series, clip)
        else:
            self._frame(locator, series, clip, crop=found["what"] in _CROPS)
        self.series.add(series)

    def complete(self) -> None:
        """List the clips that frames or the official splits name and no file holds."""
        self.frames.complete()
        for series in sorted(self._series_of_splits()):
            for name, place in self.official.clips(fake=series.method is not None):
                locator = series.locator(name)
                if not self.into.lists(locator):
                    self._clip(place, locator, series, series.clip(name))

    def _series_of_splits(self) -> set[Series]:
        """Return the series of which the official splits say what they hold."""
        seen = {series for series in self.series if not series.of_actors}
        if self.series:
            return seen | {Series(_YOUTUBE, series.compression) for series in seen}
        folders = (_YOUTUBE, *(f"manipulated_sequences/{method}" for method in METHODS))
        return {Series(folder, "raw") for folder in folders}

    def _clip(self, place: str, locator: str, series: Series, clip: Clip) -> None:
        entry = self._add(place, locator, series, clip)
        relate_parents(entry, clip, self.into, locate=series.original)
        self.variants.add(f"{series.of_actors}/{clip.name}", entry)
        if not series.of_actors:
            self._sources(entry, clip)

    def _frame(self, locator: str, series: Series, clip: Clip, *, crop: bool) -> None:
        self.frames.add(
            self._add(locator, locator, series, clip),
            series.locator(clip.name),
            lambda place, whole: self._clip(place, whole, series, clip),
            place=locator.rpartition("/")[0],
            crop=crop,
        )

    def _add(self, place: str, locator: str, series: Series, clip: Clip) -> str:
        splits = [] if series.of_actors else self.official.splits_of(clip)
        entry = self.into.add(
            place,
            locator,
            split=splits[0] if splits else None,
            compression="raw" if series.compression == "c0" else series.compression,
            source_id="deepfakedetection" if series.of_actors else "faceforensics++",
            **clip.values,
        )
        describe(entry, clip, self.into, raw=series.folder.partition("/")[0])
        put_in_splits(entry, splits, self.into, basis="official splits")
        return entry

    def _sources(self, entry: str, clip: Clip) -> None:
        for name in dict.fromkeys(filter(None, (clip.target, clip.donor))) or (clip.name,):
            if (video := self.official.youtube.get(name)) is not None:
                self.into.relate(
                    entry,
                    "from_source",
                    f"youtube:{video}",
                    basis="conversion_dict.json",
                    right_kind="source",
                )

    def _download(self, locator: str, video: str) -> None:
        clip = Clip(video, "real")
        entry = self.into.add(locator, locator, source_id="faceforensics++", **clip.values)
        describe(entry, clip, self.into, raw="downloaded_videos")
        self.into.relate(
            entry, "from_source", f"youtube:{video}", basis="file name", right_kind="source"
        )
